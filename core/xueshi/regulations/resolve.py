"""From rule files to a rule pack: inheritance, sector file, overlays, choices; everything becomes a constant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xueshi.errors import XueshiError
from xueshi.regulations import document, names, schema
from xueshi.regulations.closed_requirements import RequirementCloser
from xueshi.regulations.closed_rules import RuleCloser, cite
from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.expressions import Reader
from xueshi.regulations.hook_functions import source_hash
from xueshi.regulations.instrument import RuleFile, read_rule_file, text_of, texts_of
from xueshi.regulations.merge import Merged, merge
from xueshi.regulations.overlays import apply_overlay
from xueshi.regulations.pack import FORMAT, RulePack
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.vocabulary import Fact, Vocabulary, engine_vocabulary
from xueshi.regulations.words import PARTS

Source = RegulationSource | document.Mapping
"""A text, or a tree already read (the mutants of a file are trees)."""
SourceOf = Callable[[str], Source]
PERSON_AS_OF = ("start", "end")
NAMED_BY = ("end", "start")
"""By which calendar year a statistics year is called that lies in two of them."""


@dataclass
class Resolved:
    """What resolving yields: the pack (None when errors stopped it), all findings, and what the checks look at."""

    pack: RulePack | None
    findings: Findings
    files: list[RuleFile]
    merged: Merged
    reader: Reader
    data: dict[str, Any]


def resolve(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: Sequence[Source] = (),
    sector_file: Source | None = None,
    config: Mapping[str, object] | None = None,
    functions: Mapping[str, Any] | None = None,
    year: int | None = None,
    area: str = "",
) -> Resolved:
    """Resolve without raising: the pack as far as it goes, and the findings so far.

    Only the overlays that serve `year` and `area` set anything; the others are looked at all the same.
    """
    findings = Findings()
    files = _chain(instrument, source_of, findings)
    if sector_file is not None:
        files.append(read_rule_file(sector_file, findings))
    vocabulary = _vocabulary(files, findings)
    named = names.collect(files, findings)
    _name_clashes(files, vocabulary, findings)
    for overlay in overlays:
        apply_overlay(overlay, named, instrument, findings, year=year, area=area)
    if config:
        names.apply_choices(named, dict(config), instrument, files[-1].path, 1, "案例设定", findings)
    merged = merge(files, findings)
    categories = _by_key(files, "categories")
    labels = {code: _category_label(node) for code, node in categories.items()}
    reader = Reader(vocabulary, named, labels, findings)
    gone = _sector_rules(files, merged, reader, sector_file is not None, findings)
    data = _close(files, merged, reader, categories, gone, functions or {}, findings)
    pack = RulePack(_without_lines(data), functions or {}) if not findings.errors else None
    return Resolved(pack, findings, files, merged, reader, data)


def _without_lines(value: Any) -> Any:
    """Drop line numbers: a comment in the file must not change the digest of the law."""
    if isinstance(value, dict):
        return {key: _without_lines(inner) for key, inner in value.items() if key != "line"}
    return [_without_lines(inner) for inner in value] if isinstance(value, list) else value


def _chain(instrument: str, source_of: SourceOf, findings: Findings) -> list[RuleFile]:
    files: list[RuleFile] = []
    wanted: str | None = instrument
    while wanted is not None:
        try:
            source = source_of(wanted)
        except XueshiError as error:
            if not files:
                raise
            child = files[0]
            findings.add(
                "E103",
                child.path,
                child.section("regulation").line_of("parent"),
                f'parent "{wanted}" cannot be had: {error}',
                "name an instrument of an installed plugin, or delete parent",
            )
            break
        file = read_rule_file(source, findings)
        if file.header.id not in {wanted, "?"}:
            findings.add(
                "E103",
                file.path,
                1,
                f"the file says it is {file.header.id}, {wanted} was asked for",
                f"id: {wanted}",
            )
        if any(file.header.id == other.header.id for other in files):
            findings.add("E103", file.path, 1, f"{file.header.id} is its own parent", "delete parent")
            break
        files.insert(0, file)
        wanted = file.header.parent
    return files


def _by_key(files: list[RuleFile], section: str) -> dict[str, document.Node]:
    return {key: node for file in files for key, node in file.section(section)}


def _category_label(node: document.Node) -> str:
    if isinstance(node, document.Mapping):
        return text_of(node.get("label")) or ""
    return text_of(node) or ""


def _unit(node: document.Node) -> str:
    """Return the unit of a category: hours unless the file says otherwise."""
    return (text_of(node.get("unit")) if isinstance(node, document.Mapping) else None) or "hour"


def _vocabulary(files: list[RuleFile], findings: Findings) -> Vocabulary:
    vocabulary = engine_vocabulary()
    for file in files:
        vocabulary = vocabulary.extended(file.section("kinds"), file.section("facts"), findings)
    return vocabulary


def _name_clashes(files: list[RuleFile], vocabulary: Vocabulary, findings: Findings) -> None:
    """A table or parameter named like a fact value, kind or category would capture it (E102)."""
    taken = {
        **{value: f"a value of {fact.name}" for fact in vocabulary.facts.values() for value in fact.values},
        **dict.fromkeys(vocabulary.kinds, "a kind"),
        **dict.fromkeys(_by_key(files, "categories"), "a category"),
        **dict.fromkeys(vocabulary.facts, "a fact"),
    }
    for file in files:
        for section in ("tables", "parameters"):
            for word in file.section(section).entries:
                if word in taken:
                    findings.add(
                        "E102",
                        file.path,
                        file.section(section).line_of(word),
                        f"{section[:-1]} {word} has the name of {taken[word]}",
                        f"rename it, as by_{word}",
                    )


def _sector_rules(
    files: list[RuleFile], merged: Merged, reader: Reader, sector: bool, findings: Findings
) -> list[tuple[str, list[str]]]:
    """Apply `sector_rules`: what falls away where a sector has its own rules. Returns (rule id, readings) removed so."""
    owner = next((file for file in files if file.section("sector_rules").entries), None)
    node = owner.section("sector_rules") if owner else None
    known = [part.id for entry in [*merged.rules, *merged.removed] for part in entry.walk()]
    replaced: list[str] = []
    silent, used = "", []
    if owner is not None and node is not None:
        schema.check_keys(node, schema.SECTOR_RULES, "sector_rules", findings)
        replaced = texts_of(node.get("replace"))
        for rule in replaced:
            if rule not in known:
                findings.add(
                    "E504",
                    owner.path,
                    node.line_of("replace"),
                    f'"{rule}" is no rule{did_you_mean(rule, known)}',
                    f"write {nearest(rule, known) or known[0]}",
                )
        word = node.get("silent")
        if word is not None:
            with reader.of("sector_rules", text_of(node.get("clause")) or "") as used:
                silent = (
                    reader.use_reading(found)
                    if (found := reader.names.reading(text_of(word) or "", owner.path))
                    else text_of(word) or ""
                )
    child = files[-1]
    if not sector and child.header.sector is None:
        return []
    if owner is None or node is None:
        findings.add(
            "E405",
            child.path,
            child.root.line_of("regulation"),
            f"{child.header.parent} has no sector_rules",
            f"delete sector, or ask the owner of {child.header.parent} for sector_rules",
        )
        return []
    own_kinds = {
        kind
        for entry in merged.rules
        if entry.origin == child.header.id
        for kind in texts_of(entry.keys.get("for"))
    }
    gone: list[tuple[str, list[str]]] = []
    for entry in list(merged.rules):
        if (
            entry.id not in replaced
            or entry.origin == child.header.id
            or any(owner_id == child.header.id for owner_id, _ in entry.cites)
        ):
            continue
        kinds = texts_of(entry.keys.get("for"))
        left = [kind for kind in kinds if kind not in own_kinds] if silent == "fall_back" else []
        if left:
            entry.keys["for"] = document.Sequence(
                entry.file, entry.line, tuple(document.Scalar(entry.file, entry.line, kind) for kind in left)
            )
            continue
        merged.rules.remove(entry)
        entry.removed_by = (owner.header.id, tuple(texts_of(node.get("clause"))))
        merged.removed.append(entry)
        gone.append((entry.id, list(used)))
        _leave_groups(merged, {part.id for part in entry.walk()})
    return gone


def _leave_groups(merged: Merged, removed: set[str]) -> None:
    """Take rules that fell away out of the groups that name them; a group left without rules falls away with them."""
    for group in list(merged.sections["groups"]):
        named = texts_of(group.keys.get("of"))
        left = [rule for rule in named if rule not in removed]
        if not left:
            merged.sections["groups"].remove(group)
        elif left != named:
            group.keys["of"] = document.Sequence(
                group.file,
                group.line,
                tuple(document.Scalar(group.file, group.line, rule) for rule in left),
            )


def _close(
    files: list[RuleFile],
    merged: Merged,
    reader: Reader,
    categories: dict[str, document.Node],
    gone: list[tuple[str, list[str]]],
    functions: Mapping[str, Any],
    findings: Findings,
) -> dict[str, Any]:
    loaded = files[-1]
    default_nodes = _by_key(files, "defaults")
    for file in files:
        schema.check_keys(file.section("defaults"), schema.DEFAULTS, "defaults", findings)
        schema.check_keys(file.section("year"), schema.YEAR, "year", findings)
        for code, node in file.section("categories"):
            if isinstance(node, document.Mapping):
                schema.check_keys(node, schema.CATEGORY, f"category {code}", findings)
            if not _category_label(node):
                findings.add(
                    "E103", node.file, node.line, f"category {code} has no label", f"{code}: 中文名称"
                )
    if "partial" not in default_nodes and merged.rules:
        findings.add(
            "E101",
            files[0].path,
            files[0].root.line_of("defaults"),
            'defaults has no "partial"',
            "partial: prorate, or partial: whole",
        )
    sum_nodes = {
        code: node for code, node in _by_key(files, "sums").items() if isinstance(node, document.Mapping)
    }
    if "partial" in default_nodes:
        with reader.of("defaults", ""):
            reader.option(default_nodes["partial"], PARTS, "partial")
    if merged.rules:
        year = _by_key(files, "year")
        for key in ("clause", "starts", "person_as_of"):
            if key not in year:
                findings.add(
                    "E201" if key == "clause" else "E101",
                    files[0].path,
                    files[0].root.line_of("year"),
                    f'year has no "{key}"',
                    {"clause": "clause: …", "starts": "starts: 01-01"}.get(key, "person_as_of: end"),
                )
    rules = RuleCloser(reader, files, default_nodes)
    units = {code: _unit(node) for code, node in categories.items()}
    others = RequirementCloser(reader, files, merged, sum_nodes, units)
    items = [rules.item(entry) for entry in merged.rules]
    sections = merged.sections
    removed_readings = dict(gone)
    data: dict[str, Any] = {
        "format": FORMAT,
        "language": schema.LANGUAGE,
        "instrument": {
            "id": loaded.header.id, "title": loaded.header.title, "number": loaded.header.number, "issuer": loaded.header.issuer,
            "issued": loaded.header.issued, "effective": loaded.header.effective, "years": [loaded.header.first_year, loaded.header.last_year],
            "area": loaded.header.area, "parent": loaded.header.parent, "replaces": loaded.header.replaces, "sector": loaded.header.sector,
        },
        "chain": [[file.header.id, file.header.title, file.header.number] for file in files],
        "clauses": {file.header.id: {number: [clause.status, clause.gist] for number, clause in file.clauses.items()} for file in files},
        "categories": [[code, {"label": _category_label(node), "unit": units[code]}] for code, node in categories.items()],
        "items": items,
        "removed": [_removed(entry, files, reader, removed_readings.get(entry.id, [])) for entry in merged.removed if entry.keys.get("for") is not None],
        "groups": [others.group(entry) for entry in sections["groups"]],
        "refuse": [others.refusal(entry) for entry in sections["refuse"]],
        "sums": [[code, others.sum(code, node)] for code, node in sum_nodes.items()],
        "requirements": [others.requirement(entry) for entry in sections["requirements"]],
        "deemed": [others.deemed(entry) for entry in sections["deemed"]],
        "manual": [others.manual(entry) for entry in sections["manual"]],
        "year": _year(files, reader),
        "default_category": reader.value(default_nodes["category"], "category") if "category" in default_nodes else ["none"],
        "hooks": {name: source_hash(functions[name]) if name in functions else "" for name in sorted(reader.hooks)},
    }  # fmt: skip
    for name in sorted(reader.hooks):
        if name not in functions:
            known = sorted(functions)
            findings.add(
                "E504",
                loaded.path,
                1,
                f'"{name}" is no function of the plugin{did_you_mean(name, known)}',
                f"register {name} in hour_functions",
            )
    data["readings"] = {
        reading.id: {
            "ask": reading.ask,
            "clause": reading.clause,
            "options": reading.options,
            "option": reading.option,
            "chosen_by": reading.chosen_by,
        }
        for reading in reader.names.readings.values()
    }
    data["parameters"] = {
        one.id: {
            "label": one.label,
            "clause": one.clause,
            "value": one.value,
            "dated": {str(year): value for year, value in one.dated.items()},
            "chosen_by": one.chosen_by,
            "key": one.key,
            "columns": list(one.columns),
        }
        for one in reader.names.parameters.values()
    }
    data["kinds"] = dict(reader.vocabulary.kinds)
    data["facts"] = {
        fact.name: {
            "type": fact.type,
            "label": fact.label,
            "unit": fact.unit,
            "values": dict(fact.values),
            **_own_range(fact),
        }
        for fact in reader.vocabulary.facts.values()
    }
    if (leave := _sector_leave(files, reader)) is not None:
        data["sector_rules"] = leave
    data["reads"] = _reads(data)
    return data


def _sector_leave(files: list[RuleFile], reader: Reader) -> dict[str, Any] | None:
    """Return which rules hold only where a sector has none of its own; None where the text says no such thing."""
    owner = next((file for file in files if file.section("sector_rules").entries), None)
    if owner is None or any(file.header.sector is not None for file in files):
        return None
    node = owner.section("sector_rules")
    with reader.of("sector_rules", text_of(node.get("clause")) or "") as readings:
        word = text_of(node.get("silent")) or ""
        found = reader.names.reading(word, owner.path)
        silent = reader.use_reading(found) if found else word
        return {
            "clause": "、".join(texts_of(node.get("clause"))),
            "replace": texts_of(node.get("replace")),
            "silent": silent,
            "readings": list(readings),
        }


def _own_range(fact: Fact) -> dict[str, list[int]]:
    """Return the range of a fact where it is not the engine's: that one need not be pinned with the law."""
    known = engine_vocabulary().facts.get(fact.name)
    return {"range": list(fact.range)} if fact.range and (known is None or known.range != fact.range) else {}


def _removed(entry: Any, files: list[RuleFile], reader: Reader, readings: list[str]) -> dict[str, Any]:
    by, clauses = entry.removed_by
    node = entry.keys.get("when")
    at = cite(entry, files)
    return {
        "id": entry.id,
        **at,
        "name": entry.text("name") or entry.id,
        "kinds": texts_of(entry.keys.get("for")),
        "when": reader.condition(node) if node is not None else None,
        "by": by,
        "by_clause": "、".join(clauses),
        "readings": readings,
    }


def _year(files: list[RuleFile], reader: Reader) -> dict[str, Any]:
    keys = _by_key(files, "year")
    with reader.of("year", "、".join(texts_of(keys.get("clause")))) as readings:
        for word in texts_of(keys.get("rests_on")):
            if found := reader.names.reading(word, keys["rests_on"].file):
                reader.use_reading(found)
        starts = reader.value(keys["starts"], "day") if "starts" in keys else ["day", 1, 1]
        if starts[0] != "day":
            if starts[0] != "none":
                reader.fault(
                    "E103",
                    keys["starts"],
                    "the start of the year must be one day for everybody",
                    "starts: 11-01, or by a reading",
                )
            starts = ["day", 1, 1]
        as_of = reader.option(keys.get("person_as_of"), PERSON_AS_OF, "person_as_of") or "end"
        named_by = reader.option(keys.get("named_by"), NAMED_BY, "named_by")
        return {
            "month": starts[1],
            "day": starts[2],
            **({"named_by": named_by} if named_by == "start" else {}),
            "person_as_of": as_of,
            "clause": reader.clause,
            "readings": readings,
        }


def _reads(data: dict[str, Any]) -> dict[str, list[str]]:
    """Collect, for each kind, every fact that a rule, refusal, group or tagged sum may read of such a record."""
    everywhere: set[str] = set()
    for entry in (*data["refuse"], *(body for _, body in data["sums"])):
        facts_in([entry.get("when"), entry.get("where"), entry.get("if_record")], everywhere)
    kinds: dict[str, set[str]] = {}
    for item in data["items"]:
        for kind in item["kinds"]:
            found = kinds.setdefault(kind, set(everywhere))
            facts_in([item["when"], item["needs"], item["except"]], found)
            found.update(item.get("less", ()))
            for row in item["rows"]:
                if row["kinds"] is not None and kind not in row["kinds"]:
                    continue
                facts_in(
                    [
                        row["when"],
                        row["needs"],
                        row["except"],
                        row["hours"],
                        row["share"],
                        row["at_most"],
                        row["spread"],
                        row["category"],
                    ],
                    found,
                )
                found.update(row["dated"])
                found.update(row.get("less", ()))
                if row.get("each_year") or "months" in found:
                    found.update(("start", "end"))
                if "day" in row["at_most"]:
                    found.update(("days", "start", "end"))
                for extra in row["plus"]:
                    facts_in(
                        [extra["when"], extra["needs"], extra["except"], extra["hours"], extra["share"]],
                        found,
                    )
            ids = {item["id"], *(row["id"] for row in item["rows"])}
            for group in data["groups"]:
                if group["same"] and ids & set(group["of"]):
                    found.add(group["same"])
                    facts_in(group.get("again"), found)
            found.update(
                body["same"] for _, body in data["sums"] if body["same"] and ids & set(body["count"] or ())
            )
    for entry in data["deemed"]:
        found_facts: set[str] = set()
        facts_in(entry["if_record"], found_facts)
        for kind in kinds_in(entry["if_record"]):
            kinds.setdefault(kind, set(everywhere)).update(found_facts)
    return {kind: sorted(found - {"kind"}) for kind, found in sorted(kinds.items())}


def facts_in(form: object, found: set[str]) -> None:
    """Add every fact that a closed form reads to `found`."""
    from xueshi.regulations.words import RATE_UNITS  # noqa: PLC0415 - one constant

    if isinstance(form, dict):
        for value in form.values():
            facts_in(value, found)
        return
    if not isinstance(form, list) or not form:
        return
    head = form[0]
    if head in ("test", "lookup", "when_stated", "stated", "stated_percent", "in_window") and isinstance(
        form[1], str
    ):
        found.add(form[1])
    elif head in ("keyed", "by_factor"):
        found.add(form[2])
    elif head == "rate" and isinstance(form[1], str):
        found.add(RATE_UNITS[form[2]][0])
        found.update(form[5] if len(form) > 5 else [])
    elif head == "python" and len(form) == 3:
        found.update(form[2])
    elif head == "range" and isinstance(form[1], str):
        found.add("granted")
    elif head == "decided":
        found.update(("decision", "granted"))
    for part in form[1:] if isinstance(head, str) else form:
        facts_in(part, found)


def kinds_in(form: object) -> list[str]:
    """List the kinds that a condition names."""
    if isinstance(form, list):
        if form[:2] == ["test", "kind"]:
            return list(form[2]["in"])
        return [kind for part in form for kind in kinds_in(part)]
    return []
