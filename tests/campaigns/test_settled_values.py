"""What a verifier settled on a record holds in later rounds, as long as the record is the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit

from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.register.rows.roster_rows import NewRecord
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.storage import reading, transaction
from xueshi_cli.samples import SampleUnit

REPORT = NewRecord(900, "unpublished_report", {"recognised": True}, "调查报告")
"""A record whose hours the text leaves to whoever verifies."""
HOURS, OTHER_HOURS = 8, 10
REASON = "漏计"


def with_reports(sample: SampleUnit, *, content: str = REPORT.content) -> SampleUnit:
    """The unit with such a record for each of its first two people."""
    first, second, *others = sample.people
    reports = [replace(REPORT, content=content), replace(REPORT, position=901)]
    people = [
        replace(person, records=(*person.records, report))
        for person, report in zip((first, second), reports, strict=True)
    ]
    return replace(sample, people=(*people, *others))


def without_records(sample: SampleUnit, place: int) -> SampleUnit:
    people = list(sample.people)
    people[place] = replace(people[place], records=())
    return replace(sample, people=tuple(people))


def asked(rig: CampaignRig, unit: RigUnit) -> list[Task]:
    with reading(rig.engine) as session:
        return task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("discretion",))


def settle(rig: CampaignRig, unit: RigUnit, hours: int = HOURS) -> None:
    for task in asked(rig, unit):
        assert task.record_id is not None
        payload = {"filing": str(task.filing_id), "task": str(task.id), "fact": "granted", "value": hours}
        row = rig.give(rig.verifier, "determine", task.record_id, None, payload)
        assert row.state == "done", row.reason
    rig.settle(unit)


def reopen(rig: CampaignRig, unit: RigUnit, place: int | None = None) -> None:
    with reading(rig.engine) as session:
        sealed = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
    person = "" if place is None else str(sealed[place].person_id)
    until = (rig.fresh().deadline + timedelta(days=60)).isoformat()
    row = rig.steer("reopen", unit=str(unit.id), to=until, reason=REASON, person=person)
    assert row.state == "done", row.reason


def file_again(rig: CampaignRig, unit: RigUnit, sample: SampleUnit) -> None:
    assert rig.hand_in(unit, sample).state == "done"
    rig.sign(unit)


def approve(rig: CampaignRig, unit: RigUnit) -> Command:
    rig.settle(unit)
    return rig.decide(rig.verifier, unit)


@pytest.fixture
def unit(rig: CampaignRig) -> RigUnit:
    """A unit with two settled reports, approved and sealed."""
    unit = replace(rig.units[0], sample=with_reports(rig.units[0].sample))
    rig.hand_in(unit)
    rig.sign(unit)
    assert len(asked(rig, unit)) == 2
    settle(rig, unit)
    assert rig.decide(rig.verifier, unit).state == "done"
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    with transaction(rig.engine) as session:
        campaign_acts.reach(session, rig.campaign.id, "finished")
    return unit


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_one_persons_correction_is_not_held_up_by_what_was_settled_for_another(
    rig: CampaignRig, unit: RigUnit
) -> None:
    reopen(rig, unit, 2)
    rig.sign(unit)
    assert asked(rig, unit) == [], "both reports were settled in the first round"
    row = approve(rig, unit)
    assert row.state == "done", row.reason
    proved(rig)


def test_nor_where_the_whole_register_is_handed_in_again(rig: CampaignRig, unit: RigUnit) -> None:
    reopen(rig, unit, 2)
    file_again(rig, unit, without_records(unit.sample, 2))
    assert asked(rig, unit) == []
    row = approve(rig, unit)
    assert row.state == "done", row.reason
    assert sealing.seal_later_round(rig.engine, rig.filing(unit).id) == 1
    proved(rig)


def test_whoever_is_corrected_is_settled_anew(rig: CampaignRig, unit: RigUnit) -> None:
    """The value itself may be what is wrong."""
    reopen(rig, unit, 0)
    rig.sign(unit)
    (task,) = asked(rig, unit)
    with reading(rig.engine) as session:
        sealed = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
        before = results.latest_of_unit(session, ENGINE, rig.campaign.id, unit.id)
    assert task.person_id == sealed[0].person_id
    settle(rig, unit, OTHER_HOURS)
    assert rig.decide(rig.verifier, unit).state == "done"
    assert sealing.seal_later_round(rig.engine, rig.filing(unit).id) == 1
    with reading(rig.engine) as session:
        after = results.latest_of_unit(session, ENGINE, rig.campaign.id, unit.id)
    other = sealed[1].person_id
    assert after[other].totals == before[other].totals
    assert after[sealed[0].person_id].open_records == []
    proved(rig)


def test_a_record_that_was_changed_is_another_one(rig: CampaignRig, unit: RigUnit) -> None:
    reopen(rig, unit)
    file_again(rig, unit, with_reports(rig.units[0].sample, content="另一篇调查报告"))
    (task,) = asked(rig, unit)
    with reading(rig.engine) as session:
        sealed = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
    assert task.person_id == sealed[0].person_id


def test_a_round_that_was_not_approved_hands_nothing_on(rig: CampaignRig, unit: RigUnit) -> None:
    reopen(rig, unit, 0)
    rig.sign(unit)
    settle(rig, unit, OTHER_HOURS)
    assert rig.decide(rig.verifier, unit, "return", reason=REASON, until=None).state == "done"
    rig.pass_time(rig.fresh().deadline + timedelta(days=61))
    assert rig.filing(unit).stage == "not_filed"
    until = (rig.fresh().deadline + timedelta(days=90)).isoformat()
    with reading(rig.engine) as session:
        other = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)[2].person_id
    row = rig.steer("reopen", unit=str(unit.id), to=until, reason=REASON, person=str(other))
    assert row.state == "done", row.reason
    rig.sign(unit)
    row = approve(rig, unit)
    assert row.state == "done", f"what is sealed rests on {HOURS}: {row.reason}"


def test_within_a_round_a_record_that_stays_is_not_asked_for_again(rig: CampaignRig) -> None:
    unit = rig.units[0]
    sample = with_reports(unit.sample)
    rig.hand_in(unit, sample)
    rig.sign(unit)
    settle(rig, unit)
    assert rig.decide(rig.verifier, unit, "return", reason=REASON).state == "done"
    file_again(rig, unit, without_records(sample, 2))
    assert asked(rig, unit) == []


def test_two_records_that_say_the_same_stay_two(rig: CampaignRig) -> None:
    unit = rig.units[0]
    first, *others = unit.sample.people
    twice = (*first.records, REPORT, replace(REPORT, position=901))
    sample = replace(unit.sample, people=(replace(first, records=twice), *others))
    rig.hand_in(unit, sample)
    rig.hand_in(unit, sample)
    rig.sign(unit)
    assert len({task.record_id for task in asked(rig, unit)}) == 2
