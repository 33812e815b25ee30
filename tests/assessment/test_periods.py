"""What reaches over several statistics years: rates by months give each year its part; what counts each year does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment
from xueshi.registry import load
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
SERVICE = "1: {clause: 一, name: 援外, for: field_service, hours: %s, partial: %s}"
LONG = {"start": "2020-07-01", "end": "2023-06-30"}


def by_year(
    pack: RulePack, facts: dict[str, Any], years: range, kind: str = "field_service"
) -> list[LedgerEntry]:
    record = RecordFacts("r1", kind, facts)
    return [evaluate(pack, PersonYearRequest(pack.area, year, {}, (record,))).ledger[0] for year in years]


@pytest.mark.parametrize(
    ("hours", "partial", "facts", "given"),
    [
        ("50 per year", "prorate", LONG, [2500, 5000, 5000, 2500]),
        ("50 per year", "whole", LONG, [0, 5000, 5000, 5000]),
        ("60 per half_year", "whole", LONG, [6000, 12000, 12000, 6000]),
        ("60 per half_year", "whole", {"start": "2020-10-01", "end": "2021-03-31"}, [0, 6000, 0, 0]),
        ("30 per month", "whole", {"start": "2020-12-15", "end": "2021-02-14"}, [0, 6000, 0, 0]),
        ("30 per month", "by_days", {"start": "2020-12-01", "end": "2021-01-31"}, [3000, 3000, 0, 0]),
        ("50 per year", "prorate", {**LONG, "months": 24}, [2500, 5000, 2500, 0]),
        ("{months: {below 12: 0, from 12: 50 per year}}", "prorate", {"start": "2020-07-01", "end": "2021-06-30"}, [0, 5000, 0, 0]),
    ],
)  # fmt: skip
def test_each_year_has_its_part_and_nothing_is_lost_between_two(
    law: Law, hours: str, partial: str, facts: dict[str, Any], given: list[int]
) -> None:
    pack = law(SERVICE % (hours, partial))
    entries = by_year(pack, facts, range(2020, 2024))
    assert [entry.hours for entry in entries] == given
    for year, entry in zip(range(2020, 2024), entries, strict=True):
        if entry.hours:
            assert entry.year == year
            assert entry.text.startswith(f"起止跨年度，只计{year}年度的部分；")


def test_a_year_that_the_period_does_not_reach_has_none_of_it(law: Law) -> None:
    pack = law(SERVICE % ("50 per year", "prorate"))
    assert [entry.code for entry in by_year(pack, LONG, range(2024, 2026))] == ["other_year"] * 2


@pytest.mark.parametrize(
    ("facts", "hours", "verdict"),
    [
        ({"months": 12}, 5000, "credited"),
        ({"months": 12, "end": "2021-06-30"}, 5000, "credited"),
        ({"months": "12.01"}, 0, "needs_fact"),
        ({"months": 14, "end": "2021-06-30"}, 0, "needs_fact"),
        ({"start": "2021-01-01", "end": "2021-12-31"}, 5000, "credited"),
        ({"months": None}, 0, "uncredited"),
        ({}, 0, "needs_fact"),
    ],
)
def test_more_months_than_a_year_has_wait_for_the_dates(
    law: Law, judge: Judge, facts: dict[str, Any], hours: int, verdict: str
) -> None:
    [entry] = judge(law(SERVICE % ("50 per year", "prorate")), ("r1", "field_service", facts)).ledger
    assert (entry.hours, entry.verdict) == (hours, verdict)
    if facts.get("months") in ("12.01", 14):
        assert entry.text == "跨年度，请分年度登记，或补充：开始日期、结束日期"


def test_nobody_is_short_while_such_a_record_waits(law: Law, judge: Judge) -> None:
    result = judge(law(SERVICE % ("50 per year", "prorate")), ("r1", "field_service", {"months": 36}))
    assert result.verdict == "needs_fact"
    assert [point.facts for point in result.open] == [("start", "end")]


def test_what_is_made_up_counts_the_part_of_the_year_it_makes_up(law: Law) -> None:
    pack = law(SERVICE % ("50 per year", "prorate"))
    record = RecordFacts("r1", "field_service", LONG, 2021, makeup=True)
    assert evaluate(pack, PersonYearRequest("990100", 2021, {}, (record,))).ledger[0].hours == 5000
    assert evaluate(pack, PersonYearRequest("990100", 2022, {}, (record,))).ledger[0].code == "other_year"


PROJECT = "1: {clause: 一, name: 课题, for: project, hours: {rank: {1: 50, 2: 40}}%s}"


def test_what_counts_each_year_counts_in_every_year_it_reaches_into(law: Law) -> None:
    facts = {"rank": 2, "start": "2020-09-01", "end": "2022-01-31"}
    each = by_year(law(PROJECT % ", each_year: yes"), facts, range(2019, 2024), "project")
    assert [entry.hours for entry in each] == [0, 4000, 4000, 4000, 0]
    once = by_year(law(PROJECT % ""), facts, range(2019, 2024), "project")
    assert [entry.hours for entry in once] == [0, 0, 0, 4000, 0]
    within = {"rank": 1, "start": "2021-01-01", "end": "2021-12-31"}
    assert [
        entry.hours
        for entry in by_year(law(PROJECT % ", each_year: yes"), within, range(2020, 2023), "project")
    ] == [0, 5000, 0]


def test_a_reading_may_decide_whether_it_counts_each_year(law: Law) -> None:
    reading = "readings: {Q1: {ask: 是否每年, clause: 一, options: {yes: 每年, no: 一次}, default: no}}\n"
    facts = {"rank": 1, "start": "2020-09-01", "end": "2021-08-31"}
    for option, given in (("yes", [5000, 5000]), ("no", [0, 5000])):
        pack = law(PROJECT % ", each_year: Q1", reading, Q1=option)
        assert [entry.hours for entry in by_year(pack, facts, range(2020, 2022), "project")] == given


def test_the_reading_says_so_and_the_workbook_asks_for_both_dates(law: Law) -> None:
    lines = "\n".join(read_law(law(PROJECT % ", each_year: yes")).lines())
    assert "起止跨年度的，每个年度分别认定" in lines
    pack = law(SERVICE % ("50 per year", "prorate"))
    assert "起止跨年度的，各年度只计本年度的部分" in "\n".join(read_law(pack).lines())
    assert {"start", "end"} <= set(pack.data["reads"]["field_service"])


CZ, CQ = "CZ2011", "CQ2007"
TIBET = {"type": "aid_tibet"}
NATIONAL = {"level": "national", "part": "main", "rank": 1, "running": True}


@pytest.mark.parametrize(
    ("instrument", "kind", "facts", "hours"),
    [
        (CZ, "field_service", {**TIBET, "start": "2011-07-01", "end": "2014-06-30"}, {2011: 2500, 2012: 5000, 2013: 5000, 2014: 2500, 2015: 0}),
        (CQ, "field_service", {**TIBET, "start": "2019-11-01", "end": "2022-10-31"}, {2020: 12000, 2021: 12000, 2022: 12000, 2023: 0}),
        (CQ, "field_service", {**TIBET, "months": 36}, {2021: 0}),
        (CZ, "project", {**NATIONAL, "start": "2019-03-01", "end": "2021-12-31"}, {2018: 0, 2019: 5000, 2020: 5000, 2021: 5000, 2022: 0}),
        (CQ, "project", {**NATIONAL, "start": "2019-03-01", "end": "2021-12-31"}, {2018: 0, 2019: 8000, 2020: 8000, 2021: 8000, 2022: 8000, 2023: 0}),
    ],
)  # fmt: skip
def test_the_encoded_laws_count_year_by_year(
    instrument: str, kind: str, facts: dict[str, Any], hours: dict[int, int]
) -> None:
    """三(十三) 每年50、三(十一) 每年认定；标准11、标准9."""
    pack = load().pack_of(instrument)
    for year, given in hours.items():
        if pack.serves(year):
            [entry] = by_year(pack, facts, range(year, year + 1), kind)
            assert entry.hours == given, (year, entry.text)


def test_a_date_of_a_check_decides_before_the_period_and_the_period_where_there_is_none(law: Law) -> None:
    facts = "facts: {checked: {type: date, label: 检查日期}}\n"
    pack = law(PROJECT % ", each_year: yes, dated: checked", facts)
    period = {"rank": 2, "start": "2020-09-01", "end": "2022-01-31"}
    assert [entry.hours for entry in by_year(pack, period, range(2019, 2024), "project")] == [
        0,
        4000,
        4000,
        4000,
        0,
    ]
    checked = {**period, "checked": "2021-06-01"}
    assert [entry.hours for entry in by_year(pack, checked, range(2019, 2024), "project")] == [
        0,
        0,
        4000,
        0,
        0,
    ]
    assert [entry.hours for entry in by_year(pack, {"rank": 2}, range(2020, 2022), "project")] == [4000, 4000]
