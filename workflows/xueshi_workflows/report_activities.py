"""The activities of the `Report` workflow, and what starts and tells such workflows from the rows in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Engine
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import end_of
from xueshi.reports import repository, sending_acts
from xueshi.reports.tables import Report
from xueshi.storage import reading, transaction
from xueshi_workflows.report_messages import ReportStart
from xueshi_workflows.reporting import write_outgoing
from xueshi_workflows.sender import START_TIMEOUT, TASK_QUEUE

ENGINE = Scope.everything()
log = structlog.get_logger(__name__)


class ReportActivities:
    """The activities of reports, bound to a database and the folder of reports."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def all(self) -> Sequence[Callable[..., Any]]:
        """Return every activity, for registration."""
        return (self.report_upward, self.look_at_report, self.remind_of_report)

    @activity.defn(name="report_upward")
    def report_upward(self, report_id: str) -> str:
        """Hand the package to the transport (a file in the folder `outgoing`); keyed by report and revision."""
        with reading(self._engine) as session:
            row = repository.report(session, ENGINE, UUID(report_id))
            name, body = row.name, audit.load_artifact(session, row.digest)
        return write_outgoing(self._folder, name, body).name

    @activity.defn(name="look_at_report")
    def look_at_report(self, report_id: str) -> str:
        """Return the report's state."""
        with reading(self._engine) as session:
            return repository.report(session, ENGINE, UUID(report_id)).state

    @activity.defn(name="remind_of_report")
    def remind_of_report(self, report_id: str, number: int) -> str:
        """Remind for the `number`-th time that no receipt has come; keyed by report and number."""
        with transaction(self._engine) as session:
            return "reminded" if sending_acts.remind(session, UUID(report_id), number) else "settled"


async def follow_reports(engine: Engine, client: Client, stop: asyncio.Event, every: timedelta) -> None:
    """Start the workflows of sent reports and tell those whose receipt came, until told to stop; a failure is tried again."""
    while not stop.is_set():
        try:
            await follow_once(engine, client)
        except Exception:
            log.exception("reports_not_followed")
        try:
            await asyncio.wait_for(stop.wait(), timeout=every.total_seconds())
        except TimeoutError:
            continue


async def follow_once(engine: Engine, client: Client) -> None:
    """Do so once; starting and telling twice do no harm."""
    with reading(engine) as session:
        unstarted, untold = repository.unstarted(session), repository.untold(session)
        session.expunge_all()
    for row in unstarted:
        await _start(client, row)
        _note(engine, row, "started")
    for row in untold:
        await _tell(client, row)
        _note(engine, row, "told")


async def _start(client: Client, row: Report) -> None:
    start = ReportStart(
        report_id=str(row.id),
        standing=row.standing,
        remind_at=None if row.report_by is None else end_of(row.report_by),
    )
    try:
        await client.start_workflow(
            "Report",
            start,
            id=row.name,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=START_TIMEOUT,
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def _tell(client: Client, row: Report) -> None:
    try:
        await client.get_workflow_handle(row.name).signal("look", rpc_timeout=START_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _note(engine: Engine, row: Report, workflow: str) -> None:
    with transaction(engine) as session:
        stored = repository.report(session, ENGINE, row.id, lock=True)
        stored.workflow = workflow
        session.add(stored)
