"""Alternatives of a year out of yearly parts and windows of years, nested to any depth (rule language: alternatives)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import text_lines
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment, YearFigures
from xueshi.assessment.windows import evaluate_years, with_windows
from xueshi.errors import RuleFileError
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law

Law = Callable[..., RulePack]
RULES = """\
1: {clause: 一, name: 论文, for: paper, hours: stated}
2: {clause: 一, name: 派驻, for: other, needs: [approved], hours: none}
"""
AVERAGE = """\
requirements:
  R1: {clause: 一, name: 每年, of: total, at_least: 90}
  R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}
  R3: {clause: 一, name: 总学时, any_of: [R1, R2]}
"""
ABSENT = """\
facts: {excused: {type: yes_no, of: person, label: 因公派驻或病产假}}
requirements:
  R1: {clause: 一, name: 每年, of: total, at_least: 90}
  R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1, when: {person.excused: yes}}
  R3: {clause: 一, name: 总学时, any_of: [R1, R2]}
"""
NESTED = """\
sums: {absences: {label: 派驻次数, count: [2]}}
requirements:
  R1: {clause: 一, name: 每年, of: total, at_least: 90}
  R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}
  R4: {clause: 一, of: absences, at_least: 1}
  R5: {clause: 一, name: 派驻的看三年平均, all_of: [R2, R4]}
  R3: {clause: 一, name: 总学时, any_of: [R1, R5]}
"""
AWAY = RecordFacts("a1", "other", {"approved": True}, 2022)


def figures(*totals: int) -> dict[int, YearFigures]:
    """Figures of 2020 and 2021 under a minimum of 90."""
    return {
        2020 + place: YearFigures({"total": total}, {"total": 9000}, {"total": total >= 9000})
        for place, total in enumerate(totals)
    }


def judged(
    pack: RulePack,
    hours: str,
    years: dict[int, YearFigures],
    *records: RecordFacts,
    person: dict[str, Any] | None = None,
) -> YearAssessment:
    paper = RecordFacts("r1", "paper", {"declared_hours": hours}, 2022)
    return evaluate(pack, PersonYearRequest("990100", 2022, person or {}, (paper, *records), (), years))


@pytest.mark.parametrize(
    ("hours", "years", "verdict", "by"),
    [
        ("90", (), "met", "EX-R1"),
        ("89.99", (9000, 9001), "met", "EX-R2"),
        ("84", (9000, 9600), "met", "EX-R2"),
        ("84", (9000, 9599), "not_met", ""),
        ("84", (9000,), "needs_fact", ""),
        ("84", (), "needs_fact", ""),
    ],
)
def test_an_average_may_make_the_year(
    law: Law, hours: str, years: tuple[int, ...], verdict: str, by: str
) -> None:
    result = judged(law(RULES, AVERAGE), hours, figures(*years))
    [one] = result.requirements
    assert (result.verdict, one.id, one.by) == (verdict, "R3", by)
    assert one.parts[0] == "R1"
    own = int(float(hours) * 100 + 0.5)
    # Three years short of one hundredth: that is nearer than the 6 hours of the year itself.
    assert (one.minimum, one.total) == ((27000, 26999) if verdict == "not_met" else (9000, own))


def test_years_that_are_missing_are_named_and_never_count_against_anybody(law: Law) -> None:
    pack = law(RULES, AVERAGE)
    result = judged(pack, "84", figures(9000))
    assert result.requirements[0].years == (2021,)
    [open_] = result.open
    assert (open_.code, open_.text) == ("needs_years", "总学时：还需要2021年度的结果，才能判定")
    request = PersonYearRequest("990100", 2022, {}, (), (), figures(9000))
    lines = "\n".join(text_lines(explain(pack, request, result)))
    assert "总学时（一）：应有90学时，已有84学时，还差6学时；还需2021年度的结果，才能判定" in lines
    assert "三年平均（一）：2020至2022年度，暂不能判定（缺2021年度的结果）" in lines
    assert "年均应有" not in lines, "an average of some of the years is no average"


def test_the_alternative_is_named_in_trace_and_explanation(law: Law) -> None:
    pack = law(RULES, AVERAGE)
    result = judged(pack, "84", figures(9000, 9600))
    assert [node.text for node in result.trace if node.rule == "EX-R3"] == ["总学时，按三年平均（EX-R2）"]
    lines = "\n".join(text_lines(explain(pack, PersonYearRequest("990100", 2022, {}, ()), result)))
    assert "总学时（一）：应有90学时，已有84学时，按“三年平均”达到" in lines
    assert "三年平均（一）：2020至2022年度，合计年均应有90学时，已有90学时；达到" in lines
    full = judged(pack, "90", figures(1, 1))
    assert full.windows == (), "whoever reached the year is asked for no other"


def test_each_year_is_judged_under_its_own_law_and_spreads_are_carried(law: Law) -> None:
    pack = law(RULES, AVERAGE)
    requests = [
        PersonYearRequest(
            "990100", year, {}, (RecordFacts(f"r{year}", "paper", {"declared_hours": hours}, year),)
        )
        for year, hours in ((2020, "96"), (2021, "90"), (2022, "84"))
    ]
    found = evaluate_years(dict.fromkeys((2020, 2021, 2022), pack), requests)
    assert [found[year].verdict for year in (2020, 2021, 2022)] == ["met", "met", "met"]
    assert found[2022].requirements[0].by == "EX-R2"
    assert [one.id for one in found[2022].windows] == ["R2"]


@pytest.mark.parametrize(
    ("person", "verdict"),
    [({"excused": True}, "met"), ({"excused": False}, "not_met"), ({}, "needs_fact")],
)
def test_a_fact_of_the_person_may_open_an_alternative(law: Law, person: dict[str, Any], verdict: str) -> None:
    result = judged(law(RULES, ABSENT), "84", figures(9000, 9600), person=person)
    assert result.verdict == verdict
    if not person:
        assert result.requirements[0].facts == ("person.excused",)
    if verdict == "not_met":
        assert result.windows == (), "a window that does not bind the person is not shown"


@pytest.mark.parametrize(
    ("hours", "years", "records", "verdict"),
    [
        ("90", (), (), "met"),
        ("84", (9000, 9600), (AWAY,), "met"),
        ("84", (9000, 9600), (), "not_met"),
        ("84", (9000, 9599), (AWAY,), "not_met"),
        ("84", (9000,), (AWAY,), "needs_fact"),
        ("84", (9000,), (), "not_met"),
        ("84", (9000, 9600), (AWAY._replace(facts={"approved": False}),), "not_met"),
        ("84", (9000, 9600), (AWAY._replace(facts={}),), "needs_fact"),
    ],
)
def test_alternatives_nest(
    law: Law, hours: str, years: tuple[int, ...], records: tuple[RecordFacts, ...], verdict: str
) -> None:
    result = judged(law(RULES, NESTED), hours, figures(*years), *records)
    assert (result.verdict, [one.id for one in result.requirements]) == (verdict, ["R3"])
    if verdict == "not_met":
        # Of the three years only for whoever was away: nobody is told to be sent away for a hundredth of an hour.
        near = years == (9000, 9599)
        assert result.shortfall == {"total": 1 if near else 600}


def test_a_record_that_waits_keeps_the_window_open(law: Law) -> None:
    waiting = RecordFacts("r2", "paper", {}, 2022)
    assert judged(law(RULES, AVERAGE), "84", figures(9000, 9000), waiting).verdict == "needs_fact"


def test_three_levels_and_a_choice_of_windows(law: Law) -> None:
    more = """\
requirements:
  R1: {clause: 一, of: total, at_least: 90}
  R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}
  R6: {clause: 一, name: 两年平均, over: {last: 2}, average_of: R1}
  R7: {clause: 一, name: 多年, any_of: [R2, R6]}
  R8: {clause: 一, of: professional, at_least: 60}
  R5: {clause: 一, all_of: [R7, R8]}
  R3: {clause: 一, name: 总学时, any_of: [R1, R5]}
"""
    pack = law(RULES, more)
    assert judged(pack, "84", figures(0, 9600)).verdict == "met"
    assert judged(pack, "59", figures(0, 20000)).verdict == "not_met", "the part of the year itself is short"
    assert judged(pack, "84", figures(0, 9000)).verdict == "not_met"
    assert [one.id for one in evaluate(pack, PersonYearRequest("990100", 2022, {}, ())).requirements] == [
        "R3"
    ]


def test_windows_added_later_judge_the_year_again_unless_it_brought_its_own(law: Law) -> None:
    pack = law(RULES, AVERAGE)
    paper = RecordFacts("r1", "paper", {"declared_hours": "84"}, 2022)
    request = PersonYearRequest("990100", 2022, {}, (paper,))
    alone = evaluate(pack, request)
    assert alone.verdict == "needs_fact"
    assert with_windows(pack, request, alone, figures(9000, 9600)).verdict == "met"
    pinned = request._replace(years=figures(9000, 9000))
    assert with_windows(pack, pinned, evaluate(pack, pinned), figures(9000, 9600)).verdict == "not_met"


def test_the_reading_names_the_parts(law: Law) -> None:
    said = "\n".join(str(line) for line in read_law(law(RULES, NESTED)).sections)
    assert "满足其一即可：每年（R1）、派驻的看三年平均（R5）" in said


R1 = "R1: {clause: 一, of: total, at_least: 90}"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("R2: {clause: 一, any_of: [R3]}, R3: {clause: 一, all_of: [R2]}", "the alternatives go in a circle"),
        ("R2: {clause: 一, any_of: [R1], all_of: [R1]}", "any_of and all_of in one requirement"),
        ("R2: {clause: 一, any_of: [R1], at_least: 3}", "alternatives have no at_least of their own"),
        ("R2: {clause: 一, any_of: [R1], effect: warn}", "alternatives have no effect of their own"),
        (
            "R2: {clause: 一, of: public, at_most: 3}, R3: {clause: 一, any_of: [R1, R2]}",
            "R2 cannot be a part",
        ),
        ("R2: {clause: 一, at_least: any, effect: warn}, R3: {clause: 一, any_of: [R2]}", "it only warns"),
        ("R2: {clause: 一, average_of: R1}", "over which?"),
        ("R2: {clause: 一, over: {last: 3}}", "it asks nothing of its years"),
        (
            "R2: {clause: 一, any_of: [R1]}, R3: {clause: 一, over: {last: 3}, sum_of: R2}",
            "R2 is no yearly minimum",
        ),
        (
            "R2: {clause: 一, of: total, at_least: 60}, R3: {clause: 一, over: {last: 3}, sum_of: R2}",
            "R2 and R1 are both minimums of total",
        ),
        ("R2: {clause: 一}", "it asks nothing"),
        ("R2: {clause: 一, of: public, at_least: 3, alone: no}", "it would never be judged"),
        (
            "R2: {clause: 一, any_of: [R1]}, R3: {clause: 一, of: public, at_least: 1/3 of R2}",
            "a share of R2",
        ),
    ],
)
def test_what_could_not_be_judged_is_refused(law: Law, more: str, says: str) -> None:
    with pytest.raises(RuleFileError, match="E506") as found:
        law(RULES, f"requirements: {{{R1}, {more}}}\n")
    assert says in str(found.value)


def test_no_record_meets_a_window(law: Law) -> None:
    more = (
        f"requirements: {{{R1}, R2: {{clause: 一, over: {{last: 3}}, average_of: R1}}}}\n"
        "deemed: {D1: {clause: 一, if_record: {kind: field_service}, meets: [R2]}}\n"
    )
    with pytest.raises(RuleFileError, match="no record can meet R2: it looks at several years"):
        law(RULES, more)


def test_a_record_may_meet_alternatives_and_waits_for_its_fact(law: Law) -> None:
    more = f"{NESTED}deemed: {{D1: {{clause: 一, name: 援外, if_record: {{kind: other, sealed: yes}}, meets: [R3]}}}}\n"
    pack = law(RULES, more)
    sealed = AWAY._replace(facts={"approved": True, "sealed": True})
    result = judged(pack, "84", figures(0, 0), sealed)
    assert (result.verdict, result.requirements[0].by) == ("met", "EX-D1")
    open_ = judged(pack, "84", figures(0, 0), AWAY)
    assert open_.verdict == "needs_fact", "whether the record is of that sort was not stated"
    assert ("a1", ("sealed",)) in [(point.record, point.facts) for point in open_.open]
    refused = AWAY._replace(facts={"approved": False, "sealed": True})
    assert judged(pack, "84", figures(0, 0), refused).verdict == "not_met"


def test_what_the_year_waits_for_is_shown_before_a_count(law: Law) -> None:
    by_level = NESTED.replace("at_least: 90", 'at_least: {person.level: {"senior, junior": 90}}')
    [one] = judged(law(RULES, by_level), "84", figures(9000, 9600)).requirements
    assert (one.of, one.minimum, one.met, one.facts) == ("total", None, None, ("person.level",))
    assert one.shortfall == 0
