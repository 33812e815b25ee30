"""The minimums of a resolved pack as plain numbers: by level of the person where the text tells them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from xueshi.regulations.pack import RulePack
from xueshi.regulations.wording import settled

LEVEL = "person.level"


@dataclass(frozen=True)
class Minimum:
    """One yearly minimum: the hours for each level (the key is empty where all are alike), and where it stands.

    `hours` is None where the number depends on something beside level and year. `guide`: the text warns, it does not
    refuse. `condition`: the closed form of who is bound, None for everybody. `share`: where the text gives a share of
    another minimum, the share and what that other is of.
    """

    id: str
    of: str
    clause: str
    hours: Mapping[str, Fraction] | None
    guide: bool
    condition: list[Any] | None
    share: tuple[Fraction, str] | None = None


def minimums(pack: RulePack, year: int) -> list[Minimum]:
    """Return the minimums that hold for a single year, those switched off by a reading left out."""
    return [
        Minimum(
            one["id"],
            one["of"],
            one["clause"],
            _hours(pack, one["at_least"], year),
            one["effect"] == "warn",
            None if settled(one["when"]) is True else one["when"],
            _share(pack, one["at_least"]),
        )
        for one in pack.requirements
        if one["at_least"] is not None
        and one["over"] is None
        and one["alone"]
        and one["at_least"][0] not in ("any", "unset")
        and settled(one["when"]) is not False
    ]


def _share(pack: RulePack, form: list[Any]) -> tuple[Fraction, str] | None:
    if form[0] != "part":
        return None
    whole = next((one["of"] for one in pack.requirements if one["id"] == form[3]), None)
    return None if whole is None else (Fraction(form[1], form[2]), whole)


def _hours(pack: RulePack, form: list[Any], year: int) -> dict[str, Fraction] | None:
    levels = list(pack.facts[LEVEL].values)
    found = {level: _number(pack, form, year, level) for level in levels}
    if any(value is None for value in found.values()):
        return None
    told = {level: value for level, value in found.items() if value is not None}
    return {"": next(iter(told.values()))} if len(set(told.values())) == 1 else told


def _number(pack: RulePack, form: list[Any], year: int, level: str) -> Fraction | None:
    """Evaluate a minimum for a person of whom only the level is known; None where more must be known."""
    what = form[0]
    if what == "fixed":
        return Fraction(form[1])
    if what == "part":
        whole = next((one for one in pack.requirements if one["id"] == form[3]), None)
        if whole is None or whole["at_least"] is None:
            return None
        of = _number(pack, whole["at_least"], year, level)
        return None if of is None else _rounded(of * form[1] / form[2])
    if what == "first":
        found = (_number(pack, part, year, level) for part in form[1])
        return next((value for value in found if value is not None), None)
    if what == "by_year":
        dated = [value for start, value in form[1] if int(start) <= year]
        return _number(pack, dated[-1] if dated else form[2], year, level)
    if what == "lookup" and form[1] in (LEVEL, "year"):
        known: object = level if form[1] == LEVEL else year
        row = next((value for matcher, value in form[2] if _fits(matcher, known)), form[4])
        return None if row is None else _number(pack, row, year, level)
    return None


def _rounded(hours: Fraction) -> Fraction:
    """Hundredths of an hour, half up, as everywhere."""
    return Fraction((hours * 100 + Fraction(1, 2)).__floor__(), 100)


def _fits(matcher: Mapping[str, Any], known: object) -> bool:
    if known in matcher.get("in", []) or str(known) in [str(value) for value in matcher.get("in", [])]:
        return True
    return isinstance(known, int) and any(_within(band, known) for band in matcher.get("bands", []))


def _within(band: list[Any], value: int) -> bool:
    low, low_in, high, high_in = band
    above = low is None or value > Fraction(low) or (low_in and value == Fraction(low))
    return bool(above and (high is None or value < Fraction(high) or (high_in and value == Fraction(high))))


def names_read(form: object) -> Iterator[str]:
    """Yield every word of a closed form; a fact is read where its name is among them."""
    if isinstance(form, str):
        yield form
    elif isinstance(form, Mapping):
        for value in form.values():
            yield from names_read(value)
    elif isinstance(form, list | tuple):
        for value in form:
            yield from names_read(value)
