"""The column of hours day by day: read with or without days, as the cap of a day wants it."""

from __future__ import annotations

import pytest

from xueshi.register.cell_checks import CellChecks
from xueshi.register.fact_cells import parse_fact
from xueshi.register.intake_vocabulary import RECORDS, FactColumn, IntakeVocabulary
from xueshi.registry import load

COLUMN = FactColumn("daily_hours", "每日学时（学时）", "list", {})


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8、6、8", [8, 6, 8]),
        ("8", [8]),
        ("8，6.5；0", [8, "6.5", 0]),
        ("2024-05-01：8、2024-05-02：6", {"2024-05-01": 8, "2024-05-02": 6}),
        ("2024-5-1:8, 2024-05-02=6.5", {"2024-05-01": 8, "2024-05-02": "6.5"}),
        ("８、６", [8, 6]),
        ("24", [24]),
        ("无", None),
    ],
)
def test_a_cell_of_hours_day_by_day_is_read(text: str, read: object) -> None:
    assert parse_fact(text, COLUMN) == read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("八", "应为数字"),
        ("8、25", "多于一天的24小时"),
        ("8、-1", "应为不小于 0 的数"),
        ("8、2024-05-02：6", "应为逐日学时"),
        ("2024-05-01：8、2024-05-01：6", "有一天写了两次"),
        ("、", "应为逐日学时"),
    ],
)
def test_a_cell_that_is_none_is_told_how(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_fact(text, COLUMN)


@pytest.mark.parametrize(
    ("text", "type", "span", "says"),
    [
        ("500", "number", (0, 366), "应在0至366之间"),
        ("366.01", "number", (0, 366), "应在0至366之间"),
        ("0", "count", (1, 1000), "应在1至1000之间"),
    ],
)
def test_a_number_out_of_its_range_is_told_in_its_cell(
    text: str, type: str, span: tuple[int, int], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_fact(text, FactColumn("days", "天数（天）", type, {}, span))


@pytest.mark.parametrize(("text", "value"), [("366", 366), ("0", 0), ("2.5", "2.5"), ("无", None)])
def test_a_number_within_its_range_is_taken(text: str, value: object) -> None:
    assert parse_fact(text, FactColumn("days", "天数（天）", "number", {}, (0, 366))) == value


@pytest.mark.parametrize(("area", "year", "there"), [("320400", 2024, True), ("320400", 2012, False)])
def test_the_workbook_has_the_column_where_the_law_reads_it(area: str, year: int, there: bool) -> None:
    vocabulary = IntakeVocabulary.from_pack(load().pack_for(area, year), year)
    assert (COLUMN.heading in vocabulary.record_headings) is there
    if there:
        check = CellChecks(vocabulary).of(RECORDS, COLUMN.heading, 12)
        assert check is not None
        assert "8、6、8" in check["input_message"]
