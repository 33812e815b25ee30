"""The relay: in every worker it picks up what was stored but not carried out, so that no outage loses a command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Engine

from xueshi.campaigns.commanding import commands
from xueshi.campaigns.ports import CampaignStarter, CommandPort
from xueshi.campaigns.rows import campaign_rows, command_rows, side_work_rows
from xueshi.real_clock import real_now
from xueshi.storage import reading, transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RelayPace:
    """How often the relay looks, how old a command must be, how long it keeps one, how many at once."""

    every: timedelta = timedelta(seconds=1)
    older_than: timedelta = timedelta(seconds=3)
    lease: timedelta = timedelta(seconds=30)
    batch: int = 50


async def relay_once(
    engine: Engine, port: CommandPort, starter: CampaignStarter, pace: RelayPace = RelayPace()
) -> int:
    """Start what is stored and unstarted and send what waits; returns how many commands found their fate."""
    with reading(engine) as session:
        unstarted = campaign_rows.unstarted_campaigns(session)
        beside = side_work_rows.unstarted(session)
    for campaign_id in unstarted:
        await starter.start(campaign_id)
    for kind, row_id in beside:
        await starter.start_beside(kind, row_id)
    with transaction(engine) as session:
        waiting = command_rows.lease_pending(
            session, real_now(), older_than=pace.older_than, lease=pace.lease, limit=pace.batch
        )
    settled = 0
    for command_id in waiting:
        row = await commands.deliver(engine, port, command_id)
        settled += row.state != "pending"
    return settled


async def run_relay(
    engine: Engine,
    port: CommandPort,
    starter: CampaignStarter,
    stop: asyncio.Event,
    pace: RelayPace = RelayPace(),
) -> None:
    """Relay until told to stop; a failure is logged and tried again, never fatal."""
    while not stop.is_set():
        try:
            await relay_once(engine, port, starter, pace)
        except Exception:
            log.exception("relay_failed")
        try:
            await asyncio.wait_for(stop.wait(), timeout=pace.every.total_seconds())
        except TimeoutError:
            continue
