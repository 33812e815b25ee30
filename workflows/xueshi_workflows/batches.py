"""`BulkDecision` and `Reassess`: long lists worked off page by page; each page an activity, each row its own effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from xueshi_workflows.messages import BatchStart, PageDone

FOREVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))


@workflow.defn(name="BulkDecision")
class BulkDecisionWorkflow:
    """Many decisions that one officer ordered at once."""

    @workflow.run
    async def run(self, start: BatchStart) -> int:
        """Give the commands page by page; returns how many rows were given in the last run."""
        return await work_off("bulk_decide", start)


@workflow.defn(name="Reassess")
class ReassessWorkflow:
    """A campaign's people judged again under a newer rule pack."""

    @workflow.run
    async def run(self, start: BatchStart) -> int:
        """Judge unit after unit again; returns how many units the last run came to."""
        return await work_off("reassess_units", start)


async def work_off(activity: str, start: BatchStart) -> int:
    """Run an activity page after page; after `pages_a_run` pages the workflow continues as new."""
    done, after, pages = 0, start.after, 0
    while True:
        page: PageDone = await workflow.execute_activity(
            activity,
            replace(start, after=after),
            result_type=PageDone,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=FOREVER,
        )
        done, pages = done + page.done, pages + 1
        if page.after is None:
            return done
        after = page.after
        if pages == start.pages_a_run:
            workflow.continue_as_new(replace(start, after=after))
