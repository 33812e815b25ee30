"""A backup taken beside running services goes on elsewhere: an appeal undecided, a bulk decision ordered and not given."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from acts_play import ENGINE, REASON, ActsPlay
from typer.testing import CliRunner

from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import appeal_rows, filing_rows
from xueshi.campaigns.tables import Command
from xueshi.storage import reading
from xueshi_cli.acting import port_of
from xueshi_cli.demo_cast import prepare
from xueshi_cli.demo_officers import Officers
from xueshi_cli.main import build
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace


class TwoPlaces(ActsPlay):
    """Three units: one returned and appealing, two ordered to be approved at once; then another folder."""

    order: Command
    letters: set[str]

    async def before(self) -> None:
        """Up to the backup; the worker is gone when the bulk decision is ordered."""
        cast = await asyncio.to_thread(prepare, self.place, 3, 12, 2021)
        self.officers = Officers(self.place, cast)
        self.bureau, self.verifier, self.filers = cast.bureau, cast.verifier, cast.filers
        worker = WorkerProcess(self.place.folder)
        try:
            await self.officers.open()
            self.campaign = self.officers.campaign
            for filer in self.filers:
                await self._file(filer, filer.workbook)
            await self._give(self.verifier, "return", self.filers[0], reason=REASON)
            await self._give(self.filers[0].clerk, "appeal", self.filers[0], reason=REASON)
            await self._until(lambda: any(self.place.post_office.folder.folder.rglob("*.eml")))
        finally:
            worker.stop()
        self.letters = self._letters()
        rows = [[str(one.id), one.version, one.level] for one in map(self._filing, self.filers[1:])]
        payload = {"decision": "approve", "rows": rows}
        self.order = await self.officers._command(
            self.verifier, "bulk_decide", self.campaign.id, None, payload
        )
        assert {fate.state for fate in bulk_running.fates(self.place.engine, self.order.id)} == {"waiting"}

    async def after(self, place: Workplace) -> None:
        """In the restored folder: the bulk decision is given by itself, the appeal granted, the campaign closed."""
        self.place.engine.dispose()
        self.place = self.officers.place = place
        self.officers.port = await port_of(place)
        assert self._letters() == self.letters
        worker = WorkerProcess(place.folder)
        try:
            await self._until(
                lambda: [self._filing(one).stage for one in self.filers[1:]] == ["approved"] * 2
            )
            with reading(place.engine) as session:
                (appeal,) = appeal_rows.appeals(session, ENGINE, self.campaign.id, stages=("open",))
            await self.officers._command(self.bureau, "grant_appeal", appeal.id, 0, {"reason": REASON})
            await self._give(self.verifier, "approve", self.filers[0])
            await self._steer("close", reason=REASON)
            await self._until(lambda: self._stage() == "finished")
            await self._steer("archive")
        finally:
            worker.stop()

    def _letters(self) -> set[str]:
        return {file.name for file in (self.place.folder / "messages").rglob("*.eml")}


@pytest.mark.temporal
@pytest.mark.fonts
def test_an_open_appeal_and_a_bulk_order_go_on_in_the_restored_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = TwoPlaces(Workplace(tmp_path / "data"))
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    copy, back = str(tmp_path / "copy.tar"), tmp_path / "back"
    with TemporalServer.start(play.place.folder) as server:
        asyncio.run(play.before())
        done = CliRunner().invoke(build(), ["backup", copy])
        assert done.exit_code == 0, done.output
        server.kill()
    done = CliRunner().invoke(build(), ["restore", copy, str(back)])
    assert done.exit_code == 0, done.output
    place = Workplace(back)
    with TemporalServer.start(back):
        asyncio.run(play.after(place))
    with reading(place.engine) as session:
        proof = reconcile(session)
        assert (proof.difference, proof.pending) == (0, 0)
        assert audit.verify(session).broken_at is None
        filings = filing_rows.filings(session, ENGINE, play.campaign.id)
        assert [filing.stage for filing in filings] == ["approved"] * 3
        (appeal,) = appeal_rows.appeals(session, ENGINE, play.campaign.id)
        assert appeal.stage == "granted"
    place.engine.dispose()
