"""Reading from Temporal's histories what really happened: attempts of activities, tasks that timed out, updates."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus


@dataclass(frozen=True)
class ActivityAttempts:
    """The highest attempt of an activity in a workflow's history."""

    workflow: str
    activity: str
    attempt: int


@dataclass(frozen=True)
class UpdateStory:
    """What a history tells of updates around a workflow task that timed out."""

    workflow: str
    timed_out: int
    completed_after_timeout: tuple[str, ...]
    """Ids of updates completed after the first time-out, one per completion."""


async def activity_attempts(client: Client, workflow: str, activity: str) -> ActivityAttempts:
    """Return the highest attempt with which an activity of a workflow was started, over all runs."""
    highest = 0
    for run in await runs(client, workflow):
        scheduled: dict[int, str] = {}
        async for event in client.get_workflow_handle(workflow, run_id=run).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                attributes = event.activity_task_scheduled_event_attributes
                scheduled[event.event_id] = attributes.activity_type.name
            elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                if scheduled.get(started.scheduled_event_id) == activity:
                    highest = max(highest, started.attempt)
    return ActivityAttempts(workflow, activity, highest)


async def update_story(client: Client, workflow: str) -> UpdateStory:
    """Return how many workflow tasks timed out, and which updates completed after the first."""
    timed_out, completed = 0, []
    accepted: dict[int, str] = {}
    for run in await runs(client, workflow):
        async for event in client.get_workflow_handle(workflow, run_id=run).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
                timed_out += 1
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                update = event.workflow_execution_update_accepted_event_attributes
                accepted[event.event_id] = update.accepted_request.meta.update_id
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED and timed_out:
                done = event.workflow_execution_update_completed_event_attributes
                completed.append(done.meta.update_id or accepted.get(done.accepted_event_id, ""))
    return UpdateStory(workflow, timed_out, tuple(completed))


async def runs(client: Client, workflow: str) -> list[str]:
    """Return the run ids of a workflow, first to last: it may have continued as new."""
    chain: list[str] = []
    run = (await client.get_workflow_handle(workflow).describe()).run_id
    while run:
        chain.append(run)
        first = await anext(aiter(client.get_workflow_handle(workflow, run_id=run).fetch_history_events()))
        run = first.workflow_execution_started_event_attributes.continued_execution_run_id
    return list(reversed(chain))


async def longest_run(client: Client, workflow: str) -> int:
    """Return the number of events of a workflow's longest run: what the event budget limits."""
    lengths = []
    for run in await runs(client, workflow):
        lengths.append((await client.get_workflow_handle(workflow, run_id=run).describe()).history_length)
    return max(lengths)


async def is_finished(client: Client, workflow: str) -> bool:
    """Tell whether a workflow ended in good order."""
    description = await client.get_workflow_handle(workflow).describe()
    return description.status == WorkflowExecutionStatus.COMPLETED
