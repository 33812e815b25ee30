"""Durable commands carried out at once in the caller's process, without a server: for rehearsals and tests.

The same acts in the same order as the workflows call them, so that a rehearsal shows what the real campaign would do.
Nothing here survives a kill: a real campaign goes through Temporal.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Engine

from xueshi.access.scope import Scope
from xueshi.campaigns.acts import appeal_acts, campaign_acts, filing_acts
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging import assessing
from xueshi.campaigns.ports import Envelope, SendResult, SideWork
from xueshi.campaigns.rows import campaign_rows, command_rows, filing_rows
from xueshi.machines.stored_state import (
    load_appeal_command,
    load_campaign_command,
    load_filing_command,
    load_state,
)
from xueshi.real_clock import real_now
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()
PAGE = 100
"""Filings that look at the clock in one transaction."""


class InProcessPort:
    """Implements `CommandPort` and `CampaignStarter` by calling the acts themselves."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def start(self, campaign_id: UUID) -> None:
        """Start nothing: there is no server."""

    async def start_beside(self, kind: SideWork, row_id: UUID) -> None:
        """Start nothing: what runs beside a campaign is worked off by whoever uses this port."""

    async def send(self, envelope: Envelope) -> SendResult:
        """Carry out a command and what follows from it: assessment after a submission, the clock after `advance`."""
        if envelope.target == "campaign":
            return self._on_campaign(envelope)
        if envelope.target == "appeal":
            return self._on_appeal(envelope)
        with transaction(self.engine) as session:
            row = command_rows.command(session, envelope.command_id)
            applied = filing_acts.apply_command(
                session, row.target_id, load_filing_command(dict(envelope.payload))
            )
        if applied.state.stage == "assessing":
            assessing.assess_filing(self.engine, row.target_id, lambda *_: None)
        return SendResult(applied.fate, applied.code, applied.reason)

    def _on_campaign(self, envelope: Envelope) -> SendResult:
        with transaction(self.engine) as session:
            row = command_rows.command(session, envelope.command_id)
            done = campaign_acts.apply_campaign_command(
                session, row.target_id, load_campaign_command(dict(envelope.payload))
            )
        return SendResult(done.fate, done.code, done.reason)

    def _on_appeal(self, envelope: Envelope) -> SendResult:
        with transaction(self.engine) as session:
            row = command_rows.command(session, envelope.command_id)
            done = appeal_acts.apply_appeal_command(
                session, row.target_id, load_appeal_command(dict(envelope.payload))
            )
        return SendResult(done.fate, done.code, done.reason)

    def tell_units(self, campaign_id: UUID) -> None:
        """Let every filing that is still at its unit, and whose window is over, look at the campaign's clock.

        One whose window runs on would only find that nothing changed: a rehearsal asks on every day of its campaign.
        """
        with reading(self.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
            now = campaign_now(session, campaign, real_now())
            waiting = [
                filing.id
                for filing in filing_rows.filings(session, ENGINE, campaign_id, stages=("filing",))
                if load_state(filing.state, filing.maker).deadline <= now
            ]
        for start in range(0, len(waiting), PAGE):
            with transaction(self.engine) as session:
                for filing_id in waiting[start : start + PAGE]:
                    filing_acts.look_at_clock(session, filing_id)
