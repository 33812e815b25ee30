"""The bureau's and the units' further acts from the command line: what they answer, and what `show` tells afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig, RigUnit
from command_line import run
from typer.testing import CliRunner

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.judging import reassessing, sealing
from xueshi.campaigns.rows import campaign_rows, side_work_rows
from xueshi.canonical import canonical_json
from xueshi.errors import InputError, NotFoundError
from xueshi.register.workbook import IntakeVocabulary, write_workbook
from xueshi.storage import reading, transaction
from xueshi_cli import adding_units
from xueshi_cli.main import build

RUN = CliRunner()
WHY = ("--reason", "依通知办理")


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    """A campaign whose durable commands are carried out at once, as if a server were there."""
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")

    async def port(_: object) -> object:
        return rig.port

    monkeypatch.setattr("xueshi_cli.acting.port_of", port)
    yield rig
    rig.engine.dispose()


def read(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def steer(rig: CampaignRig, verb: str, *words: str, code: int = 0) -> str:
    return run("campaign", verb, rig.campaign.public_id, *words, "--as", BUREAU, code=code)


def code_of(unit: RigUnit) -> str:
    return unit.sample.unit.credit_code


def show(rig: CampaignRig, *words: str) -> dict[str, Any]:
    shown: dict[str, Any] = read("campaign", "show", rig.campaign.public_id, *words, "--as", BUREAU)
    return shown


def day(rig: CampaignRig, days: int) -> str:
    return str(civil_date(rig.fresh().deadline) + timedelta(days=days))


def filed(rig: CampaignRig, *units: RigUnit) -> None:
    for unit in units:
        rig.hand_in(unit)
        rig.sign(unit)
        rig.settle(unit)


def test_a_pause_and_an_extension_stand_in_the_campaigns_record(rig: CampaignRig) -> None:
    assert "已办结" in steer(rig, "pause", *WHY)
    assert show(rig)["暂停自"]
    assert "请先恢复" in steer(rig, "extend", day(rig, 10), *WHY, code=1)
    steer(rig, "resume")
    steer(rig, "extend", day(rig, 10), *WHY)
    record = show(rig)
    assert "暂停自" not in record
    for word in ("暂停", "恢复", "延期", "依通知办理"):
        assert word in record["办理记录"]


def test_one_unit_is_dissolved_into_another_and_one_let_in_late(rig: CampaignRig) -> None:
    first, second, third = rig.units
    steer(rig, "dissolve", "--unit", code_of(second), "--into", code_of(first), *WHY)
    record = show(rig)
    assert record["已撤并"] == 1
    assert first.sample.unit.name in record["特别注明"]
    rig.pass_deadline()
    steer(rig, "extend", day(rig, 20), "--unit", code_of(third), *WHY)
    assert show(rig, "--unit", code_of(third))["阶段"] == "待单位申报"
    with pytest.raises(NotFoundError):
        steer(rig, "dissolve", "--unit", "nonsense", *WHY)


def test_a_unit_moves_to_an_area_that_exists(rig: CampaignRig) -> None:
    unit = rig.units[0]
    steer(rig, "move-unit", "--unit", code_of(unit), "--area", f"{rig.notice.area[:4]}00", *WHY)
    assert "现属" in show(rig, "--unit", code_of(unit))["地区"]
    rig.hand_in(unit)
    tasks = read("tasks", "list", "--as", unit.signers[0])
    assert tasks[0]["单位"] == unit.sample.unit.name, "its signers still see and sign it"
    run("tasks", "decide", tasks[0]["待办"], "--approve", "--as", unit.signers[0])


def test_make_up_is_opened_for_all_and_begun_by_a_unit(rig: CampaignRig) -> None:
    with pytest.raises(InputError, match="补训截止日期"):
        steer(rig, "makeup")
    filed(rig, rig.units[0])
    assert rig.decide(rig.verifier, rig.units[0]).state == "done"
    steer(rig, "makeup", day(rig, 30), *WHY)
    assert show(rig)["补训截止"].startswith(day(rig, 30))
    unit = rig.units[0]
    run("campaign", "makeup", rig.campaign.public_id, "--unit", code_of(unit), "--as", unit.clerk)
    assert show(rig)["补训中"] == unit.sample.unit.name


def test_many_are_decided_after_a_dry_run(rig: CampaignRig, tmp_path: Path) -> None:
    filed(rig, *rig.units[:2])
    words = ("tasks", "decide", "--approve", "--campaign", rig.campaign.public_id, "--as", rig.verifier)
    dry = read(*words, "--all")
    assert [row["可办"] for row in dry] == ["可办", "可办"]
    assert rig.filing(rig.units[0]).stage == "deciding", "a dry run writes nothing"
    listed = tmp_path / "名单.txt"
    listed.write_text("".join(f"{code_of(unit)} {unit.sample.unit.name}\n" for unit in rig.units))
    assert "可办 2 家，不能办 1 家" in run(*words, "--file", str(listed))
    batch = read(*words, "--file", str(listed), "--commit")[0]["批量办理编号"]
    asyncio.run(bulk_running.run_page(rig.engine, rig.port, UUID(batch), 0, 50))
    done = RUN.invoke(build(), ["tasks", "bulk", batch, "--as", rig.verifier, "--json"])
    assert done.exit_code == 1, "not everything was done"
    rows = json.loads(done.output)
    assert [row["结果"] for row in rows] == ["已办结", "已办结", "未办理"]
    assert rows[2]["原因"]
    listed.write_text(f"{code_of(rig.units[0])}\n{code_of(rig.units[0])}\n")
    with pytest.raises(InputError, match="出现两次"):
        run(*words, "--file", str(listed))
    with pytest.raises(InputError, match="--campaign"):
        run("tasks", "decide", "--approve", "--all", "--as", rig.verifier)


def test_an_appeal_is_filed_listed_and_decided(rig: CampaignRig) -> None:
    unit, public = rig.units[0], rig.campaign.public_id
    filed(rig, unit)
    assert rig.decide(rig.verifier, unit, "return", reason="缺证明").state == "done"
    run("appeals", "file", public, "--unit", code_of(unit), "--as", unit.clerk, *WHY)
    (row,) = read("appeals", "list", public, "--as", BUREAU)
    assert (row["对"], row["状态"]) == ("退回", "待决定")
    assert "待决定" in show(rig)["申诉"]
    (task,) = read("tasks", "list", "--as", BUREAU)
    assert task["事项"] == "申诉"
    with pytest.raises(InputError, match="appeals decide"):
        run("tasks", "decide", task["待办"], "--approve", "--as", BUREAU)
    with pytest.raises(InputError, match="二者取一"):
        run("appeals", "decide", row["申诉"], "--as", BUREAU, *WHY)
    run("appeals", "decide", row["申诉"], "--grant", "--as", BUREAU, *WHY)
    assert rig.filing(unit).stage == "deciding"
    assert "支持申诉" in show(rig, "--unit", code_of(unit))["申诉"]


def test_a_role_is_lent_used_and_taken_back(rig: CampaignRig) -> None:
    unit = rig.units[0]
    lender, deputy = unit.signers[0], "deputy"
    with transaction(rig.engine) as session:
        access.add_accounts(
            session, ENGINE, [NewAccount(deputy, "代", "unit_clerk", rig.notice.area, None, unit.id)]
        )
    run("accounts", "delegate", deputy, "--as", lender, "--until", day(rig, 0), *WHY)
    rig.hand_in(unit)
    role = rig.flow.levels[0].signers[0].role
    acting = f"{deputy}:{role}@{lender}"
    (task,) = read("tasks", "list", "--as", acting)
    run("tasks", "decide", task["待办"], "--approve", "--as", acting)
    (row,) = read("accounts", "delegations", "--as", BUREAU)
    assert (row["授权人"], row["受托人"], row["状态"]) == (lender, deputy, "")
    run("accounts", "end-delegation", row["委托"], "--as", lender)
    assert read("accounts", "delegations", "--as", BUREAU)[0]["状态"] == "已终止"


def test_tasks_of_an_officer_on_leave_are_handed_over(rig: CampaignRig) -> None:
    filed(rig, rig.units[0])
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "乙", rig.verifier, rig.notice.area)])
    run("accounts", "hand-over", "second", "--of", rig.verifier, "--as", BUREAU, *WHY)
    assert read("tasks", "list", "--as", rig.verifier) == []
    assert len(read("tasks", "list", "--everyone", "--as", rig.verifier)) == 1
    assert len(read("tasks", "list", "--as", "second")) == 1
    assert "移交 乙" in show(rig, "--unit", code_of(rig.units[0]))["待办"]


def test_a_newer_rule_pack_is_tried_first(rig: CampaignRig) -> None:
    body = json.loads(rig.pack.to_bytes())
    for line in body["requirements"]:
        if line["of"] == "total" and line["effect"] == "minimum":
            line["at_least"] = ["fixed", "300"]
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.pack_digest = audit.store_artifact(session, "rule_pack", canonical_json(body).encode())
    filed(rig, rig.units[0])
    dry = read("campaign", "migrate", rig.campaign.public_id, "--as", BUREAU)
    assert {(row["原结论"], row["新结论"]) for row in dry} == {("未完成", "完成")}
    assert "写明原因" in steer(rig, "migrate", "--commit", code=1)
    steer(rig, "migrate", "--commit", *WHY)
    assert "正在重新核算" in show(rig)["重新核算"]
    with reading(rig.engine) as session:
        (order,) = side_work_rows.reassessments(session, rig.campaign.id)
    reassessing.reassess_page(rig.engine, order.id, 0, 50, lambda *_: None)
    assert f"{len(dry)} 人结论改变" in show(rig)["重新核算"]
    assert "就是正在使用的规则包" in steer(rig, "migrate")


def test_closing_early_reopening_and_archiving(rig: CampaignRig) -> None:
    unit = rig.units[0]
    filed(rig, unit)
    assert "提前关闭须写明原因" in steer(rig, "close", code=1)
    assert unit.sample.unit.name in steer(rig, "close", *WHY, code=1)
    steer(rig, "close", *WHY, "--anyway")
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    with transaction(rig.engine) as session:
        campaign_acts.reach(session, rig.campaign.id, "finished")
    assert show(rig)["未审结"] == 1
    steer(rig, "reopen", "--unit", code_of(unit), "--until", day(rig, 60), *WHY)
    record = show(rig, "--unit", code_of(unit))
    assert (record["轮次"], record["往轮"]) == ("第2轮", "第1轮 未审结")
    assert "重新开启而未办结" in steer(rig, "archive", code=1)


def test_what_is_archived_is_over(rig: CampaignRig) -> None:
    rig.close()
    with transaction(rig.engine) as session:
        campaign_acts.reach(session, rig.campaign.id, "finished")
    steer(rig, "archive")
    assert show(rig)["阶段"] == "已归档"
    words = ("--unit", code_of(rig.units[0]), "--until", day(rig, 60))
    assert "已归档" in steer(rig, "reopen", *words, *WHY, code=1)


def test_a_return_after_the_deadline_names_a_date(rig: CampaignRig) -> None:
    unit = rig.units[0]
    filed(rig, unit)
    rig.pass_deadline()
    (task,) = read("tasks", "list", "--as", rig.verifier)
    words = ("tasks", "decide", task["待办"], "--return", "--as", rig.verifier, *WHY)
    assert "--until" in run(*words, code=1)
    run(*words, "--until", day(rig, 30))
    assert show(rig, "--unit", code_of(unit))["期限"].startswith(day(rig, 30))


def workbook_of(rig: CampaignRig, folder: Path, unit: RigUnit) -> Path:
    path = folder / "新设单位.xlsx"
    vocabulary = IntakeVocabulary.from_pack(rig.pack, rig.notice.year)
    write_workbook(path, vocabulary, unit.sample.unit, unit.sample.people)
    return path


def test_a_unit_that_registers_late_is_told_of_and_let_in(rig: CampaignRig, tmp_path: Path) -> None:
    unit = rig.newcomer()
    code, name = code_of(unit), unit.sample.unit.name
    book = workbook_of(rig, tmp_path, unit)
    words = ("register", "import", str(book), "--year", str(rig.notice.year), "--as", BUREAU)
    assert "add-unit" not in run(*words), "nothing is registered by a check"
    said = run(*words, "--commit").replace("\n", "")
    assert f"add-unit {rig.campaign.public_id} --unit {code}" in said
    assert name in show(rig)["在册而未加入的单位"]
    (line,) = read(*words, "--commit")
    assert code in line["提示"]
    assert "现有单位 4 家" in steer(rig, "add-unit", "--unit", code, *WHY)
    assert "在册而未加入的单位" not in show(rig)
    assert "提示" not in read(*words, "--commit")[0]
    assert "已在本次年度验证中" in steer(rig, "add-unit", "--unit", code, code=1)
    assert "人数" in show(rig, "--unit", code)


def test_a_unit_under_other_rules_is_not_let_in(rig: CampaignRig, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = rig.newcomer()
    monkeypatch.setattr(adding_units, "_under_its_law", lambda *_: False)
    assert "在册而未加入的单位" not in show(rig)
    with pytest.raises(InputError, match="适用别的文件"):
        steer(rig, "add-unit", "--unit", code_of(unit))
