"""Inheritance: a parent's entries, what a difference file adds, replaces, amends or removes (rule language 2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xueshi.regulations import schema
from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping, Node, Scalar, plain
from xueshi.regulations.instrument import RuleFile, text_of, texts_of
from xueshi.regulations.words import split

MERGED_SECTIONS = {
    "groups": schema.GROUP,
    "refuse": schema.REFUSE,
    "requirements": schema.REQUIREMENT,
    "deemed": schema.DEEMED,
    "manual": schema.MANUAL,
}
"""Sections of named entries, with the keys of an entry; `rules` is apart because its entries have rows."""


@dataclass
class Entry:
    """One named entry after merging: its keys, where it stands, who wrote it first and who amended it."""

    id: str
    file: str
    line: int
    origin: str
    keys: dict[str, Node]
    lines: dict[str, int] = field(default_factory=dict)
    rows: list[Entry] = field(default_factory=list)
    plus: list[Entry] = field(default_factory=list)
    cites: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """(instrument, clauses) in the order of the files that speak; the last one rules."""
    removed_by: tuple[str, tuple[str, ...]] | None = None
    inherited: bool = False
    """The defining file is not the one that is loaded (E204 and W601 look at one file only)."""

    def text(self, key: str) -> str | None:
        """Return the word under a key."""
        return text_of(self.keys.get(key))

    def line_of(self, key: str) -> int:
        """Return the line of a key, else of the entry."""
        return self.lines.get(key, self.line)

    @property
    def clause(self) -> str:
        """The clauses as one text, for messages."""
        return "、".join(self.cites[-1][1]) if self.cites else ""

    def walk(self) -> Iterator[Entry]:
        """Yield the entry, its rows, and the add-ons of all."""
        yield self
        for row in self.rows:
            yield from row.walk()
        for extra in self.plus:
            yield from extra.walk()


@dataclass
class Merged:
    """All entries of a chain of files, by section; `removed` are rules that a later file took away."""

    rules: list[Entry] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)
    sections: dict[str, list[Entry]] = field(default_factory=lambda: {name: [] for name in MERGED_SECTIONS})


def merge(files: list[RuleFile], findings: Findings) -> Merged:
    """Merge a chain of rule files, the oldest parent first. Faults E101, E102, E401 to E404 go to `findings`."""
    merged = Merged()
    for file in files:
        child = file is not files[0]
        for entry in merged.rules:
            for part in entry.walk():
                part.inherited = True
        _merge_section(merged.rules, file, "rules", schema.ITEM, child, merged, findings)
        for name, keys in MERGED_SECTIONS.items():
            for entry in merged.sections[name]:
                entry.inherited = True
            _merge_section(merged.sections[name], file, name, keys, child, merged, findings)
    _twice(merged, findings)
    return merged


def _merge_section(
    entries: list[Entry],
    file: RuleFile,
    name: str,
    keys: tuple[str, ...],
    child: bool,
    merged: Merged,
    findings: Findings,
) -> None:
    section = file.section(name)
    for ids, body in section:
        line = section.line_of(ids)
        if not isinstance(body, Mapping):
            findings.add("E103", file.path, line, f"{ids} must hold keys and values", f"{ids}: {{clause: …}}")
            continue
        for entry_id in split(ids):
            if child:
                _change(entries, entry_id, body, line, file, name, keys, merged, findings)
                continue
            for word in schema.CHANGE_KEYS:
                if word in body.entries:
                    findings.add(
                        "E101",
                        file.path,
                        body.line_of(word),
                        f'"{word}" in {entry_id}: this file has no parent',
                        "write parent: … in regulation, or delete it",
                    )
            entries.append(_entry(entry_id, body, line, file, keys, findings))


def _entry(
    entry_id: str,
    body: Mapping,
    line: int,
    file: RuleFile,
    keys: tuple[str, ...],
    findings: Findings,
    row: bool = False,
) -> Entry:
    clauses = tuple(texts_of(body.get("clause")))
    schema.check_keys(body, (*keys, *schema.CHANGE_KEYS), f"rule {entry_id}", findings, "、".join(clauses))
    own = {key: value for key, value in body if key in keys and key not in ("rows", "plus")}
    entry = Entry(entry_id, file.path, line, file.header.id, own, dict(body.lines))
    if clauses:
        entry.cites = [(file.header.id, clauses)]
    elif not row:
        findings.add("E201", file.path, line, f"rule {entry_id} has no clause", "clause: …")
    for place, parts in (("rows", entry.rows), ("plus", entry.plus)):
        node = body.get(place)
        if node is None or place not in keys:
            continue
        if not isinstance(node, Mapping):
            findings.add(
                "E103",
                file.path,
                node.line,
                f"{place} of {entry_id} must hold ids and rows",
                f"{place}: {{{entry_id}a: {{…}}}}",
            )
            continue
        for part_id, part in node:
            if isinstance(part, Mapping):
                parts.append(
                    _entry(part_id, part, node.line_of(part_id), file, schema.ROW, findings, row=True)
                )
            else:
                findings.add(
                    "E103",
                    file.path,
                    node.line_of(part_id),
                    f"{part_id} must hold keys and values",
                    f"{part_id}: {{when: …, hours: …}}",
                )
    return entry


def _find(entries: list[Entry], entry_id: str) -> tuple[Entry, list[Entry]] | None:
    for entry in entries:
        if entry.id == entry_id:
            return entry, entries
        for parts in (entry.rows, entry.plus):
            if found := _find(parts, entry_id):
                return found
    return None


def _change(
    entries: list[Entry],
    entry_id: str,
    body: Mapping,
    line: int,
    file: RuleFile,
    name: str,
    keys: tuple[str, ...],
    merged: Merged,
    findings: Findings,
) -> None:
    change = text_of(body.get("change"))
    clauses = tuple(texts_of(body.get("clause")))
    clause = "、".join(clauses)
    noun = "rule" if name == "rules" else name.rstrip("s")
    if change not in schema.CHANGES:
        schema.check_keys(body, (*keys, *schema.CHANGE_KEYS), f"{noun} {entry_id}", findings, clause)
        findings.add(
            "E401",
            file.path,
            line,
            f"{noun} {entry_id}: say change: add, replace, amend or remove",
            "change: add",
            clause,
        )
        return
    found = _find(entries, entry_id)
    parent = file.header.parent or "?"
    if change == "add":
        if found is not None:
            findings.add(
                "E402", file.path, line, f"{entry_id} exists in {found[0].origin}", "change: amend", clause
            )
            return
        _add(entries, entry_id, body, line, file, keys, findings)
        return
    if found is None:
        known = [part.id for entry in entries for part in entry.walk()]
        near = nearest(entry_id, known)
        findings.add(
            "E403",
            file.path,
            line,
            f"{entry_id} is not in {parent}{did_you_mean(entry_id, known)}",
            f"write {near}" if near else "change: add",
            clause,
        )
        return
    entry, siblings = found
    if change == "remove":
        schema.check_keys(body, (*schema.CHANGE_KEYS, "clause"), f"rule {entry_id}", findings, clause)
        if not clauses:
            findings.add("E201", file.path, line, f"rule {entry_id} has no clause", "clause: …")
        siblings.remove(entry)
        entry.removed_by = (file.header.id, clauses)
        if name == "rules":
            merged.removed.append(entry)
        return
    if change == "replace":
        fresh = _entry(entry_id, body, line, file, keys, findings)
        fresh.cites = [*entry.cites, *fresh.cites]
        siblings[siblings.index(entry)] = fresh
        return
    _amend(entry, body, line, file, keys, clauses, findings)


def _add(
    entries: list[Entry],
    entry_id: str,
    body: Mapping,
    line: int,
    file: RuleFile,
    keys: tuple[str, ...],
    findings: Findings,
) -> None:
    target, before = text_of(body.get("in")), text_of(body.get("before"))
    siblings, row = entries, False
    if target is not None:
        found = _find(entries, target)
        if found is None:
            known = [entry.id for entry in entries]
            findings.add(
                "E403",
                file.path,
                line,
                f"{target} is not in {file.header.parent}{did_you_mean(target, known)}",
                f"in: {nearest(target, known) or known[0]}",
            )
            return
        siblings, row = found[0].rows, True
        if not siblings:
            # An item that was its own only row keeps it as the last resort below the new one.
            findings.add(
                "E403",
                file.path,
                line,
                f"{target} has no rows to add {entry_id} to",
                f"change: replace of {target}, with rows",
            )
            return
    fresh = _entry(entry_id, body, line, file, schema.ROW if row else keys, findings, row=row)
    position = next((index for index, entry in enumerate(siblings) if entry.id == before), None)
    if before is not None and position is None:
        known = [entry.id for entry in siblings]
        findings.add(
            "E403",
            file.path,
            line,
            f"{before} is not there to stand before{did_you_mean(before, known)}",
            f"before: {nearest(before, known) or '…'}",
        )
    siblings.insert(len(siblings) if position is None else position, fresh)


def _amend(
    entry: Entry,
    body: Mapping,
    line: int,
    file: RuleFile,
    keys: tuple[str, ...],
    clauses: tuple[str, ...],
    findings: Findings,
) -> None:
    clause = "、".join(clauses)
    schema.check_keys(body, (*keys, *schema.CHANGE_KEYS), f"rule {entry.id}", findings, clause)
    if not clauses:
        findings.add("E201", file.path, line, f"rule {entry.id} has no clause", "clause: …")
    changed = False
    for key, value in body:
        if key in schema.CHANGE_KEYS or key == "clause" or key not in keys:
            continue
        changed = True
        if key in ("rows", "plus"):
            fresh = _entry(entry.id, body, line, file, keys, findings)
            entry.rows, entry.plus = (fresh.rows, entry.plus) if key == "rows" else (entry.rows, fresh.plus)
            continue
        old = entry.keys.get(key)
        if old is not None and plain(old) == plain(value):
            shown = value.text if isinstance(value, Scalar) else "the same"
            findings.add(
                "E404",
                file.path,
                line,
                f"{entry.id}: {key} is {shown} in {entry.origin} already",
                "delete the entry",
                clause,
            )
        entry.keys[key] = value
        entry.lines[key] = body.line_of(key)
    if not changed and line:
        findings.add(
            "E404", file.path, line, f"{entry.id}: the entry changes no key", "delete the entry", clause
        )
    if clauses:
        entry.cites.append((file.header.id, clauses))


def _twice(merged: Merged, findings: Findings) -> None:
    for group in (merged.rules, *merged.sections.values()):
        first: dict[str, Entry] = {}
        for entry in (part for top in group for part in top.walk()):
            if entry.id in first:
                findings.add(
                    "E102",
                    entry.file,
                    entry.line,
                    f"{entry.id} is written twice, first at line {first[entry.id].line}",
                    "rename one",
                    entry.clause,
                )
            first.setdefault(entry.id, entry)
