"""The runner of case files is strict: a wrong figure, an idle fact, an unknown key fail; nothing passes by omission."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.cases import FileResult, run_file
from xueshi.regulations.sources import RegulationSource

LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
readings: {Q1: {ask: 每天几学时, clause: 一, options: {six: 六, eight: 八}, default: six}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: training, needs: [passed], hours: {Q1: {six: 6 per day, eight: 8 per day}}}
  2: {clause: 一, for: public_course, hours: 10, category: public}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
"""
CASES = """\
document: EX
conventions:
  minimum: {total: 10}
cases:
  - id: C1
    title: 两天培训和一门公共科目
    year: 2021
    person: {level: senior}
    records:
    - {id: r1, kind: training, rule: EX-1, facts: {days: 2, passed: true}, hours: 12}
    - {id: r2, kind: public_course, rule: EX-2, facts: {}, hours: 10, category: public}
    - {id: r3, kind: training, rule: EX-1, facts: {days: 2, passed: false}, hours: 0}
    totals: {public: 10, professional: 12, total: 22}
    met: true
    shortfall: {}
    readings: [EX-Q1]
"""

Run = Callable[..., FileResult]


@pytest.fixture
def run() -> Run:
    def call(old: str = "", new: str = "") -> FileResult:
        assert CASES.count(old) == 1 or not old, old
        text = CASES.replace(old, new) if old else CASES
        return run_file(RegulationSource("cases.yaml", text), lambda _: RegulationSource("ex.yaml", LAW))

    return call


def test_the_case_passes_as_it_stands(run: Run) -> None:
    assert [case.passed for case in run().results] == [True]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("hours: 12}", "hours: 13}", "r1：学时应为13，得12"),
        ("hours: 12}", "hours: 12.01}", "r1：学时应为12.01，得12"),
        ("rule: EX-1, facts: {days: 2, passed: true}", "rule: EX-2, facts: {days: 2, passed: true}", "r1：条款应为EX-2，得EX-1"),
        ("rule: EX-2, facts: {}", "rule: null, facts: {}", "r2：应没有条款，得EX-2"),
        (", category: public}", "}", "r2：类别应为professional，得public"),
        ("passed: false}, hours: 0}", "passed: false}, hours: 0, status: refused}", "r3：结论应为refused，得uncredited"),
        ("passed: false}, hours: 0}", "passed: false}, hours: 0, code: dedupe}", "r3：原因应为dedupe，得needs.passed"),
        ("facts: {days: 2, passed: false}", "facts: {days: 2}", "r3：结论为needs_fact"),
        ("professional: 12, total: 22", "professional: 12, total: 21", "total合计应为21，得22"),
        ("public: 10, professional: 12, total: 22", "public: 10, total: 22", "professional合计为12，案例没有写明"),
        ("public: 10, professional: 12, total: 22", "elective: 0, public: 10, professional: 12, total: 22", "合计中没有“elective”"),
        ("minimum: {total: 10}", "minimum: {total: 11}", "最低要求应为{total: 11}，得{total: 10}"),
        ("met: true", "met: false", "结论应为not_met，得met"),
        ("shortfall: {}", "shortfall: {total: 1}", "差额应为{total: 1}，得{}"),
        ("readings: [EX-Q1]", "readings: [EX-Q1]\n    warnings: [late]", "提示应为['late']，得[]"),
        ("readings: [EX-Q1]", "readings: [EX-Q2]", "结果没有提到口径EX-Q2"),
        ("facts: {}", "facts: {rank: 1}", "r2：没有条款读取事实“rank”"),
        ("facts: {}", "facts: {rankk: 1}", "rankk"),
        ("year: 2021", "year: 2021\n    config: {Q1: eight}", "r1：学时应为12，得16"),
        ("year: 2021", "year: 2021\n    config: {Q1: seven}", "seven"),
        ("year: 2021", "year: 2021\n    config: {Q7: six}", "Q7"),
    ],
)  # fmt: skip
def test_a_difference_is_told_with_both_values(run: Run, old: str, new: str, says: str) -> None:
    [case] = run(old, new).results
    assert not case.passed
    assert any(says in failure for failure in case.failures), case.failures


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    met: true", "    mett: true", "mett"),
        ("    totals: {public: 10, professional: 12, total: 22}\n", "", "缺少“totals”"),
        ("hours: 12}", "hour: 12}", "缺少“hours”"),
        ("hours: 12}", "hours: twelve}", "twelve"),
        ("person: {level: senior}", "person: {grade: senior}", "grade"),
        ("year: 2021", "year: soon", "year应为年度"),
        ("document: EX", "title: EX", "没有“document”"),
    ],
)
def test_a_case_that_cannot_be_read_fails_and_names_the_line(run: Run, old: str, new: str, says: str) -> None:
    result = run(old, new)
    faults = [failure for case in result.results for failure in case.failures]
    assert not all(case.passed for case in result.results)
    assert any(says in fault for fault in faults), faults
    assert any(fault.startswith("cases.yaml:") for fault in faults)


def test_a_fact_of_the_person_that_the_law_names_may_stand_in_a_case_and_must_be_read() -> None:
    def outcome(law: str) -> list[str]:
        text = CASES.replace("{level: senior}", "{level: senior, excused: true}")
        file = run_file(RegulationSource("cases.yaml", text), lambda _: RegulationSource("ex.yaml", law))
        return [failure for case in file.results for failure in case.failures]

    own = (
        "facts: {excused: {label: 因公派驻, type: yes_no, of: person, values: {yes: 因公派驻, no: 未派驻}}}\n"
    )
    assert outcome(LAW + own) == ["person：没有条款读取事实“excused”"]
    read = LAW.replace("at_least: 10}", "at_least: 10, when: {person.excused: yes}}") + own
    assert outcome(read) == []
