"""L3: what changes under a running campaign, on the real server: a register that is handed in anew, units that come late
or go up in another. The workflows go on from what the rows say."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from acts_play import ENGINE, REASON, ActsPlay

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import merger_rows
from xueshi.register.rows import unit_rows
from xueshi.register.workbook import write_workbook
from xueshi.results.rows import seal_rows
from xueshi.storage import reading, transaction
from xueshi_cli.demo_cast import Cast, Filer, prepare, sampled_region
from xueshi_cli.demo_officers import Officers
from xueshi_cli.samples import _credit_code, make_units, read_samples
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace
from xueshi_workflows.connecting import connect


class RegistersPlay(ActsPlay):
    """Three units at opening: one goes up in another, one hands in anew between two signatures; two more come late."""

    async def run(self) -> None:
        """Play it; the server and the worker end with it."""
        cast = await asyncio.to_thread(prepare, self.place, 3, 12, 2021)
        self.officers = Officers(self.place, cast)
        self.bureau, self.verifier = cast.bureau, cast.verifier
        with TemporalServer.start(self.place.folder):
            worker = WorkerProcess(self.place.folder)
            try:
                await self.officers.open()
                self.campaign = self.officers.campaign
                self.client = await connect(
                    str(self.place.temporal_address()), self.place.namespace, self.place.payload_key
                )
                await self._registers(cast)
            finally:
                worker.stop()

    async def _registers(self, cast: Cast) -> None:
        gone, changed, other = cast.filers
        await self._hand_in(cast, gone, gone.workbook)
        await self._give(self.bureau, "dissolve", gone, reason=REASON, into=str(other.unit_id))
        await self._change_between_signatures(cast, changed)
        await self._finish(changed)
        self.late = await asyncio.to_thread(newcomer, self.place, cast, 90)
        await self._hand_in(cast, self.late, self.late.workbook)
        await self._let_in(self.late)
        self.late_round = self._filing(self.late).round
        for filer in (self.late, other):
            await self._file(filer, filer.workbook)
            await self._finish(filer)
        self.stages = [self._filing(filer).stage for filer in (*cast.filers, self.late)]
        await self._steer("close", reason=REASON)
        await self._until(lambda: self._stage() == "finished", patience=300)
        self.later = await asyncio.to_thread(newcomer, self.place, cast, 91)
        await self._let_in(self.later, to=(self._deadline() + timedelta(days=60)).isoformat())
        await self._file(self.later, self.later.workbook)
        await self._finish(self.later)
        await self._until(lambda: self._printed_again(self.later))
        await self._steer("archive")

    async def _change_between_signatures(self, cast: Cast, filer: Filer) -> None:
        first, second = filer.signers
        await self._hand_in(cast, filer, filer.workbook)
        await self._give(first, "approve", filer)
        seen = self._filing(filer)
        assert filer.corrected is not None
        await self._hand_in(cast, filer, filer.corrected)
        row = await self.officers._decide(second, seen, "approve", {}, must=False)
        self.on_the_old_page = row.code
        await self._give(second, "approve", filer)
        handle = self.client.get_workflow_handle(self._workflow(filer))
        self.seen_by_the_workflow = await handle.query("where")
        await self._give(first, "approve", filer)
        await self._until(lambda: self._filing(filer).stage == "deciding")

    async def _hand_in(self, cast: Cast, filer: Filer, workbook: Path) -> None:
        assert await asyncio.to_thread(cast.hand_in, self.place, filer, workbook) == []

    async def _let_in(self, filer: Filer, to: str | None = None) -> None:
        await self._steer("add_unit", unit=str(filer.unit_id), to=to, reason=REASON)
        await self._until(lambda: self._filing(filer).started)

    async def _finish(self, filer: Filer) -> None:
        await self._settle(filer)
        await self._give(self.verifier, "approve", filer)


def newcomer(place: Workplace, cast: Cast, number: int) -> Filer:
    """Register a unit that was not there at opening, with its accounts and its workbook."""
    region, folder = sampled_region(place.registry)
    notice = cast.notice
    window = place.registry.pack_for(notice.area, notice.year).year_window(notice.year)
    (sample,) = make_units(
        read_samples(folder, region), area=notice.area, window=window, units=1, people=4, seed=number
    )
    code = _credit_code(notice.area, number)
    unit = unit_rows.NewUnit(code, f"新设单位{number}", notice.area)
    roles = [signer.role for level in cast.flow.levels if level.body == "unit" for signer in level.signers]
    with transaction(place.engine) as session:
        unit_id = unit_rows.add_units(session, ENGINE, [unit])[code]
        accounts = [NewAccount(f"clerk.{number}", "经办", "unit_clerk", notice.area, None, unit_id)]
        accounts += [NewAccount(f"{role}.{number}", role, role, notice.area, None, unit_id) for role in roles]
        access.add_accounts(session, ENGINE, accounts)
    workbook = place.folder / "workbooks" / f"{number}.xlsx"
    write_workbook(workbook, cast.vocabulary, unit, sample.people)
    return Filer(unit_id, f"clerk.{number}", tuple(f"{role}.{number}" for role in roles), workbook)


@pytest.mark.temporal
@pytest.mark.fonts
def test_registers_that_change_while_a_campaign_runs(tmp_path: Path) -> None:
    play = RegistersPlay(Workplace(tmp_path / "data"))
    asyncio.run(play.run())
    assert play.on_the_old_page == "stale"
    assert [one["role"] for one in play.seen_by_the_workflow["signatures"]] == ["unit_personnel"], (
        "the signature on the former register is gone in the workflow too"
    )
    assert play.late_round == 1
    assert play.stages == ["dissolved", "approved", "approved", "approved"]
    with reading(play.place.engine) as session:
        sealed = {
            filer.unit_id: seal_rows.sealed_of_unit(session, play.campaign.id, filer.unit_id)
            for filer in (*play.officers.cast.filers, play.late, play.later)
        }
        assert reconcile(session).difference == 0
        assert reconcile(session).pending == 0
        assert audit.verify(session).broken_at is None
        gone, _, other = (filer.unit_id for filer in play.officers.cast.filers)
        assert merger_rows.merged_units(session, play.campaign.year, other) == [gone]
    assert sealed[gone] == []
    assert sum(map(len, sealed.values())) == 12 + 4 + 4, "nobody is lost"
    assert {seal.round for seal in sealed[play.later.unit_id]} == {2}
    play.place.engine.dispose()
