"""Entering days into an area's calendar: a row, an audit entry, and every open date that rests on working days moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.office_calendar import calendar_of, count_due
from xueshi.campaigns.clocks.pauses import Pause, moved_by, pauses_of
from xueshi.campaigns.clocks.working_days import WorkCalendar
from xueshi.campaigns.reminders import escalation
from xueshi.campaigns.rows import campaign_rows, clock_rows, task_rows
from xueshi.campaigns.tables import CalendarEntry, Task
from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.storage import new_id

EntryWord = Literal["work", "off", "published", "complete"]
"""`published`: as the State Council published it, an earlier entry is taken back; `complete`: all of a year is entered."""


@dataclass(frozen=True)
class CalendarChange:
    """What an entry did: how many open tasks got another date."""

    entry: CalendarEntry
    moved: int


def enter_day(
    session: Session, actor: Actor, area: str, day: date, word: EntryWord, reason: str
) -> CalendarChange:
    """Enter one day of an area's calendar and move the open dates that rest on it.

    Raises InputError without a reason or outside the actor's areas, NotAllowedError without the right.
    """
    return _enter(
        session, actor, CalendarEntry(area=area, year=day.year, day=day, word=word, **_by(actor, reason))
    )


def complete_year(session: Session, actor: Actor, area: str, year: int, reason: str) -> CalendarChange:
    """Note that all holidays of a year are entered: its dates are 暂定 no more.

    Raises InputError where not one day of the year is entered: no year is without holidays.
    """
    if not any(one.year == year and one.day for one in clock_rows.calendar_entries(session, area)):
        raise InputError(
            f"{year} 年还没有录入任何放假、调休日；请先用 xueshi calendar set 逐日录入，再声明完整"
        )
    return _enter(session, actor, CalendarEntry(area=area, year=year, word="complete", **_by(actor, reason)))


def _by(actor: Actor, reason: str) -> dict[str, Any]:
    return {"reason": reason.strip(), "account_id": actor.account_id, "entered_at": real_now()}


def _enter(session: Session, actor: Actor, entry: CalendarEntry) -> CalendarChange:
    actor.require("campaign.steer")
    if not entry.reason:
        raise InputError("录入工作日须写明依据（如：国办发明电〔2026〕号）；请用 --reason 写明")
    if not actor.scope.allows(entry.area):
        raise InputError(f"地区 {entry.area} 不在您的管理范围；请由该地区的业务负责人录入")
    entry.id = new_id()
    session.add(entry)
    session.flush()
    moved = _move_open_dates(session, entry.area)
    audit.append(
        session,
        actor=f"account:{actor.account_id}",
        verb="calendar_set",
        target=f"calendar:{entry.area}",
        body={
            "entry": str(entry.id),
            "year": entry.year,
            "day": None if entry.day is None else entry.day.isoformat(),
            "word": entry.word,
            "moved": len(moved),
            "moves": audit.store_artifact(session, "moved_dates", canonical_json(moved).encode())
            if moved
            else None,
        },
    )
    return CalendarChange(entry, len(moved))


def _move_open_dates(session: Session, area: str) -> list[list[object]]:
    """Count every open task's working days again; returns task, old and new date of those that changed.

    What a pause of its campaign moved stays moved.
    """
    calendars: dict[str, WorkCalendar] = {}
    pauses: dict[UUID, list[Pause]] = {}
    moved: list[list[object]] = []
    for task in task_rows.tasks_on_working_days(session, Scope((area,))):
        if task.due_at is None or task.due_since is None or task.due_days is None:
            continue
        if task.area not in calendars:
            calendars[task.area] = calendar_of(session, task.area)
        counted = count_due(calendars[task.area], task.due_since, task.due_days)
        due = moved_by(_pauses_of(session, task, pauses), task.opened_at, counted.at)
        if (due, counted.provisional) == (task.due_at, task.due_provisional):
            continue
        if due != task.due_at:
            moved.append([str(task.id), task.due_at.isoformat(), due.isoformat()])
        task.due_at, task.due_provisional = due, counted.provisional
        session.add(task)
        escalation.take_back(session, task)
    return moved


def _pauses_of(session: Session, task: Task, known: dict[UUID, list[Pause]]) -> list[Pause]:
    if task.campaign_id is None:
        return []
    if task.campaign_id not in known:
        campaign = campaign_rows.campaign(session, Scope.everything(), task.campaign_id)
        known[task.campaign_id] = pauses_of(session, campaign)
    return known[task.campaign_id]
