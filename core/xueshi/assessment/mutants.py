"""Mutants of a rule file: each number changed by one, each gate and each `not_stated` dropped (rule language 6.5).

One change at a time. A change that no case notices is W603: the cases do not hold that number, gate or absence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from xueshi.assessment.case_file import CaseFile
from xueshi.assessment.cases import Packs, run_case, unchecked
from xueshi.assessment.equivalent import same_rows
from xueshi.errors import InputError, XueshiError
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Diagnostic, Findings
from xueshi.regulations.document import Node, Scalar
from xueshi.regulations.resolve import Source, SourceOf
from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.regulations.words import TWINS

Path = tuple[str | int, ...]

_NUMBER = re.compile(r"^(?P<sign>-|x|)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)$")
_PART = re.compile(r"^(\d+)/(\d+)$")
_MONTH_DAY = re.compile(r"^(\d{2})-(\d{2})$")
_BAND = ("upto", "below", "over", "from")
VALUES = (
    "hours", "share", "again", "at_most", "spread", "at_least", "average_at_least", "each_at_least", "starts", "default", "values", "over",
)  # fmt: skip
"""Keys under which numbers stand; `default` and `values` are those of parameters."""
CONDITIONS = ("when", "needs", "except", "if_record", "where")
GATES = ("needs", "except")
NAMING = (*CONDITIONS, "less", "dated", "same")
"""Keys under which facts are named."""
PARTS = ("rows", "plus")
"""Keys under which entries of their own stand."""
ABSENT = "not_stated"
OTHER_PARTS: dict[str, tuple[str, ...]] = {
    "up": ("up_to_half",),
    "up_to_half": ("up", "as_half"),
    "as_half": ("up_to_half",),
}
"""What counts a part of a unit up, and what would give the same but for a small part, or for a large one."""
WHOLE = ("groups", "refuse", "deemed")
"""Sections whose entries are dropped whole."""
NUMBERED = ("parameters", "tables", "sums", "year", "rules", "groups", "refuse", "requirements", "deemed")


@dataclass(frozen=True)
class Mutant:
    """One change of a file: where, of which rule, what, and the changed tree."""

    line: int
    rule: str
    clause: str
    what: str
    root: document.Mapping
    path: Path = ()
    """Where in the file a number or an absence was changed; empty for what else is dropped."""


@dataclass(frozen=True)
class MutantReport:
    """How many changes there are, how many the cases noticed, and a W603 for each of the rest."""

    instrument: str
    total: int
    unnoticed: tuple[Diagnostic, ...]

    @property
    def noticed(self) -> int:
        """How many changes some case (or the loader) noticed."""
        return self.total - len(self.unnoticed)


def mutants(root: document.Mapping) -> Iterator[Mutant]:
    """Yield every change of a rule file, in the order of the file."""
    for section in NUMBERED:
        entries = root.get(section)
        if not isinstance(entries, document.Mapping):
            continue
        if section == "year":
            yield from _numbers(root, ("year",), "year", _clause(entries), inside=False)
            continue
        for name, body in entries:
            if section == "tables":
                yield from _numbers(root, (section, name), name, "", inside=True)
                yield from _absences(root, (section, name), name, "")
            elif isinstance(body, document.Mapping):
                yield from _entry(root, (section, name), name, _clause(body))
                if section in WHOLE and "change" not in body.entries:
                    yield Mutant(
                        entries.line_of(name),
                        name,
                        _clause(body),
                        f"{name} is removed",
                        _without(root, (section, name)),
                    )


def _clause(body: document.Mapping) -> str:
    node = body.get("clause")
    return node.text if isinstance(node, Scalar) else ""


def _entry(root: document.Mapping, path: Path, name: str, clause: str) -> Iterator[Mutant]:
    """Change one entry: its values, its gates, its rows and add-ons."""
    body = _at(root, path)
    assert isinstance(body, document.Mapping)
    for key, value in body:
        if key in VALUES or key in CONDITIONS:
            yield from _numbers(root, (*path, key), name, clause, inside=True)
        if key in GATES:
            yield from _gates(root, (*path, key), name, clause)
        if key not in PARTS:
            yield from _absences(root, (*path, key), name, clause)
        if key == "less":
            yield Mutant(body.line_of(key), name, clause, "less is removed", _without(root, (*path, key)))
        if key == "cancels":
            yield from _gates(root, (*path, key), name, clause)
        if key == "decides" and isinstance(value, Scalar) and value.text == "year":
            what = "decides: year is removed"
            yield Mutant(body.line_of(key), name, clause, what, _without(root, (*path, key)))
        if key == "partial" and isinstance(value, Scalar):
            for other in OTHER_PARTS.get(value.text, ()):
                new = Scalar(value.file, value.line, other)
                what = f"partial: {value.text} becomes {other}"
                yield Mutant(value.line, name, clause, what, _with(root, (*path, key), new), (*path, key))
        if key == "spread":
            yield from _turned(root, (*path, key), name, clause)
        if key in NAMING:
            yield from _renamings(root, (*path, key), name, clause)
        if key in PARTS and isinstance(value, document.Mapping):
            for row, inner in value:
                if isinstance(inner, document.Mapping):
                    yield from _entry(root, (*path, key, row), row, _clause(inner) or clause)


def _gates(root: document.Mapping, path: Path, name: str, clause: str) -> Iterator[Mutant]:
    node = _at(root, path)
    word = str(path[-1])
    if isinstance(node, document.Sequence) and len(node.items) > 1:
        for place, item in enumerate(node.items):
            yield Mutant(
                item.line, name, clause, f"{_said(item)} in {word} is removed", _without(root, (*path, place))
            )
    else:
        yield Mutant(node.line, name, clause, f"{word} is removed", _without(root, path))


def _absences(root: document.Mapping, path: Path, name: str, clause: str) -> Iterator[Mutant]:
    """Drop each `not_stated` below `path`: of a list of values, as a condition, in the key of a table."""
    node = _at(root, path)
    if isinstance(node, document.Sequence):
        for place, item in enumerate(node.items):
            if isinstance(item, Scalar) and item.text == ABSENT:
                what = f"{ABSENT} of {path[-1]} is removed"
                yield Mutant(item.line, name, clause, what, _without(root, (*path, place)), path)
            yield from _absences(root, (*path, place), name, clause)
        return
    if not isinstance(node, document.Mapping):
        return
    for key, value in node:
        words = [word.strip() for word in key.split(",")]
        rest = ", ".join(word for word in words if word != ABSENT)
        if ABSENT in words:
            what = f"{ABSENT} of {path[-1]} is removed"
            new = _renamed(root, path, key, rest) if rest else _without(root, (*path, key))
            yield Mutant(node.line_of(key), name, clause, what, new, path)
        if isinstance(value, Scalar) and value.text == ABSENT:
            what = f"{key}: {ABSENT} is removed"
            yield Mutant(node.line_of(key), name, clause, what, _without(root, (*path, key)), path)
        yield from _absences(root, (*path, key), name, clause)


def _turned(root: document.Mapping, path: Path, name: str, clause: str) -> Iterator[Mutant]:
    """Turn the order of the parts of a spread round, wherever one stands below `path`."""
    node = _at(root, path)
    if isinstance(node, document.Mapping):
        for key in node.entries:
            yield from _turned(root, (*path, key), name, clause)
    elif isinstance(node, document.Sequence):
        turned = tuple(reversed(node.items))
        if document.plain(node) != document.plain(document.Sequence(node.file, node.line, turned)):
            new = document.Sequence(node.file, node.line, turned)
            what = f"spread {_said(node)} becomes {_said(new)}"
            yield Mutant(node.line, name, clause, what, _with(root, path, new), path)


def _renamings(root: document.Mapping, path: Path, name: str, clause: str) -> Iterator[Mutant]:
    """Put another fact of the same type in the place of each fact named below `path`: a typing error that loads."""
    node = _at(root, path)
    if isinstance(node, Scalar):
        if other := _like(node.text):
            new = Scalar(node.file, node.line, other)
            what = f"{node.text} of {_key(path)} becomes {other}"
            yield Mutant(node.line, name, clause, what, _with(root, path, new), path)
        return
    if isinstance(node, document.Sequence):
        for place in range(len(node.items)):
            yield from _renamings(root, (*path, place), name, clause)
        return
    for key, value in node:
        # Where absence is a value, that of the other fact would do as well: dropping `not_stated` tries the name there.
        if (other := _like(key)) and other not in node.entries and ABSENT not in _said(value):
            what = f"{key} of {_key(path)} becomes {other}"
            yield Mutant(node.line_of(key), name, clause, what, _renamed(root, path, key, other), path)
        if not isinstance(value, Scalar):
            yield from _renamings(root, (*path, key), name, clause)


def _key(path: Path) -> str:
    """Return the key of the file under which a place lies: `when`, `less`."""
    return next(str(step) for step in reversed(path) if step in NAMING)


@cache
def _like(fact: str) -> str | None:
    """Return another fact of the engine of the same type, for what is not told apart by its values; None for other words."""
    facts = engine_vocabulary().facts
    known = facts.get(fact)
    if known is None or known.type not in ("yes_no", "count", "number", "date", "id"):
        return None
    same = [
        one.name for one in facts.values() if one.type == known.type and ("." in one.name) is ("." in fact)
    ]
    place = same.index(fact)
    # A twin states the same quantity in another unit: where it stands instead, nothing need change.
    return next((one for one in (*same[place + 1 :], *same[:place]) if one != TWINS.get(fact)), None)


def _said(node: Node) -> str:
    return str(document.plain(node)).replace("'", "")


def _numbers(root: document.Mapping, path: Path, name: str, clause: str, *, inside: bool) -> Iterator[Mutant]:
    """Change each number below `path`; `inside` is False while only the keys that hold values are looked into."""
    node = _at(root, path)
    if isinstance(node, Scalar):
        for changed in _changed(node.text):
            new = Scalar(node.file, node.line, changed)
            yield Mutant(
                node.line, name, clause, f"{node.text} becomes {changed}", _with(root, path, new), path
            )
        return
    if isinstance(node, document.Sequence):
        for place in range(len(node.items)):
            yield from _numbers(root, (*path, place), name, clause, inside=inside)
        return
    for key, _ in node:
        if key == "clause" or (not inside and key not in VALUES):
            continue
        if key.split(" ")[0] in _BAND:
            for changed in _changed(key):
                yield Mutant(
                    node.line_of(key),
                    name,
                    clause,
                    f"{key} becomes {changed}",
                    _renamed(root, path, key, changed),
                    path,
                )
        yield from _numbers(root, (*path, key), name, clause, inside=True)


def _changed(text: str) -> Iterator[str]:
    """Change each number of a text by one: `6 per 1000 characters` gives two texts. Names (`R1`, `Q4`) stay."""
    if match := _MONTH_DAY.match(text):
        month, day = match.groups()
        yield f"{month}-{int(day) % 28 + 1:02d}"
        return
    words = text.split(" ")
    for place, word in enumerate(words):
        if match := _PART.match(word):
            new = f"{match.group(1)}/{int(match.group(2)) + 1}"
        elif match := _NUMBER.match(word):
            whole, _, rest = match["number"].partition(".")
            full = match["percent"] and int(whole) >= 100
            new = f"{match['sign']}{int(whole) + (-1 if full else 1)}{'.' + rest if rest else ''}{match['percent']}"
        else:
            continue
        yield " ".join([*words[:place], new, *words[place + 1 :]])


# Trees are frozen: a change makes a new tree that shares everything else.


def _at(root: Node, path: Path) -> Node:
    node = root
    for step in path:
        if isinstance(node, document.Mapping):
            node = node.entries[str(step)]
        else:
            assert isinstance(node, document.Sequence)
            assert isinstance(step, int)
            node = node.items[step]
    return node


def _rebuilt(node: Node, path: Path, change: Callable[[Node], Node]) -> Node:
    if not path:
        return change(node)
    step, rest = path[0], path[1:]
    if isinstance(node, document.Mapping):
        key = str(step)
        entries = {**node.entries, key: _rebuilt(node.entries[key], rest, change)}
        return document.Mapping(node.file, node.line, entries, node.lines)
    assert isinstance(node, document.Sequence)
    assert isinstance(step, int)
    items = list(node.items)
    items[step] = _rebuilt(items[step], rest, change)
    return document.Sequence(node.file, node.line, tuple(items))


def _with(root: document.Mapping, path: Path, new: Node) -> document.Mapping:
    return _mapping(_rebuilt(root, path, lambda _: new))


def _without(root: document.Mapping, path: Path) -> document.Mapping:
    last = path[-1]

    def drop(node: Node) -> Node:
        if isinstance(node, document.Mapping):
            entries = {key: value for key, value in node if key != last}
            return document.Mapping(node.file, node.line, entries, node.lines)
        assert isinstance(node, document.Sequence)
        items = tuple(item for place, item in enumerate(node.items) if place != last)
        return document.Sequence(node.file, node.line, items)

    return _mapping(_rebuilt(root, path[:-1], drop))


def _renamed(root: document.Mapping, path: Path, key: str, new: str) -> document.Mapping:
    def rename(node: Node) -> Node:
        assert isinstance(node, document.Mapping)
        entries = {new if name == key else name: value for name, value in node}
        lines = {new if name == key else name: line for name, line in node.lines.items()}
        return document.Mapping(node.file, node.line, entries, lines)

    return _mapping(_rebuilt(root, path, rename))


def _mapping(node: Node) -> document.Mapping:
    assert isinstance(node, document.Mapping)
    return node


def try_mutants(
    instrument: str,
    source_of: SourceOf,
    files: Sequence[CaseFile],
    functions: Mapping[str, Any] | None = None,
) -> MutantReport:
    """Run the cases of an instrument against every mutant of its file.

    Raises InputError when a case does not pass on the file as it stands: it would fail on every mutant too.
    """
    sound = Packs(source_of, functions or {})
    failing = [case.id for file in files for case in file.cases if not run_case(case, file, sound).passed]
    if failing:
        raise InputError(f"这些案例本身未通过，请先更正：{'、'.join(failing)}")
    source = source_of(instrument)
    root = source if isinstance(source, document.Mapping) else document.read_document(source, Findings())
    total = 0
    unnoticed: list[Diagnostic] = []
    for mutant in mutants(root):
        total += 1

        def changed(asked: str, mutant: Mutant = mutant) -> Source:
            return mutant.root if asked == instrument else source_of(asked)

        packs = Packs(changed, functions or {}, checked=False)
        if not _noticed(files, packs):
            if _nothing_to_notice(mutant, instrument, source_of, changed, functions or {}):
                total -= 1
                continue
            unnoticed.append(
                Diagnostic(
                    "W603",
                    "W",
                    root.file,
                    mutant.line,
                    mutant.clause,
                    f"{mutant.rule}: no case fails when {mutant.what}",
                    "add a case that holds it",
                )
            )
    return MutantReport(instrument, total, tuple(unnoticed))


def _nothing_to_notice(
    mutant: Mutant, instrument: str, source_of: SourceOf, changed: SourceOf, functions: Mapping[str, Any]
) -> bool:
    """Tell whether no case could notice: the rows are chosen as before, or it is the year of a law that grants nothing.

    A bound of a row chooses nothing else where its values fall to an earlier row either way. Where a law has no rule, no
    record is counted in a year of it: its first day decides nothing.
    """
    if mutant.path[:2] == ("year", "starts"):
        sound = unchecked(instrument, source_of, config=None, sector_file=None, functions=functions)
        return not sound.data["items"]
    if "rows" not in mutant.path or "when" not in mutant.path:
        return False
    packs = [
        unchecked(instrument, one, overlays=(), config=None, sector_file=None, functions=functions)
        for one in (source_of, changed)
    ]
    return same_rows(packs[0], packs[1], mutant.rule)


def _noticed(files: Sequence[CaseFile], packs: Packs) -> bool:
    """Tell whether some case fails; a file that does not load any more is noticed too."""
    # Cases without choices first: they share one pack, and most changes show there.
    cases = sorted(
        ((case, file) for file in files for case in file.cases),
        key=lambda pair: bool(pair[0].config) or pair[0].sector_file is not None,
    )
    for case, file in cases:
        try:
            if not run_case(case, file, packs).passed:
                return True
        except XueshiError:
            return True
    return False
