"""Choices of a year: what binds the person, what is nearest, what a missing fact cannot hold up; the years before a year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.assessment.conftest import HEAD

from xueshi.assessment.boundaries import proposals
from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import run_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import text_lines
from xueshi.assessment.mutants import mutants, try_mutants
from xueshi.assessment.types import (
    PersonYearRequest,
    RecordFacts,
    WindowResult,
    YearAssessment,
    YearFigures,
)
from xueshi.assessment.windows import figures_of_earlier, judge_windows, with_windows
from xueshi.errors import RuleFileError
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
RULES = """\
1: {clause: 一, name: 论文, for: paper, hours: stated}
2: {clause: 一, name: 研修, for: advanced_seminar, hours: stated}
3: {clause: 一, name: 派驻, for: other, needs: [approved], hours: none}
"""
SUMS = """\
facts: {excused: {type: yes_no, of: person, label: 因公派驻或病产假}}
sums:
  seminars: {label: 研修学时, where: {kind: advanced_seminar}}
  all_hours: {label: 各科目合计, of: [public, professional]}
  posted: {label: 派驻次数, count: [3]}
"""
SEMINARS = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 三年累计, over: {{last: 3}}, of: seminars, at_least: 24}}
  R2: {{clause: 一, name: 当年, of: seminars, at_least: 24, alone: no}}
  R3: {{clause: 一, name: 研修, any_of: [R1, R2]}}
"""
POSTED = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 三年累计, over: {{last: 3}}, of: seminars, at_least: 24}}
  R2: {{clause: 一, name: 派驻, of: posted, at_least: 1, alone: no}}
  R3: {{clause: 一, name: 研修, any_of: [R2, R1]}}
"""
EXCUSED = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 每年, of: total, at_least: 90}}
  R2: {{clause: 一, name: 三年平均, over: {{last: 3}}, of: total, average_at_least: 90}}
  R4: {{clause: 一, name: 派驻的, of: all_hours, at_least: 0, alone: no, when: {{person.excused: yes}}}}
  R5: {{clause: 一, name: 派驻的看平均, all_of: [R2, R4]}}
  R3: {{clause: 一, name: 总学时, any_of: [R1, R5]}}
"""
WINDOW_EXCUSED = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 每年, of: total, at_least: 90}}
  R2: {{clause: 一, name: 三年平均, over: {{last: 3}}, of: total, average_at_least: 90, when: {{person.excused: yes}}}}
  R3: {{clause: 一, name: 总学时, any_of: [R1, R2]}}
"""
BEFORE = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 每年, of: total, at_least: 90}}
  R2: {{clause: 一, name: 三年平均, over: {{last: 3}}, of: total, average_at_least: 90}}
  R4: {{clause: 一, name: 前两年均不少于60, over: {{before: 2}}, of: all_hours, each_at_least: 60}}
  R5: {{clause: 一, name: 视为达到, all_of: [R2, R4]}}
  R3: {{clause: 一, name: 总学时, any_of: [R1, R5]}}
"""


def told(**by_key: tuple[int, ...]) -> dict[int, YearFigures]:
    """Figures of 2020, 2021, … in hours, without any minimum: no law of those years is known."""
    years = range(2020, 2020 + max((len(hours) for hours in by_key.values()), default=0))
    return {
        year: YearFigures({key: hours[place] * 100 for key, hours in by_key.items()}, {}, {})
        for place, year in enumerate(years)
    }


def record(kind: str, hours: str) -> RecordFacts:
    return RecordFacts(f"{kind}{hours}", kind, {"declared_hours": hours}, 2022)


def asked(
    records: tuple[RecordFacts, ...], years: Mapping[int, YearFigures], **person: object
) -> PersonYearRequest:
    return PersonYearRequest("990100", 2022, person, records, (), years)


def judged(
    pack: RulePack, years: Mapping[int, YearFigures], *records: RecordFacts, **person: object
) -> YearAssessment:
    return evaluate(pack, asked(records, years, **person))


def paper(hours: str) -> RecordFacts:
    return record("paper", hours)


WAITS = RecordFacts("w", "paper", {}, 2022)


@pytest.mark.parametrize(
    ("own", "years", "verdict", "figures"),
    [
        ("0", (15, 0), "not_met", (2400, 1500, 900)),  # 24 - 15 of three years, 24 of one
        ("9", (15, 0), "met", (2400, 900, 0)),
        ("8.99", (15, 0), "not_met", (2400, 2399, 1)),
        ("10", (0, 0), "not_met", (2400, 1000, 1400)),  # as many either way: of the year itself
        ("10", (15,), "needs_fact", (2400, 1000, 1400)),  # of a year that is missing nothing is said
    ],
)
def test_what_is_short_is_what_the_nearest_alternative_lacks(
    law: Law, own: str, years: tuple[int, ...], verdict: str, figures: tuple[int, int, int]
) -> None:
    result = judged(law(RULES, SEMINARS), told(seminars=years), record("advanced_seminar", own))
    [one] = result.requirements
    assert (result.verdict, (one.minimum, one.total, one.shortfall)) == (verdict, figures)


def test_nobody_short_of_hours_is_told_to_go_away_for_a_year(law: Law) -> None:
    years = told(seminars=(15, 0))
    pack = law(RULES, POSTED)
    result = judged(pack, years)
    assert (result.verdict, result.shortfall) == ("not_met", {"seminars": 900})
    lines = "\n".join(text_lines(explain(pack, asked((), years), result)))
    assert "研修（一）：按“三年累计”2020至2022年度合计应有24学时，已有15学时，还差9学时" in lines
    posted = RecordFacts("p", "other", {"approved": True}, 2022)
    assert judged(pack, years, posted).verdict == "met", "whoever was posted has it"
    counts_only = POSTED.replace("any_of: [R2, R1]", "any_of: [R2]").replace("  R1:", "  R9:")
    assert judged(law(RULES, counts_only), years).shortfall == {"posted": 100}, "where nothing else is a cure"


def test_an_earlier_year_that_fails_is_no_alternative_that_hours_make(law: Law) -> None:
    # 90 a year on average lack 0.01, but 2020 has 59 of 60: only the 6 hours of the year itself help.
    result = judged(law(RULES, BEFORE), told(total=(59, 126), all_hours=(59, 126)), paper("84.99"))
    assert (result.verdict, result.shortfall) == ("not_met", {"total": 501})
    near = judged(law(RULES, BEFORE), told(total=(60, 125), all_hours=(60, 125)), paper("84.99"))
    assert (near.verdict, near.shortfall) == ("not_met", {"total": 1})


@pytest.mark.parametrize(
    ("years", "person", "verdict", "open_facts"),
    [
        ((96, 90), {"excused": True}, "met", ()),
        ((96, 90), {"excused": False}, "not_met", ()),  # the alternative is open to whoever was away
        ((96, 90), {}, "needs_fact", ("person.excused",)),
        ((95, 90), {"excused": True}, "not_met", ()),
        ((95, 90), {}, "not_met", ()),  # 95 + 90 + 84 = 269 of 270: away or not, it fails
    ],
)
@pytest.mark.parametrize("more", [EXCUSED, WINDOW_EXCUSED])
def test_a_condition_of_a_part_is_one_of_its_alternative(
    law: Law,
    more: str,
    years: tuple[int, ...],
    person: dict[str, Any],
    verdict: str,
    open_facts: tuple[str, ...],
) -> None:
    result = judged(law(RULES, more), told(total=years), paper("84"), **person)
    [one] = result.requirements
    assert (result.verdict, one.id, one.facts) == (verdict, "R3", open_facts)
    assert [name for point in result.open for name in point.facts] == list(open_facts)


def test_what_waits_may_still_bring_it_whether_or_not_a_fact_is_stated(law: Law) -> None:
    pack = law(RULES, WINDOW_EXCUSED)
    assert judged(pack, told(total=(95, 90)), paper("84"), WAITS).verdict == "needs_fact"
    failed = judged(pack, told(total=(95, 90)), paper("84"))
    [window] = failed.windows
    assert (window.id, window.met, window.text) == ("R2", False, "")


def test_a_yearly_part_of_which_nobody_knows_whether_it_binds_holds_up_no_failure(law: Law) -> None:
    more = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 90}}
  R2: {{clause: 一, of: seminars, at_least: 24, when: {{person.excused: yes}}}}
  R3: {{clause: 一, any_of: [R1, R2]}}
"""
    pack = law(RULES, more)
    assert judged(pack, {}, paper("84")).verdict == "not_met"
    assert judged(pack, {}, paper("60"), record("advanced_seminar", "24")).verdict == "needs_fact"
    # Where nothing of it may bind the person, a failing would rest on the fact.
    unsure = more.replace("of: total, at_least: 90}", "of: total, at_least: 90, when: {person.excused: yes}}")
    assert judged(law(RULES, unsure), {}, paper("84")).verdict == "needs_fact"
    assert judged(law(RULES, unsure), {}, paper("84"), excused=True).verdict == "not_met"


NESTED = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 90}}
  R2: {{clause: 一, over: {{last: 3}}, of: total, average_at_least: 90, when: {{person.excused: yes}}}}
  R4: {{clause: 一, over: {{before: 2}}, of: total, each_at_least: 60}}
  R5: {{clause: 一, of: seminars, at_least: 24, alone: no, when: {{person.excused: no}}}}
  R6: {{clause: 一, any_of: [R2, R5]}}
  R7: {{clause: 一, all_of: [R4, R6]}}
  R3: {{clause: 一, any_of: [R1, R7]}}
"""
CONDITIONAL = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 90, when: {{person.excused: no}}}}
  R2: {{clause: 一, over: {{last: 3}}, of: total, average_at_least: 90}}
  R4: {{clause: 一, of: seminars, at_least: 24, alone: no, when: {{person.excused: yes}}}}
  R5: {{clause: 一, any_of: [R2, R4], when: {{person.excused: yes}}}}
  R3: {{clause: 一, any_of: [R1, R5]}}
"""


@pytest.mark.parametrize("more", [EXCUSED, WINDOW_EXCUSED, NESTED, CONDITIONAL])
def test_a_verdict_without_a_fact_is_that_of_either_answer_and_no_certain_failure_waits(
    law: Law, more: str
) -> None:
    pack = law(RULES, more)
    seen = set()
    for earlier in ((96, 90), (95, 90), (59, 127), (60, 126)):
        for papers in ("60", "84", "90"):
            for seminars in ("0", "5", "24"):
                records = (paper(papers), record("advanced_seminar", seminars))
                verdicts = {
                    judged(pack, told(total=earlier), *records, excused=excused).verdict
                    for excused in (True, False)
                }
                unstated = judged(pack, told(total=earlier), *records).verdict
                where = (earlier, papers, seminars)
                if unstated == "needs_fact":
                    # Reached in one way by the one, in another way by the other, it may still be asked for.
                    assert "met" in verdicts, where
                else:
                    assert verdicts == {unstated}, where
                seen.add(unstated)
    assert seen >= {"not_met", "needs_fact"}


def test_of_requirements_held_together_what_does_not_bind_asks_nothing(law: Law) -> None:
    more = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 90}}
  R2: {{clause: 一, of: seminars, at_least: 24, when: {{person.excused: no}}}}
  R3: {{clause: 一, all_of: [R1, R2]}}
"""
    pack = law(RULES, more)
    assert judged(pack, {}, paper("90"), excused=True).verdict == "met"
    assert judged(pack, {}, paper("90"), excused=False).shortfall == {"seminars": 2400}
    assert judged(pack, {}, paper("90")).verdict == "needs_fact"


def test_alternatives_of_windows_that_stand_beside_the_year_are_judged_alike(law: Law) -> None:
    more = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 10}}
  R2: {{clause: 一, over: {{last: 3}}, of: total, average_at_least: 90}}
  R4: {{clause: 一, over: {{last: 3}}, of: seminars, at_least: 24}}
  R5: {{clause: 一, over: {{last: 3}}, of: total, at_least: 100, when: {{person.excused: yes}}}}
  R6: {{clause: 一, all_of: [R4, R5]}}
  R7: {{clause: 一, any_of: [R2, R6]}}
"""
    pack = law(RULES, more)

    def met(seminars: int, **person: object) -> bool | None:
        years = {**told(total=(50, 50, 50), seminars=(seminars, 0, 0))}
        [one] = [window for window in judge_windows(pack, person, 2022, years) if window.id == "R7"]
        return one.met

    assert (met(24, excused=True), met(24, excused=False), met(24)) == (True, False, None)
    assert met(23) is False, "23 of 24, away or not"


@pytest.mark.parametrize(
    ("own", "years", "verdict"),
    [
        ("45", (105, 120), "met"),  # the year itself need not have 60
        ("120", (59, 91), "met"),  # by the year itself
        ("60", (60, 150), "met"),
        ("60", (59, 151), "not_met"),
        ("59.99", (60, 150), "not_met"),
        ("60", (150,), "needs_fact"),
    ],
)
def test_the_years_before_may_be_asked_for_without_the_year_itself(
    law: Law, own: str, years: tuple[int, ...], verdict: str
) -> None:
    result = judged(law(RULES, BEFORE), told(total=years, all_hours=years), paper(own))
    assert result.verdict == verdict


def test_a_number_of_the_text_asks_earlier_years_for_hours_only(law: Law) -> None:
    pack = law(RULES, BEFORE)
    request = asked((paper("60"),), {})
    given = {2020: {"total": 6000, "public": 2000, "professional": 4000}, 2021: {"total": 15000}}
    figures = figures_of_earlier(lambda year: pack if year == 2022 else None, request, given)
    assert figures[2020].totals["all_hours"] == 6000, "20 + 40, both stated"
    assert "all_hours" not in figures[2021].totals, "what is not stated is never 0"
    result = with_windows(pack, request, evaluate(pack, request), figures)
    [point] = result.open
    assert point.text == "总学时：还需要2021年度各科目合计的学时，才能判定"
    given[2021] |= {"public": 0, "professional": 15000}
    full = figures_of_earlier(lambda year: pack if year == 2022 else None, request, given)
    assert with_windows(pack, request, evaluate(pack, request), full).verdict == "met"
    stated = figures_of_earlier(lambda _: pack, request, {2020: {**given[2020], "all_hours": 5999}})
    assert stated[2020].totals["all_hours"] == 5999, "what is stated stands"


def test_years_of_another_law_tell_the_sums_of_this_one(law: Law) -> None:
    told_apart = {
        year: YearFigures({"total": total, "public": 2000, "professional": total - 2000}, {}, {})
        for year, total in ((2020, 6000), (2021, 15000))
    }
    assert judged(law(RULES, BEFORE), told_apart, paper("60")).verdict == "met"
    beside = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: total, at_least: 10}}
  R4: {{clause: 一, over: {{before: 2}}, of: all_hours, each_at_least: 60}}
"""
    pack = law(RULES, beside)

    def met(figures: Mapping[int, YearFigures]) -> bool | None:
        [window] = judge_windows(pack, {}, 2022, figures)
        return window.met

    assert met(told_apart) is True
    short = YearFigures({"public": 2000, "professional": 3999}, {}, {})
    assert met({**told_apart, 2020: short}) is False, "20 + 39.99"
    waits = YearFigures(short.totals, {}, {"professional": None})
    assert met({**told_apart, 2020: waits}) is None, "what waits there may still bring it"
    part = YearFigures({"professional": 9000}, {}, {})
    assert met({**told_apart, 2020: part}) is None, "of a category nothing is told"


def test_each_year_by_itself_in_words_results_and_edges(law: Law) -> None:
    pack = law(RULES, BEFORE)
    said = "\n".join(read_law(pack).lines())
    assert "前两年均不少于60：每年各科目合计均不少于60学时；按此前2年（不含当年）" in said
    result = judged(pack, told(total=(59, 151), all_hours=(59, 151)), paper("60"))
    window = next(one for one in result.windows if one.id == "R4")
    assert (window.years, dict(window.each), window.short_years) == (
        (2020, 2021),
        {"all_hours": 6000},
        (2020,),
    )
    assert WindowResult.from_json(window.to_json()) == window
    closes = "其中有一项不适用于本人的，不能按此达到"
    assert closes not in said
    assert closes in "\n".join(read_law(law(RULES, EXCUSED)).lines())
    lines = "\n".join(text_lines(explain(pack, asked((paper("60"),), {}), result)))
    assert "2020至2021年度，各科目合计每年均应有60学时，2020年度未达到；未达到" in lines
    [edge] = [one for one in proposals(pack) if one.fact == "windows" and one.rule.endswith("R4")]
    assert {"每年恰好达到", "有一年差0.01", "当年有大量学时"} <= set(edge.values)


def test_each_year_with_the_year_itself_waits_while_a_record_may_bring_it(law: Law) -> None:
    more = f"""\
{SUMS}requirements:
  R1: {{clause: 一, name: 各年, over: {{last: 2}}, of: total, each_at_least: 60, decides: year}}
"""
    pack = law(RULES, more)
    years = {2021: YearFigures({"total": 6000}, {}, {})}
    short = judged(pack, years, paper("50"))
    assert (short.verdict, short.shortfall) == ("not_met", {"total": 1000})
    assert judged(pack, years, paper("60")).verdict == "met"
    assert judged(pack, years, paper("50"), WAITS).verdict == "needs_fact"
    gone = {2021: YearFigures({"total": 5999}, {}, {})}
    assert judged(pack, gone, paper("60")).verdict == "not_met"
    certain = judged(pack, gone, paper("60"), WAITS)
    assert certain.requirements[0].met is False, "no record of this year makes up for another"


def test_a_reading_by_which_a_requirement_does_not_apply_is_named(law: Law) -> None:
    more = f"""\
readings: {{Q1: {{ask: 不满三年的, clause: 一, options: {{all: 同样要求, third: 第三年起}}, default: third}}}}
{SUMS}requirements:
  R0: {{clause: 一, of: total, at_least: 10}}
  R1: {{clause: 一, over: {{last: 3}}, of: seminars, at_least: 24}}
  R2: {{clause: 一, of: seminars, at_least: 24, alone: no}}
  R3: {{clause: 一, any_of: [R1, R2], when: {{person.level: senior, any: [{{Q1: all}}, {{person.years_in_post: from 3}}]}}}}
"""
    pack = law(RULES, more)

    def readings(**person: object) -> tuple[str, ...]:
        result = judged(pack, {}, paper("10"), **person)
        assert result.verdict == "met"
        return result.readings

    assert readings(level="senior", years_in_post=2) == ("EX-Q1",)
    assert readings(level="junior", years_in_post=2) == (), "no answer to it would bind a junior"


def test_a_reading_that_keeps_several_years_beside_the_year_from_binding_is_named(law: Law) -> None:
    more = f"""\
readings: {{Q1: {{ask: 三年累计是否要求, clause: 一, options: {{asked: 要求, idle: 不要求}}, default: idle}}}}
{SUMS}requirements:
  R0: {{clause: 一, of: total, at_least: 10}}
  R1: {{clause: 一, over: {{last: 3}}, of: seminars, at_least: 24, when: {{person.level: senior, Q1: asked}}}}
"""
    pack = law(RULES, more)

    def readings(level: str) -> tuple[str, ...]:
        request = asked((paper("10"),), {}, level=level)
        return with_windows(pack, request, evaluate(pack, request), {}).readings

    assert (readings("senior"), readings("junior")) == (("EX-Q1",), ())


def test_a_record_may_satisfy_several_years_where_a_year_rests_on_them(law: Law) -> None:
    deemed = "deemed: {D1: {clause: 一, name: 派驻, if_record: {kind: other, approved: yes}, meets: [R1]}}\n"
    away = RecordFacts("a", "other", {"approved": True}, 2022)
    years = told(seminars=(0, 0))
    pack = law(RULES, SEMINARS + deemed)
    result = judged(pack, years, away)
    assert (result.verdict, result.requirements[0].by) == ("met", "EX-D1")
    assert judged(pack, years).verdict == "not_met"
    unknown = judged(pack, years, away._replace(facts={}))
    assert unknown.verdict == "needs_fact"
    deciding = SEMINARS.split("  R2:", maxsplit=1)[0].replace("at_least: 24", "at_least: 24, decides: year")
    assert judged(law(RULES, deciding + deemed), years, away).verdict == "met"
    beside = f"{SEMINARS.split('  R2:', maxsplit=1)[0]}  R9: {{clause: 一, of: total, at_least: 10}}\n"
    with pytest.raises(RuleFileError, match="no record can meet R1: it looks at several years, and no year"):
        law(RULES, beside + deemed)


def test_two_minimums_of_one_sum_that_bind_together_are_refused_also_with_a_condition(law: Law) -> None:
    more = f"""\
{SUMS}requirements:
  R1: {{clause: 一, of: all_hours, at_least: 60}}
  R2: {{clause: 一, of: all_hours, at_least: 40, when: {{person.excused: yes}}}}
  R3: {{clause: 一, over: {{last: 3}}, every: [R1]}}
"""
    with pytest.raises(RuleFileError, match="R1 and R2 are both minimums of all_hours"):
        law(RULES, more)
    apart = more.replace("at_least: 60}", "at_least: 60, when: {person.excused: no}}")
    assert law(RULES, apart)


CASES = """\
document: EX
cases:
  - id: C1
    title: 前两年均不少于60，三年平均90
    year: 2022
    person: {level: junior}
    records:
    - {id: r1, kind: paper, rule: EX-1, facts: {declared_hours: 60}, hours: 60}
    totals: {professional: 60, total: 60}
    met: true
    shortfall: {}
    years:
      2020: {total: 60, public: 20, professional: 40}
      2021: {total: 150, public: 0, professional: 150}
    windows:
      R4: {met: true}
    clauses: [一]
  - id: C2
    title: 前年差0.01
    year: 2022
    person: {level: junior}
    records:
    - {id: r1, kind: paper, rule: EX-1, facts: {declared_hours: 60}, hours: 60}
    totals: {professional: 60, total: 60}
    met: false
    shortfall: {total: 30}
    years:
      2020: {total: 60, all_hours: 59.99}
      2021: {total: 150, all_hours: 150}
    windows:
      R4: {met: false}
    clauses: [一]
"""


def test_cases_hold_the_number_of_each_year_and_add_up_what_is_stated() -> None:
    law = HEAD + "year: {clause: 一, starts: 01-01, person_as_of: end}\n"
    text = f"{law}{BEFORE}rules:\n  1: {{clause: 一, name: 论文, for: paper, hours: stated}}\n"
    text = text.replace("  seminars: {label: 研修学时, where: {kind: advanced_seminar}}\n", "")
    text = text.replace("  posted: {label: 派驻次数, count: [3]}\n", "")

    def source_of(_: str) -> RegulationSource:
        return RegulationSource("ex.yaml", text)

    cases = RegulationSource("cases.yaml", CASES)
    assert [(one.id, one.failures) for one in run_file(cases, source_of).results] == [("C1", ()), ("C2", ())]
    tried = mutants(document.read_document(source_of(""), Findings()))
    assert [one.what for one in tried if one.rule == "R4"] == ["2 becomes 3", "60 becomes 61"]
    unnoticed = try_mutants("EX", source_of, [read_case_file(cases)]).unnoticed
    assert not [one.message for one in unnoticed if "R4" in one.message]
