"""A part of a unit that a text counts up: to a whole unit, to the next half, to just half of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.boundaries import proposals
from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.mutants import try_mutants
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
RULE = "1: {clause: 一, name: 援助, for: field_service, hours: %s, partial: %s}"


@pytest.mark.parametrize(
    ("hours", "partial", "facts", "given"),
    [
        # 每天8学时，不满一天的按一天计
        ("8 per day", "up", {"days": "2"}, 1600),
        ("8 per day", "up", {"days": "2.01"}, 2400),
        ("8 per day", "up", {"half_days": 5}, 2400),
        ("8 per day", "up", {"days": "0"}, 0),
        # 不满一天的按半天计: whatever the part is
        ("8 per day", "as_half", {"days": "2"}, 1600),
        ("8 per day", "as_half", {"days": "2.25"}, 2000),
        ("8 per day", "as_half", {"days": "2.5"}, 2000),
        ("8 per day", "as_half", {"days": "2.75"}, 2000),
        ("8 per day", "as_half", {"half_days": 5}, 2000),
        # 不满半天的按半天计，超过半天不满一天的按一天计
        ("8 per day", "up_to_half", {"days": "2.25"}, 2000),
        ("8 per day", "up_to_half", {"days": "2.5"}, 2000),
        ("8 per day", "up_to_half", {"days": "2.51"}, 2400),
        # by half-days, the same is counted up to whole ones
        ("4 per half_day", "up", {"days": "2.25"}, 2000),
        ("4 per half_day", "up", {"days": "2.51"}, 2400),
        # 不足1课时的按1课时计; 不足千字的按千字计
        ("1.5 per hour", "up", {"hours": "3.2"}, 600),
        ("6 per 1000 characters", "up", {"characters": 1001}, 1200),
        ("6 per 1000 characters", "as_half", {"characters": 1999}, 900),
        ("6 per 1000 characters", "up_to_half", {"characters": 1501}, 1200),
        # 不足一个月的按一个月计; 不足半年的按半年计
        ("10 per month", "up", {"start": "2021-03-01", "end": "2021-04-10"}, 2000),
        ("10 per month", "up_to_half", {"start": "2021-03-01", "end": "2021-04-10"}, 1500),
        ("60 per half_year", "up", {"months": "7"}, 12000),
        ("60 per half_year", "as_half", {"months": "7"}, 9000),
        # of a list the first that can be told
        ("[stated, 8 per day]", "up", {"days": "0.1"}, 800),
        ("{level: {national: 8 per day, otherwise: 6 per day}}", "up", {"days": "0.1", "level": "city"}, 600),
        # a unit that comes whole is left alone
        ("[8 per day, 3 per item]", "as_half", {"items": 3}, 900),
    ],
)  # fmt: skip
def test_a_part_is_counted_up(
    law: Law, judge: Judge, hours: str, partial: str, facts: dict[str, Any], given: int
) -> None:
    result = judge(law(RULE % (hours, partial)), ("r1", "field_service", facts))
    assert result.totals["total"] == given


def test_what_is_taken_off_is_taken_off_first(law: Law, judge: Judge) -> None:
    pack = law(RULE % ("8 per day, less: travel_days", "up"))
    given = judge(pack, ("r1", "field_service", {"days": "3", "travel_days": "0.75"})).totals["total"]
    assert given == 2400, "2.25 days are left, and count as 3"


def test_a_begun_day_has_the_limit_of_a_day_in_full(law: Law, judge: Judge) -> None:
    pack = law(RULE % ("8 per day", "up, at_most: {day: 6}"))
    assert judge(pack, ("r1", "field_service", {"days": "1.25"})).totals["total"] == 1200
    prorated = law(RULE % ("8 per day", "prorate, at_most: {day: 6}"))
    assert judge(prorated, ("r1", "field_service", {"days": "1.25"})).totals["total"] == 750


def test_of_several_years_each_has_the_months_that_begin_in_it(law: Law) -> None:
    pack = law(RULE % ("10 per month", "up"))
    record = RecordFacts("r1", "field_service", {"start": "2020-12-22", "end": "2021-02-05"})
    years = [
        evaluate(pack, PersonYearRequest(pack.area, year, {}, (record,))).ledger[0].hours
        for year in (2020, 2021)
    ]
    assert years == [1000, 1000], "a month and a half are two months, and none is counted twice"


@pytest.mark.parametrize(
    ("hours", "partial", "said"),
    [
        ("8 per day", "up", "每天8学时（按“天数”，不满一天的按一天计）"),
        ("8 per day", "as_half", "每天8学时（按“天数”，不满一天的按半天计）"),
        ("8 per day", "up_to_half", "每天8学时（按“天数”，不满半天的按半天计，超过半天不满一天的按一天计）"),
        ("4 per half_day", "up", "不满半天的按半天计）"),
        ("1 per hour", "up", "不满一课时的按一课时计"),
        ("6 per 1000 characters", "up", "不满千字的按千字计"),
        ("6 per 500 characters", "as_half", "不满500字的按500字的一半计"),
        ("60 per half_year", "up_to_half", "不满三个月的按三个月计，超过三个月不满半年的按半年计"),
    ],
)
def test_it_is_read_aloud(law: Law, hours: str, partial: str, said: str) -> None:
    lines = "\n".join(read_law(law(RULE % (hours, partial))).lines())
    assert said in lines


def test_a_reading_may_choose_it(law: Law, judge: Judge) -> None:
    more = (
        "readings:\n  Q1: {ask: 不满一天, clause: 一, options: {as_half: 都按半天, up_to_half: 分两档}, "
        "default: as_half}\n"
    )
    rule = RULE % ("8 per day", "Q1")
    record = ("r1", "field_service", {"days": "0.75"})
    assert judge(law(rule, more), record).totals["total"] == 400
    chosen = judge(law(rule, more, Q1="up_to_half"), record)
    assert (chosen.totals["total"], "EX-Q1" in chosen.readings) == (800, True)


@pytest.mark.parametrize("hours", ["8", "stated", "3 per item", "5 to 10"])
def test_where_nothing_has_parts_the_word_is_refused(law: Law, hours: str) -> None:
    with pytest.raises(
        RuleFileError, match="E508 partial of 1: nothing is reckoned by a unit that has parts"
    ):
        law(RULE % (hours, "up"))


@pytest.mark.parametrize(
    ("hours", "partial", "asked", "need"),
    [
        ("8 per day", "up", "17", "补足17学时需3天"),
        ("8 per day", "as_half", "17", "补足17学时需2.5天"),
        ("8 per day", "as_half", "13", "补足13学时需2天"),
        ("6 per 1000 characters", "up_to_half", "8", "补足8学时需1500字"),
        ("60 per half_year", "as_half", "36", "补足36学时需6个月"),
    ],
)
def test_a_hint_names_what_surely_suffices(law: Law, hours: str, partial: str, asked: str, need: str) -> None:
    pack = law(
        RULE % (hours, partial), f"requirements: {{R1: {{clause: 一, of: total, at_least: {asked}}}}}\n"
    )
    [cure] = explain(pack, PersonYearRequest("990100", 2021, {}, ())).cures
    assert cure.need == need


LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: field_service, hours: 8 per day, partial: PARTIAL}
requirements:
  R1: {clause: 一, of: total, at_least: 1}
"""
CASE = """\
document: EX
cases:
  - id: C1
    year: 2022
    person: {level: senior}
    records: [{id: r1, kind: field_service, rule: EX-1, facts: {days: DAYS}, hours: HOURS}]
    totals: {professional: HOURS, total: HOURS}
    met: true
    shortfall: {}
"""


@pytest.mark.parametrize(
    ("partial", "days", "hours", "unnoticed"),
    [
        ("up", "1.75", "16", ["up becomes up_to_half"]),
        ("up", "1.25", "16", []),
        ("up_to_half", "1.75", "16", ["up_to_half becomes up"]),
        ("up_to_half", "1.25", "12", ["up_to_half becomes as_half"]),
        ("as_half", "1.25", "12", ["as_half becomes up_to_half"]),
        ("as_half", "1.75", "12", []),
    ],
)
def test_cases_must_hold_how_a_part_counts(partial: str, days: str, hours: str, unnoticed: list[str]) -> None:
    text = CASE.replace("DAYS", days).replace("HOURS", hours)
    file = read_case_file(RegulationSource("cases.yaml", text))
    law = LAW.replace("PARTIAL", partial)
    report = try_mutants("EX", lambda _: RegulationSource("ex.yaml", law), [file])
    said = [one.message for one in report.unnoticed if "partial" in one.message]
    assert [one.partition("partial: ")[2] for one in said] == unnoticed


def test_the_parts_are_edges_to_try(law: Law) -> None:
    pack = law(RULE % ("8 per day", "as_half"))
    [edge] = [one for one in proposals(pack) if one.edge == "不满一个单位"]
    assert (edge.rule, edge.fact, edge.values) == ("EX-1", "days", ("1", "1.25", "1.5", "1.75"))


DAILY = "1: {clause: 一, name: 服务, for: field_service, hours: [stated in daily_hours, 1 per hour], partial: up%s}"
TWO_DAYS = {"daily_hours": ["2.5", "1.5"], "start": "2021-03-01", "end": "2021-03-02"}


def test_of_each_day_that_is_listed_the_begun_hour_counts(law: Law, judge: Judge) -> None:
    pack = law(DAILY % "")
    assert judge(pack, ("r1", "field_service", TWO_DAYS)).totals["total"] == 500
    by_date = {"daily_hours": {"2021-03-01": "2.5", "2021-03-05": "1.5"}, "end": "2021-03-05"}
    assert judge(pack, ("r1", "field_service", by_date)).totals["total"] == 500
    assert judge(pack, ("r1", "field_service", {"hours": 4, "end": "2021-03-02"})).totals["total"] == 400
    assert "每天不满一课时的按一课时计" in "\n".join(read_law(pack).lines())


@pytest.mark.parametrize(("cap", "given"), [(4, 500), (2, 400), (3, 500)])
def test_the_limit_of_a_day_is_of_the_hours_counted_up(law: Law, judge: Judge, cap: int, given: int) -> None:
    pack = law(DAILY % f", at_most: {{day: {cap}}}")
    assert judge(pack, ("r1", "field_service", TWO_DAYS)).totals["total"] == given


@pytest.mark.parametrize(
    "rule",
    [
        DAILY.replace(", partial: up%s", ""),
        DAILY.replace("1 per hour", "8 per day") % "",
        DAILY.replace("1 per hour", "2 per hour") % "",
        DAILY.replace("up%s", "whole"),
    ],
)
def test_stated_hours_of_a_day_stay_where_no_begun_hour_counts_as_one(
    law: Law, judge: Judge, rule: str
) -> None:
    assert judge(law(rule), ("r1", "field_service", TWO_DAYS)).totals["total"] == 400


def test_hours_day_by_day_are_told_in_words(law: Law) -> None:
    fact = law(DAILY % "").facts["daily_hours"]
    assert fact.phrase(["2.5", "1.5"]) == "每日学时2.5、1.5学时"
    assert (
        fact.phrase({"2026-06-01": "2.5", "2026-06-02": "4"})
        == "每日学时2026-06-01为2.5学时、2026-06-02为4学时"
    )
