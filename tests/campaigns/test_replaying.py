"""A sealed result computed again gives what was sealed; one that was altered since is told, and how."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_rig import BUREAU, CampaignRig
from command_line import run
from sqlmodel import Session, col, select, update

from xueshi.campaigns.judging.replaying import replay
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.seals import seal_digest
from xueshi.results.tables import LedgerRow, SealedResult, YearResult
from xueshi.storage import reading, transaction


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> CampaignRig:
    """A campaign that is sealed."""
    folder = tmp_path_factory.mktemp("sealed") / "data"
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", people=40)
    for unit in rig.units:
        rig.approve(unit)
    rig.finish()
    return rig


@pytest.fixture
def rig(sealed: CampaignRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    """The same, and what a test alters is put back."""
    monkeypatch.setenv("XUESHI_DATA", str(sealed.place.folder))
    with reading(sealed.engine) as session:
        kept = [(type(row), row.id, row.model_dump()) for row in _first(session)]
        lines = [row.model_dump() for row in session.exec(select(LedgerRow)).all()]
    yield sealed
    with transaction(sealed.engine) as session:
        for table, key, values in kept:
            session.exec(update(table).where(col(table.id) == key).values(**values))
        for line in lines:
            session.exec(
                update(LedgerRow)
                .where(col(LedgerRow.result_id) == line["result_id"], col(LedgerRow.seq) == line["seq"])
                .values(**line)
            )


def _first(session: Session) -> tuple[SealedResult, YearResult]:
    """Return the first sealed result that gave hours."""
    campaign = session.exec(select(SealedResult.campaign_id)).first()
    assert campaign is not None
    return next(pair for pair in seal_rows.sealed_results(session, campaign) if pair[1].totals.get("total"))


def differing(rig: CampaignRig) -> list[tuple[str, ...]]:
    with reading(rig.engine) as session:
        again = list(replay(session, seal_rows.sealed_results(session, rig.campaign.id)))
    assert len(again) == 40
    return [one.differs for one in again if one.differs]


def test_every_sealed_result_comes_out_as_it_was_sealed(rig: CampaignRig) -> None:
    assert differing(rig) == []
    told = run("replay", rig.campaign.public_id, "--as", BUREAU)
    assert told.strip() == "封存的结果 40 份，重新核算后 40 份一致、0 份不同"
    assert json.loads(run("replay", rig.campaign.public_id, "--as", BUREAU, "--json")) == []


def test_a_result_that_was_altered_is_told_by_its_digest(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        _, row = _first(session)
        row.totals = {**row.totals, "total": row.totals["total"] + 100}
        session.add(row)
    assert differing(rig) == [("存储的结果与封存时的摘要不符",)]


def test_a_result_that_the_rules_do_not_give_is_told_by_what_differs(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        seal, row = _first(session)
        [line] = results.ledgers(session, [row.id])[row.id][:1]
        row.totals = {**row.totals, "total": row.totals["total"] + 100}
        line.text = "按另一条款"
        session.add_all((row, line))
        session.flush()
        seal.digest = seal_digest(row, results.ledgers(session, [row.id])[row.id])
        session.add(seal)
    [differs] = differing(rig)
    assert any(one.startswith("合计") and "重新核算为" in one for one in differs)
    assert any("台账第1条“按另一条款”，重新核算为“" in one for one in differs)
    [told] = json.loads(run("replay", rig.campaign.public_id, "--as", BUREAU, "--json", code=1))
    assert told["不同"] == "；".join(differs)
    assert told["姓名"]


def test_only_a_unit_is_computed_again_where_one_is_named(rig: CampaignRig) -> None:
    code = rig.units[0].sample.unit.credit_code
    told = run("replay", rig.campaign.public_id, "--as", BUREAU, "--unit", code)
    with reading(rig.engine) as session:
        own = seal_rows.sealed_of_unit(session, rig.campaign.id, rig.units[0].id)
    assert told.strip() == f"封存的结果 {len(own)} 份，重新核算后 {len(own)} 份一致、0 份不同"


def test_nothing_sealed_and_a_foreign_unit_are_told(
    rig: CampaignRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Exception, match="没有统一社会信用代码为 X 的单位"):
        run("replay", rig.campaign.public_id, "--as", BUREAU, "--unit", "X")
    folder = tmp_path / "open"
    open_ = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=1, people=2)
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    with pytest.raises(Exception, match="还没有封存的结果"):
        run("replay", open_.campaign.public_id, "--as", BUREAU)
