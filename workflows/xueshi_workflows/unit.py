"""The `Unit` workflow: one unit's filing from opening day to the campaign's end, as a story.

Officers' acts come as updates: a validator judges them by the pure machine, the one main loop carries them out
through the local activity `apply_decision`. The workflow owns the deadline; SQL owns the facts. A filing that is
decided or not filed may come back while its campaign is open (make-up, extension, a granted appeal), so the workflow
lives until the campaign closes. One of a later round, opened after the seal, ends with its decision and seals it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from xueshi.flows.flow import ApprovalFlow
    from xueshi.machines.filing_machine import FilingCommand, FilingState, Refused, decide
    from xueshi.machines.stored_state import load_filing_command, load_flow

from xueshi_workflows.attributes import STAGE
from xueshi_workflows.inbox import Inbox
from xueshi_workflows.messages import ClockAnswer, FilingReply, FilingStart

FOREVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))
LOOK_AGAIN = timedelta(seconds=5)
SHORTEST = timedelta(seconds=1)
ONLY_SQL_CAN_TELL = frozenset({"late", "not_later", "no_window"})
"""Refusals that a validator leaves to `apply_decision`: they rest on a clock or a date that is not held here."""


@workflow.defn(name="Unit")
class UnitWorkflow:
    """One unit's filing in one round."""

    @workflow.init
    def __init__(self, start: FilingStart) -> None:
        self.start = start
        self.filing_id = start.filing_id
        self.standing = start.standing
        self.state: FilingState = start.state
        self.inbox: Inbox[FilingCommand, FilingReply] = Inbox(start.replies)
        self.flow: ApprovalFlow | None = None
        self.clock_moved = False
        self.still = False
        self.closed = False
        self.shown = start.state.stage

    @workflow.run
    async def run(self, start: FilingStart) -> str:
        """Walk the filing through its levels until its campaign closes; returns the stage in which it ended."""
        self.flow = load_flow(
            await workflow.execute_local_activity(
                "load_flow",
                start.flow_digest,
                result_type=dict[str, Any],
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=FOREVER,
            )
        )
        while not self._over():
            if not self.inbox and workflow.info().is_continue_as_new_suggested():
                await self.inbox.settle(self._carry_out)
                workflow.continue_as_new(replace(start, state=self.state, replies=self.inbox.replies))
            await self._wait()
            if self.inbox:
                await self._carry_out(self.inbox.take())
            else:
                await self._look_at_clock()
            self._show_stage()
        await self.inbox.settle(self._carry_out)
        if self.closed:
            await self._look_at_clock()
            self._show_stage()
        elif self.state.stage == "approved":
            await self._seal_later_round()
        await self.inbox.settle(self._carry_out)
        return self.state.stage

    @workflow.update(name="decide")
    async def decide(self, payload: dict[str, Any]) -> FilingReply:
        """Carry out one officer's act; returns its fate. A known id returns what it gave before."""
        return await self.inbox.answer(load_filing_command(payload))

    @decide.validator
    def _may_decide(self, payload: dict[str, Any]) -> None:
        command = load_filing_command(payload)
        if self.inbox.knows(command) or self.flow is None:
            return
        if command.expected_version > self.state.version:
            # Somebody else changed the row (an extension, an appeal) and this workflow was not told yet.
            return
        judged = decide(self.state, self.flow, command, command.made_at)
        if isinstance(judged, Refused) and judged.code not in ONLY_SQL_CAN_TELL:
            raise ApplicationError(judged.reason, type=judged.code, non_retryable=True)

    @workflow.signal(name="clock_moved")
    def tell_clock_moved(self) -> None:
        """The campaign's clock, deadline or the row itself moved: look at it."""
        self.clock_moved = True

    @workflow.signal(name="campaign_closed")
    def tell_campaign_closed(self) -> None:
        """The bureau closed the campaign: nothing comes back to this round."""
        self.closed = True

    @workflow.query(name="where")
    def where(self) -> FilingState:
        """Where the filing stands, for operators."""
        return self.state

    def _over(self) -> bool:
        return self.closed or (self.state.round > 1 and self.state.finished)

    async def _wait(self) -> None:
        """Wait for an act, for word that something moved, or, in production, for the deadline."""
        timeout = None
        if not self.standing and not self.still and self.state.stage == "filing":
            # Not at once, should the server's clock be ahead of the database's: that would be a loop without end.
            timeout = max(self.state.deadline - workflow.now(), SHORTEST)
        try:
            await workflow.wait_condition(
                lambda: bool(self.inbox) or self.clock_moved or self.closed, timeout=timeout
            )
        except TimeoutError:
            self.clock_moved = True

    async def _carry_out(self, command: FilingCommand) -> None:
        if self.inbox.knows(command):
            return
        reply = await workflow.execute_local_activity(
            "apply_decision",
            args=[self.filing_id, command],
            result_type=FilingReply,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=FOREVER,
        )
        self.state = reply.state
        self.still = False
        self.inbox.replies[command.id] = reply
        if self.state.stage == "assessing":
            await self._assess()

    async def _assess(self) -> None:
        self.state = await workflow.execute_activity(
            "assess_unit",
            self.filing_id,
            result_type=FilingState,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(seconds=10 if self.standing else 30),
            retry_policy=FOREVER,
        )

    async def _look_at_clock(self) -> None:
        self.clock_moved = False
        answer = await workflow.execute_local_activity(
            "look_at_clock",
            self.filing_id,
            result_type=ClockAnswer,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=FOREVER,
        )
        self.state, self.still = answer.state, answer.still
        if answer.again:
            # A filing made in time is still on its way: a technical wait, not a date of the campaign.
            try:
                await workflow.wait_condition(lambda: bool(self.inbox), timeout=LOOK_AGAIN)
            except TimeoutError:
                self.clock_moved = True
            else:
                self.clock_moved = True

    async def _seal_later_round(self) -> None:
        """Seal what this round changed, issue its papers anew and count the year again."""
        for activity, subject in (
            ("seal_later_round", self.filing_id),
            ("print_later_round", self.filing_id),
            ("count_year_again", self.filing_id),
        ):
            await workflow.execute_activity(
                activity,
                subject,
                start_to_close_timeout=timedelta(hours=2),
                heartbeat_timeout=timedelta(seconds=10 if self.standing else 30),
                retry_policy=FOREVER,
            )

    def _show_stage(self) -> None:
        """Keep the search attribute in step, one event for each change."""
        if self.shown != self.state.stage:
            self.shown = self.state.stage
            workflow.upsert_search_attributes([STAGE.value_set(self.state.stage)])
