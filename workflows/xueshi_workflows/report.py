"""The `Report` workflow: one revision of a report on its way upward, until its receipt has come.

SQL holds the report and its state; the workflow owns time: when to remind, and for how long.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from xueshi_workflows.report_messages import ReportStart

FOREVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
EVERY = timedelta(days=7)
REMINDERS = 12
"""After these nobody is reminded any more; the report stays open in the list."""
SETTLED = frozenset({"acknowledged", "rejected"})


@workflow.defn(name="Report")
class ReportWorkflow:
    """One revision of one area's yearly report."""

    @workflow.init
    def __init__(self, start: ReportStart) -> None:
        self.start = start
        self.looked_at = True
        self.state = "sent"

    @workflow.run
    async def run(self, start: ReportStart) -> str:
        """Hand the package to the transport, wait for the receipt, remind; returns the last state."""
        await self._activity("report_upward", start.report_id)
        reminded = 0
        while True:
            self.looked_at = False
            self.state = await self._activity("look_at_report", start.report_id)
            if self.state in SETTLED:
                return self.state
            if await self._told_in_time(reminded):
                continue
            reminded += 1
            await self._activity("remind_of_report", start.report_id, reminded)

    @workflow.signal(name="look")
    def tell_to_look(self) -> None:
        """The report's row changed: look at it."""
        self.looked_at = True

    @workflow.query(name="where")
    def where(self) -> str:
        """The state that was last seen, for operators."""
        return self.state

    async def _told_in_time(self, reminded: int) -> bool:
        """Wait for word that the receipt came; False when a reminder is due first."""
        timeout = None
        due = self.start.remind_at
        if not self.start.standing and due is not None and reminded < REMINDERS:
            timeout = max(due + reminded * EVERY - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(lambda: self.looked_at, timeout=timeout)
        except TimeoutError:
            return False
        return True

    @staticmethod
    async def _activity(name: str, *given: object) -> str:
        done: str = await workflow.execute_activity(
            name,
            args=list(given),
            result_type=str,
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=FOREVER,
        )
        return done
