"""Several years that decide a year by themselves, averages with a number of the text's own, and what is short in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from xueshi.assessment.boundaries import proposals
from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import FileResult, run_file
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
from xueshi.assessment.windows import evaluate_years, figures_of_earlier, judge_windows
from xueshi.errors import RuleError, RuleFileError
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.document import read_document
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
RULES = """\
1: {clause: 一, name: 论文, for: paper, hours: stated}
2: {clause: 一, name: 研修, for: advanced_seminar, hours: stated}
3: {clause: 一, name: 培训, for: training, hours: stated, category: {content: {public: public, "professional, not_stated": professional}}}
"""
SEMINARS = "sums: {seminars: {label: 研修学时, where: {kind: advanced_seminar}}}\n"
THREE_YEARS = """\
requirements:
  R1: {clause: 一, name: 三年合计, over: {last: 3}, of: total, at_least: 216, decides: year}
"""
AVERAGE = f"""\
{SEMINARS}requirements:
  R1: {{clause: 一, name: 三年平均, over: {{last: 3}}, of: seminars, average_at_least: 16, decides: year}}
"""


def told(**by_key: tuple[int, ...]) -> dict[int, YearFigures]:
    """Figures of 2020, 2021, … in hours, without any minimum: no law of those years is known."""
    years = range(2020, 2020 + max(len(hours) for hours in by_key.values()))
    return {
        year: YearFigures({key: hours[place] * 100 for key, hours in by_key.items()}, {}, {})
        for place, year in enumerate(years)
    }


def judged(
    pack: RulePack,
    years: Mapping[int, YearFigures],
    *records: tuple[str, dict[str, Any]],
    person: dict[str, Any] | None = None,
) -> YearAssessment:
    facts = tuple(
        RecordFacts(f"r{place}", kind, stated, 2022) for place, (kind, stated) in enumerate(records, start=1)
    )
    return evaluate(pack, PersonYearRequest("990100", 2022, person or {}, facts, (), years))


def paper(hours: str) -> tuple[str, dict[str, Any]]:
    return "paper", {"declared_hours": hours}


def seminar(hours: str) -> tuple[str, dict[str, Any]]:
    return "advanced_seminar", {"declared_hours": hours}


@pytest.mark.parametrize(
    ("hours", "years", "verdict", "shortfall"),
    [
        ("72", (72, 72), "met", {}),
        ("71.99", (72, 72), "not_met", {"total": 1}),  # 72+72+71.99＝215.99
        ("0", (200, 16), "met", {}),
        ("50", (60, 70), "not_met", {"total": 3600}),  # 216－180
        ("50", (60,), "needs_fact", {}),
    ],
)
def test_several_years_decide_a_year_by_themselves(
    law: Law, hours: str, years: tuple[int, ...], verdict: str, shortfall: dict[str, int]
) -> None:
    result = judged(law(RULES, THREE_YEARS), told(total=years), paper(hours))
    assert (result.verdict, result.shortfall) == (verdict, shortfall)
    assert [one.id for one in result.requirements] == ["R1"], "no second requirement is wanted beside it"
    assert [one.id for one in result.windows] == ["R1"]


def test_it_is_told_in_the_figures_of_its_years(law: Law) -> None:
    pack = law(RULES, THREE_YEARS)
    years = told(total=(60, 70))
    result = judged(pack, years, paper("50"))
    request = PersonYearRequest("990100", 2022, {}, (), (), years)
    lines = "\n".join(text_lines(explain(pack, request, result)))
    assert "三年合计（一）：2020至2022年度合计应有216学时，已有180学时，还差36学时" in lines
    assert "补足36学时" in lines or "三年合计还差36学时" in lines, "what would cure it is told too"


def test_a_year_that_is_missing_is_asked_for(law: Law) -> None:
    result = judged(law(RULES, THREE_YEARS), told(total=(60,)), paper("50"))
    assert [(point.code, point.text) for point in result.open] == [
        ("needs_years", "三年合计：还需要2021年度的结果，才能判定")
    ]


def test_beside_the_year_stays_the_usual_place(law: Law) -> None:
    beside = THREE_YEARS.replace(", decides: year", "")
    result = judged(law(RULES, f"{beside}  R2: {{clause: 一, of: total, at_least: 10}}\n"), {}, paper("50"))
    assert (result.verdict, [one.id for one in result.requirements]) == ("met", ["R2"])
    reading = "readings: {Q1: {ask: 三年合计, clause: 一, options: {year: 决定当年, beside: 另作结论}, default: year}}\n"
    by_reading = reading + THREE_YEARS.replace("decides: year", "decides: Q1")
    assert judged(law(RULES, by_reading), told(total=(0, 0)), paper("50")).verdict == "not_met"
    assert judged(law(RULES, by_reading, Q1="beside"), told(total=(0, 0)), paper("50")).verdict == "met"


@pytest.mark.parametrize(
    ("hours", "years", "verdict", "short"),
    [
        ("16", (16, 16), "met", 0),
        ("15.99", (16, 16), "not_met", 1),
        ("48", (0, 0), "met", 0),
        ("10", (20, 10), "not_met", 800),  # 3×16＝48，20＋10＋10＝40
    ],
)
def test_an_average_has_one_number_whatever_a_year_asks(
    law: Law, hours: str, years: tuple[int, ...], verdict: str, short: int
) -> None:
    pack = law(RULES, AVERAGE)
    result = judged(pack, told(total=(0, 0), seminars=years), seminar(hours), person={"level": "senior"})
    assert (result.verdict, result.shortfall.get("seminars", 0)) == (verdict, short)
    [window] = result.windows
    assert window.minimums == {"seminars": 4800}


def test_the_number_may_go_by_level_and_by_how_many_years(law: Law) -> None:
    more = AVERAGE.replace(
        "average_at_least: 16", "average_at_least: {person.level: {senior: 16, otherwise: 8}}"
    )
    more = more.replace("{last: 3}", "term")
    pack = law(RULES, more)
    person = {"level": "junior", "term": [2021, 2022]}
    result = judged(pack, told(seminars=(0, 6)), seminar("9"), person=person)
    assert (result.verdict, result.shortfall) == ("not_met", {"seminars": 100}), "2×8－15"
    senior = judged(pack, told(seminars=(0, 6)), seminar("26"), person={**person, "level": "senior"})
    assert senior.verdict == "met", "2×16＝32"
    unknown = judged(pack, told(seminars=(0, 6)), seminar("26"), person={"term": [2021, 2022]})
    assert (unknown.verdict, unknown.open[0].facts) == ("needs_fact", ("person.level",))


def test_years_that_do_not_tell_the_sum_are_not_0(law: Law) -> None:
    result = judged(law(RULES, AVERAGE), told(total=(90, 90)), seminar("48"))
    assert (result.verdict, result.shortfall) == ("needs_fact", {})
    [point] = result.open
    assert point.text == "三年平均：还需要2020、2021年度研修学时，才能判定"
    assert result.windows[0].untold == (2020, 2021)
    assert WindowResult.from_json(result.windows[0].to_json()) == result.windows[0]


def test_missing_years_and_untold_ones_are_told_together(law: Law) -> None:
    result = judged(law(RULES, AVERAGE), told(total=(90,)), seminar("48"))
    assert result.open[0].text == "三年平均：还需要2021年度的结果、2020年度研修学时，才能判定"


def test_what_waits_in_the_year_keeps_it_open(law: Law) -> None:
    pack = law(RULES, THREE_YEARS)
    waiting = judged(pack, told(total=(60, 70)), paper("50"), ("paper", {}))
    assert waiting.verdict == "needs_fact"
    by_content = THREE_YEARS.replace("of: total, at_least: 216", "of: public, at_least: 30")
    open_ = judged(law(RULES, by_content), told(public=(10, 10)), ("training", {"declared_hours": "10"}))
    assert (open_.verdict, open_.open[0].record, open_.open[0].facts) == ("needs_fact", "r1", ("content",))
    short = judged(law(RULES, by_content), told(public=(10, 9)), ("training", {"declared_hours": "10"}))
    assert (short.verdict, short.shortfall) == ("not_met", {"public": 1100}), "30－19; 10 more would not do"


def test_a_deciding_year_does_not_count_as_its_own_minimum_later(law: Law) -> None:
    more = THREE_YEARS + "  R2: {clause: 一, of: total, at_least: 60, alone: no}\n"
    more += "  R3: {clause: 一, name: 两年平均, over: {last: 2}, average_of: R2}\n"
    pack = law(RULES, more)
    requests = [
        PersonYearRequest("990100", year, {}, (RecordFacts("r", "paper", {"declared_hours": hours}, year),))
        for year, hours in ((2020, "80"), (2021, "80"), (2022, "56"))
    ]
    found = evaluate_years(dict.fromkeys((2020, 2021, 2022), pack), requests)
    assert [found[year].verdict for year in (2020, 2021, 2022)] == ["needs_fact", "needs_fact", "met"]
    beside = next(one for one in found[2022].windows if one.id == "R3")
    assert (dict(beside.minimums), beside.met) == ({"total": 12000}, True), (
        "twice the 60 of a year, never 216"
    )


@pytest.mark.parametrize(
    ("more", "shortfall"),
    [
        # 须全部满足: the year by itself is met, the average is not
        ("R3: {clause: 一, all_of: [R1, R2]}", {"total": 600}),
        # one alternative only, of windows only
        ("R3: {clause: 一, any_of: [R2], decides: year}", {"total": 600}),
        # nested: the failing part is said, not one that is met
        ("R4: {clause: 一, any_of: [R2]}, R3: {clause: 一, all_of: [R1, R4]}", {"total": 600}),
    ],
)
def test_what_fails_only_by_an_average_says_the_hours_that_lack(
    law: Law, more: str, shortfall: dict[str, int]
) -> None:
    requirements = (
        "R1: {clause: 一, of: total, at_least: 60}, "
        "R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}"
    )
    pack = law(RULES, f"requirements: {{{requirements}, {more}}}\n")
    years = {
        2020: YearFigures({"total": 5000}, {"total": 6000}, {"total": False}),
        2021: YearFigures({"total": 6000}, {"total": 6000}, {"total": True}),
    }
    result = judged(pack, years, paper("64"))
    # 3×60－(50＋60＋64)＝6
    assert (result.verdict, result.shortfall) == ("not_met", shortfall)


def test_an_average_beside_the_year_says_what_its_years_lack_together(law: Law) -> None:
    pack = law(
        RULES,
        "requirements: {R1: {clause: 一, of: total, at_least: 60}, R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}}\n",
    )
    figures = {
        year: YearFigures({"total": hours}, {"total": 6000}, {"total": hours >= 6000})
        for year, hours in ((2020, 5000), (2021, 6000), (2022, 6400))
    }
    windows = judge_windows(pack, {}, 2022, figures)
    assert windows[0].shortfall == {"total": 600}
    result = judged(pack, {}, paper("64"))._replace(windows=windows)
    lines = "\n".join(text_lines(explain(pack, PersonYearRequest("990100", 2022, {}, ()), result)))
    assert "合计年均应有60学时，已有58学时，各年合计还差6学时；未达到" in lines


def test_a_year_before_the_law_takes_the_minimum_that_is_given(law: Law) -> None:
    pack = law(
        RULES,
        "requirements: {R1: {clause: 一, of: total, at_least: 60}, R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1, decides: year}}\n",
    )

    def pack_of(year: int) -> RulePack | None:
        return pack if pack.serves(year) else None

    request = PersonYearRequest(
        "990100", 2021, {}, (RecordFacts("r", "paper", {"declared_hours": "60"}, 2021),)
    )
    given = {2019: {"total": 4000}, 2020: {"total": 6000}}
    without = figures_of_earlier(pack_of, request, given)
    assert without[2019] == YearFigures({"total": 4000}, {}, {})
    open_ = evaluate(pack, request._replace(years=without))
    assert open_.verdict == "needs_fact"
    assert open_.open[-1].text == "三年平均：还需要2019年度合计的最低要求，才能判定"
    figures = figures_of_earlier(pack_of, request, given, {2019: {"total": 4000}})
    met = evaluate(pack, request._replace(years=figures))
    assert (met.verdict, dict(met.windows[0].minimums)) == ("met", {"total": 16000})
    short = figures_of_earlier(pack_of, request, given, {2019: {"total": 4200}})
    assert evaluate(pack, request._replace(years=short)).shortfall == {"total": 200}
    with pytest.raises(RuleError, match="2020年度合计的最低要求，EX规定为60学时，不是50学时"):
        figures_of_earlier(pack_of, request, given, {2020: {"total": 5000}})


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (
            "R2: {clause: 一, of: total, average_at_least: 16}",
            "average_at_least is of several years: over which?",
        ),
        ("R2: {clause: 一, over: {last: 3}, at_least: 3, average_at_least: 16}", "which is meant?"),
        ("R2: {clause: 一, over: {last: 3}, average_of: R1, average_at_least: 16}", "keep one of the two"),
        ("R2: {clause: 一, any_of: [R1], average_at_least: 16}", "alternatives have no average_at_least"),
        ("R2: {clause: 一, of: public, at_least: 3, decides: year}", "this is of the year by itself"),
        ("R2: {clause: 一, any_of: [R1], decides: year}", "this is of the year by itself"),
        (
            "R2: {clause: 一, over: {last: 3}, average_of: R1, decides: year}, R3: {clause: 一, any_of: [R1, R2]}",
            "it is a part of R3, which decides",
        ),
        (
            "R2: {clause: 一, over: {last: 3}, average_of: R1, decides: year, alone: no}",
            "contradict each other",
        ),
    ],
)
def test_what_means_nothing_is_refused(law: Law, one: str, says: str) -> None:
    with pytest.raises(RuleFileError, match="E506") as found:
        law(RULES, f"requirements: {{R1: {{clause: 一, of: total, at_least: 90}}, {one}}}\n")
    assert says in str(found.value)


def test_a_word_that_does_not_decide_is_refused(law: Law) -> None:
    with pytest.raises(RuleFileError, match=r'E103 "yaer" is no decides .*Repair: write year'):
        law(RULES, THREE_YEARS.replace("decides: year", "decides: yaer"))


def test_they_are_read_aloud(law: Law) -> None:
    said = "\n".join(read_law(law(RULES, THREE_YEARS)).lines())
    assert "三年合计：各年合计之和不少于216学时；按最近3年；当年是否达到按此判定" in said
    said = "\n".join(read_law(law(RULES, AVERAGE)).lines())
    assert "三年平均：各年平均研修学时不少于16学时；按最近3年；当年是否达到按此判定" in said


def test_their_edges_are_proposed(law: Law) -> None:
    edges = {one.edge: one.values for one in proposals(law(RULES, AVERAGE)) if one.rule == "EX-R1"}
    assert edges["各年平均"] == ("15.99", "16", "17")
    assert edges["跨年度（按最近3年）"][:2] == ("各年平均恰好达到", "各年平均差0.01")


HEAD = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2021-01-08, effective: none, years: 2021 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
sums: {seminars: {label: 研修学时, where: {kind: advanced_seminar}}}
rules:
  2: {clause: 一, for: advanced_seminar, hours: stated}
requirements:
  R1: {clause: 一, name: 三年平均, over: {last: 3}, of: seminars, average_at_least: 16, decides: year}
"""
CASES = """\
document: EX
cases:
  - id: C1
    title: 三年平均差8学时；2020年度在本办法之前
    year: 2022
    person: {level: senior}
    records: [{id: r1, kind: advanced_seminar, rule: EX-2, facts: {declared_hours: 10}, hours: 10}]
    totals: {professional: 10, seminars: 10, total: 10}
    minimum: {seminars: 48}
    met: false
    shortfall: {seminars: 8}
    years:
      2020: {total: 90, seminars: 20}
      2021: {total: 90, seminars: 10}
    windows:
      R1: {met: false, totals: {seminars: 40}, average: {seminars: 13.33}, minimum: {seminars: 48}}
    note: 3×16－(20＋10＋10)＝8
  - id: C2
    title: 恰好达到
    year: 2022
    person: {level: senior}
    records: [{id: r1, kind: advanced_seminar, rule: EX-2, facts: {declared_hours: 18}, hours: 18}]
    totals: {professional: 18, seminars: 18, total: 18}
    minimum: {seminars: 48}
    met: true
    shortfall: {}
    years:
      2020: {seminars: 20}
      2021: {seminars: 10}
"""


def run(cases: str) -> FileResult:
    return run_file(RegulationSource("cases.yaml", cases), source_of)


def source_of(_: str) -> RegulationSource:
    return RegulationSource("ex.yaml", HEAD)


def test_cases_hold_them_with_years_before_the_law() -> None:
    assert [(case.id, case.failures) for case in run(CASES).results] == [("C1", ()), ("C2", ())]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    shortfall: {seminars: 8}", "    shortfall: {}", "差额应为{}，得{seminars: 8}"),
        ("2020: {total: 90, seminars: 20}", "2020: {total: 90}", "2020：没有写seminars（研修学时）"),
        ("average: {seminars: 13.33}", "average: {seminars: 14}", "R1：平均seminars应为14，得13.33"),
        ("minimum: {seminars: 48}}", "minimum: {seminars: 16}}", "R1：最低要求seminars应为16，得48"),
    ],
)
def test_a_difference_is_told(old: str, new: str, says: str) -> None:
    assert CASES.count(old) == 1, old
    failures = [failure for case in run(CASES.replace(old, new)).results for failure in case.failures]
    assert any(says in failure for failure in failures), failures


def test_its_numbers_are_held_by_cases() -> None:
    file = read_case_file(RegulationSource("cases.yaml", CASES))
    read = read_document(source_of("EX"), Findings())
    assert [one.what for one in mutants(read) if one.rule == "R1"] == [
        "3 becomes 4",
        "16 becomes 17",
        "decides: year is removed",
    ]
    unnoticed = [one.message for one in try_mutants("EX", source_of, [file]).unnoticed]
    assert not any(one.startswith("R1") for one in unnoticed), unnoticed
    assert resolve_pack("EX", source_of).requirements[0]["averaged"]
