"""The sums inside a package: a figure that does not agree with its rows, its units or another figure is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_count import note

from xueshi.documents.figures import recount
from xueshi.documents.statistics import PersonStudy, UnitFund, year_table
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import TableColumn, YearTable
from xueshi.errors import InputError
from xueshi.jurisdictions import YearSpan
from xueshi.reports.contents import RATED, TableContent, contradictions, read_table, table_content
from xueshi.reports.manifest import ReportHead
from xueshi.reports.report_machine import next_revision, sent, settled
from xueshi.reports.summary import AreaFigures, combined, summary_of

KEYS = {
    "people": "人", "took_part": "人", "rate": "%", "hours": "学时", "records.training": "人次", "classes": "个",
    "fund": "元",
}  # fmt: skip
COLUMNS = (
    TableColumn("group", "级别", "级别"),
    *(TableColumn(key, f"栏{key}", "定义", unit) for key, unit in KEYS.items()),
)
GROUPS = (("senior", "高级"), ("junior", "初级"))
PEOPLE = (
    PersonStudy(
        "senior", "met", {}, {"training": 2}, 4000, {"base": frozenset({"甲班", "乙班"})}, "u1:a", "u1"
    ),
    PersonStudy("senior", None, unit="u2", who="u2:b"),
    PersonStudy("junior", "met", {}, {"training": 1}, 950, {"base": frozenset({"甲班"})}, "u2:c", "u2"),
)
FUNDS = (UnitFund("u1", {"total": 120_050}),)


def table(
    people: tuple[PersonStudy, ...] = PEOPLE, groups: tuple[tuple[str, str], ...] = GROUPS
) -> YearTable:
    return year_table(
        people,
        columns=COLUMNS,
        groups=groups,
        region="somewhere",
        area="990100",
        area_name="某市",
        year=2021,
        title="统计表",
        period_start=date(2021, 1, 1),
        period_end=date(2021, 12, 31),
        reporting_body="某市局",
        made_on=date(2021, 12, 31),
        funds=FUNDS,
    )


def content(
    people: tuple[PersonStudy, ...] = PEOPLE, groups: tuple[tuple[str, str], ...] = GROUPS
) -> TableContent:
    by_unit = tuple(replace(person, group=person.unit) for person in people)
    units = table(by_unit, (("u1", "一院"), ("u2", "=二院")))
    strays = tuple(person for person in people if person.group not in dict(groups))
    rest = year_table(
        strays, columns=COLUMNS, groups=(), **{k: getattr(units, k) for k in (
            "region", "area", "area_name", "year", "title", "period_start", "period_end", "reporting_body", "made_on")},
    ) if strays else None  # fmt: skip
    return table_content(table(people, groups), groups, rest, units, ["C1", "C2"], "t")


COUNTS = {"units": 2, "people": 3}


def test_true_figures_agree_and_come_back_as_they_were_written() -> None:
    written = content()
    assert written.totals == {
        "people": 3, "took_part": 2, "rate": 6667, "hours": 4950, "records.training": 3, "classes": 2,
        "fund": 120_050,
    }  # fmt: skip
    assert read_table(written.to_bytes(), "data/t.json") == written
    assert contradictions(written, COUNTS) == []


def test_people_of_no_row_are_carried_apart_so_that_the_sums_hold() -> None:
    few = content(groups=(("senior", "高级"),))
    assert few.rest is not None
    assert few.rest["hours"] == 950
    assert contradictions(few, COUNTS) == []
    assert contradictions(replace(few, rest=None), COUNTS) != []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("people", 4, "各行之和 3，合计为 4"),
        ("hours", 4951, "各行之和 49.5，合计为 49.51"),
        ("rate", 6666, "参加率"),
        ("records.training", 2, "各行之和 3，合计为 2"),
        ("classes", 4, "合计 4"),
        ("classes", 1, "合计 1"),
        ("fund", 120_051, "各单位之和 1200.5，合计为 1200.51"),
        ("took_part", 9, "多于人数"),
        ("hours", -1, "小于0"),
    ],
)
def test_a_total_that_cannot_be_is_named(key: str, value: int, said: str) -> None:
    true = content()
    false = replace(true, totals={**true.totals, key: value})
    assert any(said in one for one in contradictions(false, COUNTS)), contradictions(false, COUNTS)


def test_the_manifest_must_count_the_same_people_and_units() -> None:
    assert any("清单 5" in one for one in contradictions(content(), {"units": 2, "people": 5}))
    assert any("清单为 1 个" in one for one in contradictions(content(), {"units": 1, "people": 3}))


def test_a_row_with_other_figures_than_the_columns_is_refused() -> None:
    true = content()
    lacking = {key: value for key, value in true.totals.items() if key != "hours"}
    assert contradictions(replace(true, totals=lacking), COUNTS) == ["《统计表》各行的指标与栏目不一致"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"paper": 1}'])
def test_a_table_that_cannot_be_read_names_its_file(body: bytes) -> None:
    with pytest.raises(InputError, match=r"data/t\.json"):
        read_table(body, "data/t.json")


def test_a_name_that_looks_like_a_formula_stays_text_in_the_csv() -> None:
    text = content().to_csv(content().units, "单位").decode("utf-8-sig")
    assert "C2,'=二院," in text
    assert text.splitlines()[0].startswith("代码,单位,栏people（人）")


# ---------------------------------------------------------------- adding up


def head(area: str, name: str, revision: int = 1) -> ReportHead:
    return ReportHead(
        "somewhere", area, name, 2021, revision, f"{name}局", date(2021, 1, 1), date(2021, 12, 31),
        date(2021, 12, 31), True, "none", COUNTS, (), ("t",), "0" * 16,
    )  # fmt: skip


def paper(*keys: str) -> DocumentTemplate:
    columns = [vars(column) for column in COLUMNS if column.key in ("group", *keys)]
    fields = {"columns": columns, "groups": dict(GROUPS)}
    return DocumentTemplate("t", "统计表", "", "year_table", YearSpan(2021), "xlsx", "", fields)


def summed(areas: list[AreaFigures], *keys: str):  # type: ignore[no-untyped-def]
    return summary_of(
        paper(*keys), areas, region="somewhere", area="990000", area_name="某省", body="某省厅", year=2021
    )


def test_each_figure_is_the_sum_of_its_areas_and_the_rate_is_reckoned_anew() -> None:
    areas = [
        AreaFigures(head("990100", "甲市"), content()),
        AreaFigures(head("990200", "乙市", 2), content(PEOPLE[:1])),
    ]
    found = summed(areas, *KEYS)
    assert found.table.totals["people"] == 4
    assert found.table.totals["rate"] == 7500
    assert found.table.totals["hours"] == 8950
    assert [row["people"] for row in found.table.rows] == [3, 1]
    opened = next(one for one in found.lists if (one.column.key, one.row) == ("hours", "合计"))
    assert [(line.cells[0], line.amount) for line in opened.lines] == [("甲市", 4950), ("乙市", 4000)]


def test_a_sum_of_areas_says_who_may_stand_in_it_twice() -> None:
    areas = [
        AreaFigures(head("990100", "甲市"), content()),
        AreaFigures(head("990200", "乙市"), content(PEOPLE[:1])),
    ]
    found = summed(areas, *KEYS)
    (note,) = [one for one in found.table.notes if "各计一次" in one]
    assert "栏people" in note
    assert "栏hours" not in note, "hours are added up whoever has them"
    said = {column.key: column.definition for column in found.table.columns}
    assert said["people"].endswith("；几个地区都计入的人各计一次。")
    assert "各计一次" not in said["hours"]
    opened = next(one for one in found.lists if (one.column.key, one.row) == ("people", "合计"))
    assert opened.column.definition == said["people"], "where the figure is opened too"
    alone = summed(areas[:1], *KEYS)
    assert not any(
        "各计一次" in text for text in (*alone.table.notes, *(one.definition for one in alone.table.columns))
    )


def test_a_district_inside_a_city_that_reported_is_not_counted_twice() -> None:
    areas = [AreaFigures(head("990100", "甲市"), content()), AreaFigures(head("990102", "甲区"), content())]
    found = summed(areas, "people")
    assert found.table.totals["people"] == 3
    assert any("甲区" in note for note in found.table.notes)


def test_a_figure_that_an_area_did_not_report_is_missing_not_nought() -> None:
    whole = content()

    def without(figures: Mapping[str, int | None]) -> dict[str, int | None]:
        return {key: value for key, value in figures.items() if key != "hours"}

    lacking = replace(
        whole,
        columns=tuple(column for column in whole.columns if column.key != "hours"),
        rows=tuple(replace(row, figures=without(row.figures)) for row in whole.rows),
        totals=without(whole.totals),
    )
    found = summed([AreaFigures(head("990100", "甲市"), lacking)], "people", "hours")
    assert (found.table.totals["people"], found.table.totals["hours"]) == (3, None)
    assert any("甲市的报表没有：栏hours" in note for note in found.table.notes)


def without(whole: TableContent, key: str) -> TableContent:
    """The same table of an area whose plugin has no such column."""

    def left(figures: Mapping[str, int | None]) -> dict[str, int | None]:
        return {name: value for name, value in figures.items() if name not in (key, "rate")}

    return replace(
        whole,
        columns=tuple(column for column in whole.columns if column.key not in (key, "rate")),
        rows=tuple(replace(row, figures=left(row.figures)) for row in whole.rows),
        units=tuple(replace(row, figures=left(row.figures)) for row in whole.units),
        rest=None if whole.rest is None else left(whole.rest),
        totals=left(whole.totals),
    )


def test_the_rate_is_of_the_areas_that_say_who_took_part() -> None:
    areas = [
        AreaFigures(head("990100", "甲市"), content()),
        AreaFigures(head("990200", "乙市"), without(content(), "took_part")),
    ]
    found = summed(areas, *KEYS)
    totals = found.table.totals
    assert (totals["people"], totals["took_part"], totals["rate"]) == (6, 2, 6667), "two of three, not of six"
    assert found.table.notes[-1] == "栏rate只按报有参加人数的地区计算，分母为3人（全部6人）。"
    for one in found.lists:
        if one.column.key == "rate":
            row = next((row for row in found.table.rows if row["group"] == one.row), totals)
            assert recount(one) == row["rate"]
            assert [line.cells[0] for line in one.lines] == ["甲市"]
    opened = next(one for one in found.lists if (one.column.key, one.row) == ("people", "合计"))
    assert recount(opened) == 6, "the people themselves are all counted"


def test_a_rate_of_all_areas_needs_no_note_and_one_of_none_is_blank() -> None:
    both = summed([AreaFigures(head("990100", "甲市"), content())], *KEYS)
    assert not any("只按" in note for note in both.table.notes)
    none = summed([AreaFigures(head("990100", "甲市"), without(content(), "took_part"))], *KEYS)
    assert (none.table.totals["rate"], none.table.totals["took_part"]) == (None, None)
    assert not any("只按" in note for note in none.table.notes)
    nobody = summed([AreaFigures(head("990100", "甲市"), without(content(), "people"))], *KEYS)
    assert (nobody.table.totals["rate"], nobody.table.totals["took_part"]) == (None, 2)


def province_of(*members: TableContent) -> TableContent:
    return combined(paper(*KEYS), members, [])


def test_a_sum_of_areas_goes_upward_with_the_people_of_its_rate() -> None:
    mixed = province_of(content(), without(content(PEOPLE[:1]), "took_part"))
    counts = {"units": len(mixed.units), "people": 4}
    assert contradictions(mixed, counts) == []
    again = read_table(mixed.to_bytes(), "t.json")
    assert again == mixed
    areas = [
        AreaFigures(head("980000", "某省"), again),
        AreaFigures(head("970100", "丙市"), content(PEOPLE[:1])),
    ]
    found = summed(areas, *KEYS).table.totals
    assert (found["people"], found["took_part"], found["rate"]) == (5, 3, 7500), "three of four"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({RATED: 2}, "参加率与参加人数、人数不符"),
        ({RATED: 5}, "计算参加率的人数 5 多于人数 4"),
        ({RATED: 1}, "参加人数 2 多于人数 1"),
        ({RATED: 4, "rate": 5000}, "计算参加率的人数，各行之和 3，合计为 4"),
    ],
)
def test_the_people_of_a_rate_are_checked_like_every_figure(change: dict[str, int], said: str) -> None:
    mixed = province_of(content(), without(content(PEOPLE[:1]), "took_part"))
    false = replace(mixed, totals={**mixed.totals, **change})
    counts = {"units": len(mixed.units), "people": 4}
    assert any(said in one for one in contradictions(false, counts)), contradictions(false, counts)


# ---------------------------------------------------------------- states


def test_revisions_follow_settled_or_unsent_ones_and_wait_for_a_receipt() -> None:
    assert next_revision(None) == 1
    for state in ("built", "acknowledged", "rejected"):
        assert next_revision((3, state)) == 4  # type: ignore[arg-type]
    with pytest.raises(InputError, match="尚无回执"):
        next_revision((3, "sent"))


def test_a_report_is_sent_once_and_settled_once() -> None:
    assert sent("built", 1) == "sent"
    assert sent("rejected", 1) == "rejected"
    with pytest.raises(InputError, match="代替"):
        sent("superseded", 1)
    assert settled("sent", "rejected", 1) == "rejected"
    assert settled("rejected", "rejected", 1) is None
    for state in ("acknowledged", "superseded", "built"):
        with pytest.raises(InputError):
            settled(state, "rejected", 1)


report_acts = st.lists(
    st.sampled_from(("build", "send", "send", "receive", "acknowledged", "rejected", "receipt", "receipt")),
    max_size=40,
)


@pytest.mark.sequences
@given(report_acts)
def test_no_sequence_of_acts_lets_two_sides_disagree_on_a_report(sequence: list[str]) -> None:
    """The sender's revisions, the receiver's, and the receipts on their way: acts of both sides in any order."""
    below: dict[int, str] = {}
    above: dict[int, str] = {}
    held = 0
    for verb in sequence:
        newest = max(below, default=0)
        before, refusal = dict(below), ""
        try:
            if verb == "build":
                known = None if newest == 0 else (newest, below[newest])
                revision = next_revision(known)  # type: ignore[arg-type]
                if newest and below[newest] == "built":
                    below[newest] = "superseded"
                below[revision] = "built"
                assert revision == newest + 1, "revisions follow one another without a gap"
            elif verb == "send" and newest:
                below[newest] = sent(below[newest], newest)  # type: ignore[arg-type]
            elif verb == "receive" and newest and below[newest] != "built":
                above |= {one: "superseded" for one in above if one < newest and above[one] == "received"}
                above.setdefault(newest, "received")
            elif verb in ("acknowledged", "rejected") and above:
                last = max(above)
                above[last] = settled(above[last], verb, last) or verb  # type: ignore[arg-type]
            elif verb == "receipt" and above and above[max(above)] in ("acknowledged", "rejected"):
                last = max(above)
                below[last] = settled(below[last], above[last], last) or below[last]  # type: ignore[arg-type]
            else:
                continue
        except InputError as error:
            refusal = str(error)
        if refusal:
            assert "请" in refusal, "every refusal says what to do"
            assert below == before, "what is refused changes nothing"
            continue
        held += 1
        assert sum(one == "sent" for one in below.values()) <= 1, "one report at most waits for its receipt"
        for revision, state in below.items():
            was = before.get(revision)
            assert was not in ("acknowledged", "rejected", "superseded") or was == state, (
                "what is settled or replaced stays so"
            )
            if state in ("acknowledged", "rejected"):
                assert above[revision] == state, (
                    "the sender never believes another decision than the receiver made"
                )
    note("report", len(sequence), held)
