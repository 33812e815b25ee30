"""The law read aloud in the words of the text: what is a part only, of what a limit is, who chooses, 小时 or 课时."""

from __future__ import annotations

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

LAW = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}, 二: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {clause: 一, category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
facts:
  repeated: {type: yes_no, label: 重复讲授, yes: 重复讲授, no: 第一次讲授}
  township: {type: yes_no, of: person, label: 乡镇基层单位, yes: 在乡镇基层单位, no: 不在乡镇基层单位}
rules:
  1: {clause: 一, name: 著作, for: book, hours: stated, at_most: {event: 60}}
  2: {clause: 一, name: 培训, for: [training, patent], hours: 8 per day, at_most: {event: 20}}
  3:
    clause: 一
    name: 授课
    for: teaching
    at_most: {year: 40}
    rows:
      3a: {name: 第一次, when: {repeated: no}, hours: 2 per hour}
      3b: {name: 再次, when: {repeated: yes}, hours: 0.5 per hour}
  4:
    clause: 一
    name: 会议
    for: conference
    rows:
      4a: {name: 全国, when: {level: national}, hours: stated, at_most: {year: 30}}
      4b: {name: 其他, hours: stated, at_most: {year: 20}}
  5: {clause: 一, name: 服务, for: field_service, hours: 1 per clock_hour, partial: up}
  6: {clause: 二, name: 其他, for: other, hours: 0 to 20, undecided: needs_decision}
  7: {clause: 一, name: 自学, for: unit_self_study, hours: 0 to 10, undecided: needs_decision}
requirements:
  R1: {clause: 一, of: total, at_least: {person.township: {no: 90, yes: 72}}}
  R2: {clause: 一, name: 近三年, over: {last: 3}, of: total, average_at_least: 80}
  R3: {clause: 一, name: 总学时, any_of: [R1, R2]}
  R4: {clause: 一, name: 专业, of: professional, at_least: 10}
deemed:
  D1: {clause: 一, name: 援派, if_record: {kind: study_tour}, meets: [R4]}
manual:
  M1: {clause: 二, name: 核定, who: 市人社局, decide: 在幅度内核定, gives: granted}
"""


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", LAW))


@pytest.fixture(scope="module")
def said(pack: RulePack) -> dict[str, str]:
    return {one.id: one.text for section in read_law(pack).sections for one in section.sentences}


def test_parts_of_an_alternative_are_not_said_to_be_asked_by_themselves(said: dict[str, str]) -> None:
    for part in ("R1", "R2"):
        assert "只作其他要求的一部分，不单独判定" in said[part]
    for whole in ("R3", "R4"):
        assert "不单独判定" not in said[whole]


def test_the_limit_of_one_record_is_of_what_the_record_is(said: dict[str, str]) -> None:
    assert "每部最多60学时" in said["1"]
    assert "每次最多20学时" in said["2"]


def test_a_limit_that_the_rows_share_is_said_once(said: dict[str, str]) -> None:
    assert "每年合计最多40学时" in said["3"]
    assert "最多40学时" not in said["3a"] + said["3b"]
    assert ("最多" in said["4"], "每年最多30学时" in said["4a"], "每年最多20学时" in said["4b"]) == (
        False,
        True,
        True,
    )


def test_hours_of_the_clock_are_called_so(said: dict[str, str]) -> None:
    assert "每小时1学时" in said["5"]
    assert "不满一小时的按一小时计" in said["5"]
    assert "课时" not in said["5"].replace("按“实际课时”", "")


def test_who_chooses_within_a_range_is_the_body_that_the_clause_names(said: dict[str, str]) -> None:
    assert "0至20学时之间由市人社局确定" in said["6"]
    assert "0至10学时之间由认定人确定" in said["7"]


def test_a_minimum_by_a_fact_is_said_as_one(said: dict[str, str]) -> None:
    assert "合计最低要求按乡镇基层单位：" in said["R1"]
    assert "不少于按" not in "".join(said.values())
    assert "专业科目不少于10学时" in said["R4"]


def test_a_record_deems_its_own_year(said: dict[str, str]) -> None:
    assert "的记录的，当年视为达到专业（R4）" in said["D1"]


def test_a_limit_of_the_item_cites_the_row_of_the_record_that_it_cuts(pack: RulePack) -> None:
    facts = {"hours": 18, "end": "2021-03-01"}
    records = (
        RecordFacts("a", "teaching", {**facts, "repeated": False}),
        RecordFacts("b", "teaching", {**facts, "repeated": True, "end": "2021-04-01"}),
    )
    ledger = evaluate(pack, PersonYearRequest("990100", 2021, {}, records)).ledger
    assert [(one.hours, one.rules, one.code) for one in ledger] == [
        (3600, ("EX-3a",), ""),
        (400, ("EX-3b",), "cap_year"),
    ]
    assert ledger[1].text == "再次按一每年最多40学时，9学时计4学时"
    more = (RecordFacts("n", "conference", {"level": "national", "declared_hours": 20, "end": "2021-03-01"}),)
    less = (RecordFacts("o", "conference", {"level": "city", "declared_hours": 20, "end": "2021-04-01"}),)
    both = evaluate(pack, PersonYearRequest("990100", 2021, {}, more + less)).ledger
    assert [(one.hours, one.rules) for one in both] == [(2000, ("EX-4a",)), (1000, ("EX-4b", "EX-4a"))]
