"""`xueshi up`: one command starts everything, one signal ends it, a kill loses nothing and leaves nobody behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from campaign_rig import CampaignRig

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import command_rows, filing_rows
from xueshi.storage import reading
from xueshi_cli.server import read_record
from xueshi_cli.workplace import Workplace

PATIENCE = 90.0
COMMAND = [sys.executable, "-c", "from xueshi_cli.main import run; run()", "up"]


@contextmanager
def up(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start `xueshi up` on a folder and end it and its children whatever happens."""
    log = folder / "up.log"
    log.write_bytes(b"")
    with log.open("ab") as out:
        process = subprocess.Popen(
            COMMAND, stdout=out, stderr=out, env=os.environ | {"XUESHI_DATA": str(folder)}
        )
    try:
        until(lambda: "已启动" in log.read_text(), f"up did not come up: {log}")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def until(holds: object, why: str) -> None:
    assert callable(holds)
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up, why
        time.sleep(0.1)


def processes_of(folder: Path) -> set[int]:
    server = read_record(folder)
    worker = json.loads((folder / "worker.json").read_text()) if (folder / "worker.json").exists() else {}
    pids = {server.pid} if server else set()
    pids |= {int(worker["pid"])} if worker else set()
    return {pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"}


@pytest.mark.temporal
def test_a_killed_up_starts_again_finishes_what_waited_and_leaves_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=4)
    with up(folder) as process:
        until(lambda: rig.fresh().workflow_started, "the relay did not start the campaign's workflow")
        process.kill()
        process.wait()
    left = processes_of(folder)
    assert left, "a killed `up` leaves its server behind"
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.port.down = True
    rows = [rig.decide(signer, unit) for signer in unit.signers]
    assert {row.state for row in rows} == {"pending"}
    with up(folder):
        until(lambda: rig.filing(unit).stage == "deciding", "what waited was not carried out")
        with reading(rig.engine) as session:
            assert {command_rows.command(session, row.id).state for row in rows} == {"done"}
    until(lambda: not processes_of(folder), f"{processes_of(folder)} still run")
    assert not any(psutil.pid_exists(pid) for pid in left)
    rig.engine.dispose()


@pytest.mark.temporal
def test_a_backup_of_a_running_folder_goes_on_elsewhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=4)
    first, second = rig.units
    with up(folder):
        until(lambda: rig.fresh().workflow_started, "the relay did not start the campaign's workflow")
        rig.port.down = True
        rig.hand_in(first)
        for signer in first.signers:
            rig.decide(signer, first)
        until(lambda: rig.filing(first).stage == "deciding", "the first unit was not judged")
        rig.hand_in(second)
        rows = [rig.decide(signer, second) for signer in second.signers]
        command = [*COMMAND[:-1], "backup", str(tmp_path / "copy.tar")]
        subprocess.run(command, check=True, env=os.environ | {"XUESHI_DATA": str(folder)})
    rig.engine.dispose()
    subprocess.run([*COMMAND[:-1], "restore", str(tmp_path / "copy.tar"), str(elsewhere)], check=True)
    place = Workplace(elsewhere)

    def stages() -> list[str]:
        with reading(place.engine) as session:
            return [one.stage for one in filing_rows.filings(session, Scope.everything(), rig.campaign.id)]

    with up(elsewhere):
        until(lambda: stages() == ["deciding", "deciding"], "the restored folder did not go on")
    with reading(place.engine) as session:
        assert {command_rows.command(session, row.id).state for row in rows} == {"done"}
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
    place.engine.dispose()
