"""The scheduled workflows: their activities done twice, their histories replayed, and one day on the real server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from campaign_rig import ENGINE, CampaignRig
from mail_sink import MailSink
from reminding_rig import days, real_rig, triggered
from temporalio.client import ScheduleActionStartWorkflow, WorkflowHistory
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer

from xueshi.access import repository as access
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows import campaign_rows
from xueshi.messages import repository as messages
from xueshi.records.evidence import SWEPT
from xueshi.storage import reading, transaction
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_workflows.activities import CampaignActivities
from xueshi_workflows.connecting import connect
from xueshi_workflows.plugin import xueshi_plugin
from xueshi_workflows.reminders import DigestPage, DigestPageDone
from xueshi_workflows.schedules import schedules

PROJECT = Path(__file__).resolve().parents[2]
HISTORIES = sorted((PROJECT / "tests" / "histories" / "scheduled").glob("*.json"))
MONDAY = date(2021, 10, 18)


def test_a_days_activities_done_twice_tell_everyone_once(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.standing = False
        session.add(campaign)
    activities = CampaignActivities(rig.engine, Path(), None)  # type: ignore[arg-type]
    run = ActivityEnvironment().run
    at = start_of(MONDAY + timedelta(days=1)) + timedelta(hours=7)
    assert run(activities.begin_reminders, at) == run(activities.begin_reminders, at) == "2021-10-19"
    first = run(activities.send_digests, DigestPage("2021-10-19"))
    assert first.written == sum(len(unit.signers) for unit in rig.units)
    assert run(activities.send_digests, DigestPage("2021-10-19")) == DigestPageDone(0, None)
    for _ in range(2):
        run(activities.end_reminders, "2021-10-19")
        assert run(activities.send_digests, DigestPage("2021-10-19")).written == 0
    assert run(activities.open_planned, at) == 0


def test_the_morning_sweeps_what_no_record_owns_and_notes_it(rig: CampaignRig, tmp_path: Path) -> None:
    owned_by_nobody = tmp_path / "evidence" / "ab" / "abcd.1234"
    fresh = owned_by_nobody.with_name("ef01.5678")
    owned_by_nobody.parent.mkdir(parents=True)
    for path in (owned_by_nobody, fresh):
        path.write_bytes(b"sealed")
    os.utime(owned_by_nobody, (0, 0))
    activities = CampaignActivities(rig.engine, tmp_path / "papers", None)  # type: ignore[arg-type]
    run = ActivityEnvironment().run
    for files in (1, 0):
        run(activities.end_reminders, "2021-10-19")
        with reading(rig.engine) as session:
            noted = audit.last_of(session, SWEPT)
            assert noted is not None
            assert (noted.actor, noted.body) == ("engine", {"files": files})
    assert not owned_by_nobody.exists()
    assert fresh.exists(), "somebody may be about to write its row"


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_history_replays_within_its_budget(file: Path) -> None:
    history = WorkflowHistory.from_json(file.stem, file.read_text())
    result = await Replayer(workflows=[], plugins=[xueshi_plugin(None)]).replay_workflow(
        history, raise_on_replay_failure=False
    )
    assert result.replay_failure is None
    assert len(json.loads(file.read_text())["events"]) <= 40


def test_both_are_recorded_and_a_change_is_a_decision() -> None:
    """Behind `workflow.patched`? Replays pass? Then write the new fingerprint, in the same commit as the change."""
    assert [file.stem for file in HISTORIES] == ["openings", "reminders"]
    text = (PROJECT / "workflows" / "xueshi_workflows" / "reminders.py").read_bytes()
    known = PROJECT / "tests" / "histories" / "scheduled" / "fingerprint.txt"
    assert hashlib.sha256(text).hexdigest() == known.read_text().strip()


def test_schedules_keep_civil_time_and_never_overlap() -> None:
    made = schedules()
    assert set(made) == {"reminders", "openings"}
    for name, schedule in made.items():
        assert schedule.spec.time_zone_name == "Asia/Shanghai"
        assert isinstance(schedule.action, ScheduleActionStartWorkflow)
        assert schedule.action.id == name
        assert schedule.policy.overlap.name == "SKIP"


@pytest.mark.temporal
def test_a_day_on_the_real_server_mails_each_officer_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = MailSink(tmp_path / "sink")
    sink.up()
    monkeypatch.setenv("XUESHI_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("XUESHI_SMTP_PORT", str(sink.port))
    monkeypatch.setenv("XUESHI_SMTP_FROM", "office@example.gov.cn")
    monkeypatch.setenv("XUESHI_SMTP_STARTTLS", "false")
    try:
        asyncio.run(_day(tmp_path / "data", sink))
    finally:
        sink.down()


async def _day(folder: Path, sink: MailSink) -> None:
    rig = real_rig(folder)
    signers = [signer for unit in rig.units for signer in unit.signers]
    with transaction(rig.engine) as session:
        for signer in signers:
            access.set_email(session, ENGINE, signer, f"{signer}@school.example")
    with TemporalServer.start(folder):
        workers = [WorkerProcess(folder), WorkerProcess(folder)]
        try:
            address = str(rig.place.temporal_address())
            client = await connect(address, rig.place.namespace, rig.place.payload_key)
            await triggered(client, "reminders")
            async with asyncio.timeout(60):
                while len(sink.mails()) < len(signers):
                    assert all(worker.running() for worker in workers)
                    await asyncio.sleep(0.1)
            await triggered(client, "openings")
        finally:
            for worker in workers:
                worker.stop()
    assert sorted(str(mail["To"]) for mail in sink.mails()) == sorted(
        f"{one}@school.example" for one in signers
    )
    with reading(rig.engine) as session:
        told = messages.listed(session, ENGINE)
        assert {row.day for row in told} <= set(days())
        assert {row.state for row in told} == {"sent"}
    rig.engine.dispose()
