"""How an act on a report or a key ends: its effect, audit row and fate, dated by the folder's clock."""

from __future__ import annotations

from sqlmodel import Session

from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.tables import Command
from xueshi.real_clock import real_now
from xueshi.reports.tables import ReceivedReport, Report, TrustedKey


def complete_act(
    session: Session,
    command: Command,
    row: Report | ReceivedReport | TrustedKey,
    outcome: str,
    **body: object,
) -> None:
    """Write what an act did to a report, sent or received, or to a key; `body` says more than which one it was."""
    campaign_id = row.campaign_id if isinstance(row, Report) else None
    if isinstance(row, TrustedKey):
        revision, named = 0, {"area": row.area, "key": row.key_id}
    else:
        revision, named = row.revision, {"report": row.name}
    now = folder_now(session, real_now())
    complete(session, command, campaign_id, outcome, revision, now, **named, **body)
