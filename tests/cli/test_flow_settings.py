"""`xueshi flows`: a bureau's settings of its flows: checked, drafted, published by another, seen by what is filed, withdrawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from records_rig import AREA, FLOW, YEARLY, RecordsRig, identity

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.year_round import flow_settings
from xueshi.canonical import canonical_json
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.plugin_files import read_flow_overlay
from xueshi.registry import Ask
from xueshi.storage import reading, transaction

HEAD = """\
xueshi: 1
overlay:
  of: test-records
  by: 示例市人社局
  document: 示人社〔2024〕3号
  decided: 2024-02-20
  years: 2024 to 2025
"""
DAYS = HEAD + "set:\n  unit: {days: 2, signers: {unit_personnel: 人事处}}\n"
TRAINING = (
    "--kind", "单位内部培训", "--content", "安全生产培训", "--start", "2024-02-01", "--end", "2024-02-02",
    "--fact", "days=2", "--fact", "hours_stated=yes", "--fact", "hours=16", "--claimed", "16",
)  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordsRig]:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    unit, department = FLOW.levels
    flow = replace(FLOW, levels=(unit, replace(department, optional="yes")))
    monkeypatch.setattr(Ask, "approval_flows", lambda _self, year: [flow, YEARLY] if year >= 2024 else [])
    rig = RecordsRig(folder, "")
    with transaction(rig.engine) as session:
        access.add_accounts(session, Scope.everything(), [NewAccount("second", "复核人", "bureau", AREA)])
    yield rig
    rig.engine.dispose()


def file_of(folder: Path, text: str = DAYS) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def drafted(file: str, officer: str = "bureau") -> str:
    """Draft settings; returns the draft's short digest."""
    found = re.search(r"草案 ([0-9a-f]{12})", run("flows", "draft", file, "--as", officer))
    assert found is not None
    return found[1]


def publish(file: str, maker: str = "bureau", publisher: str = "second") -> str:
    """Draft settings and let another publish them; returns what that says."""
    return run("flows", "publish", drafted(file, maker), "--reason", "局长办公会决定", "--as", publisher)


def withdraw(number: str, reason: str = "另行规定") -> str:
    """Draft a withdrawal and let another publish it."""
    said = run("flows", "withdraw", number, "--reason", reason, "--as", "bureau")
    found = re.search(r"草案 ([0-9a-f]{12})", said)
    assert found is not None
    return run("flows", "publish", found[1], "--reason", "同意", "--as", "second")


def filed(number: int, content: str = "") -> str:
    more = ("--content", content) if content else ()
    said = run("records", "file", identity(number), "--as", "unit_clerk.a", *TRAINING, *more, "--json")
    return str(json.loads(said)["record"])


def seen(record: str) -> Any:
    return json.loads(run("records", "show", record, "--as", "unit_clerk.a", "--json"))


def due_days(rig: RecordsRig, record: str) -> int | None:
    return next(one.due_days for one in rig.tasks("unit_personnel.a") if str(one.record_id) == record)


def test_what_is_filed_after_publishing_passes_the_flow_so_set(rig: RecordsRig, tmp_path: Path) -> None:
    before = filed(1)
    said = publish(file_of(tmp_path))
    assert f"已发布（{AREA}，第1号）" in said
    after = filed(2)
    assert "2个工作日内办结" in seen(after)["环节"][0]
    assert "人事处" in seen(after)["环节"][0]
    assert "依示例市人社局示人社〔2024〕3号调整" in seen(after)["环节"][0]
    assert "5个工作日内办结" in seen(before)["环节"][0], "the flow under which it was filed stays"
    assert (due_days(rig, before), due_days(rig, after)) == (5, 2)
    rig.proved()


def test_an_open_record_keeps_its_flow_when_it_is_returned_and_a_correction_has_the_new_one(
    rig: RecordsRig, tmp_path: Path
) -> None:
    record = filed(1)
    (task,) = rig.tasks("unit_personnel.a")
    run("tasks", "decide", str(task.id), "--return", "--reason", "缺证明", "--as", "unit_personnel.a")
    publish(file_of(tmp_path))
    run("records", "resubmit", record, "--as", "unit_clerk.a")
    assert due_days(rig, record) == 5
    said = json.loads(
        run("records", "correct", record, "--reason", "学时有误", "--claimed", "8", "--as", "unit_clerk.a", "--json")
    )  # fmt: skip
    assert due_days(rig, said["record"]) == 2
    rig.proved()


def test_withdrawn_settings_hold_for_what_was_filed_under_them_only(rig: RecordsRig, tmp_path: Path) -> None:
    publish(file_of(tmp_path))
    record = filed(1)
    assert "已撤销第1号" in withdraw("1")
    later = filed(2)
    assert (due_days(rig, record), due_days(rig, later)) == (2, 5)
    [line] = json.loads(run("flows", "list", "--as", "bureau", "--json"))
    assert (line["编号"], line["撤销"]) == (1, "2024-03-01")
    with pytest.raises(InputError, match="已于 2024-03-01 撤销"):
        withdraw("1", "又一次")
    publish(file_of(tmp_path))
    assert due_days(rig, filed(1, "消防培训")) == 2, "published anew, they hold again"
    with reading(rig.engine) as session:
        assert audit.verify(session).broken_at is None


def test_the_same_file_again_changes_nothing_and_the_newest_counts(rig: RecordsRig, tmp_path: Path) -> None:
    for _ in range(2):
        assert "第1号" in publish(file_of(tmp_path))
    publish(file_of(tmp_path, DAYS.replace("days: 2", "days: 9")))
    assert due_days(rig, filed(1)) == 9
    assert "第3号" in publish(file_of(tmp_path))
    assert due_days(rig, filed(2)) == 2


def test_the_closest_area_goes_before_a_wider_one_and_a_year_outside_is_left_alone(
    rig: RecordsRig, tmp_path: Path
) -> None:
    with transaction(rig.engine) as session:
        access.add_accounts(
            session,
            Scope.everything(),
            [NewAccount(one, "省厅", "bureau", "320000") for one in ("province", "province2")],
        )
    publish(file_of(tmp_path, DAYS.replace("days: 2", "days: 7")))
    publish(file_of(tmp_path), "province", "province2")
    assert due_days(rig, filed(1)) == 7
    withdraw("1", "从省里的规定")
    assert due_days(rig, filed(2)) == 2
    shown = run("flows", "show", "--year", "2024", "--as", "unit_personnel.a")
    assert "2个工作日内办结" in shown
    assert "2个工作日内办结" not in run("flows", "show", "--year", "2026", "--as", "unit_personnel.a")


def test_a_dropped_level_is_gone_from_the_way_in(rig: RecordsRig, tmp_path: Path) -> None:
    text = HEAD + "drop: [department]\n"
    with pytest.raises(InputError, match="以“高级研修项目”申报的学时没有人认定"):
        run("flows", "check", file_of(tmp_path, text), "--area", AREA)
    with pytest.raises(InputError, match="F309"):
        publish(file_of(tmp_path, text))
    assert json.loads(run("flows", "list", "--as", "bureau", "--json")) == [], "nothing was written"


def test_a_file_is_checked_before_it_is_published(rig: RecordsRig, tmp_path: Path) -> None:
    said = run("flows", "check", file_of(tmp_path), "--area", AREA)
    assert "没有问题" in said
    assert "2个工作日内办结" in said
    yearly = HEAD.replace("test-records", "yearly")
    assert "年度验证" in run("flows", "check", file_of(tmp_path, yearly), "--area", AREA)
    for old, new, says in (
        ("test-records", "test-record", "F301 .*是否为“test-records”"),
        ("2024 to 2025", "2012", "F302"),
        ("days: 2", "days: 0", r"own\.yaml:9: F307"),
        ("days: 2", "dayz: 2", r"own\.yaml:9: .*dayz"),
    ):
        with pytest.raises(InputError, match=says):
            publish(file_of(tmp_path, DAYS.replace(old, new)))
    rig.proved()


def test_who_may_not_draft_and_what_is_of_another_day(rig: RecordsRig, tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError):
        drafted(file_of(tmp_path), "unit_clerk.a")
    with pytest.raises(NotAllowedError, match="不在账号 bureau 的管理范围；流程调整由"):
        run("flows", "draft", file_of(tmp_path), "--area", "320200", "--as", "bureau")
    early = drafted(file_of(tmp_path, DAYS.replace("2024-02-20", "2024-12-20")))
    said = run("flows", "publish", early, "--reason", "同意", "--as", "second", code=1)
    assert "2024-12-20 还没有到" in said
    with pytest.raises(NotFoundError, match="没有第1号"):
        run("flows", "withdraw", "1", "--reason", "错", "--as", "bureau")
    publish(file_of(tmp_path))
    assert "写明原因" in run("flows", "withdraw", "1", "--reason", " ", "--as", "bureau", code=1)
    with pytest.raises(NotAllowedError):
        run("flows", "withdraw", "1", "--reason", "错", "--as", "unit_clerk.a")
    rig.proved()


def test_the_maker_of_a_draft_does_not_publish_it(rig: RecordsRig, tmp_path: Path) -> None:
    name = drafted(file_of(tmp_path))
    assert drafted(file_of(tmp_path)) == name, "the same again is the same draft"
    assert due_days(rig, filed(1)) == 5, "a draft holds nowhere"
    words = ("flows", "publish", name, "--as")
    assert "起草、发布分离" in run(*words, "bureau", "--reason", "同意", code=1)
    assert "须写明原因" in run(*words, "second", code=1)
    with pytest.raises(InputError, match="请先起草"):
        run("flows", "publish", file_of(tmp_path), "--reason", "同意", "--as", "second")
    with pytest.raises(NotFoundError, match="xueshi flows drafts"):
        run("flows", "publish", "0000000000", "--reason", "同意", "--as", "second")
    with pytest.raises(NotFoundError, match="xueshi rules drafts"):
        run("rules", "publish", name, "--reason", "同意", "--as", "second")
    assert "已发布" in run(*words, "second", "--reason", "同意")
    assert "不能再次发布；见 xueshi flows drafts" in run(*words, "second", "--reason", "同意", code=1)
    assert due_days(rig, filed(2)) == 2
    [line] = json.loads(run("flows", "drafts", "--as", "bureau", "--json"))
    assert (line["状态"], line["起草"][:1], line["发布"][:3]) == ("已发布", "局", "复核人")
    assert json.loads(run("rules", "drafts", "--as", "bureau", "--json")) == []
    rig.proved()


def test_a_deputy_of_the_maker_does_not_publish_for_him(rig: RecordsRig, tmp_path: Path) -> None:
    name = drafted(file_of(tmp_path))
    run(
        "accounts",
        "delegate",
        "second",
        "--since",
        "2024-02-20",
        "--until",
        "2099-12-31",
        "--reason",
        "休假",
        "--as",
        "bureau",
    )
    said = run("flows", "publish", name, "--reason", "同意", "--as", "second:bureau@bureau", code=1)
    assert "起草、发布分离" in said
    [line] = json.loads(run("flows", "drafts", "--as", "bureau", "--json"))
    assert line["状态"] == "草案"


def test_whoever_lent_his_role_to_the_maker_does_not_publish_what_he_drafted(
    rig: RecordsRig, tmp_path: Path
) -> None:
    days = ("--since", "2024-02-20", "--until", "2099-12-31")
    run("accounts", "delegate", "second", *days, "--reason", "休假", "--as", "bureau")
    name = drafted(file_of(tmp_path), "second:bureau@bureau")
    for officer in ("bureau", "second"):
        said = run("flows", "publish", name, "--reason", "同意", "--as", officer, code=1)
        assert "起草、发布分离" in said
    assert json.loads(run("flows", "drafts", "--as", "bureau", "--json"))[0]["状态"] == "草案"


def test_the_maker_of_a_withdrawal_does_not_publish_it(rig: RecordsRig, tmp_path: Path) -> None:
    publish(file_of(tmp_path))
    found = re.search(
        r"草案 ([0-9a-f]{12})", run("flows", "withdraw", "1", "--reason", "错", "--as", "second")
    )
    assert found is not None
    assert "已经起草" in run("flows", "withdraw", "1", "--reason", "错", "--as", "bureau", code=1)
    assert "起草、发布分离" in run("flows", "publish", found[1], "--reason", "同意", "--as", "second", code=1)
    assert due_days(rig, filed(1)) == 2, "until it is published they hold"
    run("flows", "publish", found[1], "--reason", "同意", "--as", "bureau")
    assert due_days(rig, filed(2)) == 5
    states = [one["状态"] for one in json.loads(run("flows", "drafts", "--as", "bureau", "--json"))]
    assert states == ["已撤销", "已办理"]
    rig.proved()


def test_settings_of_a_campaigns_flow_are_published_for_its_opening(rig: RecordsRig, tmp_path: Path) -> None:
    file = file_of(
        tmp_path,
        HEAD.replace("test-records", "yearly") + "set:\n  unit: {signers: {unit_personnel: 人事处}}\n",
    )
    overlay = read_flow_overlay(Path(file), "own.yaml")

    def refused(area: str = AREA) -> bool:
        with reading(rig.engine) as session:
            try:
                flow_settings.require_published(session, area, overlay)
            except InputError:
                return True
        return False

    assert refused()
    name = drafted(file)
    assert refused(), "a draft opens nothing"
    said = run("flows", "publish", name, "--reason", "同意", "--as", "second")
    assert "xueshi campaign open --flow-overlay" in said
    assert not refused()
    assert refused("320200"), "another area's"
    withdraw("1")
    assert refused()


def test_what_was_published_by_one_before_still_holds(rig: RecordsRig, tmp_path: Path) -> None:
    """Settings of an older engine have no draft; they hold, and are withdrawn by two."""
    overlay = read_flow_overlay(Path(file_of(tmp_path)), "own.yaml")
    old = {
        "number": 1, "area": AREA, "instrument": "JS2023", "published": "2024-02-25", "overlay": overlay.as_plain(),
    }  # fmt: skip
    with transaction(rig.engine) as session:
        audit.store_artifact(session, "record_flow_overlay", canonical_json(old).encode())
    assert due_days(rig, filed(1)) == 2
    withdraw("1")
    assert due_days(rig, filed(2)) == 5
    rig.proved()


def test_settings_that_no_longer_fit_the_installed_flow_stop_the_filing_and_say_so(
    rig: RecordsRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(file_of(tmp_path))
    renamed = replace(FLOW.levels[0], id="own")
    ways = tuple(replace(one, levels=tuple("own" if level == "unit" else level for level in one.levels)) for one in FLOW.channels)  # fmt: skip
    upgraded = replace(FLOW, levels=(renamed, replace(FLOW.levels[1], returns_to=("own",))), channels=ways)
    monkeypatch.setattr(Ask, "approval_flows", lambda _self, year: [upgraded] if year >= 2024 else [])
    with pytest.raises(InputError, match=r"第1号）与现行流程不符.*xueshi flows withdraw 1.*F303"):
        filed(1)
    withdraw("1", "流程已改")
    assert due_days(rig, filed(1)) == 5
