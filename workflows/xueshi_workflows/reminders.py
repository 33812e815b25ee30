"""Two short workflows that schedules start: the day's reminders, and the campaigns whose notice comes into force.

They live by the real clock only: on a standing clock `advance` brings what the days bring. What travels is an instant, a
day and a cursor; calendars, officers and messages stay in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
PAGES_OF_A_RUN = 250
"""Pages after which a run continues as new: 200 officers each, six events a page."""


@dataclass(frozen=True)
class RemindersStart:
    """Input of `Reminders`: empty from the schedule; day and cursor travel through continue-as-new."""

    day: str = ""
    after: str = ""


@dataclass(frozen=True)
class DigestPage:
    """One page of officers of a civil day (ISO): those after an account's id."""

    day: str
    after: str = ""


@dataclass(frozen=True)
class DigestPageDone:
    """How many digests were written, and where the next page begins; None after the last."""

    written: int
    after: str | None


@workflow.defn(name="Reminders")
class RemindersWorkflow:
    """One civil day: escalate what is overdue, write every officer's digest, close the day."""

    @workflow.run
    async def run(self, start: RemindersStart) -> int:
        """Return how many digests this run wrote."""
        day = start.day or await workflow.execute_activity(
            "begin_reminders",
            workflow.now(),
            result_type=str,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=PATIENT,
        )
        after: str | None = start.after
        written = pages = 0
        while after is not None:
            if pages == PAGES_OF_A_RUN:
                workflow.continue_as_new(RemindersStart(day, after))
            done = await workflow.execute_activity(
                "send_digests",
                DigestPage(day, after),
                result_type=DigestPageDone,
                start_to_close_timeout=timedelta(minutes=10),
                retry_policy=PATIENT,
            )
            written, after, pages = written + done.written, done.after, pages + 1
        await workflow.execute_activity(
            "end_reminders", day, start_to_close_timeout=timedelta(minutes=10), retry_policy=PATIENT
        )
        return written


@workflow.defn(name="Openings")
class OpeningsWorkflow:
    """Open the campaigns whose day has come; each gets its own id, the one that an officer's opening would give it."""

    @workflow.run
    async def run(self) -> int:
        """Return how many were opened."""
        opened: int = await workflow.execute_activity(
            "open_planned",
            workflow.now(),
            result_type=int,
            start_to_close_timeout=timedelta(minutes=30),
            retry_policy=PATIENT,
        )
        return opened
