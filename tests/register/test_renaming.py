"""A unit that is renamed (更名): known by either name from then on; what was sealed keeps the name that it bore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from campaign_rig import CampaignRig
from office_rig import Office
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

from xueshi.access.scope import Scope
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.figures.papers import cards, unit_filing
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import filing_rows
from xueshi.register.rows import unit_rows
from xueshi.register.workbook import UNIT
from xueshi.storage import reading, transaction
from xueshi_cli.main import build

ENGINE = Scope.everything()
NEW = "示例新名学校"


@pytest.fixture
def office(empty_database: Engine, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    made = Office(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield made
    made.place.engine.dispose()


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CampaignRig:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    return CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=4)


def rename(code: str, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        build(), ["register", "unit", "rename", code, NEW, "--as", "bureau", "--reason", "编办〔2021〕5号", *options]
    )  # fmt: skip
    return done.exit_code, f"{done.output}{done.exception or ''}"


def test_a_workbook_with_the_old_or_the_new_name_finds_the_unit(office: Office) -> None:
    plain = office.books.write()
    assert office.take_in(plain).problems == ()
    renamed = office.books.with_cell(UNIT, "单位名称", NEW)
    (problem,) = office.take_in(renamed, replace=True).problems
    assert "register unit rename" in problem.repair
    with transaction(office.place.engine) as session:
        (unit,) = unit_rows.units(session, ENGINE)
        unit_rows.rename_unit(
            session, ENGINE, unit.id, NEW, on=date(2021, 9, 1), reason="批复", maker="account:x"
        )
    assert office.take_in(renamed, replace=True).problems == ()
    assert office.take_in(plain, replace=True).problems == (), "the old name is still known"
    (problem,) = office.take_in(office.books.with_cell(UNIT, "单位名称", "冒名单位"), replace=True).problems
    assert f"在册的单位名称为“{NEW}”" in problem.cause
    with reading(office.place.engine) as session:
        (unit,) = unit_rows.units(session, ENGINE)
        assert unit.name == NEW
        assert [one.name for one in unit_rows.former_names(session, unit.id)] == [office.books.unit.name]


def test_what_was_sealed_is_printed_under_the_name_of_then(rig: CampaignRig) -> None:
    unit, later = rig.units
    rig.approve(unit)
    rig.hand_in(later)
    rig.close()
    # As an older engine sealed: without the words of the cards.
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    code, before = unit.sample.unit.credit_code, unit.sample.unit.name
    assert rename(code)[0] == 0
    assert rename(later.sample.unit.credit_code)[0] == 0
    with reading(rig.engine) as session:
        campaign = rig.fresh()
        (filing,) = filing_rows.rounds_of_unit(session, ENGINE, campaign.id, unit.id)
        assert unit_filing(session, campaign, filing).data.unit == before
        assert {one.data.unit for one in cards(session, campaign, filing)} == {before}
        (open_one,) = filing_rows.rounds_of_unit(session, ENGINE, campaign.id, later.id)
        assert unit_filing(session, campaign, open_one).data.unit == NEW, "nothing of it is sealed"
        told = select(AuditEntry).where(
            AuditEntry.verb == "unit_renamed", AuditEntry.target == f"unit:{unit.id}"
        )
        entry = session.exec(told).one()
        assert (entry.body["before"], entry.body["name"]) == (before, NEW)
    shown = CliRunner().invoke(build(), ["register", "unit", "show", code, "--as", "bureau"]).output
    assert before in shown
    assert NEW in shown


def test_a_renaming_that_cannot_be_is_refused(rig: CampaignRig) -> None:
    code = rig.units[0].sample.unit.credit_code
    assert "还没有到" in rename(code, "--on", "2099-01-01")[1]
    assert rename(code)[0] == 0
    assert "没有变化" in rename(code)[1]
    assert "不存在或不在管理范围" in rename("12320100000000999X")[1]
