"""What case files cannot say of the encoded laws: levels that change within a year, a law that grants no hour, hours that cross laws."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment, with_kinds
from xueshi.assessment.windows import evaluate_years
from xueshi.registry import load
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = load()
OWN = ("CZ2011", "SZ2013", "WZ2017")
WORDS = {
    "encoded": "encoded",
    "procedural": "procedural",
    "discretionary": "discretionary",
    "out_of_scope": "out of scope",
}


def judged(
    pack: RulePack,
    year: int,
    person: dict[str, Any],
    *records: RecordFacts,
    earlier: tuple[LedgerEntry, ...] = (),
) -> YearAssessment:
    return evaluate(pack, PersonYearRequest(pack.area, year, person, records, earlier))


def training(name: str, hours: str, **facts: Any) -> RecordFacts:
    return RecordFacts(name, "training", {"declared_hours": hours, "passed": True, **facts})


def minimum(result: YearAssessment, of: str) -> int | None:
    [found] = [one.minimum for one in result.requirements if one.of == of]
    return found


@pytest.mark.parametrize(("option", "asked"), [("end", 7200), ("start", 4200)])
def test_a_promotion_within_the_year_counts_by_the_day_the_bureau_chose(option: str, asked: int) -> None:
    pack = REGISTRY.pack_of("SZ2013", config={"Q3": option})
    person = {"level": [("2010-01-01", "junior"), ("2014-06-30", "intermediate")]}
    result = judged(pack, 2014, person, training("r1", "14", content="public"), training("r2", "28"))
    assert minimum(result, "total") == asked
    assert result.verdict == ("met" if option == "start" else "not_met")


def test_a_person_without_level_is_asked_for_it() -> None:
    result = judged(REGISTRY.pack_of("SZ2013"), 2014, {}, training("r1", "10"))
    assert result.verdict == "needs_fact"


def child_of_the_floor() -> RulePack:
    text = """\
xueshi: 1
regulation: {id: EX, title: 示例, number: none, issuer: 示例, issued: 2016-01-01, effective: none, years: 2016 to open, area: 990100, parent: NA2015}
clauses: {一: {encoded: 示例}}
rules:
  1: {change: add, clause: 一, name: 示例, for: training, hours: stated, category: {content: {public: public, "professional, not_stated": professional}}}
"""
    child = RegulationSource("ex.yaml", text)
    return resolve_pack("EX", lambda asked: child if asked == "EX" else REGISTRY.source_of(asked))


@pytest.mark.parametrize(
    ("professional", "public", "verdict", "warned"),
    [("60", "30", "met", False), ("59.99", "30.01", "met", True), ("60", "29.99", "not_met", False)],
)
def test_the_floor_asks_for_90_and_warns_below_two_thirds(
    professional: str, public: str, verdict: str, warned: bool
) -> None:
    result = judged(
        child_of_the_floor(), 2016, {}, training("r1", professional), training("r2", public, content="public")
    )
    assert result.verdict == verdict
    assert ("professional_below_two_thirds" in result.warnings) is warned


@pytest.mark.parametrize(("day", "hours"), [("2016-01-01", 9000), ("2015-12-31", 0)])
def test_the_year_of_the_floor_is_the_calendar_year(day: str, hours: int) -> None:
    assert judged(child_of_the_floor(), 2016, {}, training("r1", "90", end=day)).totals["total"] == hours


def test_the_second_half_of_a_degree_counts_under_the_next_law() -> None:
    degree = RecordFacts("r1", "degree", {"graduated": "2023-06-30"})
    first = judged(REGISTRY.pack_of("CZ2011"), 2023, {}, degree)
    assert first.totals["professional"] == 5000
    [half] = first.later
    assert (half.year, half.part, half.hours) == (2024, 2, 5000)
    second = judged(REGISTRY.pack_of("CZ2024"), 2024, {}, earlier=(half,))
    assert second.totals["professional"] == 5000


@pytest.mark.parametrize("instrument", OWN)
def test_some_case_stands_under_every_option_of_every_reading(instrument: str) -> None:
    folder = ROOT / "plugins"
    files = [
        read_case_file(RegulationSource(path.name, path.read_text("utf-8")))
        for path in folder.glob("*/xueshi_*/cases/*.yaml")
    ]
    chosen = {
        (name, str(option))
        for file in files
        if file.instrument == instrument
        for case in file.cases
        for name, option in case.config.items()
    }
    # A level that changes within the year stands in this file: a case states one level for each year.
    chosen.add(("Q3", "start"))
    missing = [
        f"{name}: {option}"
        for name, reading in REGISTRY.pack_of(instrument).readings.items()
        for option in reading["options"]
        if option != reading["option"] and (name.split("-")[1], option) not in chosen
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("plugin", "instrument"),
    [("suzhou", "SZ2013"), ("wenzhou", "WZ2017"), ("changzhou", "CZ2011"), ("national", "NA2015")],
)
def test_the_readme_counts_the_clauses_as_they_are(plugin: str, instrument: str) -> None:
    statuses = [clause[0] for clause in REGISTRY.pack_of(instrument).data["clauses"][instrument].values()]
    readme = " ".join((ROOT / "plugins" / plugin / "README.md").read_text("utf-8").split())
    said = re.search(r"\*\*Clauses\*\*.*?`xueshi regions coverage", readme)
    assert said is not None
    assert f": {len(statuses)}, all with a status" in said.group()
    for status in set(statuses):
        assert f" {statuses.count(status)} {WORDS[status]}" in said.group()


def work(name: str, kind: str = "paper", **facts: Any) -> RecordFacts:
    return RecordFacts(name, kind, {"work": "W", "own_field": True, "rank": 1, "role": "sole", **facts})


def paper_of_2023() -> tuple[PersonYearRequest, YearAssessment]:
    """A paper counted under the law of 2011: 20 hours by a rule that the law of 2024 does not have."""
    request = PersonYearRequest("320400", 2023, {}, (work("r1", venue="issn_cn", cn=True, end="2023-05-01"),))
    return request, evaluate(REGISTRY.pack_of("CZ2011"), request)


def again_in_2024(*earlier: LedgerEntry, kind: str = "paper") -> LedgerEntry:
    facts = {"venue": "provincial_core", "end": "2024-05-01", "characters": 5000, "cn": True}
    return judged(REGISTRY.pack_of("CZ2024"), 2024, {}, work("r2", kind, **facts), earlier=earlier).ledger[0]


def test_a_work_counted_under_the_law_of_before_is_not_counted_again() -> None:
    request, first = paper_of_2023()
    [entry] = first.ledger
    assert entry.hours > 0
    assert again_in_2024().hours > 0, "nothing else stands in its way"
    [told] = with_kinds(request, first.ledger)
    assert told.kind == "paper"
    for earlier in (entry, told):
        found = again_in_2024(earlier)
        assert (found.hours, found.code) == (0, "earlier_years")
        assert found.clause == "四(九)"


def test_another_work_or_another_kind_of_thing_is_no_repetition() -> None:
    request, first = paper_of_2023()
    [told] = with_kinds(request, first.ledger)
    assert again_in_2024(told._replace(same="work:V")).hours > 0
    assert again_in_2024(told._replace(kind="award")).hours > 0
    assert again_in_2024(told._replace(year=2024)).hours > 0, "only earlier years"


def test_several_years_judged_together_recognise_a_work_across_laws() -> None:
    first, _ = paper_of_2023()
    facts = {"venue": "provincial_core", "end": "2024-05-01", "characters": 5000, "cn": True}
    second = PersonYearRequest("320400", 2024, {}, (work("r2", **facts),))
    packs = {2023: REGISTRY.pack_of("CZ2011"), 2024: REGISTRY.pack_of("CZ2024")}
    judged_years = evaluate_years(packs, [second, first])
    assert judged_years[2024].ledger[0].code == "earlier_years"


def test_the_kind_is_written_only_where_it_is_told() -> None:
    request, first = paper_of_2023()
    assert "kind" not in first.ledger[0].to_json(), "stored results stay what they were"
    [told] = with_kinds(request, first.ledger)
    assert LedgerEntry.from_json(told.to_json()) == told


@pytest.mark.parametrize(("instrument", "reading"), [("JS2023", "JS2023-Q4"), ("CZ2024", "CZ2024-Q1")])
def test_training_by_whoever_is_not_recognised_names_the_clause_and_the_reading(
    instrument: str, reading: str
) -> None:
    facts = {"organiser": "training_body", "approved": False, "hours_stated": True, "hours": 16}
    result = judged(REGISTRY.pack_of(instrument), 2024, {}, RecordFacts("r1", "training", facts))
    [entry] = result.ledger
    assert (entry.code, entry.hours) == ("not_of_item", 0)
    assert entry.clause.startswith("四(一)")
    assert "四(一)" in entry.text
    assert "未经批准" in entry.text
    assert reading in result.readings


def test_a_stay_of_less_than_a_month_says_so() -> None:
    facts = {"start": "2021-03-01", "end": "2021-03-12", "type": "wuling"}
    [entry] = judged(REGISTRY.pack_of("CQ2007"), 2021, {}, RecordFacts("r1", "field_service", facts)).ledger
    assert (entry.hours, entry.code) == (0, "none_by_clause")
    assert "按标准11" in entry.text
    assert entry.text.endswith("不满一个月的不计学时")
