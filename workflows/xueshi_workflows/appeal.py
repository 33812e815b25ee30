"""The `Appeal` workflow: an appeal from its filing to the decision of another officer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from xueshi.machines.appeal_machine import AppealCommand, AppealState, decide_appeal
    from xueshi.machines.filing_machine import Refused
    from xueshi.machines.stored_state import load_appeal_command

from xueshi_workflows.inbox import Inbox
from xueshi_workflows.messages import AppealReply, AppealStart

FOREVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))


@workflow.defn(name="Appeal")
class AppealWorkflow:
    """One appeal; it waits as long as it takes."""

    @workflow.init
    def __init__(self, start: AppealStart) -> None:
        self.appeal_id = start.appeal_id
        self.state: AppealState = start.state
        self.inbox: Inbox[AppealCommand, AppealReply] = Inbox({})

    @workflow.run
    async def run(self, start: AppealStart) -> str:  # noqa: ARG002 - read by __init__, the SDK passes it to both
        """Wait for the decision and carry it out; returns what became of the appeal."""
        while True:
            while self.inbox:
                await self._carry_out(self.inbox.take())
            if self.state.stage != "open" and workflow.all_handlers_finished():
                return self.state.stage
            await workflow.wait_condition(
                lambda: bool(self.inbox) or (self.state.stage != "open" and workflow.all_handlers_finished())
            )

    @workflow.update(name="decide")
    async def decide(self, payload: dict[str, Any]) -> AppealReply:
        """Carry out one act on the appeal; returns its fate."""
        return await self.inbox.answer(load_appeal_command(payload))

    @decide.validator
    def _may_decide(self, payload: dict[str, Any]) -> None:
        command = load_appeal_command(payload)
        if self.inbox.knows(command):
            return
        judged = decide_appeal(self.state, command)
        if isinstance(judged, Refused):
            raise ApplicationError(judged.reason, type=judged.code, non_retryable=True)

    @workflow.query(name="where")
    def where(self) -> AppealState:
        """Where the appeal stands, for operators."""
        return self.state

    async def _carry_out(self, command: AppealCommand) -> None:
        if self.inbox.knows(command):
            return
        reply = await workflow.execute_local_activity(
            "apply_appeal_decision",
            args=[self.appeal_id, command],
            result_type=AppealReply,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=FOREVER,
        )
        self.state = reply.state
        if reply.wake:
            await workflow.execute_activity(
                "wake_filing",
                reply.wake,
                start_to_close_timeout=timedelta(minutes=1),
                retry_policy=FOREVER,
            )
        self.inbox.replies[command.id] = reply
