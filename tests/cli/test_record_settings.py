"""`xueshi flows`: a bureau's settings of the flow for records: checked, published, seen by what is filed, withdrawn."""

from __future__ import annotations

import json
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
from xueshi.errors import InputError, NotAllowedError, NotFoundError
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
    yield rig
    rig.engine.dispose()


def file_of(folder: Path, text: str = DAYS) -> str:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


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
    said = run("flows", "publish", file_of(tmp_path), "--as", "bureau")
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
    run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    run("records", "resubmit", record, "--as", "unit_clerk.a")
    assert due_days(rig, record) == 5
    said = json.loads(
        run("records", "correct", record, "--reason", "学时有误", "--claimed", "8", "--as", "unit_clerk.a", "--json")
    )  # fmt: skip
    assert due_days(rig, said["record"]) == 2
    rig.proved()


def test_withdrawn_settings_hold_for_what_was_filed_under_them_only(rig: RecordsRig, tmp_path: Path) -> None:
    run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    record = filed(1)
    assert "已撤销第1号" in run("flows", "withdraw", "1", "--reason", "另行规定", "--as", "bureau")
    later = filed(2)
    assert (due_days(rig, record), due_days(rig, later)) == (2, 5)
    [line] = json.loads(run("flows", "list", "--as", "bureau", "--json"))
    assert (line["编号"], line["撤销"]) == (1, "2024-03-01")
    with pytest.raises(InputError, match="已于 2024-03-01 撤销"):
        run("flows", "withdraw", "1", "--reason", "又一次", "--as", "bureau")
    run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    assert due_days(rig, filed(1, "消防培训")) == 2, "published anew, they hold again"
    with reading(rig.engine) as session:
        assert audit.verify(session).broken_at is None


def test_the_same_file_again_changes_nothing_and_the_newest_counts(rig: RecordsRig, tmp_path: Path) -> None:
    first = run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    assert run("flows", "publish", file_of(tmp_path), "--as", "bureau") == first
    run("flows", "publish", file_of(tmp_path, DAYS.replace("days: 2", "days: 9")), "--as", "bureau")
    assert due_days(rig, filed(1)) == 9
    assert "第3号" in run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    assert due_days(rig, filed(2)) == 2


def test_the_closest_area_goes_before_a_wider_one_and_a_year_outside_is_left_alone(
    rig: RecordsRig, tmp_path: Path
) -> None:
    with transaction(rig.engine) as session:
        access.add_accounts(session, Scope.everything(), [NewAccount("province", "省厅", "bureau", "320000")])
    run("flows", "publish", file_of(tmp_path, DAYS.replace("days: 2", "days: 7")), "--as", "bureau")
    run("flows", "publish", file_of(tmp_path), "--as", "province")
    assert due_days(rig, filed(1)) == 7
    run("flows", "withdraw", "1", "--reason", "从省里的规定", "--as", "bureau")
    assert due_days(rig, filed(2)) == 2
    shown = run("flows", "show", "--year", "2024", "--as", "unit_personnel.a")
    assert "2个工作日内办结" in shown
    assert "2个工作日内办结" not in run("flows", "show", "--year", "2026", "--as", "unit_personnel.a")


def test_a_dropped_level_is_gone_from_the_way_in(rig: RecordsRig, tmp_path: Path) -> None:
    text = HEAD + "drop: [department]\n"
    with pytest.raises(InputError, match="以“高级研修项目”申报的学时没有人认定"):
        run("flows", "check", file_of(tmp_path, text), "--area", AREA)
    with pytest.raises(InputError, match="F309"):
        run("flows", "publish", file_of(tmp_path, text), "--as", "bureau")
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
            run("flows", "publish", file_of(tmp_path, DAYS.replace(old, new)), "--as", "bureau")
    rig.proved()


def test_who_may_not_publish_and_what_is_no_record_flow(rig: RecordsRig, tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError):
        run("flows", "publish", file_of(tmp_path), "--as", "unit_clerk.a")
    with pytest.raises(InputError, match="不在您的管理范围"):
        run("flows", "publish", file_of(tmp_path), "--area", "320200", "--as", "bureau")
    with pytest.raises(InputError, match="2024-12-20 还没有到"):
        run("flows", "publish", file_of(tmp_path, DAYS.replace("2024-02-20", "2024-12-20")), "--as", "bureau")
    yearly = HEAD.replace("test-records", "yearly")
    with pytest.raises(InputError, match="campaign open --flow-overlay"):
        run("flows", "publish", file_of(tmp_path, yearly), "--as", "bureau")
    with pytest.raises(NotFoundError, match="没有第1号"):
        run("flows", "withdraw", "1", "--reason", "错", "--as", "bureau")
    run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    with pytest.raises(InputError, match="写明原因"):
        run("flows", "withdraw", "1", "--reason", " ", "--as", "bureau")
    with pytest.raises(NotAllowedError):
        run("flows", "withdraw", "1", "--reason", "错", "--as", "unit_clerk.a")


def test_settings_that_no_longer_fit_the_installed_flow_stop_the_filing_and_say_so(
    rig: RecordsRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("flows", "publish", file_of(tmp_path), "--as", "bureau")
    renamed = replace(FLOW.levels[0], id="own")
    ways = tuple(replace(one, levels=tuple("own" if level == "unit" else level for level in one.levels)) for one in FLOW.channels)  # fmt: skip
    upgraded = replace(FLOW, levels=(renamed, replace(FLOW.levels[1], returns_to=("own",))), channels=ways)
    monkeypatch.setattr(Ask, "approval_flows", lambda _self, year: [upgraded] if year >= 2024 else [])
    with pytest.raises(InputError, match=r"第1号）与现行流程不符.*xueshi flows withdraw 1.*F303"):
        filed(1)
    run("flows", "withdraw", "1", "--reason", "流程已改", "--as", "bureau")
    assert due_days(rig, filed(1)) == 5
