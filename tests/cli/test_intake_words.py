"""A workbook is written and read in the words of the campaign it is for: an upgraded plugin sends none of them back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import BUREAU, CampaignRig, RigUnit
from openpyxl import load_workbook
from typer.testing import CliRunner

from xueshi.audit import repository as audit
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.tables import Campaign
from xueshi.canonical import canonical_json
from xueshi.register.sheets import Limits
from xueshi.register.workbook import RECORDS, IntakeVocabulary, UnitRegister, write_registers, write_workbook
from xueshi.regulations.pack import RulePack
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.intake_words import SeveralPacksError, words_for_file
from xueshi_cli.main import build
from xueshi_cli.samples import make_units

RUN = CliRunner()
FACT, NOW, BEFORE = "half_days", "半天数（个半天）", "半日数（个半天）"
"""A fact whose column is called otherwise by the rules under which the campaign was opened."""


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")
    yield rig
    rig.engine.dispose()


def before_the_upgrade(rig: CampaignRig) -> RulePack:
    body = json.loads(rig.pack.to_bytes())
    assert FACT in body["facts"]
    body["facts"][FACT]["label"] = "半日数"
    return RulePack.from_bytes(canonical_json(body).encode())


def pin(rig: CampaignRig, pack: RulePack) -> IntakeVocabulary:
    """Let the campaign rest on other rules than those of the installed plugin."""
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, rig.place.actor(session, BUREAU).scope, rig.campaign.id)
        campaign.pack_digest = audit.store_artifact(session, "rule_pack", pack.to_bytes())
        session.add(campaign)
    return IntakeVocabulary.from_pack(pack, rig.notice.year)


def installed(rig: CampaignRig) -> IntakeVocabulary:
    return IntakeVocabulary.from_pack(rig.pack, rig.notice.year)


def filled(rig: CampaignRig, words: IntakeVocabulary, unit: RigUnit, name: str = "unit.xlsx") -> Path:
    path = rig.place.folder / name
    write_workbook(path, words, unit.sample.unit, unit.sample.people)
    return path


def run(*words: str) -> tuple[int, str]:
    done = RUN.invoke(build(), ["register", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def import_(rig: CampaignRig, path: Path, *more: str) -> tuple[int, str]:
    return run("import", str(path), "--as", BUREAU, "--year", str(rig.notice.year), *more)


def test_a_workbook_of_before_the_upgrade_is_taken_while_its_campaign_runs(rig: CampaignRig) -> None:
    old = pin(rig, before_the_upgrade(rig))
    path = filled(rig, old, rig.units[0])
    assert BEFORE in [cell.value for cell in load_workbook(path)[RECORDS][1]]
    code, output = import_(rig, path, "--commit")
    assert (code, "已入库" in output) == (0, True), output
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        found = campaign_rows.campaign_of_unit(session, actor.scope, rig.units[0].id, rig.notice.year)
    assert found is not None
    assert found[1].input_version == 1


def test_a_template_for_a_running_campaign_has_its_words_and_comes_back(
    rig: CampaignRig, tmp_path: Path
) -> None:
    old = pin(rig, before_the_upgrade(rig))
    target = tmp_path / "template.xlsx"
    code, output = run(
        "template",
        rig.notice.region,
        "--area",
        rig.notice.area,
        "--year",
        str(rig.notice.year),
        "-o",
        str(target),
    )
    assert code == 0, output
    assert [cell.value for cell in load_workbook(target)[RECORDS][1]] == list(old.record_headings)
    other = tmp_path / "next.xlsx"
    run("template", rig.notice.region, "--year", str(rig.notice.year + 1), "-o", str(other))
    assert NOW in [cell.value for cell in load_workbook(other)[RECORDS][1]], "no campaign of that year runs"


def test_a_template_needs_no_data_folder_and_makes_none(
    rig: CampaignRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "nothing"))
    code, output = run("template", rig.notice.region, "-o", str(tmp_path / "template.xlsx"))
    assert code == 0, output
    assert not (tmp_path / "nothing").exists()


def test_what_the_campaign_does_not_ask_is_told_with_the_nearest(rig: CampaignRig, tmp_path: Path) -> None:
    pin(rig, before_the_upgrade(rig))
    marked = tmp_path / "marked"
    code, output = import_(rig, filled(rig, installed(rig), rig.units[0]), "--json", "--marked", str(marked))
    assert code == 2
    (problem,) = json.loads(output)
    assert f"没有“{NOW}”这一栏；是否为“" in problem["问题"]
    assert len(list(marked.iterdir())) == 1


def test_a_unit_that_registers_late_is_read_in_the_words_of_its_area_s_campaign(rig: CampaignRig) -> None:
    old = pin(rig, before_the_upgrade(rig))
    made = make_units(
        rig.samples,
        area=rig.notice.area,
        window=rig.pack.year_window(rig.notice.year),
        units=5,
        people=5,
        seed=9,
    )
    late = RigUnit(new_id(), made[-1], "", ())
    path = filled(rig, old, late)
    assert words_for_file(rig.place, installed(rig), path, Limits()).pack.digest == old.pack.digest
    elsewhere = replace(made[-1], unit=replace(made[-1].unit, area="990100"))
    write_workbook(path, old, elsewhere.unit, elsewhere.people)
    assert words_for_file(rig.place, installed(rig), path, Limits()).pack.digest == rig.pack.digest


def test_units_under_different_rules_do_not_come_in_one_workbook(rig: CampaignRig) -> None:
    first, second, _ = rig.units
    pin(rig, before_the_upgrade(rig))
    with transaction(rig.engine) as session:
        one = rig.fresh().model_dump() | {
            "id": new_id(),
            "n": 2,
            "public_id": "campaign:x:2",
            "pack_digest": rig.campaign.pack_digest,
        }
        other = Campaign(
            **one,
        )
        session.add(other)
        session.flush()
        filing = rig.filing(second)
        session.merge(filing).campaign_id = other.id
    path = rig.place.folder / "several.xlsx"
    write_registers(
        path,
        installed(rig),
        [UnitRegister(unit.sample.unit, list(unit.sample.people)) for unit in (first, second)],
    )
    with pytest.raises(SeveralPacksError, match="分属几次年度验证"):
        words_for_file(rig.place, installed(rig), path, Limits())
    code, output = import_(rig, path, "--json")
    assert code == 2
    (problem,) = json.loads(output)
    assert "请按年度验证分成几个工作簿导入" in problem["改法"]


def test_a_file_that_is_no_workbook_is_told_as_ever(rig: CampaignRig) -> None:
    pin(rig, before_the_upgrade(rig))
    path = rig.place.folder / "no.xlsx"
    path.write_text("no")
    code, output = import_(rig, path)
    assert code == 2
    assert "Excel" in output


def test_a_workbook_without_a_column_of_facts_is_read_as_blank_and_says_so(rig: CampaignRig) -> None:
    def drop(path: Path, heading: str) -> None:
        book: Any = load_workbook(path)
        place = [cell.value for cell in book[RECORDS][1]].index(heading) + 1
        book[RECORDS].delete_cols(place)
        book.save(path)

    path = filled(rig, installed(rig), rig.units[0])
    drop(path, "天数（天）")
    code, output = import_(rig, path)
    assert code == 0, output
    assert "没有“天数（天）”，按没有填写处理" in "".join(output.split("\n"))
    drop(path, "学习内容")
    code, output = import_(rig, path)
    assert code == 2
    assert "缺少栏目：学习内容" in output
