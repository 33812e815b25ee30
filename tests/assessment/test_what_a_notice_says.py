"""Articles of a made-up notice that could once not be said, word by word, with cases worked out by hand from the text.

第五条 取得高级职称的人员，经高级研修班取得的学时三个年度平均每年不少于16学时。第十四条 应急技术支援每天计8学时，不满一天的按半天计；每次最多48学时，
每年最多80学时。第二十一条 当年未达到要求的，可在次年6月30日前补训，补训学时计入原年度。统计年度自4月1日起，以开始的年份为年度。
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import run_file
from xueshi.assessment.mutants import try_mutants
from xueshi.regulations.check import check
from xueshi.regulations.sources import RegulationSource

NOTICE = Path(__file__).resolve().parents[2] / "examples" / "notice-example" / "fourth-notice.txt"
LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2025-03-20, effective: 2025-04-01, years: 2025 to 2029, area: 990100}
clauses:
  第一条, 第二条: {procedural: 目的、适用}
  第六条, 第七条, 第九条, 第十条, 第十一条, 第十二条, 第十三条, 第十五条, 第十六条, 第十七条, 第十八条: {out_of_scope: 其他种类}
  第十九条, 第二十条, 第二十二条: {procedural: 登记、审核、施行}
  第三条: {encoded: 每年不少于90学时}
  第四条: {encoded: 自4月1日起，以开始的年份为年度}
  第五条: {encoded: 高级职称的研修三年平均不少于16}
  第八条: {encoded: 高级研修班按载明的学时}
  第十四条: {encoded: 应急技术支援}
  第二十一条: {procedural: 补训由通知开放}
categories: {public: 公需科目, professional: 专业科目}
sums: {seminars: {label: 研修, where: {kind: advanced_seminar}}}
year: {clause: 第四条, starts: 04-01, named_by: start, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [有关证明]}
rules:
  8: {clause: 第八条, name: 高级研修班, for: advanced_seminar, hours: stated}
  14: {clause: 第十四条, name: 应急技术支援, for: field_service, hours: 8 per day, partial: as_half, at_most: {event: 48, year: 80}}
requirements:
  R1: {clause: 第三条, name: 每年, of: total, at_least: 90}
  R2: {clause: 第五条, name: 研修三年平均, over: {last: 3}, of: seminars, average_at_least: 16, decides: year, when: {person.level: senior}}
"""
CASES = """\
document: EX
cases:
  - id: C1
    title: 第一年：以前两个年度的研修也计入平均，支援不满一天的按半天
    year: 2025
    person: {level: senior}
    records:
    - {id: r1, kind: advanced_seminar, rule: EX-8, facts: {declared_hours: 24, end: 2025-07-01}, hours: 24}
    - {id: r2, kind: field_service, rule: EX-14, facts: {days: 6.1, end: 2025-08-01}, hours: 48, code: cap_event}
    - {id: r3, kind: field_service, rule: EX-14, facts: {days: 2.25, end: 2025-09-01}, hours: 20}
    - {id: r4, kind: field_service, rule: EX-14, facts: {days: 5.75, end: 2026-03-31}, hours: 12, code: cap_year}
    totals: {professional: 104, seminars: 24, total: 104}
    minimum: {total: 90, seminars: 48}
    met: true
    shortfall: {}
    years: {2023: {seminars: 24}, 2024: {seminars: 0}}
    note: 6.5×8＝52，每次最多48；2.5×8＝20；5.5×8＝44，本年还余80－68＝12；24＋0＋24＝48＝3×16
  - id: C2
    title: 以前两个年度没有研修的，当年的也可补足平均
    year: 2025
    person: {level: senior}
    records:
    - {id: r1, kind: advanced_seminar, rule: EX-8, facts: {declared_hours: 90, end: 2025-07-01}, hours: 90}
    totals: {professional: 90, seminars: 90, total: 90}
    minimum: {total: 90, seminars: 48}
    met: true
    shortfall: {}
    years: {2023: {seminars: 0}, 2024: {seminars: 0}}
  - id: C3
    title: 不是高级职称的不看平均；次年6月补训计入原年度
    year: 2025
    person: {level: intermediate}
    records:
    - {id: r1, kind: advanced_seminar, rule: EX-8, facts: {declared_hours: 86, end: 2026-03-31}, hours: 86}
    - {id: r2, kind: field_service, rule: EX-14, facts: {days: 0.25, end: 2026-06-30}, hours: 4, makeup_for: 2025}
    totals: {professional: 90, seminars: 86, total: 90}
    minimum: {total: 90}
    met: true
    shortfall: {}
  - id: C4
    title: 研修三年合计少1学时；不满一天而超过半天的，也按半天
    year: 2025
    person: {level: senior}
    records:
    - {id: r1, kind: advanced_seminar, rule: EX-8, facts: {declared_hours: 23, end: 2025-07-01}, hours: 23}
    - {id: r2, kind: field_service, rule: EX-14, facts: {days: 0.75, end: 2025-08-01}, hours: 4}
    totals: {professional: 27, seminars: 23, total: 27}
    minimum: {total: 90, seminars: 48}
    met: false
    shortfall: {total: 63, seminars: 1}
    years: {2023: {seminars: 24}, 2024: {seminars: 0}}
    note: 48－47＝1；90－27＝63
"""


def source_of(_: str) -> RegulationSource:
    return RegulationSource("ex.yaml", LAW)


def test_the_cases_hold() -> None:
    result = run_file(RegulationSource("cases.yaml", CASES), source_of)
    assert [(case.id, case.failures) for case in result.results] == [(f"C{n}", ()) for n in (1, 2, 3, 4)]


def test_every_number_stands_in_the_text_under_the_clause_that_is_cited() -> None:
    texts = {"EX": NOTICE.read_text(encoding="utf-8")}
    found = [str(one) for one in check("EX", source_of, texts=texts)]
    assert [one for one in found if "E206" in one or "W206" in one or "W207" in one] == []


@pytest.mark.parametrize("rule", ["R2", "14"])
def test_nothing_of_these_articles_is_left_to_chance(rule: str) -> None:
    file = read_case_file(RegulationSource("cases.yaml", CASES))
    unnoticed = [one.message for one in try_mutants("EX", source_of, [file]).unnoticed]
    assert [one for one in unnoticed if one.startswith(f"{rule}:")] == []
