"""Parts of a month: they give nothing, or so much for each day, and a word that changes nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
ABROAD = "1: {clause: 一, name: 境外进修, for: abroad, hours: %s, partial: %s}"


@pytest.mark.parametrize(
    ("hours", "facts", "given"),
    [
        ("30 per month", {"start": "2021-03-01", "end": "2021-03-31"}, 3000),
        ("30 per month", {"start": "2021-03-01", "end": "2021-04-10"}, 4000),
        ("30 per month", {"start": "2021-03-01", "end": "2021-03-10"}, 1000),
        ("30 per month", {"start": "2021-03-01", "end": "2021-03-01"}, 100),
        ("30 per month", {"start": "2021-03-01", "end": "2021-03-29"}, 2900),
        ("30 per month", {"start": "2021-03-01", "end": "2021-03-30"}, 3000),  # a part is never more than the month
        ("30 per month", {"months": "2.5"}, 7500),
        ("30 per month", {"months": "2"}, 6000),
        ("40 per month", {"start": "2021-03-01", "end": "2021-03-07"}, 933),  # rounded once, at the end
        ("60 per half_year", {"start": "2021-03-01", "end": "2021-05-10"}, 2333),
    ],
)  # fmt: skip
def test_days_beyond_whole_months_count_each_a_30th(
    law: Law, judge: Judge, hours: str, facts: dict[str, Any], given: int
) -> None:
    pack = law(ABROAD % (hours, "by_days"))
    assert judge(pack, ("r1", "abroad", facts)).totals["total"] == given


def test_of_several_years_each_has_its_days_and_nothing_is_lost(law: Law) -> None:
    pack = law(ABROAD % ("30 per month", "by_days"))
    record = RecordFacts("r1", "abroad", {"start": "2020-12-22", "end": "2021-02-05"})
    years = [
        evaluate(pack, PersonYearRequest(pack.area, year, {}, (record,))).ledger[0].hours
        for year in (2020, 2021)
    ]
    assert years == [1000, 3500]


def test_it_is_read_aloud(law: Law) -> None:
    lines = "\n".join(read_law(law(ABROAD % ("30 per month", "by_days"))).lines())
    assert "每月30学时（按“月数”，不足一个月的按天折算，每天为一个月的1/30）" in lines


@pytest.mark.parametrize(
    ("hours", "partial", "said"),
    [
        ("30 per month", "prorate", "completed months count"),
        ("{Q1: {a: 30 per month, b: 20 per month}}", "Q2", "completed months count"),
        ("6 per day", "by_days", "by_days is of hours per month, half_year or year"),
    ],
)
def test_a_word_that_would_change_nothing_is_refused_with_what_to_write(
    law: Law, hours: str, partial: str, said: str
) -> None:
    more = (
        "readings:\n  Q1: {ask: 甲, clause: 一, options: {a: 甲, b: 乙}, default: a}\n"
        "  Q2: {ask: 乙, clause: 一, options: {prorate: 按比例, whole: 只计整数}, default: prorate}\n"
    )
    with pytest.raises(RuleFileError, match=f"E508 partial of 1: {said}.* Repair: partial: "):
        law(ABROAD % (hours, partial), more if "Q" in hours else "")


@pytest.mark.parametrize(
    ("hours", "partial"),
    [("30 per month", "whole"), ("50 per year", "prorate"), ("[stated, 30 per month]", "by_days")],
)
def test_what_does_something_is_left_alone(law: Law, hours: str, partial: str) -> None:
    law(ABROAD % (hours, partial))


def test_what_an_item_says_for_several_rows_works_where_one_of_them_needs_it(law: Law) -> None:
    law(
        "1:\n  clause: 一\n  name: 服务\n  for: field_service\n  partial: prorate\n  rows:\n"
        "    1a: {when: {type: village}, hours: 60 per half_year}\n    1b: {hours: 30 per month}",
        "facts: {type: {type: word, label: 类型, values: {village: 驻村, other_service: 其他}}}\n",
    )
