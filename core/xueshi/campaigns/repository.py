"""Queries on campaigns, filings, commands, tasks and counters. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope, area_prefix
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.ports import SideWork
from xueshi.campaigns.tables import (
    Appeal,
    BulkBatch,
    BulkRow,
    CalendarEntry,
    Campaign,
    ClockAnchor,
    Command,
    Counter,
    Determination,
    Effect,
    Filing,
    FolderAnchor,
    PlannedOpening,
    Reassessment,
    ReminderRun,
    Task,
)
from xueshi.errors import NotFoundError
from xueshi.messages import repository as messages
from xueshi.register.tables import Unit

# ---------------------------------------------------------------- campaigns


def campaigns(session: Session, scope: Scope) -> list[Campaign]:
    """Return the campaigns of the scope's areas, newest year first."""
    query = (
        select(Campaign)
        .where(scope.area_clause(Campaign.area))
        .order_by(col(Campaign.year).desc(), col(Campaign.public_id))
    )
    return list(session.exec(query).all())


def campaign(session: Session, scope: Scope, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """Return a campaign (locked for this transaction where asked); raises NotFoundError outside the scope."""
    found = session.get(Campaign, campaign_id, with_for_update=lock or None)
    if found is None or not scope.allows(found.area):
        raise NotFoundError("找不到这次年度验证，或不在您的管理范围；用 xueshi campaign list 查看")
    return found


def campaign_by_public_id(session: Session, scope: Scope, public_id: str) -> Campaign:
    """Return a campaign by `campaign:{region}:{area}:{year}:{n}`; raises NotFoundError outside the scope."""
    found = session.exec(select(Campaign).where(Campaign.public_id == public_id)).first()
    if found is None or not scope.allows(found.area):
        raise NotFoundError(f"找不到年度验证 {public_id}，或不在您的管理范围；用 xueshi campaign list 查看")
    return found


def count_campaigns(session: Session, region: str, area: str, year: int) -> int:
    """Return how many campaigns an area had for a year, whatever their stage."""
    query = select(func.count()).where(
        Campaign.region == region, Campaign.area == area, Campaign.year == year
    )
    return session.exec(query).one()


def campaign_of_notice(session: Session, area: str, year: int, notice_digest: str) -> UUID | None:
    """Return the campaign that an area opened for a year by exactly this notice."""
    query = select(Campaign.id).where(
        Campaign.area == area,
        Campaign.year == year,
        Campaign.notice_digest == notice_digest,
    )
    return session.exec(query).first()


def open_campaign_of_unit(
    session: Session, scope: Scope, unit_id: UUID, year: int
) -> tuple[Campaign, Filing] | None:
    """Return the open campaign of a year in which a unit files, with its latest filing."""
    query = (
        select(Campaign, Filing)
        .join(Filing, col(Filing.campaign_id) == col(Campaign.id))
        .where(
            Filing.unit_id == unit_id,
            Campaign.year == year,
            Campaign.stage == "open",
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Filing.round).desc())
    )
    found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def campaign_of_unit(
    session: Session, scope: Scope, unit_id: UUID, year: int
) -> tuple[Campaign, Filing] | None:
    """Return the latest campaign of a year in which a unit files or filed, whatever its stage, with its latest filing."""
    query = (
        select(Campaign, Filing)
        .join(Filing, col(Filing.campaign_id) == col(Campaign.id))
        .where(
            Filing.unit_id == unit_id,
            Campaign.year == year,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Campaign.n).desc(), col(Campaign.id).desc(), col(Filing.round).desc())
    )
    found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def unstarted_campaigns(session: Session) -> list[UUID]:
    """Return campaigns whose workflow was not started yet: stored, but the server was away."""
    return list(session.exec(select(Campaign.id).where(col(Campaign.workflow_started).is_(False))).all())


def last_anchor(session: Session, campaign_id: UUID) -> ClockAnchor:
    """Return the latest step of a campaign's clock."""
    query = (
        select(ClockAnchor)
        .where(ClockAnchor.campaign_id == campaign_id)
        .order_by(col(ClockAnchor.seq).desc())
    )
    return session.exec(query.limit(1)).one()


def last_folder_anchor(session: Session) -> FolderAnchor | None:
    """Return the latest step of the folder's clock; None where it runs on real time."""
    return session.exec(select(FolderAnchor).order_by(col(FolderAnchor.seq).desc()).limit(1)).first()


def add_folder_anchor(session: Session, seq: int, real: datetime, instant: datetime) -> None:
    """Add a step to the folder's clock."""
    session.add(FolderAnchor(seq=seq, real=real, instant=instant))
    session.flush()


def runs_on_real_time(session: Session) -> bool:
    """Tell whether something was done in this folder on the real clock: a campaign without standing clock, a record."""
    real = select(Campaign.id).where(col(Campaign.standing).is_(False)).limit(1)
    filed = select(Effect.command_id).where(col(Effect.campaign_id).is_(None)).limit(1)
    return session.exec(real).first() is not None or session.exec(filed).first() is not None


# ---------------------------------------------------------------- filings


def filing(session: Session, scope: Scope, filing_id: UUID, *, lock: bool = False) -> Filing:
    """Return a filing (locked for this transaction where asked); raises NotFoundError outside the scope."""
    query = select(Filing).where(
        Filing.id == filing_id, scope.clause(Filing.area, Filing.sector, Filing.unit_id)
    )
    if lock:
        # What this session read before another transaction ended must not stand in for the locked row.
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError("找不到该单位的申报，或不在您的管理范围")
    return found


def filings(
    session: Session,
    scope: Scope,
    campaign_id: UUID,
    *,
    stages: Sequence[str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Filing]:
    """Return filings of a campaign by position, from the one after `after`, optionally of some stages only."""
    query = (
        select(Filing)
        .where(
            Filing.campaign_id == campaign_id,
            Filing.position > after,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Filing.position), col(Filing.round))
    )
    if stages is not None:
        query = query.where(col(Filing.stage).in_(stages))
    return list(session.exec(query if limit is None else query.limit(limit)).all())


def rounds_of_unit(session: Session, scope: Scope, campaign_id: UUID, unit_id: UUID) -> list[Filing]:
    """Return a unit's filings in a campaign, first round first."""
    query = (
        select(Filing)
        .where(
            Filing.campaign_id == campaign_id,
            Filing.unit_id == unit_id,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Filing.round))
    )
    return list(session.exec(query).all())


def standing_filings(session: Session, scope: Scope, campaign_id: UUID) -> list[Filing]:
    """Return of every unit the filing that counts: its latest approved round, else its first; by position.

    A later round that was not approved leaves what was sealed before.
    """
    standing: dict[UUID, Filing] = {}
    for one in filings(session, scope, campaign_id):
        held = standing.get(one.unit_id)
        if held is None or (one.stage == "approved" and one.round > held.round):
            standing[one.unit_id] = one
    return sorted(standing.values(), key=lambda one: one.position)


def opened_by(session: Session, command_id: UUID) -> str:
    """Return the id of the filing that a command opened, as text; empty where it opened none."""
    made = session.get(Effect, command_id)
    return "" if made is None else str(made.body.get("filing", ""))


def last_filing_position(session: Session, campaign_id: UUID) -> int:
    """Return the highest place given to a filing of a campaign."""
    return int(
        session.exec(
            select(func.coalesce(func.max(Filing.position), 0)).where(Filing.campaign_id == campaign_id)
        ).one()
    )


def filing_ids(session: Session, campaign_id: UUID, stages: Sequence[str]) -> list[UUID]:
    """Return the ids of filings in some stages, by position; each is then locked by whoever changes it."""
    query = (
        select(Filing.id)
        .where(Filing.campaign_id == campaign_id, col(Filing.stage).in_(stages))
        .order_by(col(Filing.position))
    )
    return list(session.exec(query).all())


def note_started(session: Session, filing_ids: Sequence[UUID]) -> None:
    """Note that the workflows of some filings were started."""
    session.execute(update(Filing).where(col(Filing.id).in_(filing_ids)).values(started=True))


def count_filings(session: Session, campaign_id: UUID, stages: Sequence[str]) -> int:
    """Return how many filings are in some stages, from the counters."""
    query = select(func.coalesce(func.sum(Counter.filings), 0)).where(
        Counter.campaign_id == campaign_id, col(Counter.stage).in_(stages)
    )
    return int(session.exec(query).one())


def counters(session: Session, scope: Scope, campaign_id: UUID) -> dict[str, int]:
    """Return the number of filings by stage."""
    campaign(session, scope, campaign_id)
    rows = session.exec(select(Counter).where(Counter.campaign_id == campaign_id)).all()
    return {row.stage: row.filings for row in rows if row.filings}


def move_counter(
    session: Session, campaign_id: UUID, before: str | None, after: str, number: int = 1
) -> None:
    """Move filings from one stage's counter to another's, in the transaction of the effect."""
    if before == after:
        return
    for stage, change in ((before, -number), (after, number)):
        if stage is None:
            continue
        changed = session.execute(
            update(Counter)
            .where(col(Counter.campaign_id) == campaign_id, col(Counter.stage) == stage)
            .values(filings=col(Counter.filings) + change)
        )
        if changed.rowcount == 0:  # type: ignore[attr-defined]  # a DML result has a row count
            session.add(Counter(campaign_id=campaign_id, stage=stage, filings=change))
            session.flush()


# ---------------------------------------------------------------- commands


def command(session: Session, command_id: UUID, *, lock: bool = False) -> Command:
    """Return a command; raises NotFoundError."""
    query = select(Command).where(Command.id == command_id)
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFoundError(f"找不到办理记录 {command_id}")
    return found


def command_by_request(session: Session, request_id: str) -> Command | None:
    """Return the command that a client's request id made before, if any."""
    return session.exec(select(Command).where(Command.request_id == request_id)).first()


def lease_pending(
    session: Session, now: datetime, *, older_than: timedelta, lease: timedelta, limit: int
) -> list[UUID]:
    """Take pending commands that nobody is sending, oldest first, and lease them to the caller."""
    query = (
        select(Command)
        .where(
            Command.state == "pending",
            Command.not_before <= now,
            Command.lease_until <= now,
            Command.inserted_at <= now - older_than,
        )
        .order_by(col(Command.inserted_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.exec(query).all()
    for row in taken:
        row.lease_until = now + lease
        session.add(row)
    return [row.id for row in taken]


def effect(session: Session, command_id: UUID) -> Effect | None:
    """Return the effect of a command, if it was carried out."""
    return session.get(Effect, command_id)


def pending_before(session: Session, filing_id: UUID, instant: datetime) -> int:
    """Return how many commands on a filing were made before a campaign instant and have no fate yet."""
    query = select(func.count()).where(
        Command.target_id == filing_id, Command.state == "pending", Command.made_at < instant
    )
    return session.exec(query).one()


def done_on(session: Session, target_id: UUID, kinds: Sequence[str]) -> list[Command]:
    """Return what was done to a campaign, filing or appeal, in order."""
    query = (
        select(Command)
        .where(Command.target_id == target_id, Command.state == "done", col(Command.kind).in_(kinds))
        .order_by(col(Command.id))
    )
    return list(session.exec(query).all())


def deciders(session: Session, filing_id: UUID) -> list[UUID]:
    """Return the accounts that approved, returned or refused a filing."""
    query = (
        select(Command.account_id)
        .where(
            Command.target_id == filing_id,
            Command.state == "done",
            col(Command.kind).in_(("approve", "return", "refuse")),
        )
        .distinct()
    )
    return list(session.exec(query).all())


def last_decision_at(session: Session, filing_id: UUID) -> datetime | None:
    """Return the campaign instant at which a filing was last approved, returned or refused."""
    query = select(func.max(Effect.campaign_at)).where(
        Effect.target_id == filing_id, col(Effect.outcome).in_(("approved", "returned", "refused"))
    )
    found = session.exec(query).one()
    # A maximum bypasses the column's type on SQLite.
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def lent_by(session: Session, filing_id: UUID) -> list[UUID]:
    """Return the accounts in whose role a delegate decided a filing."""
    query = select(Command.payload).where(
        Command.target_id == filing_id,
        Command.state == "done",
        col(Command.kind).in_(("approve", "return", "refuse")),
    )
    return [UUID(payload["principal"]) for payload in session.exec(query).all() if payload.get("principal")]


def pending_of_campaign(session: Session, campaign_id: UUID) -> int:
    """Return how many commands of a campaign (on it or on its filings) have no fate yet."""
    filing_ids = select(Filing.id).where(Filing.campaign_id == campaign_id)
    query = select(func.count()).where(
        Command.state == "pending",
        (col(Command.target_id) == campaign_id) | col(Command.target_id).in_(filing_ids),
    )
    return session.exec(query).one()


# ---------------------------------------------------------------- tasks and messages


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
        .where(col(Task.closed_at).is_(None), scope.clause(Task.area, Task.sector, Task.unit_id))
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
    if found is None or not scope.allows(found.area, found.sector, found.unit_id):
        raise NotFoundError(f"找不到待办 {task_id}，或不在您的管理范围；用 xueshi tasks list 查看")
    return found


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


def filings_of_year(
    session: Session, unit_ids: Sequence[UUID], year: int | None = None
) -> list[tuple[Campaign, Filing]]:
    """Return the filings of some units, of one year's campaigns or of all, the newest round of each first."""
    query = (
        select(Campaign, Filing)
        .join(Filing, col(Filing.campaign_id) == col(Campaign.id))
        .where(col(Filing.unit_id).in_(unit_ids))
        .order_by(col(Campaign.n).desc(), col(Filing.round).desc())
    )
    if year is not None:
        query = query.where(Campaign.year == year)
    return [(campaign, filing) for campaign, filing in session.exec(query)]


def shift_due(session: Session, campaign_id: UUID, since: datetime, by: timedelta) -> None:
    """Move by a pause what of a campaign's open tasks had not fallen due when it began."""
    query = select(Task).where(
        Task.campaign_id == campaign_id, col(Task.closed_at).is_(None), col(Task.due_at) > since
    )
    for row in session.exec(query).all():
        row.due_at = None if row.due_at is None else row.due_at + by
        session.add(row)


def determinations(session: Session, filing_id: UUID) -> dict[UUID, dict[str, object]]:
    """Return the verifier's values by record and fact; the latest of each counts."""
    query = select(Determination).where(Determination.filing_id == filing_id).order_by(col(Determination.id))
    values: dict[UUID, dict[str, object]] = {}
    for row in session.exec(query).all():
        values.setdefault(row.record_id, {})[row.fact] = row.value
    return values


def write_message(
    session: Session,
    *,
    filing: Filing,
    to_role: str,
    subject: str,
    body: dict[str, object],
    at: datetime,
    urgent: bool = False,
) -> None:
    """Write a message to the unit of a filing: an urgent one is carried at once, others stand in the next digest."""
    messages.write(
        session,
        messages.NewMessage(
            to_role=to_role,
            to_unit=filing.unit_id,
            area=filing.area,
            subject=subject,
            body=body,
            at=at,
            urgent=urgent,
            standing=campaign(session, Scope.everything(), filing.campaign_id).standing,
            campaign_id=filing.campaign_id,
            filing_id=filing.id,
        ),
    )


def write_unit_message(
    session: Session, *, unit_id: UUID, to_role: str, subject: str, body: dict[str, object], at: datetime
) -> None:
    """Write a message to a unit that belongs to no campaign: it stands in the next digest."""
    unit = session.get_one(Unit, unit_id)
    standing = session.exec(select(FolderAnchor.seq).limit(1)).first() is not None
    messages.write(
        session,
        messages.NewMessage(
            to_role=to_role,
            to_unit=unit_id,
            area=unit.area,
            subject=subject,
            body=body,
            at=at,
            standing=standing,
        ),
    )


# ---------------------------------------------------------------- working days, reminders, planned openings


def calendar_entries(session: Session, area: str) -> list[CalendarEntry]:
    """Return the entries that hold for an area: of the widest area first, each area's in the order of entering."""
    around = {area, f"{area[:4]}00", f"{area[:2]}0000"}
    found = session.exec(select(CalendarEntry).where(col(CalendarEntry.area).in_(around))).all()
    return sorted(found, key=lambda entry: (len(area_prefix(entry.area)), entry.id))


def tasks_on_working_days(session: Session, scope: Scope) -> list[Task]:
    """Return open tasks whose date rests on working days."""
    query = (
        select(Task)
        .where(
            col(Task.closed_at).is_(None),
            col(Task.due_days).is_not(None),
            scope.clause(Task.area, Task.sector, Task.unit_id),
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


REAL_CLOCK = "real"
"""The name of the clock of every campaign that does not stand still."""


def clock_of(campaign: Campaign) -> str:
    """Return the name of a campaign's clock: its own where it stands, else the real one."""
    return str(campaign.id) if campaign.standing else REAL_CLOCK


def only_rehearsals(session: Session) -> bool:
    """Tell whether a data folder has known demos or rehearsals only: nothing of it may be mailed."""
    kinds = set(session.exec(select(Campaign.standing).distinct()).all())
    return kinds == {True}


def _of_clock(clock: str) -> ColumnElement[bool]:
    """SQL condition: tasks that live by a clock."""
    if clock != REAL_CLOCK:
        return col(Task.campaign_id) == UUID(clock)
    standing = select(Campaign.id).where(col(Campaign.standing))
    return or_(col(Task.campaign_id).is_(None), col(Task.campaign_id).not_in(standing))


def overdue_tasks(session: Session, clock: str, now: datetime) -> list[Task]:
    """Return a clock's open tasks of levels that are overdue and were not escalated yet."""
    query = (
        select(Task)
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
    return list(session.exec(query).all())


@dataclass(frozen=True)
class TaskCounts:
    """How many open tasks of a kind wait for a role at one unit, and how many of them are news."""

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


@dataclass(frozen=True)
class DigestSpan:
    """What a digest looks at: tasks opened since the last one, due until some days from now, overdue now."""

    since: datetime | None
    until: datetime
    soon: datetime


def task_counts(
    session: Session, clock: str, span: DigestSpan, roles: Sequence[str], units: Sequence[UUID] | None
) -> list[TaskCounts]:
    """Count the open tasks of some roles by unit and kind, at some units only where `units` is given."""
    opened, due = col(Task.opened_at), col(Task.due_at)
    news = opened < span.until if span.since is None else and_(opened >= span.since, opened < span.until)

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
        )
        .where(
            col(Task.closed_at).is_(None), opened <= span.until, col(Task.role).in_(roles), _of_clock(clock)
        )
        .group_by(Task.role, Task.area, Task.sector, Task.unit_id, Task.kind)
        .order_by(func.min(due), col(Task.unit_id), col(Task.kind))
    )
    if units is not None:
        query = query.where(col(Task.unit_id).in_(units))
    found = []
    for role, area, sector, unit_id, kind, new, soon, late, returned, due_at, provisional in session.exec(
        query
    ):
        numbers = (int(new), int(soon), int(late), int(returned))
        found.append(TaskCounts(role, area, sector, unit_id, kind, *numbers, due_at, bool(provisional)))
    return found


def _overdue(now: datetime) -> ColumnElement[bool]:
    """SQL condition: a task past its date. A window that ends makes a filing late (逾期), not its task overdue (超期)."""
    rests_on_days = or_(col(Task.due_days).is_not(None), col(Task.kind) != "unit")
    return and_(col(Task.due_at) <= now, rests_on_days)


def may_have_news(
    session: Session, clock: str, since: datetime, until: datetime, due_until: datetime
) -> bool:
    """Tell whether an open task of a clock is new since an instant, overdue, or due until another: else a day is quiet."""
    opened, due = col(Task.opened_at), col(Task.due_at)
    news = or_(opened >= since, and_(due > until, due <= due_until), _overdue(until))
    query = select(Task.id).where(col(Task.closed_at).is_(None), _of_clock(clock), news)
    return session.exec(query.limit(1)).first() is not None


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


def planned_openings(
    session: Session, scope: Scope, *, state: str | None = None, until: datetime | None = None
) -> list[PlannedOpening]:
    """Return openings planned in a scope's areas, earliest first, optionally of a state or due by a real instant."""
    query = (
        select(PlannedOpening)
        .where(scope.area_clause(PlannedOpening.area))
        .order_by(col(PlannedOpening.opens_at), col(PlannedOpening.id))
    )
    if state is not None:
        query = query.where(PlannedOpening.state == state)
    if until is not None:
        query = query.where(PlannedOpening.opens_at <= until)
    return list(session.exec(query).all())


def planned_opening(
    session: Session, scope: Scope, planned_id: UUID, *, lock: bool = False
) -> PlannedOpening:
    """Return a planned opening; raises NotFoundError outside the scope."""
    query = select(PlannedOpening).where(PlannedOpening.id == planned_id)
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None or not scope.allows(found.area):
        raise NotFoundError("找不到这项定时开启，或不在您的管理范围；用 xueshi campaign schedule list 查看")
    return found


# ---------------------------------------------------------------- appeals, bulk decisions, newer packs


def appeal(session: Session, scope: Scope, appeal_id: UUID, *, lock: bool = False) -> Appeal:
    """Return an appeal; raises NotFoundError outside the scope."""
    query = select(Appeal).where(
        Appeal.id == appeal_id, scope.clause(Appeal.area, Appeal.sector, Appeal.unit_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(f"找不到申诉 {appeal_id}，或不在您的管理范围；用 xueshi appeals list 查看")
    return found


def appeals(
    session: Session,
    scope: Scope,
    campaign_id: UUID,
    *,
    filing_id: UUID | None = None,
    stages: Sequence[str] | None = None,
) -> list[Appeal]:
    """Return the appeals of a campaign in scope, oldest first."""
    query = (
        select(Appeal)
        .where(Appeal.campaign_id == campaign_id, scope.clause(Appeal.area, Appeal.sector, Appeal.unit_id))
        .order_by(col(Appeal.id))
    )
    if filing_id is not None:
        query = query.where(Appeal.filing_id == filing_id)
    if stages is not None:
        query = query.where(col(Appeal.stage).in_(stages))
    return list(session.exec(query).all())


def appeal_task(session: Session, appeal: Appeal) -> Task | None:
    """Return the open task of an appeal."""
    query = select(Task).where(
        Task.filing_id == appeal.filing_id, Task.kind == "appeal", col(Task.closed_at).is_(None)
    )
    tasks = session.exec(query).all()
    return next((task for task in tasks if task.body.get("appeal") == str(appeal.id)), None)


def bulk_batch(session: Session, batch_id: UUID, *, lock: bool = False) -> BulkBatch:
    """Return an order of many decisions; raises NotFoundError."""
    found = session.get(BulkBatch, batch_id, with_for_update=lock or None)
    if found is None:
        raise NotFoundError(f"找不到批量办理 {batch_id}")
    return found


def bulk_rows(session: Session, batch_id: UUID, *, after: int = 0, limit: int | None = None) -> list[BulkRow]:
    """Return rows of a bulk decision in order."""
    query = (
        select(BulkRow).where(BulkRow.batch_id == batch_id, BulkRow.seq > after).order_by(col(BulkRow.seq))
    )
    return list(session.exec(query if limit is None else query.limit(limit)).all())


def reassessment(session: Session, reassessment_id: UUID, *, lock: bool = False) -> Reassessment:
    """Return an order to judge a campaign again; raises NotFoundError."""
    found = session.get(Reassessment, reassessment_id, with_for_update=lock or None)
    if found is None:
        raise NotFoundError(f"找不到重新核算 {reassessment_id}")
    return found


def reassessments(session: Session, campaign_id: UUID) -> list[Reassessment]:
    """Return the changes of rule pack of a campaign, oldest first."""
    query = select(Reassessment).where(Reassessment.campaign_id == campaign_id).order_by(col(Reassessment.id))
    return list(session.exec(query).all())


def unstarted(session: Session) -> list[tuple[SideWork, UUID]]:
    """Return what was stored and whose workflow was not started yet: kind (`appeal`, `bulk`, `reassess`) and id."""
    waiting: list[tuple[SideWork, UUID]] = []
    tables: tuple[tuple[SideWork, type[Appeal] | type[BulkBatch] | type[Reassessment]], ...] = (
        ("appeal", Appeal),
        ("bulk", BulkBatch),
        ("reassess", Reassessment),
    )
    for kind, table in tables:
        query = select(table.id).where(col(table.workflow_started).is_(False))
        waiting.extend((kind, one) for one in session.exec(query).all())
    return waiting


def note_beside_started(session: Session, kind: SideWork, row_id: UUID) -> None:
    """Note that the workflow of an appeal, bulk decision or reassessment was started."""
    tables: dict[SideWork, type[Appeal] | type[BulkBatch] | type[Reassessment]] = {
        "appeal": Appeal,
        "bulk": BulkBatch,
        "reassess": Reassessment,
    }
    table = tables[kind]
    session.execute(update(table).where(col(table.id) == row_id).values(workflow_started=True))


# ---------------------------------------------------------------- what reconcile compares


def commands_by_state(session: Session) -> dict[str, int]:
    """Return the number of commands by state."""
    rows = session.exec(select(Command.state, func.count()).group_by(Command.state)).all()
    return dict(rows)


def done_without_effect(session: Session) -> int:
    """Count done commands that have no effect row."""
    effects = select(Effect.command_id)
    return session.exec(
        select(func.count()).where(Command.state == "done", col(Command.id).not_in(effects))
    ).one()


def done_without_audit(session: Session) -> int:
    """Count done commands that have no audit row."""
    audited = select(AuditEntry.command_id).where(col(AuditEntry.command_id).is_not(None))
    return session.exec(
        select(func.count()).where(Command.state == "done", col(Command.id).not_in(audited))
    ).one()


def effect_without_done(session: Session) -> int:
    """Count effect rows whose command is not done."""
    done = select(Command.id).where(Command.state == "done")
    return session.exec(select(func.count()).where(col(Effect.command_id).not_in(done))).one()


def audit_without_done(session: Session) -> int:
    """Count audit rows that name a command which is not done."""
    done = select(Command.id).where(Command.state == "done")
    return session.exec(
        select(func.count()).where(
            col(AuditEntry.command_id).is_not(None), col(AuditEntry.command_id).not_in(done)
        )
    ).one()


def audited_twice(session: Session) -> int:
    """Count commands that more than one audit row names."""
    twice = (
        select(AuditEntry.command_id)
        .where(col(AuditEntry.command_id).is_not(None))
        .group_by(col(AuditEntry.command_id))
        .having(func.count() > 1)
        .subquery()
    )
    return session.exec(select(func.count()).select_from(twice)).one()
