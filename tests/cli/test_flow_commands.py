"""What officers see and set of flows: sentences of a region, a unit's own levels, an overlay at opening."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import flow_folder
import pytest
from campaign_rig import BUREAU, ENGINE
from command_line import run
from notice_rig import EXAMPLES, Made, NoticeRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.rows import campaign_rows
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.storage import reading, transaction
from xueshi_cli import regions
from xueshi_cli.notices import own_notice
from xueshi_cli.workplace import Workplace

NOTICE = EXAMPLES / "notices" / "changzhou-2019.yaml"
OVERLAY = EXAMPLES / "flow-overlays" / "changzhou-2019.yaml"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoticeRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = NoticeRig(folder, f"sqlite:///{folder / 'xueshi.db'}", NOTICE, [Made(has_department=False), Made()])
    yield rig
    rig.engine.dispose()


def test_a_region_shows_its_flows_in_sentences() -> None:
    shown = run("regions", "show", "jiangsu")
    assert "高级研修项目承办单位上报（organiser）：由承办单位在活动结束后20个工作日内填报" in shown
    told = json.loads(run("regions", "show", "jiangsu", "--json"))["环节"]
    assert set(told) == {"JS-records", "JS-yearly"}
    assert any("离职前" in line for line in told["JS-records"])


def test_a_fault_of_a_flow_stands_among_the_findings_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = flow_folder.YEARLY.replace("needed: 2", "needed: 3")
    registry = flow_folder.registry_of(flow_folder.write(tmp_path, yearly=text))
    monkeypatch.setattr(regions, "load", lambda: registry)
    [row] = [
        one
        for one in json.loads(run("regions", "check", "example", "--json", code=1))
        if one["编号"] == "F106"
    ]
    line = text[: text.index("  needed: 3")].count("\n") + 1
    assert (row["级别"], row["位置"], row["条款"]) == ("E", f"example/flows/yearly.yaml:{line}", "EX2020 三")
    assert row["改法"] == "needed: 1 to 2"


def test_the_bureau_says_what_a_unit_is_and_sees_its_levels(rig: NoticeRig) -> None:
    code = rig.units[0].sample.unit.credit_code
    before = run("register", "unit", "show", code, "--year", "2019", "--as", BUREAU)
    assert "单位考核" in before
    assert "行业主管部门认定" not in before
    run("register", "unit", "set", code, "--has-department", "yes", "--sector", "教育", "--as", BUREAU)
    after = json.loads(run("register", "unit", "show", code, "--year", "2019", "--as", BUREAU, "--json"))
    assert after["行业主管部门"] == "有"
    assert "行业主管部门认定" in after["环节"]
    assert "单位考核" not in after["环节"]
    run("register", "unit", "set", code, "--has-department", "by-sector", "--sector", "", "--as", BUREAU)
    assert json.loads(run("register", "unit", "show", code, "--as", BUREAU, "--json"))["行业主管部门"] == "无"
    with reading(rig.engine) as session:
        assert audit.verify(session).broken_at is None


def test_a_unit_may_not_set_itself_and_nonsense_is_refused_with_the_words(rig: NoticeRig) -> None:
    code = rig.units[0].sample.unit.credit_code
    with pytest.raises(NotAllowedError):
        run("register", "unit", "set", code, "--has-department", "no", "--as", "clerk.1")
    with pytest.raises(InputError, match="hr_agency"):
        run("register", "unit", "set", code, "--kind", "agency", "--as", BUREAU)
    with pytest.raises(InputError, match="by-sector"):
        run("register", "unit", "set", code, "--has-department", "maybe", "--as", BUREAU)
    with pytest.raises(InputError, match="没有要设定的内容"):
        run("register", "unit", "set", code, "--as", BUREAU)
    with pytest.raises(NotFoundError, match="register list"):
        run("register", "unit", "show", "12990100000000001X", "--as", BUREAU)


def test_a_departments_account_is_bound_to_its_sector(rig: NoticeRig) -> None:
    area = rig.notice.area
    run(
        "accounts",
        "add",
        "edu",
        "教育局",
        "--role",
        "industry_dept",
        "--area",
        area,
        "--sector",
        "教育",
        "--as",
        BUREAU,
    )
    [listed] = [
        one for one in json.loads(run("accounts", "list", "--as", BUREAU, "--json")) if one["登录名"] == "edu"
    ]
    assert listed["行业系统"] == "教育"
    with reading(rig.engine) as session:
        assert rig.place.actor(session, "edu").scope.sectors == ("教育",)


def opening(tmp_path: Path, overlay: str, year: int = 2018) -> tuple[str, ...]:
    """A notice of another year, so that it can be opened beside the rig's, with an overlay for that year."""
    notice = tmp_path / "notice.yaml"
    notice.write_text(NOTICE.read_text().replace("2019", str(year)), encoding="utf-8")
    file = tmp_path / "overlay.yaml"
    file.write_text(overlay, encoding="utf-8")
    return (
        "campaign",
        "open",
        "--notice",
        str(notice),
        "--flow-overlay",
        str(file),
        "--as",
        BUREAU,
        "--standing",
    )


def test_a_campaign_opens_under_a_bureaus_overlay(rig: NoticeRig, tmp_path: Path) -> None:
    assert "单位 2 家" in run(*opening(tmp_path, OVERLAY.read_text().replace("2019", "2018")))
    with reading(rig.engine) as session:
        opened = next(one for one in campaign_rows.campaigns(session, ENGINE) if one.year == 2018)
        assert opened.flow_overlay_digest is not None


def test_out_of_rehearsal_a_campaign_opens_under_published_settings_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "real"))
    place = Workplace.here()
    area = own_notice(place.registry, NOTICE).area
    with transaction(place.engine) as session:
        unit_rows.add_units(session, ENGINE, [NewUnit("123204000000000012", "示例单位", area)])
        officers = [NewAccount(login, login, "bureau", area) for login in (BUREAU, "second")]
        access.add_accounts(session, ENGINE, officers)
    words = [
        one for one in opening(tmp_path, OVERLAY.read_text().replace("2019", "2018")) if one != "--standing"
    ]
    file = words[words.index("--flow-overlay") + 1]
    with pytest.raises(InputError, match="流程调整还没有发布"):
        run(*words)
    draft = re.search(r"草案 ([0-9a-f]{12})", run("flows", "draft", file, "--as", BUREAU))
    assert draft is not None
    with pytest.raises(InputError, match="流程调整还没有发布"):
        run(*words)
    run("flows", "publish", draft[1], "--reason", "同意", "--as", "second")
    assert "单位 1 家" in run(*words)
    place.engine.dispose()


def test_an_overlay_that_cannot_be_opens_nothing(rig: NoticeRig, tmp_path: Path) -> None:
    text = OVERLAY.read_text().replace("2019", "2018")
    for wrong, told in (
        (text.replace("days: 15", "dais: 15"), "没有“dais”这一项；是否为“days”？改法：写 days"),
        (text.replace("inspection: {", "inspecton: {"), "没有环节“inspecton”；是否为“inspection”"),
        (text.replace("drop: []", "drop: [unit]"), "不是可选环节，不能去掉"),
    ):
        with pytest.raises(InputError, match=told):
            run(*opening(tmp_path, wrong))
    with pytest.raises(InputError, match="找不到流程调整文件"):
        run("campaign", "open", "--notice", str(NOTICE), "--flow-overlay", "nowhere.yaml", "--as", BUREAU)
    assert len(json.loads(run("campaign", "list", "--as", BUREAU, "--json"))) == 1


def test_a_task_names_the_level_of_its_own_flow(rig: NoticeRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.step(unit)
    [task] = json.loads(run("tasks", "list", "--as", "unit_verifier.1", "--json"))
    assert "单位考核" in run("tasks", "show", str(next(iter(task.values()))), "--as", "unit_verifier.1")


def test_who_is_left_out_by_another_law_is_said_at_opening(rig: NoticeRig, tmp_path: Path) -> None:
    run("register", "unit", "set", rig.units[1].sample.unit.credit_code, "--sector", "机关", "--as", BUREAU)
    notice = EXAMPLES / "notices" / "changzhou-2024.yaml"
    told = run("campaign", "open", "--notice", str(notice), "--as", BUREAU, "--standing")
    assert "单位 1 家；另有 1 家按其行业系统适用别的文件" in told
