"""Records that satisfy a requirement instead of giving hours (`deemed`): of which years they do so, and what is handed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from xueshi.assessment.judged import Judged
from xueshi.assessment.presumed import Doubt
from xueshi.assessment.program import Deemed, Program
from xueshi.assessment.reasons import reason
from xueshi.assessment.types import LedgerEntry

HANDED_ON: Final = "deemed"
"""The code of an entry of no hours by which a record satisfies requirements of a later year too."""


class Deeming(NamedTuple):
    """What records satisfy in a year: requirement id → deeming rule, and requirement id → doubt."""

    met: Mapping[str, str]
    doubtful: Mapping[str, tuple[Doubt, ...]]


NOTHING_DEEMED: Final = Deeming({}, {})


def deem(
    compiled: Program,
    judged: Sequence[Judged],
    year: int,
    earlier: Sequence[LedgerEntry],
    readings: dict[str, None],
    later: list[LedgerEntry],
) -> Deeming:
    """Return which requirements of `year` records satisfy; what holds for the years after goes to `later`.

    Only a record that its own item recognises does so (credited, or of no hours by the clause), or one of a kind that
    no item takes, and only in the statistics year to which it belongs. Where the text says more years (`for_years`),
    those that follow have it from the entries that the year handed on (`earlier`).
    """
    met: dict[str, str] = {}
    doubtful: dict[str, tuple[Doubt, ...]] = {}
    for entry in compiled.deemed:
        handed = any(
            one.year == year and one.code == HANDED_ON and entry.rule in one.rules for one in earlier
        )
        if handed:
            _note(entry, met, readings)
        for one in judged:
            held = entry.when.holds(one.facts)
            if held is False or not _recognised(compiled, one):
                continue
            since = year - _own_year(compiled, one, year)
            if not 0 <= since < entry.for_years:
                continue
            if held is None:
                lacking = compiled.compiler.missing(entry.when_form, one.facts)
                for name in entry.meets:
                    doubtful.setdefault(name, (Doubt(one.id, lacking),))
                continue
            _note(entry, met, readings)
            if since == 0:
                later += [_entry(entry, one, year, number) for number in range(1, entry.for_years)]
    return Deeming(met, {name: doubt for name, doubt in doubtful.items() if name not in met})


def _note(entry: Deemed, met: dict[str, str], readings: dict[str, None]) -> None:
    readings.update(dict.fromkeys(entry.readings))
    for name in entry.meets:
        met.setdefault(name, entry.rule)


def _entry(entry: Deemed, one: Judged, year: int, number: int) -> LedgerEntry:
    """Return what a record hands on to a later year: no hours, only that the year's requirements are satisfied."""
    text = reason("deemed", clause=entry.clause, year=year)
    place = (entry.regulation, entry.clause, "", 0, None, "uncredited", HANDED_ON, text)
    return LedgerEntry(one.id, year + number, number + 1, (entry.rule,), *place)


def _own_year(compiled: Program, one: Judged, year: int) -> int:
    """Return the statistics year of a record: by its item, else by its last day, else the one it was entered under."""
    if one.row is not None:
        return (one.year if one.year is not None else year) - (one.part - 1)
    if one.facts.get("end") is not None and not one.makeup:
        return compiled.pack.year_of(one.facts["end"])
    return one.year if one.year is not None else year


def _recognised(compiled: Program, one: Judged) -> bool:
    return one.recognised or (one.verdict == "uncredited" and one.kind not in compiled.items)
