"""Whether commands, effects and audit agree: the counts that `reconcile` compares. The frame that opened the session commits."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.tables import (
    Command,
    Effect,
)


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
