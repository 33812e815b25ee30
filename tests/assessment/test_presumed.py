"""No adverse verdict rests on a fact that nobody stated and whose absence a rule takes for a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.registry import load
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
ROWS = """1:
    clause: 一
    name: 培训
    for: training
    hours: stated
    rows:
      1a: {when: {content: public}, category: public}
      1b: {when: {content: [professional, not_stated]}}"""
MINIMUMS = (
    "requirements: {R1: {clause: 一, of: total, at_least: 72}, R2: {clause: 一, of: public, at_least: 24}}\n"
)


def judged(pack: RulePack, *records: dict[str, Any], kind: str = "training", **more: Any) -> YearAssessment:
    taken = [
        RecordFacts(f"r{place}", kind, {"declared_hours": 0, **facts})
        for place, facts in enumerate(records, start=1)
    ]
    return evaluate(pack, PersonYearRequest(pack.area, more.pop("year", 2020), more, tuple(taken)))


PUBLIC = {"content": "public"}
OTHER = {"content": "professional"}


@pytest.mark.parametrize(
    ("blank", "verdict"),
    [(4, "needs_fact"), (5, "needs_fact"), (3, "not_met")],
)
def test_a_shortage_that_blank_categories_could_fill_is_open(law: Law, blank: int, verdict: str) -> None:
    pack = law(ROWS, MINIMUMS)
    result = judged(
        pack,
        {"declared_hours": 20, **PUBLIC},
        {"declared_hours": 60, **OTHER},
        {"declared_hours": blank},
    )
    assert result.verdict == verdict
    [public] = [one for one in result.requirements if one.of == "public"]
    assert public.shortfall == 400
    assert public.met is (None if verdict == "needs_fact" else False)
    asked = [(one.record, one.facts) for one in result.open]
    assert asked == ([("r3", ("content",))] if verdict == "needs_fact" else [])
    assert (
        result.entry("r3").hours == blank * 100
    )  # counted where its absence puts it, until somebody says otherwise


def test_several_blanks_together_may_fill_it_and_each_is_asked_for(law: Law) -> None:
    pack = law(ROWS, MINIMUMS)
    facts = [{"declared_hours": 20, **PUBLIC}, {"declared_hours": 60, **OTHER}]
    result = judged(pack, *facts, {"declared_hours": 2}, {"declared_hours": 2})
    assert result.verdict == "needs_fact"
    assert [one.record for one in result.open] == ["r3", "r4"]


def test_a_year_that_fails_otherwise_fails_and_asks_nothing(law: Law) -> None:
    result = judged(law(ROWS, MINIMUMS), {"declared_hours": 20, **PUBLIC}, {"declared_hours": 4})
    assert result.verdict == "not_met"
    assert result.open == ()
    assert {one.of: one.met for one in result.requirements} == {"total": False, "public": None}


def test_a_category_that_is_looked_up_is_asked_for_too(law: Law) -> None:
    table = '{content: {public: public, "professional, not_stated": professional}}'
    pack = law(f"1: {{clause: 一, name: 培训, for: training, hours: stated, category: {table}}}", MINIMUMS)
    result = judged(pack, {"declared_hours": 20, **PUBLIC}, {"declared_hours": 60})
    assert result.verdict == "needs_fact"
    assert [(one.record, one.facts) for one in result.open] == [("r2", ("content",))]


def test_what_the_work_of_an_earlier_record_took_is_no_gain(law: Law) -> None:
    pack = law(
        ROWS,
        f"groups: {{g: {{clause: 一, name: 同一项目, of: [1], same: project, count: once}}}}\n{MINIMUMS}",
    )
    result = judged(
        pack,
        {"declared_hours": 20, **PUBLIC},
        {"declared_hours": 60, "project": "P1", **OTHER},
        {"declared_hours": 30, "project": "P1"},
    )
    assert result.entry("r3").code == "dedupe"
    assert result.verdict == "not_met"


def test_hours_that_a_certificate_may_state_are_asked_for_where_the_year_is_short() -> None:
    """An advanced seminar of Wenzhou: 36 hours by its level, unless the certificate states others."""
    pack = load().pack_of("WZ2017")
    seminar = {"level": "national", "approved": True, "passed": True}
    records = (
        RecordFacts("r1", "advanced_seminar", seminar),
        RecordFacts("r2", "public_course", {"declared_hours": 18, "passed": True}),
        RecordFacts("r3", "industry_public_course", {"declared_hours": 18, "passed": True}),
    )
    short = evaluate(pack, PersonYearRequest(pack.area, 2020, {}, records))
    assert short.verdict == "needs_fact"
    assert [(one.record, one.facts) for one in short.open] == [("r1", ("hours_stated",))]
    told = (records[0]._replace(facts={**seminar, "hours_stated": False}), *records[1:])
    assert evaluate(pack, PersonYearRequest(pack.area, 2020, {}, told)).verdict == "not_met"


ROWS_OF_ABSENCE = """\
1:
  clause: 一
  name: 研修班
  for: advanced_seminar
  rows:
    1d: {when: {any: [{hours_stated: yes}, {hours_stated: not_stated, declared_hours: stated}]}, hours: stated}
    1a: {when: {hours_stated: no, level: national}, hours: 36}
"""


def test_a_fact_whose_absence_one_row_takes_for_a_value_is_asked_where_no_row_holds(
    law: Law, judge: Judge
) -> None:
    pack = law(ROWS_OF_ABSENCE)
    result = judge(pack, ("r1", "advanced_seminar", {"level": "national"}))
    assert (result.ledger[0].verdict, result.open[0].facts) == ("needs_fact", ("hours_stated",))
    stated = judge(pack, ("r1", "advanced_seminar", {"level": "national", "hours_stated": False}))
    assert stated.ledger[0].hours == 3600
    other = judge(pack, ("r1", "advanced_seminar", {"level": "city", "hours_stated": False}))
    assert (other.ledger[0].verdict, other.ledger[0].code) == ("uncredited", "no_row")
