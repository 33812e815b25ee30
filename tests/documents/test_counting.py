"""Counts on the filing and in the yearly table, against figures worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xueshi.documents.filings import JudgedPerson, unit_filing
from xueshi.documents.statistics import (
    PersonStudy,
    participation_rate,
    study_form,
    table_columns,
    table_groups,
    year_table,
)
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import LevelCounts, TableColumn, UnitFiling, YearTable
from xueshi.errors import PluginError
from xueshi.jurisdictions import YearSpan


def filing_of(*people: tuple[str, str | None]) -> UnitFiling:
    return unit_filing(
        [JudgedPerson(*one) for one in people],
        region="r",
        area="990100",
        area_name="某区",
        year=2021,
        unit="某院",
        filed_on=date(2021, 10, 28),
        remarks=("本单位新进2人。",),
    )


def test_people_are_counted_by_level_and_verdict() -> None:
    filing = filing_of(
        ("senior", "met"), ("senior", "not_met"), *[("intermediate", "met")] * 3, ("junior", "not_met")
    )
    assert filing.declared == LevelCounts(6, 2, 3, 1)
    assert filing.met == LevelCounts(4, 1, 3, 0)
    assert filing.not_met == LevelCounts(2, 1, 0, 1)
    assert filing.remarks == ("本单位新进2人。",)


def test_people_without_verdict_or_level_are_told_of_in_the_remarks() -> None:
    filing = filing_of(("senior", "needs_fact"), ("", "met"), ("junior", None), ("junior", "not_judged"))
    assert filing.declared == LevelCounts(4, 1, 0, 2)
    assert (filing.met, filing.not_met) == (LevelCounts(1), LevelCounts())
    assert filing.remarks[1:] == (
        "另有3人（1人待补充认定所需材料，2人未作审验结论）未计入完成、未完成人数。",
        "其中1人未填职称级别，只计入总人数。",
    )


def test_before_anybody_is_judged_the_result_is_blank_not_nought() -> None:
    filing = filing_of(("senior", None))
    assert (filing.met, filing.not_met) == (None, None)
    assert filing.remarks == ("本单位新进2人。",)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["senior", "intermediate", "junior", ""]),
            st.sampled_from(["met", "not_met", "needs_fact", "not_judged", None]),
        )
    )
)
def test_the_columns_never_hold_more_people_than_were_declared(people: list[tuple[str, str | None]]) -> None:
    filing = filing_of(*people)
    met, not_met = filing.met or LevelCounts(), filing.not_met or LevelCounts()
    open_ones = sum(1 for _, verdict in people if verdict not in {"met", "not_met"})
    assert met.total + not_met.total + open_ones == filing.declared.total
    for level in ("senior", "intermediate", "junior"):
        assert getattr(met, level) + getattr(not_met, level) <= getattr(filing.declared, level)


COLUMNS = tuple(
    TableColumn(key, key, f"定义{key}")
    for key in (
        "group", "people", "took_part", "rate", "people.public", "hours.public", "records.lecture",
        "records.other", "met", "not_met", "undecided",
    )
)  # fmt: skip


def table_of(*people: PersonStudy) -> YearTable:
    return year_table(
        people,
        columns=COLUMNS,
        groups=(("senior", "高级"), ("junior", "初级")),
        region="r",
        area="990100",
        area_name="某区",
        year=2021,
        title="年度统计表",
        period_start=date(2020, 11, 1),
        period_end=date(2021, 10, 31),
        reporting_body="某区人社局",
        made_on=date(2021, 12, 20),
    )


def test_the_yearly_table_counts_people_hours_and_records_by_level() -> None:
    table = table_of(
        PersonStudy("senior", "met", {"public": 2000, "professional": 6000}, {"lecture": 2}),
        PersonStudy("senior", "not_met", {"public": 960}, {"distance": 1}),
        PersonStudy("senior", None),
        PersonStudy("junior", "needs_fact", {"public": 0}, {"lecture": 1, "visit": 4}),
    )
    assert [list(row.values()) for row in (*table.rows, table.totals)] == [
        ["高级", 3, 2, 6667, 2, 2960, 2, 1, 1, 1, 1],
        ["初级", 1, 1, 10000, 0, 0, 1, 4, 0, 0, 1],
        ["合计", 4, 3, 7500, 2, 2960, 3, 5, 1, 1, 2],
    ]
    assert table.notes == ()


def test_a_record_of_no_listed_form_stands_in_the_column_of_all_others() -> None:
    form = study_form(table_paper(study_kinds={"lecture": ["lecture_given"]}), "", "degree_course")
    table = table_of(PersonStudy("senior", "met", {}, {"lecture": 1, form: 2}))
    assert (table.totals["records.lecture"], table.totals["records.other"]) == (1, 2)


def test_who_fits_no_row_is_in_the_totals_and_in_a_note() -> None:
    table = table_of(PersonStudy("senior"), PersonStudy(""))
    assert table.totals["people"] == 2
    assert table.notes == ("合计中有1人不属于表列各行，只计入合计。",)


@pytest.mark.parametrize(
    ("took_part", "people", "rate"),
    [(1, 3, 3333), (2, 3, 6667), (1, 8, 1250), (1, 32, 313), (0, 5, 0), (5, 5, 10000), (0, 0, None)],
)
def test_the_rate_is_rounded_half_up_to_hundredths_of_a_percent(
    took_part: int, people: int, rate: int | None
) -> None:
    assert participation_rate(took_part, people) == rate


def table_paper(**fields: object) -> DocumentTemplate:
    return DocumentTemplate("table", "统计表", "第十一条", "year_table", YearSpan(2007), "xlsx", "", fields)


def test_columns_rows_and_study_forms_come_from_the_papers_file() -> None:
    template = table_paper(
        columns=[{"key": "people", "label": "人数", "unit": "人", "definition": "全部人员。"}],
        groups={"senior": "高级", "": "未定级"},
        study_forms={"distance": ["远程", "网络"], "training": ["培训"]},
    )
    assert table_columns(template) == (TableColumn("people", "人数", "全部人员。", "人"),)
    assert table_groups(template) == (("senior", "高级"), ("", "未定级"))
    forms = [study_form(template, text) for text in ("远程培训", "参加培训班", "网络学习", "自学", "")]
    assert forms == ["distance", "training", "distance", "other", "other"]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({}, "没有写明栏目"),
        ({"columns": [{"key": "people", "label": "人数"}]}, "不完整"),
        ({"columns": [{"key": "poeple", "label": "人数", "definition": "x"}]}, "'poeple' 无法计算"),
    ],
)
def test_a_table_that_cannot_be_computed_is_refused(fields: dict[str, object], cause: str) -> None:
    with pytest.raises(PluginError, match=cause):
        table_columns(table_paper(**fields))
