"""What reaches over several statistics years and is reckoned by months or year by year: each year has its own part."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Final

from xueshi.assessment.conditions import Facts, Number
from xueshi.assessment.facts import months_between
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Row
from xueshi.assessment.run import Run, rounded
from xueshi.assessment.trace import plain_value

DATES: Final = ("start", "end")
READ: Final = (*DATES, "months")
LONGEST: Final = 12
"""Months of a statistics year: more of them, without dates, lie nobody knows in which years."""


def attribute(run: Run, one: Judged, row: Row) -> None:
    """Put a record whose start and end lie in different years under the year that is judged, where it reaches into it.

    A date of another sort that the row is dated by (of a check of the year) decides before the two.
    """
    facts = one.facts
    start, end = facts.get("start"), facts.get("end")
    if start is None or end is None or (one.day is not None and one.day != end):
        return
    pack = run.compiled.pack
    first, last = pack.year_of(start), pack.year_of(end)
    if one.makeup and one.year is not None:
        year = one.year
    else:
        year = run.year if first <= run.year <= last else last
    if first < last and first <= year <= last:
        one.over_years = year == run.year
        run.note(one, 4, row, DATES, None, None, "", "起止跨年度，只计本年度的部分")
    one.year = year


def amount(run: Run, one: Judged, row: Row, exact: Number | Stop) -> Number | Stop:
    """Return the year's part of hours by months: what they come to by the end of the year, less what they did before.

    So a month, a half-year, a year counts in the year in which it is completed, and nothing is lost between two years.
    Without dates, more months than a year has wait for them.
    """
    facts = one.facts
    months = facts.get("months")
    if isinstance(exact, Stop) or months is None:
        return exact
    if not one.over_years:
        waits = months > LONGEST and one.year == run.year
        return Stop("needs", "over_years", DATES) if waits else exact
    assert one.year is not None
    first, last = run.compiled.pack.year_window(one.year)
    start, end = facts["start"], facts["end"]
    upto = min(months, months_between(start, min(end, last)))
    before = min(months, months_between(start, first - timedelta(days=1))) if start < first else Fraction(0)
    by_now, by_then = _hours(row, facts, upto), _hours(row, facts, before) if before else 0
    if isinstance(by_now, Stop):
        return by_now
    if isinstance(by_then, Stop):
        return by_then
    part: Number = max(0, by_now - by_then)
    text = f"截至本年度末按{plain_value(upto)}个月，减去以前年度的{plain_value(before)}个月"
    run.note(one, 7, row, READ, rounded(exact), rounded(part), "", text)
    return part


def _hours(row: Row, facts: Facts, months: Number) -> Number | Stop:
    held = row.hours.value({**facts, "months": months})
    return 0 if isinstance(held, Stop) and held.kind == "zero" else held
