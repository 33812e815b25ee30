"""A refusal that takes more than its record: the hours of the year in the categories that the text names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.cases import run_file
from xueshi.assessment.explanation import explain
from xueshi.assessment.mutants import mutants
from xueshi.assessment.precheck import precheck
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]

RULES = """\
1: {clause: 一, name: 培训, for: training, hours: 8 per day, needs: [passed]}
2: {clause: 一, name: 网络学习, for: public_course, hours: stated, category: public}
3: {clause: 一, name: 项目, for: project, hours: 30, spread: [50%, 50%]}
"""
REFUSE = "refuse: {8a: {clause: 一, name: 虚假证明, when: {false_proof: yes}, cancels: %s}}\n"
GOOD = ("good", "training", {"days": 2, "passed": True, "end": "2021-03-01"})
PUBLIC = ("public", "public_course", {"declared_hours": 5, "end": "2021-03-01"})
FALSE = ("false", "training", {"days": 4, "passed": True, "end": "2021-09-01", "false_proof": True})


def hours(result: YearAssessment) -> dict[str, int]:
    return {one.record: one.hours for one in result.ledger}


def test_the_year_loses_the_category_and_keeps_the_other(law: Law, judge: Judge) -> None:
    pack = law(RULES, REFUSE % "[professional]")
    result = judge(pack, GOOD, PUBLIC, FALSE)
    assert hours(result) == {"good": 0, "public": 500, "false": 0}
    assert (result.totals["professional"], result.totals["total"]) == (0, 500)
    entry = result.entry("good")
    assert (entry.verdict, entry.code, entry.rules) == ("refused", "refused.8a", ("EX-1", "EX-8a"))
    assert entry.text == "因记录false（虚假证明），按一取消当年度全部专业科目学时，本条16学时计0学时"
    assert result.entry("false").text == "虚假证明，按一不予认定"


def test_all_takes_every_category(law: Law, judge: Judge) -> None:
    result = judge(law(RULES, REFUSE % "all"), GOOD, PUBLIC, FALSE)
    assert hours(result) == {"good": 0, "public": 0, "false": 0}
    assert "取消当年度全部学时" in result.entry("public").text


def test_without_the_key_only_the_record_is_refused(law: Law, judge: Judge) -> None:
    pack = law(RULES, "refuse: {8a: {clause: 一, name: 虚假证明, when: {false_proof: yes}}}\n")
    assert hours(judge(pack, GOOD, FALSE)) == {"good": 1600, "false": 0}
    assert "cancels" not in pack.data["refuse"][0]


@pytest.mark.parametrize("order", [(GOOD, FALSE), (FALSE, GOOD)])
def test_a_false_proof_of_another_year_takes_nothing_of_this_one(
    law: Law, judge: Judge, order: tuple[tuple[str, str, dict[str, Any]], ...]
) -> None:
    pack = law(RULES, REFUSE % "[professional]")
    last = [
        (name, kind, {**facts, "end": "2020-12-31"}) if name == "false" else (name, kind, facts)
        for name, kind, facts in order
    ]
    assert hours(judge(pack, *last)) == {"good": 1600, "false": 0}
    assert hours(judge(pack, *order)) == {"good": 0, "false": 0}


def test_what_waits_in_the_category_is_not_asked_for_any_more(law: Law, judge: Judge) -> None:
    pack = law(RULES, REFUSE % "[professional]")
    waits = ("waits", "training", {"days": 2, "end": "2021-03-01"})
    assert judge(pack, waits).verdict == "needs_fact"
    result = judge(pack, waits, FALSE)
    assert (result.verdict, result.open) == ("not_met", ())
    assert result.entry("waits").verdict == "refused"
    assert result.entry("waits").text.endswith("取消当年度全部专业科目学时，本条不再认定")


def test_parts_of_later_years_stay_and_those_of_earlier_ones_go(law: Law, judge: Judge) -> None:
    pack = law(RULES, REFUSE % "[professional]")
    result = judge(pack, ("spread", "project", {"end": "2021-05-01"}), FALSE)
    assert hours(result) == {"spread": 0, "false": 0}
    assert [(one.year, one.hours) for one in result.later] == [(2022, 1500)]
    carried = LedgerEntry(
        "old", 2021, 2, ("EX-3",), "EX", "一", "professional", 1500, None, "credited", "", ""
    )
    assert judge(pack, earlier=(carried,)).totals["professional"] == 1500
    result = judge(pack, FALSE, earlier=(carried,))
    assert result.totals["professional"] == 0
    assert result.entry("old").verdict == "refused"


def test_explanation_and_precheck_say_so(law: Law, judge: Judge) -> None:
    pack = law(RULES, REFUSE % "[professional]")
    records = tuple(RecordFacts(name, kind, facts) for name, kind, facts in (GOOD, FALSE))
    request = PersonYearRequest("990100", 2021, {}, records)
    [good, _] = explain(pack, request, judge(pack, GOOD, FALSE)).records
    assert (good.steps[-1].title, good.steps[-1].before, good.steps[-1].after) == ("取消当年度学时", 1600, 0)
    plan = precheck(pack, request._replace(records=records[:1]), records[1])
    assert (plan.gain, [then.hours for _, then in plan.others]) == (-1600, [0])
    planned = precheck(pack, request._replace(records=records[1:]), records[0])
    assert not planned.counts


def test_the_reading_says_it(law: Law) -> None:
    lines = "\n".join(read_law(law(RULES, REFUSE % "[professional]")).lines())
    assert "不予认定，并取消当年度全部专业科目学时" in lines
    assert "并取消当年度全部学时" in "\n".join(
        read_law(law(RULES, REFUSE % "[public, professional]")).lines()
    )


def test_a_category_that_does_not_exist_is_refused(law: Law) -> None:
    with pytest.raises(RuleFileError, match='"profesional" is no category; did you mean "professional"'):
        law(RULES, REFUSE % "[profesional]")
    with pytest.raises(RuleFileError, match='"cancels" in rule 8a must hold'):
        law(RULES, REFUSE % "[]")


def test_dropping_the_key_or_one_of_its_words_is_a_mutant() -> None:
    text = "xueshi: 1\n" + REFUSE
    for written, said in (
        ("[professional]", {"cancels is removed"}),
        ("[public, professional]", {"public in cancels is removed", "professional in cancels is removed"}),
    ):
        tree = document.read_document(RegulationSource("ex.yaml", text % written), Findings())
        assert {one.what for one in mutants(tree) if "cancels" in one.what} == said


LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公需科目, professional: 专业科目}
sums: {courses: {label: 门数, count: [2], same: course}}
facts: {course: {type: id, label: 课程}}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: training, hours: 8 per day}
  2: {clause: 一, for: public_course, hours: stated, category: public}
refuse:
  8a: {clause: 一, name: 虚假证明, when: {false_proof: yes}, cancels: [professional]}
requirements:
  R1: {clause: 一, of: total, at_least: {person.level: {senior: 20, otherwise: none}}}
  R2: {clause: 一, of: courses, at_least: 1}
"""
CASES = """\
document: EX
cases:
  - id: C1
    title: 9月的证明虚假：3月的16学时一并取消，公需5学时保留
    year: 2021
    person: {level: senior}
    records:
    - {id: r1, kind: training, rule: [EX-1, EX-8a], facts: {days: 2, end: 2021-03-01}, hours: 0, status: refused, code: refused.8a}
    - {id: r2, kind: training, rule: EX-8a, facts: {days: 4, end: 2021-09-01, false_proof: true}, hours: 0, status: refused, code: refused.8a}
    - {id: r3, kind: public_course, rule: EX-2, facts: {declared_hours: 5, course: 甲, end: 2021-03-01}, hours: 5, category: public}
    totals: {public: 5, professional: 0, total: 5}
    met: false
    shortfall: {total: 15}
  - id: C2
    title: 没有职称的不另要求学时，须学一门
    year: 2021
    person: {level: junior}
    records:
    - {id: r1, kind: training, rule: EX-1, facts: {days: 2, end: 2021-03-01}, hours: 16}
    totals: {public: 0, professional: 16, total: 16}
    met: false
    shortfall: {courses: 1}
"""


def _run(cases: str, law: str = LAW) -> list[list[str]]:
    result = run_file(RegulationSource("cases.yaml", cases), lambda _: RegulationSource("ex.yaml", law))
    return [list(one.failures) for one in result.results]


def test_cases_by_hand_hold_it_and_notice_when_it_is_dropped() -> None:
    assert _run(CASES) == [[], []]
    dropped, _ = _run(CASES, LAW.replace(", cancels: [professional]", ""))
    assert "r1：学时应为0，得16（credited：按一计16学时）" in dropped


def test_a_sum_that_counts_is_no_total_of_hours_and_the_case_is_told_so() -> None:
    [_, [failure]] = _run(
        CASES.replace("professional: 16, total: 16", "professional: 16, courses: 0, total: 16")
    )
    assert failure == "courses是计数的合计，不是学时，不写入totals；它要求的数目写入minimum和shortfall"


def test_nothing_asked_of_one_value_is_written_none(law: Law) -> None:
    pack = law(
        RULES,
        "requirements: {R1: {clause: 一, of: total, at_least: {person.level: {senior: 20, otherwise: none}}}}\n",
    )
    assert "其他0学时（不另要求）" in "\n".join(read_law(pack).lines())


def test_what_is_written_where_one_word_belongs_is_shown(law: Law) -> None:
    group = "groups: {g: {clause: 一, of: [1], same: work, count: once, earlier_years: {senior: full}}}\n"
    with pytest.raises(RuleFileError, match=r'"\{senior: full\}" is no earlier_years'):
        law(RULES, group)
