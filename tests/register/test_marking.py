"""The marked workbook: everything that was handed in, the bad cells told; corrected, it is taken in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from stdnum.cn import uscc
from workbook_rig import WorkbookRig

from xueshi.register import cell_checks, marking
from xueshi.register.checking import check_workbook
from xueshi.register.marking import mark_workbook
from xueshi.register.sheets import CheckedWorkbook, UnitRegister
from xueshi.register.workbook import (
    CODE,
    PEOPLE,
    RECORDS,
    UNIT,
    IntakeVocabulary,
    write_registers,
    write_workbook,
)
from xueshi.registry import load


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> WorkbookRig:
    return WorkbookRig(tmp_path_factory.mktemp("workbooks"), people=6)


@pytest.fixture(params=[False, True], ids=["small", "row by row"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mark as small workbooks are marked, and as large ones are."""
    if request.param:
        monkeypatch.setattr(marking, "ROW_BY_ROW", 0)


def check(rig: WorkbookRig, path: Path) -> CheckedWorkbook:
    return check_workbook(path, rig.vocabulary, rig.area)


def spoil(book: Any) -> None:
    book[PEOPLE]["B3"].value = None
    headings = [cell.value for cell in book[RECORDS][1]]
    book[RECORDS].cell(2, headings.index("申报学时") + 1).value = -3
    book.create_sheet("备忘")["C4"].value = "勿删"


def test_the_marked_workbook_corrected_is_accepted(rig: WorkbookRig, either_way: None) -> None:
    path = rig.spoiled(spoil)
    target = rig.folder / "marked.xlsx"
    mark_workbook(path, check(rig, path).problems, target, rig.vocabulary)
    book = load_workbook(target)
    assert book.sheetnames[:4] == ["问题清单", UNIT, PEOPLE, RECORDS]
    listed = [(row[0], row[1]) for row in book["问题清单"].iter_rows(min_row=2, values_only=True)]
    assert (PEOPLE, "B3") in listed
    for sheet, at in listed:
        cell = book[sheet][at]
        assert cell.fill.fgColor.rgb == "FFFFC7CE"
        assert cell.comment is not None
        cell.value = rig.people[1].name if sheet == PEOPLE else 3
    book.save(rig.folder / "corrected.xlsx")
    corrected = check(rig, rig.folder / "corrected.xlsx")
    assert corrected.problems == []
    assert corrected.notes == ["工作表“备忘”不属于模板，没有读入"]
    original = check(rig, rig.write())
    assert [replace(one, records=()) for one in corrected.people] == [
        replace(one, records=()) for one in original.people
    ]
    assert sum(len(one.records) for one in corrected.people) == sum(
        len(one.records) for one in original.people
    )


def test_nothing_but_the_bad_cells_is_marked_and_lists_stand_again(
    rig: WorkbookRig, either_way: None
) -> None:
    path = rig.spoiled(spoil)
    target = rig.folder / "marked.xlsx"
    mark_workbook(path, check(rig, path).problems, target, rig.vocabulary)
    marked, source = load_workbook(target), load_workbook(path)
    for name in (UNIT, PEOPLE, RECORDS):
        comments = [cell.coordinate for row in marked[name] for cell in row if cell.comment]
        assert comments == {UNIT: [], PEOPLE: ["B3"], RECORDS: ["J2"]}[name]
        assert [[cell.value for cell in row] for row in marked[name]] == [
            [cell.value for cell in row] for row in source[name]
        ]
        assert marked[name].freeze_panes is not None
    assert marked[RECORDS].data_validations.count == source[RECORDS].data_validations.count
    assert marked["备忘"]["C4"].value == "勿删"


def test_only_the_rejected_rows_go_back_closed_up(rig: WorkbookRig) -> None:
    path = rig.spoiled(spoil)
    checked = check(rig, path)
    wrong = {rig.people[0].identity_number, rig.people[1].identity_number}
    assert {one.identity_number for one in checked.registers[0].sound} == {
        one.identity_number for one in rig.people
    } - wrong
    target = rig.folder / "rest.xlsx"
    mark_workbook(path, checked.problems, target, rig.vocabulary, only=checked.rejected)
    book = load_workbook(target)
    assert "备忘" not in book.sheetnames
    assert [row[3] for row in book[PEOPLE].iter_rows(min_row=2, values_only=True)] == [
        one.identity_number for one in rig.people[:2]
    ]
    assert {row[0] for row in book[RECORDS].iter_rows(min_row=2, values_only=True)} <= wrong
    for sheet, at, _, _, before in book["问题清单"].iter_rows(min_row=2, values_only=True):
        assert book[sheet][at].comment is not None
        assert before
    for sheet, at, *_ in list(book["问题清单"].iter_rows(min_row=2, values_only=True)):
        book[sheet][at].value = rig.people[1].name if sheet == PEOPLE else 3
    book.save(rig.folder / "rest-corrected.xlsx")
    again = check(rig, rig.folder / "rest-corrected.xlsx")
    assert again.problems == []
    assert {one.identity_number for one in again.people} == wrong


def test_a_person_whose_record_cannot_be_matched_is_not_taken_as_valid(rig: WorkbookRig) -> None:
    """The row bears a name of the sheet and a number of nobody: that person's year would be incomplete without it."""
    path = rig.with_cell(RECORDS, "身份证号", "99010219900101001X")
    checked = check(rig, path)
    assert rig.people[0].identity_number not in {one.identity_number for one in checked.registers[0].sound}
    assert len(checked.registers[0].sound) == len(rig.people) - 1


def test_neither_of_two_rows_of_one_person_is_taken_as_valid(rig: WorkbookRig) -> None:
    path = rig.with_cell(PEOPLE, "身份证号", rig.people[0].identity_number, row=3)
    sound = {one.identity_number for one in check(rig, path).registers[0].sound}
    assert rig.people[0].identity_number not in sound


# ------------------------------------------------------------ several units in one workbook


def district(rig: WorkbookRig) -> tuple[Path, list[UnitRegister]]:
    stem = rig.unit.credit_code[:8] + "000000099"
    other = replace(rig.unit, credit_code=stem + uscc.calc_check_digit(stem), name="另一单位")
    shared = replace(rig.people[0], order_in_unit=1)
    registers = [
        UnitRegister(rig.unit, list(rig.people[:4])),
        UnitRegister(
            other, [shared, *(replace(one, order_in_unit=n) for n, one in enumerate(rig.people[4:], 2))]
        ),
    ]
    path = rig.folder / "district.xlsx"
    write_registers(path, rig.vocabulary, registers)
    return path, registers


def test_a_workbook_of_several_units_comes_back_as_it_was_written(rig: WorkbookRig) -> None:
    path, registers = district(rig)
    checked = check(rig, path)
    assert checked.problems == []
    assert [one.unit for one in checked.registers] == [one.unit for one in registers]
    for read, written in zip(checked.registers, registers, strict=True):
        assert [one.identity_number for one in read.people] == [one.identity_number for one in written.people]
        assert [len(one.records) for one in read.people] == [len(one.records) for one in written.people]
        assert [one.order_in_unit for one in read.people] == [one.order_in_unit for one in written.people]


def changed_district(rig: WorkbookRig, change: Any) -> CheckedWorkbook:
    path, _ = district(rig)
    book = load_workbook(path)
    change(book)
    book.save(path)
    return check(rig, path)


def test_a_person_without_a_unit_is_told(rig: WorkbookRig) -> None:
    def change(book: Any) -> None:
        book[PEOPLE]["A2"].value = None
        book[PEOPLE]["A3"].value = "91110000000000000X"

    found = {one.cell: one.cause for one in changed_district(rig, change).problems if one.sheet == PEOPLE}
    assert found["A2"] == f"{CODE}：没有填写"
    assert f"不在“{UNIT}”表中" in found["A3"]


def test_a_record_of_a_person_of_two_units_must_say_which(rig: WorkbookRig) -> None:
    def change(book: Any) -> None:
        book[RECORDS]["A2"].value = None

    (problem,) = changed_district(rig, change).problems
    assert "在几个单位登记" in problem.cause
    assert CODE in problem.repair


def test_people_of_a_unit_that_is_wrong_are_not_taken_as_valid(rig: WorkbookRig) -> None:
    def change(book: Any) -> None:
        book[UNIT]["B3"].value = None

    checked = changed_district(rig, change)
    assert [len(one.sound) for one in checked.registers] == [4, 0]
    assert checked.rejected[UNIT] == {3}


@pytest.mark.parametrize("short", [cell_checks.SHORT_LIST, 40])
def test_long_lists_stand_on_a_hidden_sheet_under_a_name(
    rig: WorkbookRig, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    """Every instrument that is encoded; Excel's limit, and one that every list of kinds exceeds."""
    monkeypatch.setattr(cell_checks, "SHORT_LIST", short)
    registry = load()
    for region in registry.codes():
        for one in registry.ask(region).jurisdiction().instruments:
            if one.file is None:
                continue
            pack = registry.pack_of(one.id)
            if not pack.kinds_with_rules():
                continue
            vocabulary = IntakeVocabulary.from_pack(pack, one.years.last or one.years.first)
            path = rig.folder / f"{one.id}.xlsx"
            write_workbook(path, vocabulary)
            book = load_workbook(path)
            kinds = tuple(vocabulary.kinds)
            place = vocabulary.record_headings.index("类别") + 1
            letter = book[RECORDS].cell(1, place).column_letter
            (check_,) = [
                one
                for one in book[RECORDS].data_validations.dataValidation
                if any(area.coord.startswith(f"{letter}2:") for area in one.sqref.ranges)
            ]
            assert next(iter(check_.sqref.ranges)).max_row > 20_000
            if len(",".join(kinds)) > short:
                name = check_.formula1
                sheet, area = next(iter(book.defined_names[name].destinations))
                assert book[sheet].sheet_state == "hidden"
                assert [cell.value for (cell,) in book[sheet][area]] == list(kinds)
            else:
                assert check_.formula1 == f'"{",".join(kinds)}"'
