"""Commands and their effects: what was asked, by whom, what became of it. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.access.tables import Grant
from xueshi.campaigns.tables import (
    Command,
    Effect,
    Filing,
)
from xueshi.errors import NotFoundError


def command(session: Session, command_id: UUID, *, lock: bool = False) -> Command:
    """Return a command (locked for this transaction where asked); raises NotFoundError."""
    query = select(Command).where(Command.id == command_id)
    if lock:
        # A fate that was written while this transaction waited must be seen, whatever this session read before.
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
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


def effects_on(session: Session, target_id: UUID, outcomes: Sequence[str]) -> list[Effect]:
    """Return what some acts did to a campaign, filing or appeal, in the order in which they were done."""
    query = (
        select(Effect)
        .where(Effect.target_id == target_id, col(Effect.outcome).in_(outcomes))
        .order_by(col(Effect.version), col(Effect.command_id))
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


def _seen_by(scope: Scope, account_id: UUID) -> ColumnElement[bool]:
    """Condition: given by this account, or by one whose role lies in the scope."""
    return or_(col(Command.account_id) == account_id, scope.clause(Grant.area, Grant.sector, Grant.unit_id))


def seen_command(session: Session, scope: Scope, account_id: UUID, command_id: UUID) -> tuple[Command, Grant]:
    """Return a command of this account, or of an account within the scope, with the role it was given in.

    Raises NotFoundError.
    """
    query = (
        select(Command, Grant)
        .join(Grant, col(Grant.id) == col(Command.grant_id))
        .where(Command.id == command_id, _seen_by(scope, account_id))
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(
            f"找不到办理 {command_id}，或不在您的管理范围；请核对办理编号，或用 xueshi commands list 查看"
        )
    return found


def seen_commands(
    session: Session, scope: Scope, account_id: UUID, states: Sequence[str] | None, limit: int
) -> list[tuple[Command, Grant]]:
    """Return the newest commands of this account and of accounts within the scope, those of some states only."""
    query = (
        select(Command, Grant)
        .join(Grant, col(Grant.id) == col(Command.grant_id))
        .where(_seen_by(scope, account_id))
        .order_by(col(Command.id).desc())
        .limit(limit)
    )
    if states is not None:
        query = query.where(col(Command.state).in_(states))
    return list(session.exec(query).all())


def not_carried_out(session: Session, since: datetime) -> dict[str, int]:
    """Return how many commands wait, and how many given since a real instant were refused or came too late, by state."""
    query = (
        select(Command.state, func.count())
        .where(
            or_(
                col(Command.state) == "pending",
                col(Command.state).in_(("refused", "late")) & (col(Command.inserted_at) >= since),
            )
        )
        .group_by(Command.state)
    )
    return dict(session.exec(query).all())
