"""What helps an author of cases: mutants of spreads and names, edges of deemed records, figures that cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.boundaries import proposals
from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import Packs, run_cases
from xueshi.assessment.mutants import mutants, try_mutants
from xueshi.assessment.types import YearAssessment
from xueshi.regulations import document
from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
HEAD = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
"""
DEGREE = """\
rules:
  1: {clause: 一, name: 毕业, for: degree, hours: 100, dated: [graduated, end], spread: {Q1: {three: [50%, 30%, 20%], one: [100%]}}}
readings: {Q1: {ask: 分几年, clause: 一, options: {three: 三年, one: 一年}, default: three}}
requirements: {R1: {clause: 一, of: total, at_least: 90}}
"""
CASE = """\
document: EX
cases:
  - id: EX-1
    year: 2021
    records: [{id: r1, kind: degree, rule: EX-1, facts: {graduated: 2021-07-01}, hours: %s}]
    totals: {total: %s, professional: %s}
    minimum: {total: 90}
    met: false
    shortfall: {total: %s}
"""


def test_the_parts_of_a_spread_in_another_order_are_a_mutant() -> None:
    tree = document.read_document(RegulationSource("ex.yaml", HEAD + DEGREE), Findings())
    turned = [one for one in mutants(tree) if one.what.startswith("spread ")]
    assert [one.what for one in turned] == ["spread [50%, 30%, 20%] becomes [20%, 30%, 50%]"]
    source = RegulationSource("ex.yaml", HEAD + DEGREE)
    file = read_case_file(RegulationSource("c.yaml", CASE % (50, 50, 50, 40)))
    unnoticed = [one.message for one in try_mutants("EX", lambda _: source, [file]).unnoticed]
    assert not any("spread" in one for one in unnoticed)


def test_a_fact_of_the_same_type_in_the_place_of_another_is_a_mutant() -> None:
    rules = "rules:\n  1: {clause: 一, name: 培训, for: training, needs: [passed], when: {rank: upto 3, level: national}, hours: 6 per day, less: travel_days, dated: end}\n"
    tree = document.read_document(RegulationSource("ex.yaml", HEAD + rules), Findings())
    renamed = {one.what.partition(" becomes ")[0] for one in mutants(tree) if " of " in one.what}
    assert {"passed of needs", "rank of when", "travel_days of less", "end of dated"} <= renamed
    assert not any(one.startswith("level of") for one in renamed)


def test_the_bounds_and_the_day_of_a_deemed_record_are_proposed(law: Law) -> None:
    more = (
        "readings: {Q4: {ask: 视同哪一年, clause: 一, options: {each: 每年, ended: 结束之年}, default: each}}\n"
        "requirements: {R1: {clause: 一, of: total, at_least: 10}}\n"
        "deemed: {D1: {clause: 一, if_record: {kind: field_service, months: from 6, any: [{Q4: each}, {end: in_window}]}, meets: [R1]}}\n"
    )
    pack = law("1: {clause: 一, name: 服务, for: field_service, hours: none}", more)
    said = [str(one) for one in proposals(pack) if one.rule == "EX-D1"]
    assert said == [
        "EX-D1（一）界限：months = 5、6、7",
        "EX-D1（一）视同完成：months = 未填",
        "EX-D1（一）视同完成的日期：end = 2020-12-31、2021-01-01、2021-12-31、2022-01-01",
        "EX-D1（一）视同完成：end = 未填",
    ]


AVERAGE = """\
rules:
  1: {clause: 一, name: 培训, for: training, partial: whole, hours: 6 per day}
requirements:
  R1: {clause: 一, of: total, at_least: 90}
  R2: {clause: 一, of: public, at_least: 30}
  R3: {clause: 一, name: 三年平均, over: {last: 3}, average_of: [R1, R2]}
"""
TERM = """\
document: EX
cases:
  - id: EX-3
    verdict: term
    year: 2023
    records: []
    years:
      2021: {total: 90, public: 30, met: true, shortfall: {}}
      2022: {total: 90, %smet: true, shortfall: {}}
      2023: {total: 90, public: 30, met: true, shortfall: {}}
    totals: {total: 270}
    average: {total: 90}
    met: true
    shortfall: {}
"""


def outcome(text: str) -> list[str]:
    source = RegulationSource("ex.yaml", HEAD + AVERAGE)
    file = read_case_file(RegulationSource("c.yaml", text))
    return [one for case in run_cases(file, Packs(lambda _: source)).results for one in case.failures]


def test_a_sum_that_a_window_looks_at_and_a_year_does_not_tell_is_named_and_is_not_0() -> None:
    assert outcome(TERM % "public: 30, ") == []
    assert outcome(TERM % "")[0] == (
        "2022：没有写public（公共科目），跨年度要求要看；请写明该年度的数，没有的写0"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2022: {total: 90", "2022: {total: 89.667", "的years中2022的total“89.667”不是学时数"),
        ("totals: {total: 270}", "totals: {total: many}", "的totals的total“many”不是学时数"),
        ("average: {total: 90}", "average: {total: 89.6667}", "的average的total“89.6667”不是学时数"),
        ("2022: {total: 90, public: 30, met: true, shortfall: {}", "2022: {total: 90, public: 30, met: true, shortfall: {total: 0.333}", "的years中2022的shortfall的total“0.333”不是学时数"),
        ("year: 2023\n", "year: 2023\n    person: {earlier: [{record: e, year: 2020, hours: 1.234}]}\n", "的earlier第1条的hours“1.234”不是学时数"),
    ],
)  # fmt: skip
def test_a_figure_of_three_decimals_is_an_error_of_its_case(old: str, new: str, said: str) -> None:
    text = (TERM % "public: 30, ").replace(old, new)
    assert text != TERM % "public: 30, "
    failure = outcome(text)[0]
    assert failure.startswith(f"c.yaml:3: 案例EX-3{said}；最多两位小数"), failure


def test_two_minimums_of_one_category_are_told_once_with_one_repair() -> None:
    rules = AVERAGE.replace(
        "R2: {clause: 一, of: public, at_least: 30}", "R2: {clause: 一, of: total, at_least: 80}"
    )
    windows = rules + "  R4: {clause: 一, name: 周期, over: {cycle: 3}, sum_of: [R1, R2], every: [R1]}\n"
    source = RegulationSource("ex.yaml", HEAD + windows)
    told = [one for one in check("EX", lambda _: source) if one.code == "E506"]
    assert [(one.message, one.repair) for one in told] == [
        (
            "R3: R1 and R2 are both minimums of total: the figures of a year hold one of them",
            "give R2 a sum of its own under sums; a when helps only where it binds nobody whom R1 binds",
        )
    ]


def test_a_category_that_is_mistyped_is_repaired_by_the_word_that_is_meant() -> None:
    rules = AVERAGE.replace("hours: 6 per day}", "hours: 6 per day, category: profesional}")
    source = RegulationSource("ex.yaml", HEAD + rules)
    [one] = [one for one in check("EX", lambda _: source) if one.severity == "E"]
    assert 'did you mean "professional"?' in one.message
    assert one.repair == "write professional"


def test_a_level_of_its_own_may_be_added_for_those_without_a_title(law: Law, judge: Judge) -> None:
    more = (
        "facts: {person.level: {values: {untitled: 未取得职称}}}\n"
        'requirements: {R1: {clause: 一, of: total, at_least: {person.level: {senior: 90, "junior, untitled": 72}}}}\n'
    )
    pack = law("1: {clause: 一, name: 培训, for: training, hours: stated}", more)
    record = ("r1", "training", {"declared_hours": 72})
    assert judge(pack, record, person={"level": "untitled"}).verdict == "met"
    assert judge(pack, record, person={"level": "senior"}).verdict == "not_met"


@pytest.mark.parametrize(
    ("when", "facts", "hours", "verdict"),
    [
        ("{report: yes}", {}, 0, "needs_fact"),
        ("{report: yes}", {"report": True}, 1600, "credited"),
        ("{not: {report: [no, not_stated]}}", {}, 1200, "credited"),
        ("{not: {report: [no, not_stated]}}", {"report": True}, 1600, "credited"),
        ("{not: {report: [no, not_stated]}}", {"report": False}, 1200, "credited"),
    ],
)
def test_an_add_on_waits_for_its_fact_unless_only_what_is_stated_counts(
    law: Law, judge: Judge, when: str, facts: dict[str, bool], hours: int, verdict: str
) -> None:
    pack = law(
        f"1:\n  clause: 一\n  name: 会议\n  for: conference\n  hours: 12\n  plus: {{1a: {{name: 报告, when: {when}, hours: 4}}}}"
    )
    entry = judge(pack, ("r1", "conference", facts)).ledger[0]
    assert (entry.hours, entry.verdict) == (hours, verdict)


def test_a_limit_of_a_record_is_each_records_own(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, name: 会议, for: conference, hours: stated, at_most: {event: 20}}")
    two = [(name, "conference", {"declared_hours": 15}) for name in ("r1", "r2")]
    assert judge(pack, *two).totals["total"] == 3000
