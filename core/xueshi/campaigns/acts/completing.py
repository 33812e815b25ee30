"""What every act that was carried out leaves behind: its effect, its audit row, its fate."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.audit import repository as audit
from xueshi.campaigns.tables import Command, Effect


def complete(
    session: Session,
    row: Command,
    campaign_id: UUID | None,
    outcome: str,
    version: int,
    now: datetime,
    **body: object,
) -> None:
    """Write a command's effect, audit row and fate: the three that reconcile compares."""
    session.add(
        Effect(
            command_id=row.id,
            campaign_id=campaign_id,
            target_id=row.target_id,
            outcome=outcome,
            version=version,
            campaign_at=now,
            body=body,
        )
    )
    row.state, row.code, row.reason = "done", outcome, ""
    session.add(row)
    audit.append(
        session,
        actor=f"account:{row.account_id}",
        verb=row.kind,
        target=f"{row.target_kind}:{row.target_id}",
        command_id=row.id,
        body={"outcome": outcome, "version": version, **_lent(row), **body},
    )


def _lent(row: Command) -> dict[str, object]:
    """Name the delegation under which a delegate acted."""
    return {"delegation": row.payload["delegation"]} if row.payload.get("delegation") else {}
