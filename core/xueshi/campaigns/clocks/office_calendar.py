"""The calendar of an area's offices: what the State Council published, and the days that a bureau entered itself.

The published part comes from the library chinesecalendar (holidays and 调休 of 2004 to the last published year). Entries
of a bureau are rows, never changed: the latest of the closest area counts (`calendar_entry` makes them).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from chinese_calendar import constants  # type: ignore[import-untyped]  # the library has no types
from sqlmodel import Session

from xueshi.campaigns.clocks.clock import civil_date, end_of, show_deadline
from xueshi.campaigns.clocks.working_days import WorkCalendar, working_day_after
from xueshi.campaigns.rows import clock_rows
from xueshi.campaigns.tables import Task

PROVISIONAL = "（暂定）"


@lru_cache(maxsize=1)
def published_calendar() -> WorkCalendar:
    """Return the published holidays and make-up working days of all years that the library knows."""
    years = {day.year for day in constants.holidays}
    return WorkCalendar(
        known_years=frozenset(years),
        off=frozenset(day for day in constants.holidays if day.weekday() < 5),
        on=frozenset(day for day in constants.workdays if day.weekday() >= 5),
    )


def calendar_of(session: Session, area: str) -> WorkCalendar:
    """Return the calendar of an area: the published one under the entries of its province, city and own."""
    published = calendar = published_calendar()
    for entry in clock_rows.calendar_entries(session, area):
        if entry.day is None:
            calendar = WorkCalendar(calendar.known_years | {entry.year}, calendar.off, calendar.on)
        elif entry.word in ("work", "off"):
            calendar = calendar.with_day(entry.day, "work" if entry.word == "work" else "off")
        else:
            calendar = calendar.with_day(entry.day, "work" if published.works(entry.day) else "off")
    return calendar


@dataclass(frozen=True)
class Due:
    """A date that rests on working days: the instant, the civil day it counts from, how many, and whether 暂定."""

    at: datetime
    since: date
    days: int
    provisional: bool

    def of_task(self) -> dict[str, Any]:
        """Return the columns of a task that is due so."""
        return {
            "due_at": self.at,
            "due_since": self.since,
            "due_days": self.days,
            "due_provisional": self.provisional,
        }


def due_after(session: Session, area: str, instant: datetime, days: int) -> Due:
    """Return when `days` working days of an area's offices after an instant's civil day are over (24:00)."""
    return count_due(calendar_of(session, area), civil_date(instant), days)


def show_due(task: Task) -> str:
    """Print a task's date as officers read it, with 暂定 where it rests on a year not published yet."""
    if task.due_at is None:
        return ""
    return show_deadline(task.due_at) + (PROVISIONAL if task.due_provisional else "")


def count_due(calendar: WorkCalendar, since: date, days: int) -> Due:
    """Return when some working days after a civil day are over, by a calendar at hand."""
    found = working_day_after(calendar, since, days)
    return Due(end_of(found.day), since, days, found.provisional)


def last_day_of(due_at: datetime) -> date:
    """Return the civil day on which a deadline ends: one that ends at 24:00 ends with its day."""
    return civil_date(due_at - timedelta(microseconds=1))


def officers_calendar(session: Session, area: str, years: range) -> list[tuple[date, bool, str]]:
    """Return the days of some years on which an area's offices differ from Monday to Friday: day, worked, whose word."""
    calendar = calendar_of(session, area)
    own = {entry.day for entry in clock_rows.calendar_entries(session, area) if entry.day is not None}
    days = {day for day in (*calendar.off, *calendar.on, *own) if day.year in years}
    return [
        (day, calendar.works(day), "本级录入" if day in own else "国务院办公厅公布") for day in sorted(days)
    ]
