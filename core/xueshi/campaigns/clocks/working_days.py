"""Counting working days (工作日) over a calendar given as a value: holidays, make-up working days (调休), own days.

Pure: where the calendar comes from is the business of `office_calendar`; a workflow never sees one, only the instants
computed with it. A year that the calendar does not know counts Monday to Friday, and whatever rests on it is
provisional (暂定): architecture section 8, decision 9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

DayWord = Literal["work", "off"]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkCalendar:
    """Which civil days are worked: Monday to Friday, but for the days named here."""

    known_years: frozenset[int] = frozenset()
    """Years whose holidays are published (or entered completely)."""
    off: frozenset[date] = frozenset()
    """Days from Monday to Friday on which nobody works."""
    on: frozenset[date] = frozenset()
    """Saturdays and Sundays that are worked."""

    def works(self, day: date) -> bool:
        """Tell whether a civil day is a working day."""
        if day.weekday() < 5:
            return day not in self.off
        return day in self.on

    def knows(self, first: date, last: date) -> bool:
        """Tell whether every year from one day to another is known."""
        return all(year in self.known_years for year in range(first.year, last.year + 1))

    def with_day(self, day: date, word: DayWord) -> WorkCalendar:
        """Return the calendar with one day worked or off, whatever it was before."""
        off, on = self.off - {day}, self.on - {day}
        weekday = day.weekday() < 5
        if word == "work" and not weekday:
            on |= {day}
        elif word == "off" and weekday:
            off |= {day}
        return replace(self, off=off, on=on)


@dataclass(frozen=True)
class WorkingDay:
    """A day found by counting, and whether it rests on a year that is not published yet (暂定)."""

    day: date
    provisional: bool


def working_day_after(calendar: WorkCalendar, day: date, number: int) -> WorkingDay:
    """Return the `number`-th working day after a civil day, which itself does not count (民法典 201).

    `number` 0 gives the day itself. Raises ValueError for a negative number.
    """
    if number < 0:
        raise ValueError("working days are counted forward")
    found, left = day, number
    while left:
        found += ONE_DAY
        left -= calendar.works(found)
    return WorkingDay(found, not calendar.knows(day, found))


def working_days_between(calendar: WorkCalendar, after: date, until: date) -> int:
    """Count the working days after one day, up to and with another."""
    span = (until - after).days
    return sum(calendar.works(after + timedelta(days=step)) for step in range(1, span + 1))
