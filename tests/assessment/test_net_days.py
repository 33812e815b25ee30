"""Days compared with bands after what is taken off (`less`); days that would be taken off nothing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from xueshi.assessment.cures import standard
from xueshi.assessment.types import YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.check import check
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.rule_words import RuleWords
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
CAPPED = (
    "1: {clause: 一, name: 培训, for: training, hours: 8 per day, less: travel_days,"
    " at_most: {event: {days: {upto 10: 60, over 10 below 30: 100, from 30: 180}}}}"
)
ROWS = """\
1:
  clause: 一
  name: 培训
  for: training
  less: travel_days
  rows:
    1a: {when: {days: upto 10}, hours: 20}
    1b: {when: {days: over 10}, hours: 40}
"""
TABLE = "1: {clause: 一, for: training, less: travel_days, hours: {days: {upto 10: 20, over 10: 40}}}"
NEEDS = "1: {clause: 一, for: training, needs: [{days: from 3}], hours: 6 per day, less: travel_days}"


@pytest.mark.parametrize("rules", [CAPPED, ROWS, TABLE])
@pytest.mark.parametrize(
    ("facts", "longer"),
    [
        ({"days": 12, "travel_days": 2}, False),
        ({"days": 12, "travel_half_days": 3}, True),
        ({"days": 12}, True),
        ({"half_days": 24, "travel_days": 2}, False),
        ({"half_days": 24, "travel_half_days": 3}, True),
        ({"days": "10.5", "travel_half_days": 1}, False),
    ],
)
def test_a_band_sees_the_days_that_are_left(
    law: Law, judge: Judge, rules: str, facts: dict[str, Any], longer: bool
) -> None:
    entry = judge(law(rules), ("r1", "training", facts)).ledger[0]
    net = Fraction(facts.get("days") or Fraction(facts["half_days"], 2)) - (
        facts.get("travel_days") or Fraction(facts.get("travel_half_days", 0), 2)
    )
    capped = min(int(net * 800), 10000 if longer else 6000)
    assert entry.hours == (capped if rules is CAPPED else 4000 if longer else 2000)


def test_a_condition_sees_them_too(law: Law, judge: Judge) -> None:
    pack = law(NEEDS)
    assert judge(pack, ("r1", "training", {"days": 5, "travel_days": 2})).ledger[0].hours == 1800
    short = judge(pack, ("r1", "training", {"days": 4, "travel_days": 2})).ledger[0]
    assert (short.hours, short.code) == (0, "needs.days")


@pytest.mark.parametrize("rules", [CAPPED, ROWS, TABLE, NEEDS])
def test_more_taken_off_than_there_is_waits(law: Law, judge: Judge, rules: str) -> None:
    entry = judge(law(rules), ("r1", "training", {"days": 1, "travel_days": 2})).ledger[0]
    assert (entry.verdict, entry.hours) == ("needs_fact", 0)
    assert entry.text == "扣除的天数多于申报的天数，请核对：天数、在途天数"


def test_without_less_a_band_sees_all_days(law: Law, judge: Judge) -> None:
    pack = law(CAPPED.replace(" less: travel_days,", ""))
    assert judge(pack, ("r1", "training", {"days": 12})).ledger[0].hours == 9600


def test_a_line_for_what_nobody_stated_does_not_hide_what_is_taken_off(law: Law, judge: Judge) -> None:
    table = "{days: {upto 10: 60, over 10: 100, not_stated: {half_days: {upto 20: 60, over 20: 100}}}}"
    pack = law(
        f"1: {{clause: 一, for: training, hours: 8 per day, less: travel_days, at_most: {{event: {table}}}}}"
    )
    for facts in ({"days": 12, "travel_days": 2}, {"half_days": 24, "travel_days": 2}):
        assert judge(pack, ("r1", "training", facts)).ledger[0].hours == 6000


def test_check_and_reading_say_which_days_are_meant(law: Law) -> None:
    pack = law(CAPPED)
    assert "所称天数为扣除在途天数后的天数" in "\n".join(read_law(pack).lines())
    assert "每次最多按天数：不超过10天60学时" in standard(RuleWords(pack), pack, "1", "1")
    head = CAPPED.replace("1: {", "rules: {1: {", 1) + "}\n"
    text = f"""\
xueshi: 1
regulation: {{id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}}
clauses: {{一: {{encoded: 示例}}}}
categories: {{professional: 专业科目}}
year: {{clause: 一, starts: 01-01, person_as_of: end}}
defaults: {{category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}}
{head}requirements: {{R1: {{clause: 一, of: total, at_least: 10}}}}
"""
    found = [one for one in check("EX", lambda _: RegulationSource("ex.yaml", text)) if one.code == "W605"]
    assert [one.message for one in found] == ["1 (一): days are compared after travel_days is taken off"]


@pytest.mark.parametrize(
    "rules",
    [
        "1: {clause: 一, for: training, hours: 1 per hour, less: travel_days}",
        "1: {clause: 一, for: training, hours: stated, less: travel_days}",
        "1: {clause: 一, for: training, hours: 5 per month, less: travel_days}",
        "1: {clause: 一, for: training, hours: stated in daily_hours, less: travel_days, at_most: {day: 6}}",
        "1: {clause: 一, for: training, hours: 6 per day, rows: {1a: {when: {passed: yes}, hours: 3, less: travel_days}, 1b: {}}}",
    ],
)
def test_days_taken_off_nothing_are_refused(law: Law, rules: str) -> None:
    with pytest.raises(RuleFileError, match="E507 less takes days off"):
        law(rules)


def test_one_row_by_days_suffices(law: Law) -> None:
    law(
        "1: {clause: 一, for: training, less: travel_days, rows: {1a: {when: {hours_stated: yes}, hours: stated}, 1b: {hours: 6 per day}}}"
    )
