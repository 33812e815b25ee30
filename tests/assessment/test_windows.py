"""Verdicts over several years: term, cycle, the last years, since a date; each year under its own law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.types import PersonYearRequest, RecordFacts, WindowResult, YearAssessment
from xueshi.assessment.windows import YearFigures, evaluate_years, with_windows
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
PAPER = '1: {clause: 一, for: paper, hours: stated, category: {content: {public: public, "professional, not_stated": professional}}}'
R1 = "  R1: {clause: 一, of: total, at_least: 10}\n"


def years(
    pack: RulePack, hours: dict[int, str], person: dict[str, Any] | None = None, known: Any = None
) -> dict[int, YearAssessment]:
    requests = [
        PersonYearRequest(
            "990100", year, person or {}, (RecordFacts(f"r{year}", "paper", {"declared_hours": given}, year),)
        )
        for year, given in hours.items()
    ]
    return evaluate_years(dict.fromkeys(hours, pack), requests, known=known)


def window(judged: dict[int, YearAssessment], year: int) -> WindowResult:
    [found] = judged[year].windows
    return found


def test_the_average_over_a_term_stands_beside_each_year(law: Law) -> None:
    pack = law(PAPER, f"requirements:\n{R1}  T: {{clause: 一, over: term, average_of: [R1]}}\n")
    judged = years(pack, {2020: "5", 2021: "15.01"}, {"term": [2020, 2021]})
    assert [judged[year].verdict for year in (2020, 2021)] == ["not_met", "met"]
    found = window(judged, 2021)
    assert (found.met, found.sums["total"], found.average["total"]) == (True, 2001, 1001)
    short = window(years(pack, {2020: "5", 2021: "14.99"}, {"term": [2020, 2021]}), 2021)
    assert short.met is False


def test_a_term_with_a_year_that_is_not_judged_stays_open(law: Law) -> None:
    pack = law(PAPER, f"requirements:\n{R1}  T: {{clause: 一, over: term, average_of: [R1]}}\n")
    found = window(years(pack, {2020: "50"}, {"term": [2020, 2021]}), 2020)
    assert (found.met, found.missing_years) == (None, (2021,))


def test_without_a_term_the_window_asks_for_it(law: Law) -> None:
    pack = law(PAPER, f"requirements:\n{R1}  T: {{clause: 一, over: term, average_of: [R1]}}\n")
    found = window(years(pack, {2020: "50"}), 2020)
    assert found.met is None
    assert "聘期" in found.text


def test_a_cycle_asks_for_the_sum_and_for_every_year(law: Law) -> None:
    asked = f"requirements:\n{R1}  C: {{clause: 一, over: {{cycle: 2}}, sum_of: [R1], every: [R1]}}\n"
    pack = law(PAPER, asked)
    uneven = window(years(pack, {2020: "5", 2021: "15"}, {"cycle": [2020, 2021]}), 2021)
    assert (uneven.sum_met, uneven.met) == (True, False)
    even = window(years(pack, {2020: "10", 2021: "10"}, {"cycle": [2020, 2021]}), 2021)
    assert (even.sum_met, even.met) == (True, True)


def test_the_last_years_before_a_title_by_the_level_sought(law: Law) -> None:
    asked = (
        f"requirements:\n{R1}"
        "  L: {clause: 一, over: {last: {person.level_sought: {intermediate: 2, senior: 3}}}, every: [R1]}\n"
    )
    pack = law(PAPER, asked)
    given = {2019: "0", 2020: "10", 2021: "10"}
    given.pop(2019)
    two = window(years(pack, given, {"level_sought": "intermediate"}), 2021)
    assert (two.years, two.met) == ((2020, 2021), True)
    three = window(years(pack, given, {"level_sought": "senior"}), 2021)
    assert (three.years, three.met) == ((2019, 2020, 2021), None)
    lacking = window(years(pack, given), 2021)
    assert lacking.met is None
    assert "拟申报层级" in lacking.text


def test_since_the_present_title_at_most_so_many_years(law: Law) -> None:
    asked = f"requirements:\n{R1}  S: {{clause: 一, over: {{since: title_date, at_most: 2}}, every: [R1]}}\n"
    pack = law(PAPER, asked)
    person = {"title_date": "2021-06-01"}
    assert window(years(pack, {2021: "10", 2022: "10"}, person), 2022).years == (2021, 2022)
    long = {"title_date": "2015-06-01"}
    assert window(years(pack, {2021: "10", 2022: "10"}, long), 2022).years == (2021, 2022)


def test_figures_of_years_judged_before_are_taken_as_given(law: Law) -> None:
    pack = law(PAPER, f"requirements:\n{R1}  T: {{clause: 一, over: term, average_of: [R1]}}\n")
    known = {2020: YearFigures({"total": 2000}, {"total": 1000}, {"total": True})}
    found = window(years(pack, {2021: "0"}, {"term": [2020, 2021]}, known), 2021)
    assert (found.sums["total"], found.met) == (2000, True)


def test_a_year_without_law_is_not_judged_and_names_the_years_that_are(law: Law) -> None:
    pack = law(PAPER)
    requests = [PersonYearRequest("990100", year, {}, ()) for year in (2020, 2021)]
    judged = evaluate_years({2021: pack}, requests)
    assert judged[2020].verdict == "not_judged"
    assert "2021" in judged[2020].text


def test_before_its_first_year_an_instrument_judges_nothing(law: Law) -> None:
    pack = law(PAPER)
    judged = years(pack, {2019: "50"})
    assert judged[2019].verdict == "not_judged"
    [entry] = judged[2019].ledger
    assert (entry.code, entry.hours) == ("no_rule_set", 0)
    assert "2020" in entry.text


@pytest.mark.parametrize("start", ["01-01", "11-01"])
def test_spread_hours_are_carried_into_the_next_year(law: Law, start: str) -> None:
    pack = law(
        "1: {clause: 一, for: degree, hours: 20, dated: graduated, spread: [50%, 50%]}",
        f"year: {{clause: 一, starts: {start}, person_as_of: end}}\n",
    )
    graduate = RecordFacts("r1", "degree", {"graduated": "2020-07-01"})
    requests = [
        PersonYearRequest("990100", 2020, {}, (graduate,)),
        PersonYearRequest("990100", 2021, {}, ()),
        PersonYearRequest("990100", 2022, {}, ()),
    ]
    judged = evaluate_years(dict.fromkeys((2020, 2021, 2022), pack), requests)
    assert [judged[year].totals["total"] for year in (2020, 2021, 2022)] == [1000, 1000, 0]
    assert [judged[year].verdict for year in (2020, 2021, 2022)] == ["met", "met", "not_met"]


@pytest.mark.parametrize(
    ("span", "option", "met", "text"),
    [
        ([2020, 2023], "four", True, ""),
        ([2020, 2023], "five", None, "须更正周期（应为5年，所填2020至2023年度为4年）"),
        ([2020, 2021], "four", None, "须更正周期（应为4年，所填2020至2021年度为2年）"),
        ([2011, 2050], "five", None, "须更正周期（应为5年，所填2011至2050年度为40年）"),
        (None, "four", None, "还需补充：周期"),
    ],
)
def test_a_cycle_of_another_length_than_the_text_has_is_left_open(
    law: Law, span: list[int] | None, option: str, met: bool | None, text: str
) -> None:
    readings = (
        "readings: {Q2: {ask: 周期几年, clause: 一, options: {four: 四年, five: 五年}, default: four}}\n"
    )
    asked = f"{readings}requirements:\n{R1}  C: {{clause: 一, over: {{cycle: {{Q2: {{four: 4, five: 5}}}}}}, sum_of: [R1]}}\n"
    pack = law(PAPER, asked, Q2=option)
    person = {} if span is None else {"cycle": span}
    found = window(years(pack, dict.fromkeys(range(2020, 2024), "10"), person), 2023)
    assert (found.met, found.text) == (met, text)


def test_an_average_that_fails_by_less_than_it_shows_tells_the_sums(law: Law) -> None:
    pack = law(
        "1: {clause: 一, for: paper, hours: stated}",
        "requirements: {R1: {clause: 一, of: total, at_least: 24}, R2: {clause: 一, over: {last: 3}, average_of: R1}}\n",
    )
    record = RecordFacts("r1", "paper", {"declared_hours": "23.99"})
    request = PersonYearRequest("990100", 2021, {}, (record,))
    before = {year: YearFigures({"total": 2400}, {"total": 2400}, {"total": True}) for year in (2019, 2020)}
    [window] = explain(pack, request, with_windows(pack, request, evaluate(pack, request), before)).windows
    assert (window.met, window.figures) == (False, ("合计各年之和应有72学时，已有71.99学时",))
