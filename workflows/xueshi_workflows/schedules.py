"""The schedules: what the server starts by itself, day for day, in civil time. Every worker makes sure that they exist."""

from __future__ import annotations

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)
from temporalio.service import RPCError, RPCStatusCode

from xueshi.campaigns.clocks.clock import CIVIL_ZONE
from xueshi_workflows.reminders import RemindersStart
from xueshi_workflows.sender import TASK_QUEUE

log = structlog.get_logger(__name__)


def schedules() -> dict[str, Schedule]:
    """Return the schedules by id: openings just after midnight, reminders before the offices open."""
    return {
        "openings": _daily(
            ScheduleActionStartWorkflow("Openings", id="openings", task_queue=TASK_QUEUE), 0, 5
        ),
        "reminders": _daily(
            ScheduleActionStartWorkflow("Reminders", RemindersStart(), id="reminders", task_queue=TASK_QUEUE),
            7,
            30,
        ),
    }


async def ensure_schedules(client: Client) -> None:
    """Create the schedules that are not there; one that is there stays as it is (an operator may have moved its hour)."""
    for name, schedule in schedules().items():
        try:
            await client.create_schedule(name, schedule)
        except ScheduleAlreadyRunningError:
            continue
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                continue
            # A server without schedules still runs campaigns: what is missing must be seen, not stop the worker.
            log.warning("schedule_not_made", schedule=name, cause=error.status.name)


def _daily(action: ScheduleActionStartWorkflow, hour: int, minute: int) -> Schedule:
    """Every day at a civil time; a day on which the server was down is made up for by one run when it is back."""
    calendar = ScheduleCalendarSpec(hour=[ScheduleRange(hour)], minute=[ScheduleRange(minute)])
    return Schedule(
        action=action,
        spec=ScheduleSpec(calendars=[calendar], time_zone_name=CIVIL_ZONE.key),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
