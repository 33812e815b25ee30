"""By when something must be reported: working days after the last day of an activity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]  # ships no types

SATURDAY = 5


@dataclass(frozen=True)
class ReportingTime:
    """The last day for a report; `tentative` (暂定) where a year's holidays are not published yet."""

    last: date
    tentative: bool


def report_by(last_day: date, working_days: int) -> ReportingTime:
    """Return the last of so many working days after an activity's last day.

    A year whose holidays are not published counts Monday to Friday (architecture section 8, decision 9).
    """
    day, left, tentative = last_day, working_days, False
    while left:
        day += timedelta(days=1)
        try:
            works = bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            works, tentative = day.weekday() < SATURDAY, True
        left -= works
    return ReportingTime(day, tentative)
