"""A folder whose campaign runs by the real clock, beside a real server and worker: schedules are triggered, not waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from campaign_rig import BUREAU, ENGINE, CampaignRig
from sqlmodel import delete
from temporalio.client import Client, WorkflowExecutionStatus

from xueshi.campaigns.acts import calendar_entry
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import campaign_rows
from xueshi.messages.tables import OutgoingMessage
from xueshi.storage import transaction


def real_rig(folder: Path) -> CampaignRig:
    """Return a rig whose campaign counts as real and whose workflows nobody starts; today is a working day."""
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")
    with transaction(rig.engine) as session:
        session.execute(delete(OutgoingMessage))
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.standing, campaign.workflow_started = False, True
        session.add(campaign)
        actor = rig.place.actor(session, BUREAU)
        for day in days():
            calendar_entry.enter_day(session, actor, actor.area, day, "work", "试验")
    return rig


def days() -> list[date]:
    """Today and tomorrow: a test may run across midnight."""
    today = civil_date(datetime.now(UTC))
    return [today, today + timedelta(days=1)]


async def triggered(client: Client, schedule: str) -> tuple[str, str]:
    """Trigger a schedule and wait until its run is over; returns the workflow's id and run id."""
    handle = client.get_schedule_handle(schedule)
    async with asyncio.timeout(60):
        while not (await _there(client, schedule)):
            await asyncio.sleep(0.1)
        await handle.trigger()
        while True:
            started = (await handle.describe()).info.recent_actions
            if started:
                action = started[-1].action
                run = client.get_workflow_handle(action.workflow_id, run_id=action.first_execution_run_id)  # type: ignore[attr-defined]
                await run.result()
                assert (await run.describe()).status is WorkflowExecutionStatus.COMPLETED
                return action.workflow_id, action.first_execution_run_id  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)


async def _there(client: Client, schedule: str) -> bool:
    return any([one.id == schedule async for one in await client.list_schedules()])
