"""The worker process: polls the server, runs workflows and activities, and relays what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import structlog
from sqlalchemy import Engine
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Interceptor, Worker

from xueshi.bureau_rules import commands as rule_commands
from xueshi.campaigns.commanding.relay import RelayPace, run_relay
from xueshi.campaigns.opening.planning import CampaignOpener
from xueshi.messages.outbox import PostOffice, run_outbox
from xueshi.register.identity import KeyRing
from xueshi.reports import commands as report_commands
from xueshi_workflows.activities import CampaignActivities
from xueshi_workflows.attributes import SEARCH_ATTRIBUTES
from xueshi_workflows.connecting import connect
from xueshi_workflows.report_activities import ReportActivities, follow_reports
from xueshi_workflows.schedules import ensure_schedules
from xueshi_workflows.sender import TASK_QUEUE, TemporalSender

REPORTS = "reports"
"""Folder of outgoing reports, beside that of print files."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WorkerSetting:
    """Where a worker works."""

    address: str
    namespace: str
    papers: Path
    """Folder for print files."""
    key: bytes | None
    """Payload key; None only where histories are recorded."""
    max_cached_workflows: int = 3000
    pace: RelayPace = field(default_factory=RelayPace)
    office: PostOffice | None = None
    """Where messages are carried to; None only in tests that look at the outbox."""
    opener: CampaignOpener | None = None
    """Opens the campaigns that were planned ahead."""
    keys: KeyRing | None = None
    """Seal and read the words of cards; without, cards say what the register says. None only in tests."""


async def run_worker(
    engine: Engine, setting: WorkerSetting, stop: asyncio.Event, interceptors: Sequence[Interceptor] = ()
) -> None:
    """Work until told to stop."""
    report_commands.register()
    rule_commands.register()
    client = await connect(setting.address, setting.namespace, setting.key)
    await ensure_search_attributes(client)
    await ensure_schedules(client)
    sender = TemporalSender(client, engine)
    activities = CampaignActivities(engine, setting.papers, sender, setting.opener, setting.keys)
    reports = ReportActivities(engine, setting.papers.parent / REPORTS)
    with ThreadPoolExecutor(max_workers=20, thread_name_prefix="activity") as threads:
        worker = Worker(
            client,
            task_queue=TASK_QUEUE,
            activities=[*activities.all(), *reports.all()],
            activity_executor=threads,
            interceptors=list(interceptors),
            # Named, because the SDK would else hash the code of every loaded module before the first poll.
            build_id=f"xueshi-{version('xueshi')}",
            max_cached_workflows=setting.max_cached_workflows,
            max_concurrent_activities=20,
            # The figures recommended by measurement: many polls, a short sticky time, prompt heartbeats.
            max_concurrent_workflow_task_polls=20 if setting.max_cached_workflows else 2,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),
            max_heartbeat_throttle_interval=timedelta(seconds=2),
            default_heartbeat_throttle_interval=timedelta(seconds=2),
        )
        async with worker:
            log.info("worker_ready", address=setting.address)
            async with asyncio.TaskGroup() as loops:
                loops.create_task(run_relay(engine, sender, sender, stop, setting.pace))
                loops.create_task(follow_reports(engine, client, stop, setting.pace.every))
                if setting.office is not None:
                    loops.create_task(run_outbox(engine, setting.office, stop))


async def ensure_search_attributes(client: Client) -> None:
    """Register our search attributes on the namespace; those that exist stay."""
    for key in SEARCH_ATTRIBUTES:
        # One at a time: of several, one that exists would keep a new one out.
        wanted = {key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
