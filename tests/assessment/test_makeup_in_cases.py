"""A case tries make-up: what was studied after a year, inside its make-up window, counts in that year and nowhere else."""

from __future__ import annotations

import pytest

from xueshi.assessment.cases import FileResult, run_file
from xueshi.regulations.sources import RegulationSource

LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 04-01, named_by: start, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: training, hours: 6 per day}
requirements:
  R1: {clause: 一, of: total, at_least: 24}
"""
CASES = """\
document: EX
cases:
  - id: C1
    title: 2021年度差6学时，次年6月补训1天，计入原年度
    year: 2021
    person: {level: senior}
    records:
    - {id: r1, kind: training, rule: EX-1, facts: {days: 3, end: 2021-10-10}, hours: 18}
    - {id: r2, kind: training, rule: EX-1, facts: {days: 1, end: 2022-06-10}, hours: 6, makeup_for: 2021}
    totals: {professional: 24, total: 24}
    met: true
    shortfall: {}
  - id: C2
    title: 同一补训不计入次年
    year: 2022
    person: {level: senior}
    records:
    - {id: r2, kind: training, rule: EX-1, facts: {days: 1, end: 2022-06-10}, hours: 0, status: other_year, code: other_year, makeup_for: 2021}
    totals: {professional: 0, total: 0}
    met: false
    shortfall: {total: 24}
  - id: C3
    title: 没有登记为补训的，计入学习所在的年度
    year: 2021
    person: {level: senior}
    records:
    - {id: r1, kind: training, rule: EX-1, facts: {days: 3, end: 2021-10-10}, hours: 18}
    - {id: r2, kind: training, rule: EX-1, facts: {days: 1, end: 2022-06-10}, hours: 0, status: other_year, code: other_year}
    totals: {professional: 18, total: 18}
    met: false
    shortfall: {total: 6}
"""


def run(text: str) -> FileResult:
    return run_file(RegulationSource("cases.yaml", text), lambda _: RegulationSource("ex.yaml", LAW))


def test_make_up_counts_in_the_year_that_it_makes_up_for() -> None:
    assert [(case.id, case.failures) for case in run(CASES).results] == [("C1", ()), ("C2", ()), ("C3", ())]


def test_without_it_the_case_fails() -> None:
    [case, *_] = run(CASES.replace("hours: 6, makeup_for: 2021", "hours: 6")).results
    assert any(one.startswith("r2：学时应为6，得0（other_year") for one in case.failures), case.failures


@pytest.mark.parametrize("wrong", ["makeup_for: last", "makeup_for: 2021, year: 2022"])
def test_it_names_one_year(wrong: str) -> None:
    failures = [
        one
        for case in run(CASES.replace("hours: 6, makeup_for: 2021", f"hours: 6, {wrong}")).results
        for one in case.failures
    ]
    assert any("记录r2的makeup_for应为补训所属的年度" in one for one in failures), failures
