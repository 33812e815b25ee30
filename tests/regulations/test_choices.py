"""Choices that can help nobody are found before anybody is judged by them (W608, E506)."""

from __future__ import annotations

import pytest

from xueshi.regulations.check import check
from xueshi.regulations.sources import RegulationSource

LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
readings: {Q1: {ask: 专业科目是否也看平均, clause: 一, options: {own: 不看, covered: 看}, default: own}}
categories: {public: 公需科目, professional: 专业科目}
facts: {township: {type: yes_no, of: person, label: 乡镇基层单位}}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {clause: 一, category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: paper, hours: stated}
requirements:
  R1: {clause: 一, of: total, at_least: {person.township: {no: 90, yes: 72}}}
  R2: {clause: 一, of: public, at_least: {person.township: {no: 30, yes: 24}}}
  R4: {clause: 一, of: professional, at_least: {person.township: {no: 60, yes: 40}}}
  R5: {clause: 一, over: {last: 3}, of: total, average_at_least: 90}
  R3: {clause: 一, any_of: [R1, R5]}
  R6: {clause: 一, any_of: [R4, R5], when: {Q1: covered}}
"""
SAID = (
    "R3: R2 30 + R4 60 are asked of every year by themselves, as much as R1 90 (person.township: no):"
    " the other alternatives help nobody"
)


def found(text: str, code: str) -> list[str]:
    return [
        one.message for one in check("EX", lambda _: RegulationSource("ex.yaml", text)) if one.code == code
    ]


def changed(old: str, new: str) -> str:
    assert LAW.count(old) == 1, old
    return LAW.replace(old, new)


def test_parts_that_come_to_the_total_leave_its_alternative_void() -> None:
    own = LAW.replace("any_of: [R4, R5], when: {Q1: covered}", "any_of: [R4, R7]").replace(
        "  R3:",
        "  R7: {clause: 一, over: {last: 3}, of: total, average_at_least: 90, when: {Q1: covered}}\n  R3:",
    )
    assert found(own, "W608") == [SAID], "of the choice R4 is all that the reading leaves"
    assert found(own.replace("default: own", "default: covered"), "W608") == [f"under EX-Q1: own: {SAID}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{no: 60, yes: 40}", "{no: 59, yes: 40}"),  # 30 + 59 leave one hour to average
        ("any_of: [R1, R5]", "any_of: [R1]"),
        ("any_of: [R4, R5], when: {Q1: covered}", "any_of: [R4, R5]"),
        ("of: professional, at_least", "of: professional, alone: no, at_least"),
    ],
)
def test_a_choice_that_may_help_is_let_be(old: str, new: str) -> None:
    sound = LAW.replace("any_of: [R4, R5], when: {Q1: covered}", "all_of: [R4]")
    assert found(sound.replace("  R6: {clause: 一, all_of: [R4]}\n", ""), "W608") == [SAID]
    text = changed(old, new)
    if "[R4" not in old:
        text = text.replace("  R6: {clause: 一, any_of: [R4, R5], when: {Q1: covered}}\n", "")
    assert found(text.replace("default: own", "default: covered"), "W608") == []


def test_an_alternative_whose_parts_never_bind_the_same_person_is_refused() -> None:
    more = """\
  R7: {clause: 一, of: public, at_least: 1, alone: no, when: {person.township: yes}}
  R8: {clause: 一, over: {last: 2}, of: total, at_least: 100, when: {person.township: no}}
  R9: {clause: 一, all_of: [R7, R8]}
"""
    text = LAW.replace("any_of: [R1, R5]", "any_of: [R1, R5, R9]") + more
    [message] = [one for one in found(text, "E506") if "R9" in one]
    assert message == ("R9: R7 and R8 never bind the same person, so that the alternative is open to nobody")
    assert not [
        one for one in found(text.replace("township: no}}\n", "township: yes}}\n"), "E506") if "R9" in one
    ]
    assert not [one for one in found(text.replace(", R5, R9]", ", R5]"), "E506") if "R9" in one], (
        "held together beside others each asks whom it binds"
    )
