"""Counting a unit's filing: how many people of which level were declared, met the year's requirement or did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from xueshi.documents.types import LevelCounts, UnitFiling

DECIDED = ("met", "not_met")


@dataclass(frozen=True)
class JudgedPerson:
    """One person of a filing: title level and verdict; `verdict` is None while nobody has judged."""

    level: str
    """`senior`, `intermediate`, `junior` or empty."""
    verdict: str | None
    """`met`, `not_met`, `needs_fact`, `not_judged` or None."""


def level_counts(levels: Iterable[str]) -> LevelCounts:
    """Count people in all and by level; who has no level is in the total only."""
    listed = list(levels)
    return LevelCounts(
        total=len(listed),
        senior=listed.count("senior"),
        intermediate=listed.count("intermediate"),
        junior=listed.count("junior"),
    )


def unit_filing(
    people: Sequence[JudgedPerson],
    *,
    region: str,
    area: str,
    area_name: str,
    year: int,
    unit: str,
    filed_on: date | None,
    declared: LevelCounts | None = None,
    remarks: Sequence[str] = (),
    verified_on: date | None = None,
    verifier: str = "",
    number: str = "",
    sample: bool = False,
) -> UnitFiling:
    """Return a unit's filing with its counts.

    `declared` defaults to the people given. The results stay blank until at least one person has a verdict. Who
    lacks a fact or was not judged is in neither column: a sentence for 说明 says how many, and why; another says how
    many have no level and so stand in the totals only. `remarks` (the unit's own sentences) come first.
    """
    judged = any(person.verdict is not None for person in people)

    def counted(test: Callable[[JudgedPerson], bool]) -> LevelCounts:
        return level_counts(person.level for person in people if test(person))

    return UnitFiling(
        region=region,
        area=area,
        area_name=area_name,
        year=year,
        unit=unit,
        filed_on=filed_on,
        declared=declared or counted(lambda _: True),
        met=counted(lambda person: person.verdict == "met") if judged else None,
        not_met=counted(lambda person: person.verdict == "not_met") if judged else None,
        remarks=(*remarks, *_count_remarks(people, judged=judged)),
        verified_on=verified_on,
        verifier=verifier,
        number=number,
        sample=sample,
    )


def _count_remarks(people: Sequence[JudgedPerson], *, judged: bool) -> list[str]:
    remarks: list[str] = []
    open_ones = [person.verdict for person in people if person.verdict not in DECIDED] if judged else []
    if open_ones:
        lacking = open_ones.count("needs_fact")
        parts = [
            f"{number}人{why}"
            for number, why in ((lacking, "待补充认定所需材料"), (len(open_ones) - lacking, "未作审验结论"))
            if number
        ]
        remarks.append(f"另有{len(open_ones)}人（{'，'.join(parts)}）未计入完成、未完成人数。")
    unlevelled = sum(1 for person in people if person.level not in {"senior", "intermediate", "junior"})
    if unlevelled:
        remarks.append(f"其中{unlevelled}人未填职称级别，只计入总人数。")
    return remarks
