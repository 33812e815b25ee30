"""Queries on the outbox: writing, leasing, noting what became of a message. The frame commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import InputError, NotFoundError
from xueshi.messages.tables import OutgoingMessage
from xueshi.real_clock import real_now
from xueshi.register.tables import Unit
from xueshi.storage import new_id

WAITING = ("written", "failed")


@dataclass(frozen=True)
class NewMessage:
    """A message to write: to a role of a unit (or of an area's bodies), or an officer's digest."""

    to_role: str
    to_unit: UUID | None
    area: str
    subject: str
    body: dict[str, object]
    at: datetime
    """Campaign instant."""
    urgent: bool = False
    """Carried at once; others wait for the digest."""
    standing: bool = False
    campaign_id: UUID | None = None
    filing_id: UUID | None = None
    to_person: UUID | None = None


def write(session: Session, new: NewMessage) -> OutgoingMessage:
    """Write a message in the caller's transaction; it is carried after the commit."""
    row = OutgoingMessage(
        id=new_id(),
        campaign_id=new.campaign_id,
        filing_id=new.filing_id,
        to_role=new.to_role,
        to_unit=new.to_unit,
        to_person=new.to_person,
        area=new.area,
        standing=new.standing,
        subject=new.subject,
        body=new.body,
        written_at=new.at,
        next_try=real_now() if new.urgent else None,
    )
    session.add(row)
    return row


@dataclass(frozen=True)
class NewDigest:
    """One officer's digest of one civil day of one clock."""

    account_id: UUID
    clock: str
    day: date
    to_role: str
    to_unit: UUID | None
    to_person: UUID | None
    area: str
    body: dict[str, object]
    at: datetime
    standing: bool
    campaign_id: UUID | None


def write_digests(session: Session, digests: Sequence[NewDigest]) -> int:
    """Write digests; one that an officer has for that day and clock already stays. Returns how many are new."""
    if not digests:
        return 0
    first = digests[0]
    there = set(
        session.exec(
            select(OutgoingMessage.account_id).where(
                OutgoingMessage.clock == first.clock,
                OutgoingMessage.day == first.day,
                col(OutgoingMessage.account_id).in_([digest.account_id for digest in digests]),
            )
        ).all()
    )
    fresh = [digest for digest in digests if digest.account_id not in there]
    session.add_all(
        OutgoingMessage(
            id=new_id(),
            campaign_id=digest.campaign_id,
            to_role=digest.to_role,
            to_unit=digest.to_unit,
            to_person=digest.to_person,
            area=digest.area,
            account_id=digest.account_id,
            clock=digest.clock,
            day=digest.day,
            standing=digest.standing,
            subject="每日待办",
            body=digest.body,
            written_at=digest.at,
            next_try=real_now(),
        )
        for digest in fresh
    )
    session.flush()
    return len(fresh)


# ---------------------------------------------------------------- what a digest tells


def _for_digest(campaign_id: UUID | None, until: datetime) -> ColumnElement[bool]:
    """SQL condition: messages of a clock that wait for a digest; `campaign_id` where the clock stands."""
    clock = (
        col(OutgoingMessage.standing).is_(False)
        if campaign_id is None
        else col(OutgoingMessage.campaign_id) == campaign_id
    )
    return (
        clock
        & (col(OutgoingMessage.state) == "written")
        & col(OutgoingMessage.next_try).is_(None)
        & (col(OutgoingMessage.written_at) < until)
    )


def news(
    session: Session,
    campaign_id: UUID | None,
    until: datetime,
    roles: Sequence[str],
    units: Sequence[UUID],
    people: Sequence[UUID] = (),
) -> list[OutgoingMessage]:
    """Return what waits for the digest of some roles, units and people, oldest first."""
    query = (
        select(OutgoingMessage)
        .where(
            _for_digest(campaign_id, until),
            col(OutgoingMessage.to_role).in_(roles),
            or_(
                col(OutgoingMessage.to_unit).is_(None),
                col(OutgoingMessage.to_unit).in_(units),
                col(OutgoingMessage.to_person).in_(people),
            ),
        )
        .order_by(col(OutgoingMessage.written_at), col(OutgoingMessage.id))
    )
    return list(session.exec(query).all())


def waiting_for_digest(session: Session, campaign_id: UUID | None, until: datetime) -> list[OutgoingMessage]:
    """Return all that waits for the digests of a clock."""
    query = select(OutgoingMessage).where(_for_digest(campaign_id, until)).order_by(col(OutgoingMessage.id))
    return list(session.exec(query).all())


def unit_names(session: Session, units: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of some units."""
    rows = session.exec(select(Unit.id, Unit.name).where(col(Unit.id).in_(list(units)))).all()
    return dict(rows)


# ---------------------------------------------------------------- carrying


def lease_due(session: Session, now: datetime, *, lease: timedelta, limit: int) -> list[UUID]:
    """Take messages that are due and that nobody carries, oldest first, and lease them to the caller."""
    free = or_(col(OutgoingMessage.lease_until).is_(None), col(OutgoingMessage.lease_until) <= now)
    query = (
        select(OutgoingMessage)
        .where(col(OutgoingMessage.state).in_(WAITING), col(OutgoingMessage.next_try) <= now, free)
        .order_by(col(OutgoingMessage.next_try), col(OutgoingMessage.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.exec(query).all()
    for row in taken:
        row.lease_until = now + lease
        session.add(row)
    return [row.id for row in taken]


def message(session: Session, scope: Scope, message_id: UUID) -> OutgoingMessage:
    """Return a message; raises NotFoundError outside the scope."""
    found = session.get(OutgoingMessage, message_id)
    if found is None or not scope.allows(found.area, None, found.to_unit, found.to_person):
        raise NotFoundError(f"找不到消息 {message_id}，或不在您的管理范围；用 xueshi messages list 查看")
    return found


def note_delivered(session: Session, message_id: UUID, state: str, at: datetime, remark: str = "") -> None:
    """Note that a message was handed over: `sent` or `filed`, with a remark where not everyone got it by mail."""
    session.execute(
        update(OutgoingMessage)
        .where(col(OutgoingMessage.id) == message_id)
        .values(
            state=state,
            sent_at=at,
            attempts=col(OutgoingMessage.attempts) + 1,
            next_try=None,
            lease_until=None,
            last_error=remark,
        )
    )


def note_failed(session: Session, message_id: UUID, reason: str, next_try: datetime | None) -> None:
    """Note that a message was not handed over, why, and when it is tried again (None: when an officer says so)."""
    session.execute(
        update(OutgoingMessage)
        .where(col(OutgoingMessage.id) == message_id, col(OutgoingMessage.state).in_(WAITING))
        .values(
            state="failed",
            attempts=col(OutgoingMessage.attempts) + 1,
            next_try=next_try,
            lease_until=None,
            last_error=reason,
        )
    )


# ---------------------------------------------------------------- what officers see


def listed(
    session: Session, scope: Scope, *, states: Sequence[str] | None = None, limit: int = 200
) -> list[OutgoingMessage]:
    """Return messages in scope, newest first."""
    query = (
        select(OutgoingMessage).where(_visible(scope)).order_by(col(OutgoingMessage.id).desc()).limit(limit)
    )
    if states is not None:
        query = query.where(col(OutgoingMessage.state).in_(states))
    return list(session.exec(query).all())


@dataclass(frozen=True)
class Backlog:
    """What is not handed over yet: how many wait for the next try, since when and why; how many wait for an officer."""

    waiting: int
    oldest: datetime | None
    reason: str
    stuck: int

    @property
    def tried(self) -> bool:
        """Tell whether something went wrong: what merely waits for its turn is in order."""
        return bool(self.reason) or self.stuck > 0


def backlog(session: Session, scope: Scope) -> Backlog:
    """Count what waits in a scope."""
    within = _visible(scope)
    due = col(OutgoingMessage.state).in_(WAITING) & col(OutgoingMessage.next_try).is_not(None)
    waiting, oldest = session.exec(
        select(func.count(), func.min(OutgoingMessage.written_at)).where(within, due)
    ).one()
    stuck = session.exec(
        select(func.count()).where(
            within, OutgoingMessage.state == "failed", col(OutgoingMessage.next_try).is_(None)
        )
    ).one()
    reason = session.exec(
        select(OutgoingMessage.last_error)
        .where(within, due, OutgoingMessage.last_error != "")
        .order_by(col(OutgoingMessage.id))
        .limit(1)
    ).first()
    return Backlog(waiting, oldest, reason or "", stuck)


def _visible(scope: Scope) -> ColumnElement[bool]:
    return scope.clause(
        OutgoingMessage.area, None, col(OutgoingMessage.to_unit), col(OutgoingMessage.to_person)
    )


def try_again(session: Session, scope: Scope, message_id: UUID | None, now: datetime) -> int:
    """Let a message that failed (or all that did) be tried at once; returns how many.

    Raises InputError for a message that was handed over: it is not sent twice.
    """
    if message_id is not None:
        row = message(session, scope, message_id)
        if row.state in ("sent", "folded"):
            raise InputError("该消息已送出，不再重发；如需再次通知，请与收件人直接联系")
        rows = [row]
    else:
        rows = listed(session, scope, states=("failed",), limit=10_000)
    for row in rows:
        row.state, row.next_try, row.lease_until = "failed", now, None
        session.add(row)
    return len(rows)


def note_folded(session: Session, ids: Sequence[UUID], at: datetime) -> None:
    """Note that messages stand in digests now."""
    session.execute(
        update(OutgoingMessage).where(col(OutgoingMessage.id).in_(ids)).values(state="folded", sent_at=at)
    )


def carry_alone(session: Session, ids: Sequence[UUID], at: datetime) -> None:
    """Let messages be carried by themselves: no officer has a digest that could tell them."""
    session.execute(update(OutgoingMessage).where(col(OutgoingMessage.id).in_(ids)).values(next_try=at))
