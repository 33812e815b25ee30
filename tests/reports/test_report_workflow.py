"""L3 and L4 of the `Report` workflow: on the real server between two data folders, and its recorded histories."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from temporalio.client import WorkflowHistory
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.messages.tables import OutgoingMessage
from xueshi.reports import repository
from xueshi.reports.tables import Report
from xueshi.storage import reading, transaction
from xueshi_cli.server import TemporalServer
from xueshi_workflows.connecting import connect
from xueshi_workflows.plugin import xueshi_plugin
from xueshi_workflows.report_activities import ReportActivities
from xueshi_workflows.reporting import file_name
from xueshi_workflows.worker import WorkerSetting, run_worker

PROJECT = Path(__file__).resolve().parents[2]
HISTORIES = sorted((PROJECT / "tests" / "histories" / "reports").glob("*.json"))
FINGERPRINT = PROJECT / "tests" / "histories" / "reports" / "fingerprint.txt"
ENGINE = Scope.everything()


def row_of(sides: Any, report_id: str) -> Report:
    with reading(sides.rig.engine) as session:
        return repository.numbered(session, ENGINE, report_id)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)


@dataclass
class Played:
    """What a run of the workflow left: its result and its plain history."""

    result: str
    history: WorkflowHistory


async def follow(sides: Any, report_id: str, settle: Callable[[Path], None]) -> Played:
    """Work on a sent report until its workflow ended; `settle` gets the file that the transport was given."""
    place = sides.rig.place
    outgoing = place.folder / "reports" / "outgoing" / file_name(report_id)
    with TemporalServer.start(place.folder):
        stop = asyncio.Event()
        address = str(place.temporal_address())
        setting = WorkerSetting(address, place.namespace, place.papers, None)
        working = asyncio.create_task(run_worker(place.engine, setting, stop))
        try:
            await until(lambda: outgoing.is_file() or working.done())
            await asyncio.to_thread(settle, outgoing)
            client = await connect(address, place.namespace, None)
            handle = client.get_workflow_handle(report_id)
            async with asyncio.timeout(60):
                result = await handle.result()
            history = await handle.fetch_history()
            await until(lambda: row_of(sides, report_id).workflow == "told")
        finally:
            stop.set()
            await working
    return Played(result, history)


async def replays(history: WorkflowHistory) -> None:
    done = await Replayer(workflows=[], plugins=[xueshi_plugin(None)]).replay_workflow(
        history, raise_on_replay_failure=False
    )
    assert done.replay_failure is None


def play_acknowledged(sides: Any) -> Played:
    sides.trust_each_other()
    sides.sent()
    report_id = str(sides.below.rows("report", "list")[0]["编号"])

    def settle(file: Path) -> None:
        receipt = sides.tmp / "receipt.json"
        received = sides.received(file)
        sides.above.run("report", "acknowledge", received, "-o", str(receipt))
        sides.below.run("report", "receipt", str(receipt))

    return asyncio.run(follow(sides, report_id, settle))


def play_reminded(sides: Any) -> Played:
    """In production, fifteen days after the day on which the report had to be there: three reminders are due."""
    sides.trust_each_other()
    sides.sent()
    report_id = str(sides.below.rows("report", "list")[0]["编号"])
    with transaction(sides.rig.engine) as session:
        row = repository.numbered(session, ENGINE, report_id)
        row.standing, row.report_by = False, civil_date(datetime.now(UTC) - timedelta(days=16))
        session.add(row)

    def settle(file: Path) -> None:
        asyncio.run(until(lambda: row_of(sides, report_id).reminders == 3))
        receipt = sides.tmp / "receipt.json"
        received = sides.received(file)
        sides.above.run("report", "reject", received, "--reason", "逾期", "-o", str(receipt))
        sides.below.run("report", "receipt", str(receipt))

    return asyncio.run(follow(sides, report_id, settle))


PLAYS = {"acknowledged": play_acknowledged, "reminded": play_reminded}


@pytest.mark.temporal
def test_the_workflow_hands_the_file_over_and_ends_with_the_receipt(closed: Any) -> None:
    played = play_acknowledged(closed)
    assert played.result == "acknowledged"
    assert len(played.history.events) < 60
    asyncio.run(replays(played.history))


@pytest.mark.temporal
def test_without_a_receipt_the_officers_are_reminded_until_it_comes(closed: Any) -> None:
    played = play_reminded(closed)
    assert played.result == "rejected"
    with reading(closed.rig.engine) as session:
        messages = session.exec(
            select(OutgoingMessage).where(OutgoingMessage.subject == "年度报告尚无回执")
        ).all()
    assert [message.body["number"] for message in messages] == [1, 2, 3]
    asyncio.run(replays(played.history))


# ---------------------------------------------------------------- activities, done twice


def test_handing_over_and_reminding_twice_are_as_once(closed: Any) -> None:
    closed.sent()
    report_id = str(row_of(closed, str(closed.below.rows("report", "list")[0]["编号"])).id)
    folder = closed.tmp / "reports"
    activities = ReportActivities(closed.rig.engine, folder)
    run = ActivityEnvironment().run
    first = run(activities.report_upward, report_id)
    written = (folder / "outgoing" / first).read_bytes()
    assert run(activities.report_upward, report_id) == first
    assert (folder / "outgoing" / first).read_bytes() == written
    for _ in range(2):
        assert run(activities.remind_of_report, report_id, 1) == "reminded"
    with reading(closed.rig.engine) as session:
        assert repository.report(session, ENGINE, UUID(report_id)).reminders == 1
    with reading(closed.rig.engine) as session:
        assert (
            len(session.exec(select(OutgoingMessage).where(OutgoingMessage.to_role == "bureau")).all()) == 1
        )


# ---------------------------------------------------------------- recorded histories


def test_the_ways_of_a_report_are_recorded() -> None:
    assert {file.stem for file in HISTORIES} == {f"report-{name}" for name in PLAYS}


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_report_replays(file: Path) -> None:
    await replays(WorkflowHistory.from_json(file.stem, file.read_text()))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_no_recorded_report_holds_a_figure_or_a_name(file: Path) -> None:
    text = file.read_text()
    assert not [letter for letter in text if letter > "\u3000"]
    assert len(json.loads(text)["events"]) < 120


def test_a_changed_report_workflow_is_a_decision() -> None:
    """Behind `workflow.patched`? Replays pass? Then write the new fingerprint, in the same commit as the change."""
    digest = hashlib.sha256()
    for name in ("report.py", "report_messages.py"):
        digest.update((PROJECT / "workflows" / "xueshi_workflows" / name).read_bytes())
    assert digest.hexdigest() == FINGERPRINT.read_text().strip()
