"""What is handed in wrongly is refused with the record, the fact and what may stand there; never with a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import InputError, RuleError
from xueshi.registry import load
from xueshi.regulations.check import check
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
STATED = "1: {clause: 一, name: 论文, for: paper, hours: stated}"
DAILY = "1: {clause: 一, name: 自学, for: unit_self_study, hours: [stated in daily_hours, stated], at_most: {day: 8}}"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"declared_hours": 99999}, "载明学时数（declared_hours）的值“99999”不可读，应在0至3000学时之间"),
        ({"days": 500}, "应在0至366天之间"),
        ({"days": "366.01"}, "应在0至366天之间"),
        ({"rank": 0}, "应在1至1000位之间"),
        ({"daily_hours": [8, 25]}, "应在0至24学时之间"),
        ({"level": ["national"]}, "级别（level）的值“['national']”不可读，应为：international（国际级）"),
        ({"level": {"a": 1}}, "级别（level）的值"),
        ({"start": "2021-05-02", "end": "2021-05-01"}, "记录r1：结束日期2021-05-01早于开始日期2021-05-02"),
        ({"work": ["W"]}, "应为名称或编号"),
    ],
)
def test_a_value_nothing_can_be_made_of_is_refused(
    law: Law, judge: Judge, facts: dict[str, Any], says: str
) -> None:
    with pytest.raises(RuleError) as stopped:
        judge(law(STATED), ("r1", "paper", facts))
    assert says in str(stopped.value)


@pytest.mark.parametrize(
    "facts", [{"declared_hours": 3000}, {"declared_hours": 0}, {"declared_hours": "0.01"}]
)
def test_the_ends_of_a_range_are_in(law: Law, judge: Judge, facts: dict[str, Any]) -> None:
    assert judge(law(STATED), ("r1", "paper", facts)).ledger[0].verdict in ("credited", "uncredited")


def test_one_day_is_no_mistake(law: Law, judge: Judge) -> None:
    facts = {"declared_hours": 8, "start": "2021-05-01", "end": "2021-05-01"}
    assert judge(law(STATED), ("r1", "paper", facts)).totals["total"] == 800


@pytest.mark.parametrize(
    ("level", "says"),
    [
        ({"from": "2010-01-01", "value": "junior"}, "职称层级（person.level）的值"),
        (["senior"], "随时间变化的，应逐段写明起始日期和值"),
        ([["2010-01-01"]], "随时间变化的，应逐段写明起始日期和值"),
        ([5], "“5”不是这样写的"),
        ([{"from": "2010-01-01"}], "应逐段写明起始日期和值"),
        ([["昨天", "senior"]], "起始日期“昨天”不可读"),
        ([["2010-01-01", ["senior"]]], "职称层级（person.level）的值"),
    ],
)
def test_a_level_written_otherwise_is_told_how(law: Law, judge: Judge, level: Any, says: str) -> None:
    with pytest.raises(RuleError) as stopped:
        judge(law(STATED), person={"level": level})
    assert says in str(stopped.value)


@pytest.mark.parametrize("blank", [[], {}, ""])
def test_no_day_listed_is_a_blank_cell(law: Law, judge: Judge, blank: Any) -> None:
    """An empty list is not 0 hours: what is stated beside it counts, and with nothing beside it is asked for."""
    pack = law(DAILY)
    beside = judge(pack, ("r1", "unit_self_study", {"daily_hours": blank, "declared_hours": 6, "days": 1}))
    assert beside.totals["total"] == 600
    alone = judge(pack, ("r1", "unit_self_study", {"daily_hours": blank}))
    assert (alone.ledger[0].verdict, alone.verdict) == ("needs_fact", "needs_fact")


def test_days_without_hours_are_stated_all_the_same(law: Law, judge: Judge) -> None:
    entry = judge(law(DAILY), ("r1", "unit_self_study", {"daily_hours": [0, 0]})).ledger[0]
    assert (entry.hours, entry.verdict) == (0, "uncredited")


def test_a_person_without_level_is_not_asked_for_an_industry_that_nothing_is_set_for() -> None:
    pack = load().pack_of("SZ2013")
    assert [one.facts for one in evaluate(pack, PersonYearRequest(pack.area, 2014, {}, ())).open] == [
        ("person.level",)
    ]
    chosen = {"industry_rule": {"health": {"total": "60"}}}
    asked = load().pack_of("SZ2013", config=chosen)
    found = evaluate(asked, PersonYearRequest(pack.area, 2014, {}, ())).open
    assert {name for one in found for name in one.facts} == {"person.level", "person.industry"}


@pytest.mark.parametrize("year", [99999, 10000, 0, -1, 24])
def test_a_number_that_is_no_year_is_refused(year: int) -> None:
    with pytest.raises(InputError, match="不是统计年度；请写四位数的年度"):
        load().pack_for("320500", year)


OWN = """\
xueshi: 1
regulation: {id: EX, title: 示例, number: none, issuer: 示例, issued: 2020-01-01, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
facts:
  sheets: {type: count, label: 张数, unit: 张, range: RANGE}
  days: {range: 0 to 10}
rules: {1: {clause: 一, name: 论文, for: paper, hours: {sheets: {from 1: 5}}}}
requirements: {R1: {clause: 一, of: total, at_least: 1}}
"""


def test_a_region_gives_ranges_to_its_own_facts_and_narrower_ones_to_others() -> None:
    pack = resolve_pack("EX", lambda _: RegulationSource("ex.yaml", OWN.replace("RANGE", "1 to 9")))
    assert RulePack.from_bytes(pack.to_bytes()).facts["sheets"].range == (1, 9)
    for facts, says in (({"sheets": 10}, "应在1至9张之间"), ({"days": 11}, "应在0至10天之间")):
        with pytest.raises(RuleError, match=says):
            evaluate(pack, PersonYearRequest("990100", 2021, {}, (RecordFacts("r1", "paper", facts),)))
    assert "range" not in pack.data["facts"]["months"], "what the engine says itself need not be pinned"


@pytest.mark.parametrize("text", ["9 to 1", "0-9", "a to b", "0 to 1000000000"])
def test_a_range_that_cannot_be_read_is_told(text: str) -> None:
    found = check("EX", lambda _: RegulationSource("ex.yaml", OWN.replace("RANGE", text)))
    assert any(one.code == "E103" and "range of fact sheets" in one.message for one in found)
