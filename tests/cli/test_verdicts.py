"""Verdicts in bulk: open tasks out as a workbook, filled, back in row by row; each row a command of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import ENGINE, CampaignRig
from command_line import run
from openpyxl import load_workbook

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.figures.verdict_sheet import HEADINGS, SHEET
from xueshi.campaigns.rows import agreement_rows, task_rows
from xueshi.errors import InputError
from xueshi.storage import reading, transaction


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    """A campaign in which the verifier has records to settle in two units."""
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", people=60)
    for unit in rig.units[:2]:
        rig.hand_in(unit)
        rig.sign(unit)
    yield rig
    rig.engine.dispose()


def exported(rig: CampaignRig) -> Path:
    path = rig.place.folder / "tasks.xlsx"
    path.unlink(missing_ok=True)
    run("tasks", "export", "-o", str(path), "--as", rig.verifier)
    return path


def filled(rig: CampaignRig, answers: dict[str, tuple[object, str]], name: str = "filled.xlsx") -> Path:
    """Fill the first row of each kind of task that is named; returns the workbook."""
    book = load_workbook(exported(rig))
    sheet = book[SHEET]
    left = dict(answers)
    for row in sheet.iter_rows(min_row=2):
        cells = dict(zip(HEADINGS, row, strict=True))
        matter = cells["事项"].value
        if matter in left:
            cells["认定"].value, cells["原因"].value = left.pop(matter)
    assert not left, f"no row of {left}"
    path = rig.place.folder / name
    book.save(path)
    return path


def take(rig: CampaignRig, path: Path, *more: str, code: int = 0) -> list[dict[str, Any]]:
    words = ("tasks", "import", str(path), "--as", rig.verifier, "--json", *more)
    found: list[dict[str, Any]] = json.loads(run(*words, code=code))
    return found


def open_tasks(rig: CampaignRig) -> set[Any]:
    with reading(rig.engine) as session:
        return {task.id for task in task_rows.open_tasks(session, ENGINE)}


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


GOOD = {"裁量认定": (8, "按学习小结"), "单位审验": ("通过", "")}


def test_each_question_is_a_row_with_its_answers_to_choose_from(rig: CampaignRig) -> None:
    book = load_workbook(exported(rig))
    sheet = book[SHEET]
    rows = [dict(zip(HEADINGS, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
    with reading(rig.engine) as session:
        waiting = task_rows.open_tasks(session, ENGINE, role=rig.verifier)
    assert {row["待办"] for row in rows} == {str(task.id) for task in waiting}
    assert {row["单位"] for row in rows} == {unit.sample.unit.name for unit in rig.units[:2]}
    discretion = next(row for row in rows if row["事项"] == "裁量认定")
    assert discretion["人员"]
    assert discretion["依据"]
    assert "认定学时" in discretion["问题"]
    place = HEADINGS.index("认定") + 1
    lists = {
        str(area): one.formula1 for one in sheet.data_validations.dataValidation for area in one.sqref.ranges
    }
    for number, row in enumerate(rows, start=2):
        at = sheet.cell(number, place).coordinate
        assert (lists.get(at) == '"通过,退回,不予通过"') == (row["事项"] == "单位审验")
    assert sheet.column_dimensions["A"].hidden


def test_a_dry_run_is_the_default_and_does_nothing(rig: CampaignRig) -> None:
    before = open_tasks(rig)
    found = take(rig, filled(rig, GOOD))
    assert {one["结果"] for one in found} == {"可以办理"}
    assert open_tasks(rig) == before
    with reading(rig.engine) as session:
        assert agreement_rows.commands_by_state(session).get("pending", 0) == 0


def test_each_row_becomes_a_command_and_the_same_file_again_changes_nothing(rig: CampaignRig) -> None:
    before = open_tasks(rig)
    path = filled(rig, GOOD)
    found = take(rig, path, "--commit")
    assert sorted(one["结果"] for one in found) == ["已办结", "已登记，等待执行"], (
        "a unit's waits for the server"
    )
    after = open_tasks(rig)
    assert len(before - after) == 1
    proved(rig)
    again = take(rig, path, "--commit")
    assert {one["结果"] for one in again} == {"此前已导入"}
    assert open_tasks(rig) == after
    with reading(rig.engine) as session:
        assert agreement_rows.commands_by_state(session)["pending"] == 1
    proved(rig)


def test_a_row_of_an_earlier_version_is_refused_and_the_others_are_done(rig: CampaignRig) -> None:
    path = filled(rig, GOOD)
    book = load_workbook(path)
    sheet = book[SHEET]
    place = HEADINGS.index("版本") + 1
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, HEADINGS.index("事项") + 1).value == "裁量认定":
            sheet.cell(row, place).value = "0"
    book.save(path)
    for commit in ((), ("--commit",)):
        found = {one["行"]: one for one in take(rig, path, *commit, code=1)}
        refused = [one for one in found.values() if "您看到的是第 0 版" in one["说明"]]
        assert len(refused) == 1
        assert len(found) == 2
    proved(rig)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (("许多", ""), "“许多”应为数字"),
        ((-1, ""), "应为不小于 0 的数"),
        (("存疑", ""), "“存疑”没有写明原因"),
        ((99_999, ""), ""),
    ],
)
def test_a_wrong_answer_is_refused_in_its_row_with_the_reason(
    rig: CampaignRig, answer: tuple[object, str], words: str
) -> None:
    before = open_tasks(rig)
    path = filled(rig, {"裁量认定": answer})
    for commit in ((), ("--commit",)):
        (refused,) = take(rig, path, *commit, code=1)
        assert words in refused["说明"]
        assert refused["说明"]
        assert refused["行"] >= 2
    assert open_tasks(rig) == before


def test_a_question_may_be_left_open_with_a_reason(rig: CampaignRig) -> None:
    before = open_tasks(rig)
    (done,) = take(rig, filled(rig, {"裁量认定": ("存疑", "证明待补")}), "--commit")
    assert done["结果"] == "已办结"
    assert len(before - open_tasks(rig)) == 1


def test_a_reason_without_a_verdict_is_told(rig: CampaignRig) -> None:
    (told,) = take(rig, filled(rig, {"裁量认定": (None, "看过了")}), code=1)
    assert "写了原因，没有填写认定" in told["说明"]


def test_a_task_of_another_officer_is_refused_in_its_row(rig: CampaignRig) -> None:
    path = filled(rig, GOOD)
    clerk = rig.units[2].signers[0]
    found = json.loads(run("tasks", "import", str(path), "--as", clerk, "--json", code=1))
    assert {one["结果"] for one in found} == {"不能办理"}


def test_a_task_that_somebody_settled_meanwhile_is_refused(rig: CampaignRig) -> None:
    path = filled(rig, {"裁量认定": (8, "")})
    for unit in rig.units[:2]:
        rig.settle(unit)
    (refused,) = take(rig, path, "--commit", code=1)
    assert "已由他人办结" in refused["说明"]


def test_an_id_that_was_altered_is_told(rig: CampaignRig) -> None:
    path = filled(rig, {"裁量认定": (8, "")})
    book = load_workbook(path)
    for row in book[SHEET].iter_rows(min_row=2, max_col=1):
        row[0].value = "改了"
    book.save(path)
    (told,) = take(rig, path, code=1)
    assert "待办编号或版本被改动" in told["说明"]


def test_nothing_to_do_writes_no_file(rig: CampaignRig) -> None:
    path = rig.place.folder / "none.xlsx"
    assert "没有等您办理的事项" in run("tasks", "export", "-o", str(path), "--as", "bureau")
    assert not path.exists()


def listed(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*words, "--json"))
    return found


def record_tasks(rig: CampaignRig) -> tuple[str, list[dict[str, Any]]]:
    """Return the verifier and the tasks on records as they are shown to it."""
    found = listed("tasks", "list", "--as", rig.verifier)
    of_records = [one for one in found if one["事项"] in ("记录待补", "裁量认定")]
    assert of_records
    return rig.verifier, [
        json.loads(run("tasks", "show", one["待办"], "--as", rig.verifier, "--json")) for one in of_records
    ]


def test_a_task_on_a_record_says_the_command_that_settles_it(rig: CampaignRig) -> None:
    officer, shown = record_tasks(rig)
    one = next(task for task in shown if "--value" in task["办理"])
    assert task_command(one) == f"xueshi tasks decide {one['待办']} --as {officer} --value"
    asked = one["需要"].split("（")[0]
    with pytest.raises(InputError, match=f"需要的是：{asked}"):
        run("tasks", "decide", one["待办"], "--as", officer, "--fact", "别的=1")
    with pytest.raises(InputError, match="一次填写一项"):
        run("tasks", "decide", one["待办"], "--as", officer, "--fact", f"{asked}=1", "--fact", f"{asked}=2")
    answer = "8" if one["事项"] == "裁量认定" else "是" if "yes" in one["需要"] else "8"
    assert "办" in run("tasks", "decide", one["待办"], "--as", officer, "--fact", f"{asked}={answer}")
    left = [task["待办"] for task in listed("tasks", "list", "--as", officer)]
    assert (
        one["待办"] not in left
        or one["需要"] != json.loads(run("tasks", "show", one["待办"], "--as", officer, "--json"))["需要"]
    )


def task_command(shown: dict[str, Any]) -> str:
    return str(shown["办理"]).split("--value")[0] + "--value"


def test_approving_a_record_instead_of_its_unit_is_explained(rig: CampaignRig) -> None:
    officer, shown = record_tasks(rig)
    with pytest.raises(InputError, match="不是整个单位的审验") as told:
        run("tasks", "decide", shown[0]["待办"], "--approve", "--as", officer)
    assert shown[0]["办理"] in str(told.value)
    unit = next(one for one in listed("tasks", "list", "--as", officer) if one["事项"] == "单位审验")
    with pytest.raises(InputError, match="对整个单位作决定"):
        run("tasks", "decide", unit["待办"], "--value", "8", "--as", officer)
    assert json.loads(run("tasks", "show", unit["待办"], "--as", officer, "--json"))["办理"] == ""


def test_what_was_handed_over_goes_out_to_whoever_has_it_now(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, rig.verifier)
        access.add_accounts(session, ENGINE, [NewAccount("other", "接办", actor.role, actor.area)])
    row = rig.give(rig.verifier, "hand_over", actor.grant_id, None, {"to": "other", "reason": "调岗"})
    assert row.state == "done", row.reason
    path = rig.place.folder / "mine.xlsx"
    run("tasks", "export", "-o", str(path), "--as", rig.verifier)
    mine = load_workbook(path)[SHEET].max_row - 1 if path.exists() else 0
    run("tasks", "export", "-o", str(rig.place.folder / "theirs.xlsx"), "--as", "other")
    theirs = load_workbook(rig.place.folder / "theirs.xlsx")[SHEET].max_row - 1
    assert (mine, theirs > 0) == (0, True)
