"""`xueshi register`: template, dry run, commit, marked workbook."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from workbook_rig import WorkbookRig

from xueshi.errors import InputError, NotAllowedError, NotEncodedError
from xueshi.register.checking import check_workbook
from xueshi.registry import load
from xueshi_cli.main import build

RUN = CliRunner()


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkbookRig:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    made = WorkbookRig(tmp_path)
    added = RUN.invoke(
        build(),
        ["accounts", "add", "bureau", "某局", "--role", "bureau", "--area", made.area],
    )
    assert added.exit_code == 0, added.output
    return made


def run(rig: WorkbookRig, *words: str) -> tuple[int, str]:
    done = RUN.invoke(build(), ["register", *words])
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


def test_the_unit_sheet_asks_what_a_unit_is_and_older_workbooks_need_not_say(rig: WorkbookRig) -> None:
    book = load_workbook(rig.write())
    sheet = book["单位"]
    headings = [cell.value for cell in sheet[1]]
    assert headings[-2:] == ["单位性质", "行业主管部门"]
    lists = [str(check.formula1) for check in sheet.data_validations.dataValidation if check.type == "list"]
    assert any("用人单位" in words for words in lists)
    assert any("有,无" in words for words in lists)

    def before(book: Any) -> None:
        book["单位"].delete_cols(len(headings) - 1, 2)

    code, output = import_(rig, rig.spoiled(before, "older.xlsx"))
    assert code == 0, output
    code, output = import_(rig, rig.with_cell("单位", "单位性质", "学校"))
    assert code == 2
    assert "用人单位" in output


def test_what_the_workbook_says_of_a_new_unit_is_entered(rig: WorkbookRig) -> None:
    rig.unit = replace(rig.unit, kind="base", has_department=True)
    code, output = import_(rig, rig.write(), "--commit")
    assert code == 0, output
    done = RUN.invoke(build(), ["register", "unit", "show", rig.unit.credit_code, "--as", "bureau", "--json"])
    shown = json.loads(done.output)
    assert (shown["性质"], shown["行业主管部门"]) == ("继续教育基地", "有")
    rig.unit = replace(rig.unit, has_department=False)
    code, output = import_(rig, rig.write("other.xlsx"), "--replace", "--commit")
    assert code == 2
    assert "register unit set" in output.replace("\n", "").replace(" │", "")


def test_a_template_does_not_overwrite(rig: WorkbookRig) -> None:
    target = rig.folder / "template.xlsx"
    target.write_text("我的")
    done = RUN.invoke(build(), ["register", "template", rig.region, "-o", str(target)])
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


def test_a_dry_run_tells_what_the_import_would_be_refused_for(rig: WorkbookRig) -> None:
    assert import_(rig, rig.write("first.xlsx"), "--commit")[0] == 0
    rig.people = rig.people[:-1]
    second = rig.write("second.xlsx")
    code, output = import_(rig, second, "--json")
    assert code == 2
    problem = json.loads(output)[0]
    assert "已由工作簿“first.xlsx”登记" in problem["问题"]
    assert "--replace" in problem["改法"]
    assert import_(rig, second, "--replace")[0] == 0
    assert "没有变化" in import_(rig, rig.folder / "first.xlsx")[1]


def test_a_dry_run_asks_for_the_right_to_import(rig: WorkbookRig) -> None:
    added = RUN.invoke(
        build(),
        ["accounts", "add", "reader", "某人", "--role", "operator", "--area", rig.area, "--as", "bureau"],
    )
    assert added.exit_code == 0, added.output
    done = RUN.invoke(build(), ["register", "import", str(rig.write()), "--as", "reader"])
    assert isinstance(done.exception, NotAllowedError)


def test_region_and_area_follow_from_the_officer(rig: WorkbookRig) -> None:
    code, output = run(
        rig, "import", str(rig.write()), "--as", "bureau", "--year", str(rig.year), "--commit", "--json"
    )
    assert code == 0, output
    assert json.loads(output)[0]["结果"] == "已入库"


def test_one_wrong_file_neither_stops_nor_hides_the_others(rig: WorkbookRig) -> None:
    wrong = rig.with_cell("人员", "姓名", None)
    code, output = import_(rig, wrong, str(rig.write("right.xlsx")), "--commit")
    assert code == 2
    assert "已入库" in output
    assert "没有填写" in output
    assert len(json.loads(run(rig, "list", "--as", "bureau", "--json")[1])) == 1


def test_a_unit_of_somebody_else_is_one_problem_among_the_files(rig: WorkbookRig) -> None:
    """Both files lie in the wider area that is named; only one of the two units is the officer's."""
    own = rig.write("own.xlsx")
    sibling = f"{rig.area[:4]}{int(rig.area[4:]) + 1:02d}"
    rig.unit = replace(rig.unit, area=sibling)
    words = (
        "--as",
        "bureau",
        "--region",
        rig.region,
        "--area",
        f"{rig.area[:2]}0000",
        "--year",
        str(rig.year),
    )
    code, output = run(rig, "import", str(rig.write("sibling.xlsx")), str(own), *words, "--commit", "--json")
    assert code == 2
    (problem,) = json.loads(output)
    assert problem["文件"] == "sibling.xlsx"
    assert f"地区 {sibling} 不在您的管理范围" in problem["问题"]
    assert [one["地区"] for one in json.loads(run(rig, "list", "--as", "bureau", "--json")[1])] == [rig.area]


def test_marked_copies_of_one_name_do_not_overwrite_each_other(rig: WorkbookRig) -> None:
    letters = [rig.folder / folder / "letter.xlsx" for folder in ("a", "b")]
    for letter in letters:
        letter.parent.mkdir()
        letter.write_text("您好")
    import_(rig, letters[0], str(letters[1]), "--marked", str(rig.folder / "marked"))
    assert sorted(one.name for one in (rig.folder / "marked").iterdir()) == [
        "letter-已标注-1.xlsx",
        "letter-已标注-2.xlsx",
    ]


def test_only_the_valid_people_are_taken_where_that_is_chosen(rig: WorkbookRig) -> None:
    wrong, marked = rig.with_cell("人员", "姓名", None), rig.folder / "back"
    with pytest.raises(InputError, match="--marked"):
        RUN.invoke(
            build(),
            ["register", "import", str(wrong), "--as", "bureau", "--commit", "--valid-only"],
            catch_exceptions=False,
        )
    code, output = import_(rig, wrong, "--valid-only")
    assert code == 2
    assert "未写入" in output
    assert json.loads(run(rig, "list", "--as", "bureau", "--json")[1]) == []
    code, output = import_(rig, wrong, "--valid-only", "--commit", "--marked", str(marked))
    assert code == 2
    assert "已入库" in output
    rest = marked / "spoiled-未收.xlsx"
    book = load_workbook(rest)
    assert [row[3] for row in book["人员"].iter_rows(min_row=2, values_only=True)] == [
        rig.people[0].identity_number
    ]
    book["人员"]["B2"].value = rig.people[0].name
    book.save(rest)
    assert "已入库" in import_(rig, rest, "--add", "--commit")[1]


def test_adding_and_replacing_exclude_each_other(rig: WorkbookRig) -> None:
    done = RUN.invoke(
        build(), ["register", "import", str(rig.write()), "--as", "bureau", "--add", "--replace"]
    )
    assert isinstance(done.exception, InputError)


def test_what_is_hidden_is_said_although_nothing_is_wrong(rig: WorkbookRig) -> None:
    def hide(book: Any) -> None:
        book["人员"].row_dimensions[3].hidden = True

    code, output = import_(rig, rig.spoiled(hide))
    assert code == 0
    assert "1 行被隐藏或筛去（第3行）" in output


def test_a_template_for_several_units_asks_whose_each_person_is(rig: WorkbookRig) -> None:
    target = rig.folder / "several.xlsx"
    assert run(rig, "template", rig.region, "--area", rig.area, "--several", "-o", str(target))[0] == 0
    book = load_workbook(target)
    assert book["人员"]["A1"].value == book["学习记录"]["A1"].value == "统一社会信用代码"


def templates() -> list[tuple[str, str, int]]:
    """Every area of every region, in the first and the last year that an instrument covers."""
    registry = load()
    found = []
    for region in registry.codes():
        who = registry.ask(region).jurisdiction()
        for area in who.areas:
            years = {
                year
                for one in who.instruments
                for year in (one.years.first, one.years.last or one.years.first + 1)
            }
            for year in sorted(years):
                try:
                    registry.line_for(area.code, year)
                except NotEncodedError:
                    continue
                found.append((region, area.code, year))
    return found


def test_every_region_has_a_workbook_for_every_area_and_year(rig: WorkbookRig) -> None:
    made = templates()
    assert len({region for region, _, _ in made}) >= 5
    for number, (region, area, year) in enumerate(made):
        target = rig.folder / f"{number}.xlsx"
        code, output = run(rig, "template", region, "--area", area, "--year", str(year), "-o", str(target))
        assert code == 0, (region, area, year, output)
        checked = check_workbook(target, rig.vocabulary, area)
        assert not any("不是可读的" in one.cause for one in checked.problems)
