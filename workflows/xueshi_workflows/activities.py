"""The activities: what a workflow asks for, each one idempotent, each effect in one SQL transaction.

Plain functions of core do the work; here stand only batches, heartbeats and the way between rows and messages.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from temporalio import activity

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import appeal_acts, campaign_acts, filing_acts
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.judging import assessing, reassessing, sealing
from xueshi.campaigns.opening import planning
from xueshi.campaigns.opening.planning import CampaignOpener
from xueshi.campaigns.reminders import reminding
from xueshi.campaigns.reminders.digests import DigestDay
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.rows.clock_rows import REAL_CLOCK
from xueshi.machines.appeal_machine import AppealCommand
from xueshi.machines.campaign_machine import CampaignCommand
from xueshi.machines.filing_machine import FilingCommand, FilingState
from xueshi.real_clock import real_now
from xueshi.records.evidence import sweep_folder
from xueshi.register.identity import KeyRing
from xueshi.storage import reading, transaction
from xueshi_workflows import printing
from xueshi_workflows.messages import (
    AppealReply,
    BatchStart,
    CampaignReply,
    ClockAnswer,
    FilingReply,
    Page,
    PageDone,
)
from xueshi_workflows.reminders import DigestPage, DigestPageDone
from xueshi_workflows.sender import TemporalSender

ENGINE = Scope.everything()


class CampaignActivities:
    """All activities, bound to a database, a folder for print files and a sender."""

    def __init__(
        self,
        engine: Engine,
        papers: Path,
        sender: TemporalSender,
        opener: CampaignOpener | None = None,
        keys: KeyRing | None = None,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._papers = papers
        self._sender = sender
        self._opener = opener

    def all(self) -> Sequence[Callable[..., Any]]:
        """Return every activity, for registration."""
        return (
            self.load_flow,
            self.apply_decision,
            self.apply_campaign_decision,
            self.look_at_clock,
            self.start_units,
            self.tell_units,
            self.assess_unit,
            self.seal_results,
            self.render_forms,
            self.aggregate_statistics,
            self.begin_reminders,
            self.send_digests,
            self.end_reminders,
            self.open_planned,
            self.apply_appeal_decision,
            self.wake_filing,
            self.bulk_decide,
            self.start_reassessment,
            self.reassess_units,
            self.seal_later_round,
            self.print_later_round,
            self.count_year_again,
        )

    @activity.defn(name="load_flow")
    def load_flow(self, digest: str) -> dict[str, Any]:
        """Return the pinned flow by digest."""
        with reading(self._engine) as session:
            flow: dict[str, Any] = json.loads(audit.load_artifact(session, digest))
        return flow

    @activity.defn(name="apply_decision")
    def apply_decision(self, filing_id: str, command: FilingCommand) -> FilingReply:
        """Carry out one act on a filing; keyed by the command's id."""
        with transaction(self._engine) as session:
            applied = filing_acts.apply_command(session, UUID(filing_id), command)
        return FilingReply(applied.fate, _without_maker(applied.state), applied.code, applied.reason)

    @activity.defn(name="apply_campaign_decision")
    def apply_campaign_decision(self, campaign_id: str, command: CampaignCommand) -> CampaignReply:
        """Carry out one act on the campaign; keyed by the command's id."""
        with transaction(self._engine) as session:
            applied = campaign_acts.apply_campaign_command(session, UUID(campaign_id), command)
            wake = filing_rows.opened_by(session, UUID(command.id))
        return CampaignReply(applied.fate, applied.state, "", applied.code, applied.reason, wake)

    @activity.defn(name="apply_appeal_decision")
    def apply_appeal_decision(self, appeal_id: str, command: AppealCommand) -> AppealReply:
        """Carry out one act on an appeal; keyed by the command's id."""
        with transaction(self._engine) as session:
            applied = appeal_acts.apply_appeal_command(session, UUID(appeal_id), command)
        wake = "" if applied.wake is None else str(applied.wake)
        return AppealReply(applied.fate, applied.state, applied.code, applied.reason, wake)

    @activity.defn(name="look_at_clock")
    def look_at_clock(self, filing_id: str) -> ClockAnswer:
        """Let the window end if its time has come."""
        with transaction(self._engine) as session:
            look = filing_acts.look_at_clock(session, UUID(filing_id))
        return ClockAnswer(_without_maker(look.state), look.again, look.still)

    @activity.defn(name="start_units")
    async def start_units(self, page: Page) -> PageDone:
        """Start the workflows of one page of units, ten at a time; keyed by workflow id."""
        campaign, filings = await asyncio.to_thread(self._filings, page)
        fresh = [filing for filing in filings if not filing.started]
        await _ten_at_a_time([(self._sender.start_filing, campaign, filing) for filing in fresh])
        await asyncio.to_thread(self._note_started, [filing.id for filing in fresh])
        return _page_done(page, filings)

    @activity.defn(name="tell_units")
    async def tell_units(self, page: Page) -> PageDone:
        """Tell one page of units that the clock moved (those at their own level) or that the campaign closed (all)."""
        campaign, filings = await asyncio.to_thread(self._filings, page)
        if page.word == "close":
            tell = partial(self._sender.tell_filing, word="campaign_closed")
            await _ten_at_a_time([(tell, campaign, filing) for filing in filings])
        else:
            told = [filing for filing in filings if filing.stage == "filing"]
            await _ten_at_a_time([(self._sender.tell_filing, campaign, filing) for filing in told])
        return _page_done(page, filings)

    @activity.defn(name="wake_filing")
    async def wake_filing(self, filing_id: str) -> None:
        """Start a filing's workflow where it was not started yet, and tell it to look at its row."""
        campaign, filing = await asyncio.to_thread(self._filing, UUID(filing_id))
        if not filing.started:
            await self._sender.start_filing(campaign, filing)
            await asyncio.to_thread(self._note_started, [filing.id])
        await self._sender.tell_filing(campaign, filing)

    @activity.defn(name="bulk_decide")
    async def bulk_decide(self, batch: BatchStart) -> PageDone:
        """Give one page of a bulk decision's commands; keyed by batch and unit."""
        done, after = await bulk_running.run_page(
            self._engine, self._sender, UUID(batch.batch_id), batch.after, batch.size, activity.heartbeat
        )
        return PageDone(done, after)

    @activity.defn(name="start_reassessment")
    async def start_reassessment(self, command_id: str) -> None:
        """Start judging a campaign again as a command ordered it; starting it twice changes nothing."""
        await self._sender.start_beside("reassess", UUID(command_id))

    @activity.defn(name="reassess_units")
    async def reassess_units(self, batch: BatchStart) -> PageDone:
        """Judge one page of units again under the newer rule pack and tell those that moved."""
        loop = asyncio.get_running_loop()

        def heartbeat(*details: Any) -> None:
            # The judging runs in a thread; an async activity's heartbeat belongs to its loop.
            loop.call_soon_threadsafe(activity.heartbeat, *details)

        moved, after = await asyncio.to_thread(
            reassessing.reassess_page, self._engine, UUID(batch.batch_id), batch.after, batch.size, heartbeat
        )
        pairs = [await asyncio.to_thread(self._filing, filing_id) for filing_id in moved]
        await _ten_at_a_time([(self._sender.tell_filing, campaign, filing) for campaign, filing in pairs])
        return PageDone(len(moved), after)

    @activity.defn(name="seal_later_round")
    def seal_later_round(self, filing_id: str) -> None:
        """Seal what a later round changed; keyed by campaign, unit, person and round."""
        sealing.seal_later_round(self._engine, UUID(filing_id), self._keys)

    @activity.defn(name="print_later_round")
    def print_later_round(self, filing_id: str) -> None:
        """Issue the papers of a later round; printed ones are passed over."""
        printing.print_later_round(
            self._engine, self._papers, UUID(filing_id), activity.heartbeat, self._keys
        )

    @activity.defn(name="count_year_again")
    def count_year_again(self, filing_id: str) -> None:
        """Count the year again after a later round; keyed by content."""
        with reading(self._engine) as session:
            campaign_id = filing_rows.filing(session, ENGINE, UUID(filing_id)).campaign_id
        printing.print_year_table(self._engine, self._papers, campaign_id)

    @activity.defn(name="assess_unit")
    def assess_unit(self, filing_id: str) -> FilingState:
        """Judge every person of a submitted filing; keyed by campaign, person and input."""
        return _without_maker(assessing.assess_filing(self._engine, UUID(filing_id), activity.heartbeat))

    @activity.defn(name="seal_results")
    def seal_results(self, page: Page) -> PageDone:
        """Seal one page of units; keyed by campaign, unit and person."""
        done, after = sealing.seal_page(
            self._engine, UUID(page.campaign_id), page.after, page.size, activity.heartbeat, self._keys
        )
        return PageDone(done, after)

    @activity.defn(name="render_forms")
    def render_forms(self, page: Page) -> PageDone:
        """Print the papers of one page of units; units printed already are passed over."""
        done, after = printing.print_page(
            self._engine,
            self._papers,
            UUID(page.campaign_id),
            page.after,
            page.size,
            activity.heartbeat,
            self._keys,
        )
        return PageDone(done, after)

    @activity.defn(name="aggregate_statistics")
    def aggregate_statistics(self, campaign_id: str) -> None:
        """Count the year and print its table; keyed by content."""
        printing.print_year_table(self._engine, self._papers, UUID(campaign_id))

    @activity.defn(name="begin_reminders")
    def begin_reminders(self, at: datetime) -> str:
        """Begin the civil day of an instant: escalate what the rule says; returns the day."""
        with transaction(self._engine) as session:
            return reminding.begin_day(session, at).day.isoformat()

    @activity.defn(name="send_digests")
    def send_digests(self, page: DigestPage) -> DigestPageDone:
        """Put the digests of one page of officers into the outbox; keyed by account and day. Workers carry them."""
        after = UUID(page.after) if page.after else None
        with transaction(self._engine) as session:
            written = reminding.write_digests(session, _digest_day(page.day), after)
        return DigestPageDone(written.digests, None if written.after is None else str(written.after))

    @activity.defn(name="end_reminders")
    def end_reminders(self, day: str) -> None:
        """Close a day: what stands in its digests is told; proofs that nobody owns are swept.

        Both may be done twice: a sweep finds nothing the second time. It is part of this act so that the day's workflow
        stays as it was recorded.
        """
        with transaction(self._engine) as session:
            reminding.end_day(session, _digest_day(day))
        with transaction(self._engine) as session:
            sweep_folder(self._papers.parent, session, real_now(), actor="engine")

    @activity.defn(name="open_planned")
    def open_planned(self, at: datetime) -> int:
        """Open the campaigns planned until an instant; keyed by the stored notice."""
        return 0 if self._opener is None else planning.open_due(self._engine, self._opener, at)

    def _filings(self, page: Page) -> tuple[Any, list[Any]]:
        with reading(self._engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, UUID(page.campaign_id))
            filings = filing_rows.filings(session, ENGINE, campaign.id, after=page.after, limit=page.size)
            session.expunge_all()
        return campaign, filings

    def _filing(self, filing_id: UUID) -> tuple[Any, Any]:
        with reading(self._engine) as session:
            filing = filing_rows.filing(session, ENGINE, filing_id)
            campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
            session.expunge_all()
        return campaign, filing

    def _note_started(self, filing_ids: list[UUID]) -> None:
        with transaction(self._engine) as session:
            filing_rows.note_started(session, filing_ids)


def _digest_day(day: str) -> DigestDay:
    return DigestDay(REAL_CLOCK, date.fromisoformat(day))


def _without_maker(state: FilingState) -> FilingState:
    """The maker of a register stands in SQL only; a workflow need not know an account it does not decide on."""
    return FilingState(**{**state.__dict__, "maker": None})


def _page_done(page: Page, filings: Sequence[Any]) -> PageDone:
    return PageDone(len(filings), filings[-1].position if len(filings) == page.size else None)


async def _ten_at_a_time(calls: Sequence[tuple[Any, Any, Any]]) -> None:
    gate = asyncio.Semaphore(10)

    async def one(function: Any, campaign: Any, filing: Any) -> None:
        async with gate:
            await function(campaign, filing)

    async with asyncio.TaskGroup() as group:
        for function, campaign, filing in calls:
            group.create_task(one(function, campaign, filing))
