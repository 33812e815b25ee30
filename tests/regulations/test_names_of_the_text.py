"""What the text calls facts and values, and clauses that a table or a default carries out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import Packs, run_cases
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.mutants import try_mutants
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleFileError
from xueshi.regulations.check import check
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

TEXT = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}, 二: {encoded: 没有写明的列专业}, 三: {encoded: 没有另定的由单位登记}}
tables: {by_content: {clause: 二, content: {public: public, "professional, not_stated": professional}}}
categories: {public: 公需科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {clause: 三, category: by_content, dated: end, partial: prorate, channel: unit, evidence: [证明]}
facts:
  content: {label: 科目}
  level: {values: {city: 州级}}
  passed: {yes: 已结业}
rules:
  1: {clause: 一, name: 会议, for: conference, needs: [passed], hours: {level: {provincial: 6, city: 4}}}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
"""


def source_of(text: str) -> Callable[[str], RegulationSource]:
    return lambda _: RegulationSource("ex.yaml", text)


def test_a_fact_and_a_value_are_called_as_the_text_calls_them() -> None:
    pack = resolve_pack("EX", source_of(TEXT))
    assert (pack.facts["content"].label, pack.facts["content"].values["public"]) == (
        "科目",
        "公共（公需）内容",
    )
    assert (pack.facts["level"].label, pack.facts["level"].values["city"]) == ("级别", "州级")
    assert pack.facts["level"].values["national"] == "国家级", "what is not renamed stays"
    assert pack.facts["passed"].values["yes"] == "已结业"
    said = "\n".join(read_law(pack).lines())
    assert "州级4学时" in said
    assert "按科目" in said
    record = RecordFacts("r1", "conference", {"level": "city", "passed": True}, 2021)
    request = PersonYearRequest("990100", 2021, {}, (record,))
    assert explain(pack, request, evaluate(pack, request)).records[0].inputs == ("已结业", "级别为州级")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("content: {label: 科目}", "content: {type: count, label: 科目}", "E102 fact content exists already"),
        ("content: {label: 科目}", "content: {label: 级别}", "E102 fact content has the label of level"),
        ("{city: 州级}", "{city: 省级}", "are both called 省级"),
        ("{city: 州级}", "{city: 州级, prefecture: 州级}", "are both called 州级"),
        ("content: {label: 科目}", "days: {label: 日数, unit: 小时}", "E102 fact days exists already"),
        ("content: {label: 科目}", "days: {values: {a: 甲}}", "and has no values"),
        ("content: {label: 科目}", "brand_new: {label: 科目}", 'E103 "" is no type of a fact'),
    ],
)
def test_another_meaning_or_a_label_twice_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(RuleFileError) as found:
        resolve_pack("EX", source_of(TEXT.replace(old, new)))
    assert says in str(found.value)


def test_a_table_and_the_defaults_may_carry_out_a_clause() -> None:
    assert [one for one in check("EX", source_of(TEXT)) if one.severity == "E"] == []
    for cited, clause in (("clause: 二, ", "二"), ("clause: 三, ", "三")):
        found = [one for one in check("EX", source_of(TEXT.replace(cited, ""))) if one.code == "E204"]
        assert [one.clause for one in found] == [clause]
    wrong = [
        one
        for one in check("EX", source_of(TEXT.replace("clause: 二, ", "clause: 四, ")))
        if one.code == "E202"
    ]
    assert [one.clause for one in wrong] == ["四"]


ROWS = """\
rules:
  1:
    clause: 一
    name: 服务
    for: field_service
    rows:
      1a: {when: {months: from 12}, hours: 120}
      1b: {when: {months: from 6 below 12}, hours: 60}
      1c: {hours: none}
"""
CASES = """\
document: EX
cases:
  - {id: A, year: 2021, records: [{id: r, kind: field_service, rule: EX-1a, facts: {months: 12}, hours: 120}], totals: {professional: 120, total: 120}, met: true, shortfall: {}}
  - {id: B, year: 2021, records: [{id: r, kind: field_service, rule: EX-1b, facts: {months: "11.99"}, hours: 60}], totals: {professional: 60, total: 60}, met: true, shortfall: {}}
  - {id: C, year: 2021, records: [{id: r, kind: field_service, rule: EX-1b, facts: {months: 6}, hours: 60}], totals: {professional: 60, total: 60}, met: true, shortfall: {}}
  - {id: D, year: 2021, records: [{id: r, kind: field_service, rule: EX-1c, facts: {months: "5.99"}, hours: 0, code: none_by_clause}], totals: {professional: 0, total: 0}, met: false, shortfall: {total: 10}}
  - {id: E, year: 2022, records: [{id: r, kind: field_service, rule: EX-1a, facts: {months: 12, end: 2021-12-31}, hours: 0, status: other_year}], totals: {professional: 0, total: 0}, met: false, shortfall: {total: 10}}
  - {id: F, year: 2022, records: [{id: r, kind: field_service, rule: EX-1a, facts: {months: 12, end: 2022-01-01}, hours: 120}], totals: {professional: 120, total: 120}, met: true, shortfall: {}}
"""


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        (ROWS, []),
        (ROWS.replace("from 6 below 12", "from 6 below 11"), ["from 6 below 11 becomes from 6 below 12"]),
    ],
)
def test_a_bound_behind_an_earlier_row_needs_no_case(rows: str, left: list[str]) -> None:
    start = TEXT[: TEXT.index("rules:")]
    text = f"{start}{rows}requirements: {{R1: {{clause: 一, of: total, at_least: 10}}}}\n"
    cases = CASES if not left else CASES.replace('months: "11.99"', "months: 7")
    file = read_case_file(RegulationSource("cases.yaml", cases))
    assert [one.failures for one in run_cases(file, Packs(source_of(text))).results] == [()] * 6
    report = try_mutants("EX", source_of(text), [file])
    said = [one.message for one in report.unnoticed if "months" in one.message or "from" in one.message]
    assert all(any(each in message for message in said) for each in left), said
    assert not [message for message in said if "below 12 becomes from 6 below 13" in message]
    if not left:
        assert not [message for message in said if "1b" in message]
