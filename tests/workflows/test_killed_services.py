"""L3-crash beside the worker: the server, the officer's own process and the database are killed; nothing is lost."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest
from acts_play import ENGINE, REASON, ActsPlay
from sqlalchemy.exc import OperationalError

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.dump import canonical_dump
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import campaign_rows, command_rows, filing_rows, task_rows
from xueshi.storage import reading
from xueshi_cli.demo import Demo
from xueshi_cli.demo_cast import prepare
from xueshi_cli.demo_officers import Officers
from xueshi_cli.server import TemporalServer, read_record
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace

PROJECT = Path(__file__).resolve().parents[2]
HELD = PROJECT / "tests" / "kit" / "held_command.py"
UNITS, PEOPLE, SEED = 6, 36, 2021

pytestmark = [pytest.mark.crash, pytest.mark.temporal]


def dump(place: Workplace, campaign_id: Any) -> dict[str, Any]:
    with reading(place.engine) as session:
        proof = reconcile(session)
        assert (proof.difference, proof.pending) == (0, 0)
        assert audit.verify(session).broken_at is None
        return canonical_dump(session, campaign_id)


class ServerKilled(Demo):
    """A demo whose Temporal server is killed as soon as the first unit is approved, and again while results are sealed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, UNITS, PEOPLE, SEED, kill=False)
        self.servers: list[TemporalServer] = []

    async def _watch(self) -> None:
        for moment in (self._first_approval, self._closing):
            while not moment():
                await asyncio.sleep(0.02)
            record = read_record(self.place.folder)
            assert record is not None
            psutil.Process(record.pid).kill()
            psutil.Process(record.pid).wait()
            again = await asyncio.to_thread(TemporalServer.start, self.place.folder)
            assert again.record.port == record.port
            self.servers.append(again)

    def _first_approval(self) -> bool:
        if not hasattr(self.officers, "campaign"):
            return False
        with reading(self.place.engine) as session:
            filings = filing_rows.filings(session, ENGINE, self.campaign.id)
        stages = {filing.stage for filing in filings}
        return {"approved", "deciding"} <= stages

    def _closing(self) -> bool:
        with reading(self.place.engine) as session:
            return campaign_rows.campaign(session, ENGINE, self.campaign.id).stage in ("closing", "sealed")


@pytest.mark.fonts
def test_a_campaign_whose_server_is_killed_twice_equals_its_twin(tmp_path: Path) -> None:
    killed = ServerKilled(tmp_path / "killed")
    try:
        asyncio.run(killed.run())
    finally:
        for server in killed.servers:
            server.stop()
    assert len(killed.servers) == 2
    twin = Demo(tmp_path / "twin", UNITS, PEOPLE, SEED, kill=False)
    asyncio.run(twin.run())
    assert dump(killed.place, killed.campaign.id) == dump(twin.place, twin.campaign.id)


class CommandKilled(ActsPlay):
    """One unit, approved by a process that dies at its command."""

    async def play(self, moment: str, mark: Path) -> None:
        cast = await asyncio.to_thread(prepare, self.place, 6, 12, SEED)
        self.officers = Officers(self.place, cast)
        self.verifier, filer = cast.verifier, cast.filers[0]
        worker = WorkerProcess(self.place.folder)
        try:
            await self.officers.open()
            self.campaign = self.officers.campaign
            await self._file(filer, filer.workbook)
            with reading(self.place.engine) as session:
                (task,) = task_rows.open_tasks(
                    session, ENGINE, filing_id=self._filing(filer).id, kinds=("unit",)
                )
            words = ["tasks", "decide", str(task.id), "--approve", "--as", self.verifier]
            process = subprocess.Popen(
                [sys.executable, str(HELD), moment, str(mark), *words],
                env={**os.environ, "XUESHI_DATA": str(self.place.folder)},
            )
            try:
                await self._until(lambda: (mark.exists() and mark.read_text()) or process.poll() is not None)
                assert process.poll() is None, "the command ended by itself"
            finally:
                process.kill()
                process.wait()
            await self._until(lambda: self._filing(filer).stage == "approved")
            await self._until(lambda: self._fate(mark.read_text()) == "done")
        finally:
            worker.stop()

    def _fate(self, command_id: str) -> str:
        with reading(self.place.engine) as session:
            return command_rows.command(session, Workplace.read_id(command_id)).state


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_command_whose_officer_dies_is_carried_out_once(tmp_path: Path, moment: str) -> None:
    play = CommandKilled(Workplace(tmp_path / "data"))
    with TemporalServer.start(play.place.folder):
        asyncio.run(play.play(moment, tmp_path / "mark"))
    with reading(play.place.engine) as session:
        proof = reconcile(session)
        assert (proof.difference, proof.pending) == (0, 0)
        assert audit.verify(session).broken_at is None
    play.place.engine.dispose()


class Closed(ActsPlay):
    """Two units approved, the campaign closed; `in_the_middle` happens while results are sealed and papers printed."""

    async def play(self, in_the_middle: Any = None) -> None:
        cast = await asyncio.to_thread(prepare, self.place, 6, 24, SEED)
        self.officers = Officers(self.place, cast)
        self.bureau, self.verifier = cast.bureau, cast.verifier
        worker = WorkerProcess(self.place.folder)
        try:
            await self.officers.open()
            self.campaign = self.officers.campaign
            for filer in cast.filers[:2]:
                await self._file(filer, filer.workbook)
                await self._give(self.verifier, "approve", filer)
            await self._steer("close", reason=REASON)
            if in_the_middle is not None:
                assert self._stage() != "finished"
                await asyncio.to_thread(in_the_middle)
            await self._until(self._finished, patience=240)
            assert worker.running(), "the worker outlives its database"
        finally:
            worker.stop()

    def _finished(self) -> bool:
        try:
            return self._stage() == "finished"
        except OperationalError:
            return False


class Postgres:
    """A PostgreSQL server of its own, whose every commit is on disk before it is answered."""

    def __init__(self, folder: Path) -> None:
        path = PROJECT / "setup" / "with_postgres.py"
        spec = importlib.util.spec_from_file_location("with_postgres", path)
        assert spec is not None
        assert spec.loader is not None
        self._made: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._made)
        self._folder = folder
        self._own: dict[str, str] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def __enter__(self) -> str:
        self._folder.chmod(0o755)
        self._server = self._made.server(self._folder)
        self.address: str = self._server.__enter__()
        self._options = " ".join(
            f"-c {name}={value}"
            for name, value in {
                "listen_addresses": "127.0.0.1",
                "port": self.address.rsplit(":", 1)[1].split("/")[0],
                "unix_socket_directories": "",
                "fsync": "off",
            }.items()
        )
        self._control("stop", "-m", "fast")
        self._start()
        return self.address

    def __exit__(self, *error: object) -> None:
        self._control("stop", "-m", "fast")
        self._server.__exit__(*error)

    def stop_at_once(self) -> None:
        """Stop without a checkpoint, as a power cut would, and start again."""
        self._control("stop", "-m", "immediate")
        self._start()

    def _start(self) -> None:
        self._control("start", "-l", str(self._folder / "again.log"), "-o", self._options)

    def _control(self, *words: str) -> None:
        program = self._made.programs() / "pg_ctl"
        subprocess.run(
            [program, "-w", "-D", self._folder / "data", *words],
            check=True, cwd=self._folder, stdout=subprocess.DEVNULL, **self._own,
        )  # type: ignore[call-overload]  # fmt: skip


@pytest.mark.postgres
@pytest.mark.fonts
def test_a_database_stopped_at_once_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin works on SQLite: the same campaign, the same results and papers."""
    twin = Closed(Workplace(tmp_path / "twin"))
    with TemporalServer.start(twin.place.folder):
        asyncio.run(twin.play())
    expected = dump(twin.place, twin.campaign.id)
    with tempfile.TemporaryDirectory(prefix="xueshi-stopped-", ignore_cleanup_errors=True) as folder:
        postgres = Postgres(Path(folder))
        with postgres as address:
            monkeypatch.setenv("XUESHI_DATABASE_URL", address)
            play = Closed(Workplace(tmp_path / "stopped"))
            with TemporalServer.start(play.place.folder):
                asyncio.run(play.play(postgres.stop_at_once))
            assert dump(play.place, play.campaign.id) == expected
            assert not (play.place.folder / "xueshi.db").exists(), "it worked on PostgreSQL"
            play.place.engine.dispose()
