"""Many decisions at once: what each would come to (dry run), and the order that makes each a command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import delegating
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.filing_judging import judge
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.tables import BulkBatch, BulkRow, Campaign, Command, Filing
from xueshi.machines.filing_machine import FilingCommand, FilingVerb, Refused
from xueshi.real_clock import real_now

ENGINE = Scope.everything()
KINDS: dict[str, FilingVerb] = {"approve": "approve", "return": "return", "refuse": "refuse"}
"""Decisions that may be given in bulk."""


@dataclass(frozen=True)
class Foreseen:
    """What a decision on one filing would come to now: empty code and reason where it would be done."""

    filing: Filing
    code: str = ""
    reason: str = ""


def waiting_filings(session: Session, actor: Actor, campaign: Campaign) -> list[Filing]:
    """Return the filings of a campaign that wait for an actor's role, in the campaign's order."""
    tasks = task_rows.open_tasks(
        session,
        actor.scope,
        campaign_id=campaign.id,
        role=actor.role,
        kinds=("unit",),
        for_account=actor.holder,
    )
    waiting = {task.filing_id for task in tasks}
    found = filing_rows.filings(session, actor.scope, campaign.id)
    return [filing for filing in found if filing.id in waiting]


def foresee(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    filings: Sequence[Filing],
    kind: str,
    *,
    reason: str,
    until: datetime | None = None,
) -> list[Foreseen]:
    """Judge a decision on each filing as it stands; nothing is written."""
    now = campaign_now(session, campaign, real_now())
    signed = delegating.signature(actor)
    seen = []
    for filing in filings:
        command = FilingCommand(
            id="",
            verb=KINDS[kind],
            level=filing.level,
            role=actor.role,
            account=str(actor.account_id),
            expected_version=filing.version,
            made_at=now,
            reason=reason,
            until=until,
            principal=signed["principal"],
        )
        judged = judge(session, campaign, filing, command, now)
        refused = isinstance(judged, Refused)
        seen.append(
            Foreseen(filing, judged.code, judged.reason) if refused else Foreseen(filing)  # type: ignore[union-attr]
        )
    return seen


def order(session: Session, row: Command) -> Refused | None:
    """Store an order of many decisions (`decision`, `rows` of filing, version, level; `reason`, `until`).

    Each row becomes a command of its own when the order is carried out; here nothing is decided yet.
    """
    campaign = campaign_rows.campaign(session, ENGINE, row.target_id)
    rows = row.payload.get("rows") or []
    kind = row.payload.get("decision")
    if kind not in KINDS:
        return Refused("unknown", f"批量办理只有：{'、'.join(KINDS)}")
    if not rows:
        return Refused("nothing", "没有要办理的单位；请核对名单")
    session.add(
        BulkBatch(
            id=row.id,
            campaign_id=campaign.id,
            account_id=row.account_id,
            grant_id=row.grant_id,
            delegation_id=UUID(row.payload["delegation"]) if row.payload.get("delegation") else None,
            kind=kind,
            payload={
                key: row.payload[key] for key in ("reason", "until", "return_to") if row.payload.get(key)
            },
            rows=len(rows),
        )
    )
    session.flush()
    session.add_all(
        BulkRow(batch_id=row.id, seq=seq, filing_id=UUID(filing), expected_version=version, level=level)
        for seq, (filing, version, level) in enumerate(rows, start=1)
    )
    now = campaign_now(session, campaign, real_now())
    complete(session, row, campaign.id, "ordered", campaign.version, now, rows=len(rows), decision=kind)
    return None
