"""`xueshi register`: template, dry run, commit, marked workbook."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from workbook_rig import WorkbookRig

from xueshi_cli.main import build

RUN = CliRunner()


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkbookRig:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    made = WorkbookRig(tmp_path)
    added = RUN.invoke(
        build("accounts"),
        ["accounts", "add", "bureau", "某局", "--role", "bureau", "--area", made.area],
    )
    assert added.exit_code == 0, added.output
    return made


def run(rig: WorkbookRig, *words: str) -> tuple[int, str]:
    done = RUN.invoke(build("register"), ["register", *words])
    return done.exit_code, done.output


def import_(rig: WorkbookRig, path: Path, *more: str) -> tuple[int, str]:
    return run(rig, "import", str(path), "--as", "bureau", "--region", rig.region, "--area", rig.area, *more)


def test_a_template_asks_what_the_rules_read(rig: WorkbookRig) -> None:
    target = rig.folder / "template.xlsx"
    code, output = run(rig, "template", rig.region, "--area", rig.area, "-o", str(target))
    assert code == 0, output
    book = load_workbook(target)
    assert book.sheetnames == ["单位", "人员", "学习记录", "填表说明"]
    headings = [cell.value for cell in book["学习记录"][1]]
    assert headings == list(rig.vocabulary.record_headings)
    assert book["学习记录"].data_validations.count > 0


def test_a_template_does_not_overwrite(rig: WorkbookRig) -> None:
    target = rig.folder / "template.xlsx"
    target.write_text("我的")
    done = RUN.invoke(build("register"), ["register", "template", rig.region, "-o", str(target)])
    assert "已存在" in str(done.exception)
    assert target.read_text() == "我的"


def test_a_dry_run_is_the_default_and_writes_nothing(rig: WorkbookRig) -> None:
    code, output = import_(rig, rig.write())
    assert code == 0, output
    assert "未写入" in output
    assert json.loads(run(rig, "list", "--as", "bureau", "--json")[1]) == []


def test_a_commit_writes_and_again_changes_nothing(rig: WorkbookRig) -> None:
    path = rig.write()
    assert "已入库" in import_(rig, path, "--commit")[1]
    assert "没有变化" in import_(rig, path, "--commit")[1]
    assert len(json.loads(run(rig, "list", "--as", "bureau", "--json")[1])) == 1


def test_problems_are_listed_and_the_marked_workbook_comes_back(rig: WorkbookRig) -> None:
    wrong = rig.with_cell("人员", "姓名", None)
    code, output = import_(rig, wrong, "--commit", "--marked", str(rig.folder / "marked"), "--json")
    assert code == 2
    assert json.loads(output)[0]["单元格"] == "B2"
    marked = load_workbook(rig.folder / "marked" / "spoiled-已标注.xlsx")
    assert marked.sheetnames[0] == "问题清单"
    assert "没有填写" in marked["人员"]["B2"].comment.text
    assert marked["人员"]["B2"].fill.fgColor.rgb.endswith("FFC7CE")


def test_an_unreadable_file_comes_back_as_a_list(rig: WorkbookRig) -> None:
    letter = rig.folder / "letter.xlsx"
    letter.write_text("您好")
    code, _ = import_(rig, letter, "--marked", str(rig.folder / "marked"))
    assert code == 2
    assert load_workbook(rig.folder / "marked" / "letter-已标注.xlsx").sheetnames == ["问题清单"]
