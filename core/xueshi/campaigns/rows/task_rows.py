"""Tasks: who has what to decide until when, and the runs that remind of them. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.campaigns.rows.clock_rows import _of_clock
from xueshi.campaigns.tables import (
    Campaign,
    Filing,
    ReminderRun,
    Task,
)
from xueshi.errors import NotFoundError
from xueshi.register.rows.shared import chunks
from xueshi.register.tables import StudyRecord
from xueshi.storage import new_id


def open_tasks(
    session: Session,
    scope: Scope,
    *,
    campaign_id: UUID | None = None,
    filing_id: UUID | None = None,
    role: str | None = None,
    kinds: Sequence[str] | None = None,
    for_account: UUID | None = None,
) -> list[Task]:
    """Return open tasks in scope, oldest first; `for_account` leaves out what was handed over to somebody else."""
    query = (
        select(Task)
        .where(
            col(Task.closed_at).is_(None), scope.clause(Task.area, Task.sector, Task.unit_id, Task.person_id)
        )
        .order_by(col(Task.opened_at), col(Task.id))
    )
    if campaign_id is not None:
        query = query.where(Task.campaign_id == campaign_id)
    if filing_id is not None:
        query = query.where(Task.filing_id == filing_id)
    if role is not None:
        query = query.where(Task.role == role)
    if kinds is not None:
        query = query.where(col(Task.kind).in_(kinds))
    if for_account is not None:
        query = query.where(col(Task.assignee).is_(None) | (col(Task.assignee) == for_account))
    return list(session.exec(query).all())


def task(session: Session, scope: Scope, task_id: UUID) -> Task:
    """Return a task; raises NotFoundError outside the scope."""
    found = session.get(Task, task_id)
    if found is None or not scope.allows(found.area, found.sector, found.unit_id, found.person_id):
        raise NotFoundError(f"找不到待办 {task_id}，或不在您的管理范围；用 xueshi tasks list 查看")
    return found


def tasks_of_filing(
    session: Session, filing_id: UUID, kinds: Sequence[str], *, open_only: bool = False, outcome: str = ""
) -> list[Task]:
    """Return the tasks of some kinds on a filing, oldest first: those that wait, or those that ended with an outcome."""
    query = select(Task).where(col(Task.filing_id) == filing_id, col(Task.kind).in_(kinds))
    if open_only:
        query = query.where(col(Task.closed_at).is_(None))
    if outcome:
        query = query.where(Task.outcome == outcome)
    return list(session.exec(query.order_by(col(Task.opened_at), col(Task.id))))


def years_of(session: Session, tasks: Sequence[Task]) -> dict[UUID, int]:
    """Return task → the year of its campaign, or of the record that was filed without one."""
    campaigns = {task.campaign_id for task in tasks if task.campaign_id is not None}
    years: dict[UUID | None, int] = dict(
        session.exec(select(Campaign.id, Campaign.year).where(col(Campaign.id).in_(campaigns))).all()
    )
    filed = [task.record_id for task in tasks if task.campaign_id is None and task.record_id is not None]
    for part in chunks(filed):
        query = select(StudyRecord.id, StudyRecord.year).where(col(StudyRecord.id).in_(part))
        years |= dict(session.exec(query).all())
    found = {task.id: years.get(task.campaign_id or task.record_id) for task in tasks}
    return {task_id: year for task_id, year in found.items() if year is not None}


def close_tasks(
    session: Session,
    filing_id: UUID,
    kinds: Sequence[str],
    *,
    at: datetime,
    command_id: UUID | None,
    outcome: str,
) -> None:
    """Close the open tasks of some kinds on a filing."""
    session.execute(
        update(Task)
        .where(col(Task.filing_id) == filing_id, col(Task.kind).in_(kinds), col(Task.closed_at).is_(None))
        .values(closed_at=at, closed_by=command_id, outcome=outcome)
    )


def close_record_tasks(
    session: Session, record_id: UUID, *, at: datetime, command_id: UUID | None, outcome: str, role: str = ""
) -> None:
    """Close the open tasks on a record that is filed in the year, those of one role only where one is named."""
    query = update(Task).where(
        col(Task.record_id) == record_id, col(Task.filing_id).is_(None), col(Task.closed_at).is_(None)
    )
    if role:
        query = query.where(col(Task.role) == role)
    session.execute(query.values(closed_at=at, closed_by=command_id, outcome=outcome))


def move_record_tasks(
    session: Session, record_ids: Sequence[UUID], unit_id: UUID, area: str, sector: str | None, at: datetime
) -> None:
    """Give the open tasks on records that are filed in the year to another unit, whose officers settle them from now on.

    `at` is the instant of the folder's clock: for those officers they are news.
    """
    for chunk in chunks(record_ids):
        session.execute(
            update(Task)
            .where(
                col(Task.record_id).in_(chunk), col(Task.filing_id).is_(None), col(Task.closed_at).is_(None)
            )
            .values(unit_id=unit_id, area=area, sector=sector, assignee=None, came_at=at)
        )


def shift_due(session: Session, campaign_id: UUID, since: datetime, by: timedelta) -> None:
    """Move by a pause what of a campaign's open tasks had not fallen due when it began."""
    query = select(Task).where(
        Task.campaign_id == campaign_id, col(Task.closed_at).is_(None), col(Task.due_at) > since
    )
    for row in session.exec(query).all():
        row.due_at = None if row.due_at is None else row.due_at + by
        session.add(row)


def tasks_on_working_days(session: Session, scope: Scope) -> list[Task]:
    """Return open tasks whose date rests on working days."""
    query = (
        select(Task)
        .where(
            col(Task.closed_at).is_(None),
            col(Task.due_days).is_not(None),
            scope.clause(Task.area, Task.sector, Task.unit_id, Task.person_id),
        )
        .order_by(col(Task.id))
    )
    return list(session.exec(query).all())


def move_due(session: Session, filing_id: UUID, before: datetime, after: datetime) -> None:
    """Give the open tasks of a filing that were due with its window the window's new end."""
    session.execute(
        update(Task)
        .where(col(Task.filing_id) == filing_id, col(Task.closed_at).is_(None), col(Task.due_at) == before)
        .values(due_at=after)
    )


def overdue_tasks(session: Session, clock: str, now: datetime) -> list[tuple[Task, str]]:
    """Return a clock's open tasks of levels that are overdue and were not escalated yet, with the digest of their flow.

    A record's verifying is not among them: it has no level of a campaign whose days could pass.
    """
    query = (
        select(Task, func.coalesce(col(Filing.flow_digest), col(Campaign.flow_digest)))
        .join(Filing, col(Filing.id) == col(Task.filing_id))
        .join(Campaign, col(Campaign.id) == col(Task.campaign_id))
        .where(
            Task.kind == "unit",
            col(Task.closed_at).is_(None),
            col(Task.escalated_at).is_(None),
            col(Task.due_days).is_not(None),
            col(Task.due_at) <= now,
            _of_clock(clock),
        )
        .order_by(col(Task.id))
    )
    return [(task, digest) for task, digest in session.exec(query)]


@dataclass(frozen=True)
class TaskCounts:
    """How many open tasks of a kind wait for a role at one unit, and how many of them are news to it."""

    role: str
    area: str
    sector: str | None
    unit_id: UUID
    kind: str
    new: int
    soon: int
    overdue: int
    returned: int
    due_at: datetime | None
    """The earliest date among them."""
    provisional: bool
    person_id: UUID | None = None
    """Of tasks of a professional himself: whose they are."""
    assignee: UUID | None = None
    """The account to which they were handed over; None: whoever holds the role."""


@dataclass(frozen=True)
class DigestSpan:
    """What a digest looks at: tasks that came since the last one, due until some days from now, overdue now."""

    since: datetime | None
    until: datetime
    soon: datetime


def task_counts(
    session: Session,
    clock: str,
    span: DigestSpan,
    roles: Sequence[str],
    units: Sequence[UUID] | None,
    people: Sequence[UUID] | None = None,
) -> list[TaskCounts]:
    """Count the open tasks of some roles by unit and kind, at some units only where `units` is given.

    With `people` only what is about them is counted, for each by himself.
    """
    opened, due = col(Task.opened_at), col(Task.due_at)
    came = _came()
    news = came < span.until if span.since is None else and_(came >= span.since, came < span.until)

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(  # type: ignore[call-overload]  # more columns than SQLModel has overloads for
            col(Task.role),
            col(Task.area),
            col(Task.sector),
            col(Task.unit_id),
            col(Task.kind),
            number(news),
            number(and_(due > span.until, due <= span.soon)),
            number(_overdue(span.until)),
            number(and_(news, col(Task.returned))),
            func.min(due),
            func.max(case((col(Task.due_provisional), 1), else_=0)),
            col(Task.assignee),
        )
        .where(
            col(Task.closed_at).is_(None), opened <= span.until, col(Task.role).in_(roles), _of_clock(clock)
        )
        .group_by(Task.role, Task.area, Task.sector, Task.unit_id, Task.kind, Task.assignee)
        .order_by(func.min(due), col(Task.unit_id), col(Task.kind))
    )
    if units is not None:
        query = query.where(col(Task.unit_id).in_(units))
    if people is not None:
        person = col(Task.person_id)
        query = query.add_columns(person).where(person.in_(people)).group_by(person)
    found = []
    for row in session.exec(query):
        role, area, sector, unit_id, kind, new, soon, late, returned, due_at, provisional, assignee = row[:12]
        numbers = (int(new), int(soon), int(late), int(returned))
        of_person = row[12] if people is not None else None
        found.append(
            TaskCounts(
                role, area, sector, unit_id, kind, *numbers, due_at, bool(provisional), of_person, assignee
            )
        )
    return found


def _came() -> ColumnElement[datetime]:
    """SQL expression: the instant since which whoever has a task now has it."""
    return func.coalesce(col(Task.came_at), col(Task.opened_at))


def _overdue(now: datetime) -> ColumnElement[bool]:
    """SQL condition: a task past its date. A window that ends makes a filing late (逾期), not its task overdue (超期)."""
    rests_on_days = or_(col(Task.due_days).is_not(None), col(Task.kind) != "unit")
    return and_(col(Task.due_at) <= now, rests_on_days)


def roles_with_news(
    session: Session, clock: str, since: datetime | None, until: datetime, due_until: datetime
) -> set[tuple[str, UUID]]:
    """Return role and unit of every open task of a clock that is new since an instant, overdue, or due until another.

    `since` None: whatever is open is new. None of them: the day is quiet.
    """
    came, due = _came(), col(Task.due_at)
    news = [and_(due > until, due <= due_until), _overdue(until)]
    news.append(came <= until if since is None else came >= since)
    query = (
        select(Task.role, Task.unit_id)
        .where(col(Task.closed_at).is_(None), _of_clock(clock), or_(*news))
        .distinct()
    )
    return set(session.exec(query).all())


def reminder_runs(session: Session, clock: str, before: date, limit: int = 60) -> list[ReminderRun]:
    """Return a clock's last runs before a day, latest first."""
    query = (
        select(ReminderRun)
        .where(ReminderRun.clock == clock, ReminderRun.day < before)
        .order_by(col(ReminderRun.day).desc())
        .limit(limit)
    )
    return list(session.exec(query).all())


def note_reminder_run(session: Session, clock: str, day: date, until: datetime) -> None:
    """Note that a day's digests are begun; a repeat changes nothing."""
    if session.get(ReminderRun, (clock, day)) is None:
        session.add(ReminderRun(clock=clock, day=day, until=until))
        session.flush()


def task_of(filing: Filing, kind: str, role: str, now: datetime, **more: Any) -> Task:
    """Make a task on a filing, at the level where it stands; `more` are further columns, a level of its own among them."""
    return Task(
        id=new_id(),
        campaign_id=filing.campaign_id,
        filing_id=filing.id,
        unit_id=filing.unit_id,
        area=filing.area,
        sector=filing.sector,
        kind=kind,
        role=role,
        opened_at=now,
        **{"level": filing.level, **more},
    )
