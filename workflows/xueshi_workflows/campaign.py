"""The `Campaign` workflow: a year's verification from opening day to the report, as a story.

It pages SQL and tells the units; units never signal upward. Between phases it continues as new. After the papers it
waits for what may come later (a unit opened again, a step of the demo's clock) until the bureau archives it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from xueshi.machines.campaign_machine import CampaignCommand, CampaignState, decide_campaign
    from xueshi.machines.filing_machine import Refused
    from xueshi.machines.stored_state import load_campaign_command

from xueshi_workflows.inbox import Inbox
from xueshi_workflows.messages import CampaignReply, CampaignStart, Page, PageDone

FOREVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))
ONLY_SQL_CAN_TELL = frozenset({"not_later", "window_open"})
"""Refusals that rest on the campaign clock, which this workflow does not hold."""
UNITS_MUST_KNOW = frozenset({"advance", "extend", "pause", "resume", "makeup"})
"""Acts after which every unit at its own level looks at the clock."""


@workflow.defn(name="Campaign")
class CampaignWorkflow:
    """One area's verification of one year."""

    @workflow.init
    def __init__(self, start: CampaignStart) -> None:
        self.start = start
        self.state: CampaignState = start.state
        self.inbox: Inbox[CampaignCommand, CampaignReply] = Inbox(start.replies)

    @workflow.run
    async def run(self, start: CampaignStart) -> str:
        """Open the units, run until the bureau closes, seal, print, count, wait to be archived; returns the last stage."""
        if start.phase == "opening":
            await self._pages("start_units", size=100)
            await self._next_phase("running")
        if start.phase == "running":
            while self.state.stage == "open":
                await workflow.wait_condition(lambda: bool(self.inbox))
                await self._carry_out(self.inbox.take())
                if self.state.stage == "open" and not self.inbox and self._long():
                    await self._next_phase("running")
            await self._next_phase("closing")
        if start.phase == "closing":
            await self._pages("tell_units", size=100, word="close")
            await self._pages("seal_results", size=50)
            await self._pages("render_forms", size=50)
            await self._once("aggregate_statistics", self.start.campaign_id)
            self.state = replace(self.state, stage="finished")
            await self._next_phase("finished")
        while not self._archived():
            await workflow.wait_condition(lambda: bool(self.inbox))
            await self._carry_out(self.inbox.take())
            if not self._archived() and not self.inbox and self._long():
                await self._next_phase("finished")
        await self.inbox.settle(self._carry_out)
        return self.state.stage

    @workflow.update(name="decide")
    async def decide(self, payload: dict[str, Any]) -> CampaignReply:
        """Carry out one act of the bureau on the campaign; returns its fate."""
        return await self.inbox.answer(load_campaign_command(payload))

    @decide.validator
    def _may_decide(self, payload: dict[str, Any]) -> None:
        command = load_campaign_command(payload)
        if self.inbox.knows(command):
            return
        judged = decide_campaign(self.state, command, command.made_at)
        if isinstance(judged, Refused) and judged.code not in ONLY_SQL_CAN_TELL:
            raise ApplicationError(judged.reason, type=judged.code, non_retryable=True)

    @workflow.query(name="where")
    def where(self) -> CampaignState:
        """Where the campaign stands, for operators."""
        return self.state

    async def _carry_out(self, command: CampaignCommand) -> None:
        if self.inbox.knows(command):
            return
        reply = await workflow.execute_local_activity(
            "apply_campaign_decision",
            args=[self.start.campaign_id, command],
            result_type=CampaignReply,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=FOREVER,
        )
        self.state = reply.state
        if reply.fate == "done" and command.verb in UNITS_MUST_KNOW:
            await self._pages("tell_units", size=100)
        if reply.fate == "done" and command.verb == "migrate":
            await self._once("start_reassessment", command.id)
        if reply.wake:
            await self._once("wake_filing", reply.wake)
        self.inbox.replies[command.id] = reply

    def _archived(self) -> bool:
        return self.state.stage == "archived"

    @staticmethod
    def _long() -> bool:
        return workflow.info().is_continue_as_new_suggested()

    async def _pages(self, activity: str, size: int, word: str = "look") -> None:
        after: int | None = 0
        while after is not None:
            done = await workflow.execute_activity(
                activity,
                Page(self.start.campaign_id, after, size, word),
                result_type=PageDone,
                start_to_close_timeout=timedelta(hours=2),
                heartbeat_timeout=timedelta(seconds=10 if self.state.standing else 30),
                retry_policy=FOREVER,
            )
            after = done.after

    async def _once(self, activity: str, subject: str) -> None:
        await workflow.execute_activity(
            activity,
            subject,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(seconds=10 if self.state.standing else 30),
            retry_policy=FOREVER,
        )

    async def _next_phase(self, phase: str) -> None:
        await self.inbox.settle(self._carry_out)
        workflow.continue_as_new(
            replace(self.start, phase=phase, state=self.state, replies=self.inbox.replies),
        )
