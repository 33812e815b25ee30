"""A number that the text has worked out of two others (标准的1.5倍) is written by its way, and that is compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.mutants import mutants
from xueshi.assessment.types import YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations import document, words
from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
CONFERENCE = """\
1:
    clause: 一
    name: 会议
    for: conference
    hours: [stated, {level: {national: 16, provincial: 12}}]
    at_most: {event: {level: {national: 1.5 times 16, provincial: 150% of 12}}}"""


def test_it_is_worked_out_exactly() -> None:
    assert words.amount("150% of 12") == ["fixed", "18", "12的150%"]
    assert words.cap("1.5 times 16") == ["fixed", "24", "16的1.5倍"]
    assert words.minimum("50% of 9.5") == ["fixed", "4.75", "9.5的50%"]
    assert words.amount("150% of 6 per day") == ["rate", "9", "day", 1]
    assert words.amount("2 times 3 per 10000 characters") == ["rate", "6", "character", 10000]
    assert words.amount("33.33% of 0.1") is None, "no number of two decimals"
    assert words.amount("150% of") is None
    assert words.amount("150% of R1") is None
    assert words.minimum("1/3 of R1") == ["part", 1, 3, "R1"]


def test_it_counts_and_is_read_aloud_with_its_way(law: Law, judge: Judge) -> None:
    pack = law(CONFERENCE)
    national = {"level": "national"}
    for stated, given in ((20, 2000), (24, 2400), (25, 2400)):
        result = judge(pack, ("r1", "conference", {**national, "declared_hours": stated}))
        assert result.totals["total"] == given
    lines = "\n".join(read_law(pack).lines())
    assert "国家级24学时（16的1.5倍）" in lines
    assert "省级18学时（12的150%）" in lines


def test_both_figures_are_compared_with_the_text_and_the_product_is_not() -> None:
    text = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, name: 会议, for: conference, hours: %s}
requirements: {R1: {clause: 一, of: total, at_least: 16}}
"""
    notice = "一、每年16学时。会议按标准16学时的1.5倍计。"

    def lacking(hours: str) -> list[str]:
        source = RegulationSource("ex.yaml", text % hours)
        return [
            one.message for one in check("EX", lambda _: source, texts={"EX": notice}) if one.code == "E206"
        ]

    assert lacking("1.5 times 16") == []
    assert lacking("24") == ['the rule gives 24 ("24"), the text of EX does not']
    assert lacking("1.6 times 16") == ['the rule gives 1.6 ("1.6 times 16"), the text of EX does not']
    assert lacking("1.5 times 17") == ['the rule gives 17 ("1.5 times 17"), the text of EX does not']


AGAIN = """\
1: {clause: 一, name: 授课, for: teaching, hours: 2 per hour}
"""
GROUPS = "groups: {1g: {clause: 一, name: 同一课程, of: [1], same: work, count: once, earlier_years: full, again: %s}}\n"


def test_a_percentage_may_be_worked_out_of_two(law: Law, judge: Judge) -> None:
    assert words.percent("50% of 50%") == ["percent", "25", "50%的50%"]
    assert words.percent("0.5 times 50%") == ["percent", "25", "50%的0.5倍"]
    assert words.percent("300% of 50%") is None, "more than the whole"
    assert words.percent("50% of 50") is None
    pack = law(AGAIN, GROUPS % "50% of 50%")
    records = [(name, "teaching", {"hours": 8, "work": "甲", "end": "2021-03-01"}) for name in ("a", "b")]
    assert sorted(one.hours for one in judge(pack, *records).ledger) == [400, 1600]
    assert "25%（50%的50%）" in "\n".join(read_law(pack).lines())
    parts = law("1: {clause: 一, name: 项目, for: project, hours: 40, spread: [50% of 50%, 75%]}")
    result = judge(parts, ("a", "project", {"end": "2021-03-01"}))
    assert [one.hours for one in (*result.ledger, *result.later)] == [1000, 3000]
    with pytest.raises(RuleFileError, match="percentages with the sum 100"):
        law("1: {clause: 一, name: 项目, for: project, hours: 40, spread: [50% of 50%, 50%]}")


def test_either_figure_is_a_mutant(law: Law) -> None:
    tree = document.read_document(
        RegulationSource("ex.yaml", f"rules:\n  {CONFERENCE}\n".replace("\n    ", "\n      ")), Findings()
    )
    changes = {one.what for one in mutants(tree)}
    assert "1.5 times 16 becomes 2.5 times 16" in changes
    assert "1.5 times 16 becomes 1.5 times 17" in changes
    assert "150% of 12 becomes 149% of 12" in changes
    tree = document.read_document(RegulationSource("ex.yaml", GROUPS % "50% of 40%"), Findings())
    assert {one.what for one in mutants(tree)} >= {
        "50% of 40% becomes 51% of 40%",
        "50% of 40% becomes 50% of 41%",
    }


def test_a_share_of_another_minimum_is_another_thing(law: Law) -> None:
    with pytest.raises(RuleFileError, match='"150% of R1" is no minimum'):
        law(CONFERENCE, "requirements: {R1: {clause: 一, of: total, at_least: 10}, R2: {clause: 一, of: public, at_least: 150% of R1}}\n")  # fmt: skip
