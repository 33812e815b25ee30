"""L3: a small whole campaign on the real server, with the worker as a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.dump import canonical_dump
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import command_rows, filing_rows
from xueshi.campaigns.tables import Filing
from xueshi.documents import repository as issued_papers
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli.acting import act_async, opened_by_notice, port_of
from xueshi_cli.demo import Demo, DemoReport
from xueshi_cli.demo_cast import prepare
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
UNITS, PEOPLE, SEED = 6, 60, 2021
UNIT_BUDGET, CAMPAIGN_BUDGET = 325, 2000


def play(folder: Path, *, kill: bool = False, options: tuple[str, ...] = ()) -> DemoReport:
    return asyncio.run(Demo(folder, UNITS, PEOPLE, SEED, kill=kill, worker_options=options).run())


def dump(report: DemoReport) -> dict[str, Any]:
    place = Workplace(report.folder)
    with reading(place.engine) as session:
        taken = canonical_dump(session, report.campaign_id)
    place.engine.dispose()
    return taken


def whole(report: DemoReport) -> None:
    """What must hold of every finished campaign, killed or not."""
    assert report.reconciliation is not None
    assert report.reconciliation.difference == 0
    assert report.audit_entries > 0, "the audit chain is broken"
    assert (report.returned, report.late, report.refused_workbooks) == (1, 1, 1)
    assert report.events["Unit"] <= UNIT_BUDGET
    assert report.events["Campaign"] <= CAMPAIGN_BUDGET
    place = Workplace(report.folder)
    with reading(place.engine) as session:
        sealed = seal_rows.sealed_results(session, report.campaign_id)
        filings = filing_rows.filings(session, ENGINE, report.campaign_id)
        papers = issued_papers.issued(session, report.campaign_id)
    place.engine.dispose()
    approved = [filing for filing in filings if filing.stage == "approved"]
    assert sorted(filing.stage for filing in filings) == ["approved"] * (UNITS - 1) + ["not_filed"]
    assert len(sealed) == sum(filing.people for filing in approved) == report.people
    by_paper: dict[str, int] = {}
    for paper in papers:
        by_paper[paper.paper] = by_paper.get(paper.paper, 0) + 1
    assert sorted(by_paper.values()) == [1, len(approved), len(sealed)]
    for paper in papers:
        assert (report.folder / "papers" / str(report.campaign_id) / paper.file).is_file()


@pytest.mark.temporal
@pytest.mark.fonts
def test_a_whole_campaign(tmp_path: Path) -> None:
    report = play(tmp_path / "demo")
    whole(report)
    assert sum(report.met.values()) + sum(report.not_met.values()) + report.undecided == report.people
    assert report.undecided > 0, "the samples hold people whose facts are missing"


@pytest.mark.temporal
def test_without_a_worker_decisions_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    asyncio.run(_decide_before_a_worker_comes(tmp_path / "demo"))


async def _decide_before_a_worker_comes(folder: Path) -> None:
    place = Workplace(folder)
    cast = prepare(place, UNITS, PEOPLE, SEED)
    filer = cast.filers[0]
    with TemporalServer.start(place.folder):
        campaign = opened_by_notice(
            place, cast.bureau, cast.notice, standing=True, starts_at=start_of(cast.notice.issued)
        )
        assert cast.hand_in(place, filer, filer.workbook) == []
        port = await port_of(place)

        def filing() -> Filing:
            with reading(place.engine) as session:
                found = filing_rows.filings(session, ENGINE, campaign.id)
            return next(one for one in found if one.unit_id == filer.unit_id)

        rows = []
        for signer in filer.signers:
            wanted = CommandRequest(
                place.request_id(), "approve", filing().id, filing().version, {"level": filing().level}
            )
            rows.append(await act_async(place, signer, wanted, port))
        assert [row.state for row in rows] == ["pending", "pending"]
        assert filing().stage == "filing"
        worker = WorkerProcess(place.folder)
        try:
            async with asyncio.timeout(60):
                while filing().stage != "deciding":
                    assert worker.running()
                    await asyncio.sleep(0.1)
        finally:
            worker.stop()
        with reading(place.engine) as session:
            assert [command_rows.command(session, row.id).state for row in rows] == ["done", "done"]
            assert reconcile(session).difference == 0
    place.engine.dispose()


@pytest.mark.crash
@pytest.mark.temporal
@pytest.mark.fonts
def test_a_campaign_killed_three_times_equals_its_uninterrupted_twin(tmp_path: Path) -> None:
    killed, twin = play(tmp_path / "killed", kill=True), play(tmp_path / "twin")
    whole(killed)
    whole(twin)
    points = {kill.split(" ")[0] for kill in killed.kills}
    assert points == {"assess_unit.heartbeat", "apply_decision.after", "render_forms.heartbeat"}
    for proof in killed.proofs:
        assert "第 2 次尝试" in proof or "UpdateCompleted 1 次，结果行 1 条" in proof
    assert dump(killed) == dump(twin)


@pytest.mark.crash
@pytest.mark.temporal
@pytest.mark.fonts
def test_a_campaign_without_cached_workflows_is_the_same(tmp_path: Path) -> None:
    assert dump(play(tmp_path / "replayed", options=("--cached", "0"))) == dump(play(tmp_path / "cached"))
