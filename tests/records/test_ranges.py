"""Hours that the text leaves between two figures: the verifier chooses within them; where he does not, a reading holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from records_rig import AREA, FLOW, YEAR, RecordsRig

from xueshi.assessment.choices import Choice, choice_of
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.campaigns.year_round import record_acts
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource
from xueshi.storage import reading
from xueshi_cli.recording import LawInForce

LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: person, evidence: [证明]}
rules:
  1: {clause: 一, name: 论文, for: paper, undecided: UNDECIDED, rows: {1a: {when: {level: national}, hours: 15 to 20}, 1b: {when: {level: city}, hours: 8}}}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
"""


def law(undecided: str = "lower") -> RulePack:
    text = LAW.replace("UNDECIDED", undecided)
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text))


@pytest.fixture
def paper(rig: RecordsRig) -> tuple[RecordsRig, UUID]:
    rig.law = LawInForce(law(), FLOW, YEAR)
    return rig, filed(rig)


def filed(rig: RecordsRig, **facts: Any) -> UUID:
    body = rig.body(kind="paper", content="论文", claimed=None, facts={"level": "national", **facts})
    return rig.file(1, record=body)


def hours(rig: RecordsRig) -> int:
    [record] = rig.judged(rig.a)[rig.people[1]].records
    facts = RecordFacts("r", record.kind, record.facts, YEAR)
    return evaluate(rig.law.pack, PersonYearRequest(AREA, YEAR, {}, (facts,))).ledger[0].hours


def test_where_nobody_chooses_the_reading_holds(paper: tuple[RecordsRig, UUID]) -> None:
    rig, record = paper
    assert rig.decide("unit_personnel.a", record).state == "done"
    assert hours(rig) == 1500


@pytest.mark.parametrize(("value", "granted"), [("15", 1500), ("17.5", 1750), ("20", 2000)])
def test_the_verifier_chooses_within_the_bounds(
    paper: tuple[RecordsRig, UUID], value: str, granted: int
) -> None:
    rig, record = paper
    row = rig.decide("unit_personnel.a", record, facts={"granted": value})
    assert row.state == "done", row.reason
    assert hours(rig) == granted
    rig.proved()


@pytest.mark.parametrize("value", ["14.99", "20.01", "0", "200"])
def test_outside_the_bounds_is_refused_with_the_bounds(paper: tuple[RecordsRig, UUID], value: str) -> None:
    rig, record = paper
    row = rig.decide("unit_personnel.a", record, facts={"granted": value})
    assert (row.state, row.code) == ("refused", "outside_range")
    assert "15至20学时" in row.reason
    assert rig.record(record).determined is None, "a refusal leaves nothing behind"
    assert rig.record(record).stage == "deciding"


def test_what_the_filer_wrote_gives_way_to_the_verifiers_choice(paper: tuple[RecordsRig, UUID]) -> None:
    rig, record = paper
    rig.decide("unit_clerk.a", record, "withdraw_record", for_person=True)
    record = filed(rig, granted=20)
    assert rig.decide("unit_personnel.a", record, facts={"granted": "16"}).state == "done"
    assert hours(rig) == 1600


def test_nothing_is_chosen_where_the_text_names_the_hours(rig: RecordsRig) -> None:
    rig.law = LawInForce(law(), FLOW, YEAR)
    record = filed(rig, level="city")
    row = rig.decide("unit_personnel.a", record, facts={"granted": "8"})
    assert (row.state, row.code) == ("refused", "other_fact")
    with reading(rig.engine) as session:
        assert record_acts.open_choice(session, rig.record(record)) is None


def test_the_verifier_sees_the_bounds_and_what_would_hold(paper: tuple[RecordsRig, UUID]) -> None:
    rig, record = paper
    with reading(rig.engine) as session:
        assert record_acts.open_choice(session, rig.record(record)) == Choice(1500, 2000, "一", 1500)


@pytest.mark.parametrize(
    ("undecided", "default"), [("lower", 1500), ("higher", 2000), ("needs_decision", None)]
)
def test_a_choice_names_what_holds_without_it(undecided: str, default: int | None) -> None:
    record = RecordFacts("r", "paper", {"level": "national"}, YEAR)
    request = PersonYearRequest(AREA, YEAR, {}, (record,))
    assert choice_of(law(undecided), request, record) == Choice(1500, 2000, "一", default)
    other = RecordFacts("r", "patent", {}, YEAR)
    assert choice_of(law(undecided), request, other) is None
