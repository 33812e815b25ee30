"""The officers' commands on a campaign: what they show, what they answer, with which exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig
from command_line import rows, run

from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi_cli.notices import chosen_notice
from xueshi_workflows import printing


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")
    yield rig
    rig.engine.dispose()


def finished(rig: CampaignRig) -> None:
    """Approve all but the last unit, close, seal and print, as the workflow would."""
    from xueshi.campaigns.judging import sealing

    for unit in rig.units[:-1]:
        rig.approve(unit)
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_page(rig.engine, rig.place.papers, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_year_table(rig.engine, rig.place.papers, rig.campaign.id)


def test_the_bureau_sees_its_campaign(rig: CampaignRig) -> None:
    listed = rows("campaign", "list", "--as", BUREAU)
    assert [one["编号"] for one in listed] == [rig.campaign.public_id]
    assert listed[0]["阶段"] == "办理中"
    assert listed[0]["截止"].endswith("24:00")
    shown = json.loads(run("campaign", "show", rig.campaign.public_id, "--as", BUREAU, "--json"))
    assert shown["待单位申报"] == len(rig.units)


def test_a_signer_sees_its_own_task_and_a_decision_waits_for_the_server(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    tasks = rows("tasks", "list", "--as", unit.signers[0])
    assert len(tasks) == 1
    task = next(iter(tasks[0].values()))
    assert unit.sample.unit.name in run("tasks", "show", str(task), "--as", unit.signers[0])
    assert "等待执行" in run("tasks", "decide", str(task), "--approve", "--as", unit.signers[0])
    with pytest.raises(NotFoundError):
        run("tasks", "show", str(task), "--as", rig.units[1].signers[0])


def test_a_decision_says_which_one_is_meant(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    task = str(next(iter(rows("tasks", "list", "--as", unit.signers[0])[0].values())))
    with pytest.raises(InputError, match="请指明一种办理"):
        run("tasks", "decide", task, "--as", unit.signers[0])


def test_who_may_not_is_told_whom_to_ask(rig: CampaignRig) -> None:
    with pytest.raises(NotAllowedError, match="请由本级业务负责人授权"):
        run("campaign", "close", rig.campaign.public_id, "--as", rig.verifier)


def test_an_unknown_officer_is_told(rig: CampaignRig) -> None:
    from xueshi.errors import XueshiError

    with pytest.raises(XueshiError, match="nobody"):
        run("tasks", "list", "--as", "nobody")


def test_proofs_hold_and_a_changed_audit_row_is_found(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    run("reconcile")
    run("audit", "verify")
    from sqlalchemy import text

    with rig.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entry SET verb = 'refuse' WHERE seq = 3"))
    assert "3" in run("audit", "verify", code=1)


def test_a_lost_effect_is_found(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    from sqlalchemy import text

    with rig.engine.begin() as connection:
        connection.execute(text("DELETE FROM effect WHERE outcome = 'handed_in'"))
    run("reconcile", code=1)


@pytest.mark.fonts
def test_papers_are_listed_reprinted_and_told_from_altered_ones(rig: CampaignRig, tmp_path: Path) -> None:
    finished(rig)
    public, unit = rig.campaign.public_id, rig.units[0]
    code = unit.sample.unit.credit_code
    listed = rows("forms", "list", public, "--as", BUREAU, "--unit", code)
    assert len(listed) == len(unit.sample.people) + 1
    compared = rows("forms", "reprint", public, "--as", BUREAU, "--unit", code)
    assert {one["比对"] for one in compared} == {"一致"}
    file = Path(listed[0]["文件"])
    assert file.is_file()
    screen = run("forms", "list", public, "--as", BUREAU, "--unit", code)
    assert str(rig.place.folder) not in screen
    assert f"文件在数据文件夹的 papers/{rig.campaign.id} 之中" in screen
    assert "一字未改" in run("forms", "verify", str(file))
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(file.read_bytes().replace(b"%%EOF", b"%%E0F", 1))
    assert "不是本系统出具的原件" in run("forms", "verify", str(altered), code=1)
    run("forms", "print", public, "--as", BUREAU, "--unit", code, "-o", str(tmp_path / "again"))
    own = ("forms", "print", public, "--as", rig.units[0].clerk, "-o", str(tmp_path / "own"), "--unit")
    run(*own, rig.units[0].sample.unit.credit_code)
    assert list((tmp_path / "own").iterdir()), "a unit prints its own"
    with pytest.raises(NotFoundError, match="不在管理范围"):
        run(*own, rig.units[1].sample.unit.credit_code)
    again = sorted(path.read_bytes() for path in (tmp_path / "again").iterdir())
    first = sorted({Path(one["文件"]).read_bytes() for one in listed})
    assert again == first
    with pytest.raises(NotFoundError, match="没有表卡"):
        run("forms", "reprint", public, "--as", BUREAU, "--unit", rig.units[-1].sample.unit.credit_code)


@pytest.mark.fonts
def test_statistics_count_everyone_once(rig: CampaignRig) -> None:
    finished(rig)
    answer = rows("statistics", rig.notice.region, str(rig.notice.year), "--as", BUREAU)[0]
    table = {one["指标"]: one for one in answer["rows"]}
    assert answer["notes"] == ["1家单位逾期未申报。"]
    people = sum(len(unit.sample.people) for unit in rig.units[:-1])
    assert table["专业技术人员数"]["合计"] == people
    concluded = ("审验完成人数", "审验未完成人数", "尚无结论人数")
    assert sum(table[name]["合计"] for name in concluded) == people
    with pytest.raises(NotFoundError):
        run("statistics", rig.notice.region, "1999", "--as", BUREAU)


OWN_NOTICE = """\
xueshi: 1
id: OWN1
area: {area}
year: {year}
number: 示例〔{year}〕1号
title: 补充验证
issuer: 示例局
issued: {year}-10-01
opens: {year}-10-08
closes: {closes}
flow: {flow}
papers: []
"""


def own_notice(rig: CampaignRig, closes: str) -> Path:
    file = rig.place.folder / "notice.yaml"
    file.write_text(
        OWN_NOTICE.format(area=rig.notice.area, year=rig.notice.year - 1, closes=closes, flow=rig.notice.flow)
    )
    return file


def test_a_bureau_opens_by_its_own_notice(rig: CampaignRig) -> None:
    file = own_notice(rig, f"{rig.notice.year - 1}-11-30")
    assert "已开启" in run("campaign", "open", "--notice", str(file), "--as", BUREAU, "--standing")
    assert len(rows("campaign", "list", "--as", BUREAU)) == 2


@pytest.mark.parametrize(
    ("closes", "cause"), [("{}-11-31", "该月最后一日是{}-11-30"), ("{}-01-15", "早于开始日期")]
)
def test_an_impossible_window_is_refused_with_a_proposal(rig: CampaignRig, closes: str, cause: str) -> None:
    year = rig.notice.year - 1
    file = own_notice(rig, closes.format(year))
    with pytest.raises(InputError, match=cause.format(year)):
        run("campaign", "open", "--notice", str(file), "--as", BUREAU)
    assert len(rows("campaign", "list", "--as", BUREAU)) == 1


def test_a_campaign_is_opened_by_a_year_or_by_a_file(rig: CampaignRig) -> None:
    with pytest.raises(InputError, match="二者取一"):
        run("campaign", "open", "--as", BUREAU)
    with pytest.raises(InputError, match="--notice"):
        run("campaign", "open", rig.notice.region, "1999", "--as", BUREAU)


def test_a_person_reads_and_prints_what_is_his_own(rig: CampaignRig, tmp_path: Path) -> None:
    finished(rig)
    notice, unit = rig.notice, rig.units[0]
    mine, colleague = (one.identity_number for one in unit.sample.people[:2])
    with pytest.raises(InputError, match="须指明是谁"):
        run("accounts", "add", "own", "本人", "--role", "person", "--area", notice.area, "--as", BUREAU)
    added = ("accounts", "add", "own", "本人", "--role", "person", "--area", notice.area, "--person", mine)
    run(*added, "--as", BUREAU)
    listed = {one["登录名"]: one for one in rows("accounts", "list", "--as", BUREAU)}
    assert listed["own"]["本人"] == unit.sample.people[0].name
    year = str(notice.year)
    assert unit.sample.people[0].name in run("explain", mine, "--year", year, "--as", "own")
    with pytest.raises(NotFoundError):
        run("explain", colleague, "--year", year, "--as", "own")
    with pytest.raises(NotFoundError):
        run("campaign", "show", rig.campaign.public_id, "--as", "own")
    assert rows("records", "list", "--as", "own") == rows("records", "list", "--as", BUREAU, "--person", mine)
    said = run("forms", "own", "--year", year, "-o", str(tmp_path / "mine"), "--as", "own")
    [card] = list((tmp_path / "mine").glob("*.pdf"))
    assert card.name in said
    assert "原件" in run("forms", "verify", str(card))
    with pytest.raises(InputError, match="不是本人账号"):
        run("forms", "own", "--year", year, "--as", BUREAU)
    with pytest.raises(InputError, match="已有本人账号"):
        run(
            "accounts",
            "add",
            "two",
            "本人",
            "--role",
            "person",
            "--area",
            notice.area,
            "--person",
            mine,
            "--as",
            BUREAU,
        )


def test_an_own_account_is_bound_anew_by_the_bureau(rig: CampaignRig) -> None:
    for filer in rig.units[:2]:
        rig.hand_in(filer)
    unit, other = rig.units[0].sample.people[0], rig.units[1].sample.people[0]
    area = rig.notice.area
    run(
        "accounts",
        "add",
        "own",
        "本人",
        "--role",
        "person",
        "--area",
        area,
        "--person",
        unit.identity_number,
        "--as",
        BUREAU,
    )
    assert "已绑定" in run("accounts", "set", "own", "--person", other.identity_number, "--as", BUREAU)
    listed = {one["登录名"]: one for one in rows("accounts", "list", "--as", BUREAU)}
    assert listed["own"]["本人"] == other.name
    with pytest.raises(InputError, match="--email 或 --person"):
        run("accounts", "set", "own", "--as", BUREAU)
    with pytest.raises(InputError, match="不是本人账号"):
        run("accounts", "set", rig.units[0].clerk, "--person", other.identity_number, "--as", BUREAU)


def test_statistics_before_the_seal_say_so_and_name_the_way_to_count_now(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    asked = ("statistics", rig.notice.region, str(rig.notice.year), "--as", BUREAU)
    said = run(*asked)
    assert f"{len(rig.units)}家单位尚未封存，其人员不在本表之内。" in said
    assert "--as-of 日期" in said
    (answer,) = rows(*asked)
    assert all(row["合计"] in (0, "0", None) for row in answer["rows"])


@pytest.mark.fonts
def test_percentages_carry_their_sign_and_figures_their_definition(rig: CampaignRig) -> None:
    finished(rig)
    asked = ("statistics", rig.notice.region, str(rig.notice.year), "--as", BUREAU)
    said = run(*asked)
    assert re.search(r"比率.*\d%", said)
    assert re.search(r"^参加继续教育人数：", said, re.MULTILINE)
    figures = [value for row in rows(*asked)[0]["rows"] for name, value in row.items() if name != "指标"]
    assert "%" not in json.dumps(figures)


def test_an_area_that_does_not_fit_the_notice_is_refused(rig: CampaignRig) -> None:
    registry, wider = rig.place.registry, f"{rig.notice.area[:2]}0000"
    with pytest.raises(InputError, match=f"地区 {wider} 的通知有 0 件（该年的通知：.*{rig.notice.area}"):
        chosen_notice(registry, rig.notice.region, rig.notice.year, wider, None)
    assert chosen_notice(registry, rig.notice.region, rig.notice.year, rig.notice.area, None) == rig.notice
    file = own_notice(rig, f"{rig.notice.year - 1}-11-30")
    with pytest.raises(InputError, match=f"与 --area {wider} 不符"):
        chosen_notice(registry, "", 0, wider, file)


def test_a_campaign_without_a_yearly_table_says_so_and_an_archived_one_is_reported(rig: CampaignRig) -> None:
    from xueshi.audit import repository as audit
    from xueshi.campaigns.rows import campaign_rows
    from xueshi.canonical import canonical_json
    from xueshi.storage import transaction

    for unit in rig.units:
        rig.approve(unit)
    rig.finish()
    assert rig.steer("archive").state == "done"
    assert "已编制第1次报告" in run(
        "report", "build", rig.notice.region, str(rig.notice.year), "--as", BUREAU
    )
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.papers_digest = audit.store_artifact(session, "papers", canonical_json({}).encode())
        session.add(campaign)
    for asked in ((), ("--json",)):
        with pytest.raises(NotFoundError, match="--as-of"):
            run("statistics", rig.notice.region, str(rig.notice.year), "--as", BUREAU, *asked)
