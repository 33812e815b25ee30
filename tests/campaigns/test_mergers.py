"""A unit that goes up in another: its people and open records go along, it is no more, and a mistake is undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import command_rows, filing_rows, merger_rows, task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.machines.stored_state import dump_flow
from xueshi.messages.tables import OutgoingMessage
from xueshi.real_clock import real_now
from xueshi.register.tables import Employment, StudyRecord
from xueshi.results.rows import seal_rows
from xueshi.storage import new_id, reading, transaction

REASON = "合并办学"
DAY = timedelta(days=1)


def dissolve(rig: CampaignRig, unit: RigUnit, into: object, **payload: Any) -> Command:
    filing = rig.filing(unit)
    wanted = {"reason": REASON, "into": str(into), **payload}
    return rig.give(BUREAU, "dissolve", filing.id, filing.version, wanted)


def bring_back(rig: CampaignRig, unit: RigUnit) -> Command:
    filing = rig.filing(unit)
    until = (rig.fresh().deadline + DAY).isoformat()
    return rig.give(BUREAU, "extend_filing", filing.id, filing.version, {"until": until, "reason": "误办"})


def today(rig: CampaignRig) -> date:
    with reading(rig.engine) as session:
        return civil_date(campaign_now(session, rig.fresh(), real_now()))


def spans(rig: CampaignRig, unit: RigUnit) -> list[tuple[date, date | None]]:
    with reading(rig.engine) as session:
        held = session.exec(select(Employment).where(Employment.unit_id == unit.id)).all()
    return [(one.since, one.until) for one in sorted(held, key=lambda one: one.order_in_unit)]


def after_the_year(rig: CampaignRig) -> None:
    """Let the statistics year end, as it has when most mergers are told."""
    rig.pass_time(rig.fresh().deadline - 10 * DAY)
    assert today(rig) > rig.pack.year_window(rig.notice.year)[1]


def waiting_record(rig: CampaignRig, unit: RigUnit) -> StudyRecord:
    """A record of the unit's first person that was filed in the year and waits for its department, with the task on it."""
    with transaction(rig.engine) as session:
        person = session.exec(select(Employment.person_id).where(Employment.unit_id == unit.id)).first()
        assert person is not None
        record = StudyRecord(
            id=new_id(), person_id=person, unit_id=unit.id, area=rig.notice.area, year=rig.notice.year, position=1,
            kind="unit_training", facts={}, content="岗位培训", maker="account:x", stage="deciding", level="unit",
            flow_digest=audit.store_artifact(session, "flow", dump_flow(rig.flow)),
        )  # fmt: skip
        session.add(record)
        session.flush()
        session.add(
            Task(
                unit_id=unit.id,
                area=rig.notice.area,
                kind="verify",
                role="unit_ce",
                level="unit",
                record_id=record.id,
                body={},
                opened_at=rig.campaign.opened_at,
            )
        )
        session.expunge(record)
    return record


def test_the_people_go_to_the_other_unit_which_files_for_them(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    since = [first for first, _ in spans(rig, gone)]
    row = dissolve(rig, gone, other.id)
    assert row.state == "done", row.reason
    day, people = today(rig), len(gone.sample.people)
    assert spans(rig, gone) == [(first, day - DAY) for first in since]
    assert spans(rig, other)[-people:] == [(day, None)] * people
    with reading(rig.engine) as session:
        effect = command_rows.effect(session, row.id)
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.to_unit == other.id)).all()
        said = [
            entry.body
            for entry in session.exec(select(AuditEntry).where(AuditEntry.command_id == row.id)).all()
        ]
    assert effect is not None
    assert (effect.body["into"], effect.body["people"]) == (str(other.id), people)
    assert [(one["into"], one["people"], one["day"]) for one in said] == [
        (str(other.id), people, day.isoformat())
    ]
    assert "单位并入，人员已转入" in [message.subject for message in told]
    rig.sign(other)
    assert rig.filing(other).people == people + len(other.sample.people)
    rig.proved()


def test_after_the_years_end_they_are_still_in_this_years_table(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    after_the_year(rig)
    assert dissolve(rig, gone, other.id).state == "done"
    rig.sign(other)
    rig.settle(other)
    assert rig.decide(rig.verifier, other).state == "done"
    everybody = len(gone.sample.people) + len(other.sample.people)
    rig.finish()
    with reading(rig.engine) as session:
        sealed = seal_rows.sealed_of_unit(session, rig.campaign.id, other.id)
        assert seal_rows.sealed_of_unit(session, rig.campaign.id, gone.id) == []
        paper = next(one for one in papers_of(session, rig.campaign).values() if one.data == "year_table")
        table = year_table_of(session, rig.fresh(), paper)
    assert len(sealed) == everybody
    assert table.totals["people"] == everybody
    assert "1家单位已并入其他单位，其人员列在并入的单位。" in table.notes
    rig.proved()


def test_a_merger_of_mergers_loses_nobody(rig: CampaignRig) -> None:
    first, second, third = rig.units
    for unit in rig.units:
        rig.hand_in(unit)
    after_the_year(rig)
    assert dissolve(rig, first, second.id).state == "done"
    assert dissolve(rig, second, third.id).state == "done"
    rig.sign(third)
    assert rig.filing(third).people == sum(len(unit.sample.people) for unit in rig.units)
    rig.proved()


def test_the_other_unit_signs_anew_with_the_new_people_in_view(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    assert rig.decide(other.signers[0], other).state == "done"
    seen = rig.filing(other)
    assert dissolve(rig, gone, other.id).state == "done"
    now = rig.filing(other)
    assert (now.state["signatures"], now.input_version) == ([], seen.input_version + 1)
    assert rig.decide(other.signers[1], other, version=seen.version).code == "stale"


def test_a_unit_that_has_not_handed_in_has_its_own_register_still_to_come(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    assert dissolve(rig, gone, other.id).state == "done"
    assert rig.decide(other.signers[0], other).code == "nothing_handed_in"


def test_the_open_records_go_along_with_their_tasks(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    record = waiting_record(rig, gone)
    row = dissolve(rig, gone, other.id)
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        moved = session.get(StudyRecord, record.id)
        assert moved is not None
        assert moved.unit_id == other.id
        (task,) = [one for one in task_rows.open_tasks(session, ENGINE) if one.record_id == record.id]
        assert task.unit_id == other.id
        assert command_rows.effect(session, row.id).body["records"] == [str(record.id)]  # type: ignore[union-attr]
    assert bring_back(rig, gone).state == "done"
    with reading(rig.engine) as session:
        assert session.get(StudyRecord, record.id).unit_id == gone.id  # type: ignore[union-attr]


def test_whoever_works_at_both_already_stays_at_the_other(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    with transaction(rig.engine) as session:
        person = session.exec(select(Employment.person_id).where(Employment.unit_id == gone.id)).first()
        assert person is not None
        of = {"person_id": person, "unit_id": other.id, "area": rig.notice.area}
        session.add(Employment(id=new_id(), order_in_unit=1, since=date(2020, 1, 1), **of))
    before = spans(rig, gone)
    assert dissolve(rig, gone, other.id).state == "done"
    assert len(spans(rig, other)) == len(gone.sample.people)
    assert all(until is not None for _, until in spans(rig, gone))
    assert bring_back(rig, gone).state == "done"
    assert spans(rig, gone) == before
    assert spans(rig, other) == [(date(2020, 1, 1), None)], "he works there still"


def test_a_merger_on_a_day_that_was(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    day = today(rig) - 5 * DAY
    assert dissolve(rig, gone, other.id, on=day.isoformat()).state == "done"
    assert {until for _, until in spans(rig, gone)} == {day - DAY}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"on": "2031-01-01"}, "day_not_come"),
        ({"on": "昨天"}, "no_day"),
        ({"into": "不知道"}, "no_unit"),
        ({"into": "00000000-0000-0000-0000-000000000000"}, "no_unit"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    rig: CampaignRig, payload: dict[str, str], code: str
) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    before = spans(rig, gone)
    row = dissolve(rig, gone, **{"into": other.id, **payload})
    assert (row.state, row.code) == ("refused", code)
    assert (rig.filing(gone).stage, spans(rig, gone)) == ("filing", before)
    rig.proved()


def test_not_into_itself_nor_into_a_unit_that_is_no_more(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    assert dissolve(rig, gone, gone.id).code == "same_unit"
    assert dissolve(rig, other, rig.units[2].id).state == "done"
    assert dissolve(rig, gone, other.id).code == "ended"


def test_not_into_a_unit_whose_year_is_handed_over(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    rig.sign(other)
    row = dissolve(rig, gone, other.id)
    assert (row.state, row.code) == ("refused", "year_handed_over")
    assert "退回" in row.reason
    rig.settle(other)
    assert rig.decide(rig.verifier, other).state == "done"
    row = dissolve(rig, gone, other.id)
    assert (row.code, "reopen" in row.reason) == ("year_handed_over", True)
    rig.proved()


def test_a_merger_by_mistake_is_undone(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    before = spans(rig, gone), spans(rig, other)
    assert dissolve(rig, gone, other.id).state == "done"
    row = bring_back(rig, gone)
    assert row.state == "done", row.reason
    assert (spans(rig, gone), spans(rig, other)) == before
    assert rig.filing(gone).stage == "filing"
    with reading(rig.engine) as session:
        assert merger_rows.ended_units(session) == set()
        assert command_rows.effect(session, row.id).body["people"] == len(gone.sample.people)  # type: ignore[union-attr]
    rig.sign(other)
    assert rig.filing(other).people == len(other.sample.people)
    rig.sign(gone)
    assert rig.filing(gone).people == len(gone.sample.people)
    rig.proved()


def test_it_is_not_undone_once_the_other_unit_has_handed_over(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    rig.hand_in(gone)
    rig.hand_in(other)
    assert dissolve(rig, gone, other.id).state == "done"
    rig.sign(other)
    row = bring_back(rig, gone)
    assert (row.state, row.code) == ("refused", "year_handed_over")
    assert rig.filing(gone).stage == "dissolved"


def test_after_the_seal_the_other_unit_is_opened_again_not_the_one_that_is_no_more(rig: CampaignRig) -> None:
    gone, other = rig.units[:2]
    assert dissolve(rig, gone, other.id).state == "done"
    rig.finish()
    until = (rig.fresh().deadline + 60 * DAY).isoformat()
    row = rig.steer("reopen", unit=str(gone.id), to=until, reason=REASON)
    assert (row.state, row.code) == ("refused", "merged")
    assert rig.steer("reopen", unit=str(other.id), to=until, reason=REASON).state == "done"


def test_after_the_seal_two_units_that_are_opened_again_may_merge(rig: CampaignRig) -> None:
    """The cure that is named where the other unit was approved already."""
    gone, other = rig.units[:2]
    rig.register(gone)
    rig.approve(other)
    rig.finish()
    until = (rig.fresh().deadline + 60 * DAY).isoformat()
    for unit in (gone, other):
        assert rig.steer("reopen", unit=str(unit.id), to=until, reason=REASON).state == "done"
    row = dissolve(rig, gone, other.id)
    assert row.state == "done", row.reason
    rig.sign(other)
    rig.settle(other)
    assert rig.decide(rig.verifier, other).state == "done"
    assert sealing.seal_later_round(rig.engine, rig.filing(other).id) > 0
    everybody = len(gone.sample.people) + len(other.sample.people)
    with reading(rig.engine) as session:
        assert len(seal_rows.sealed_of_unit(session, rig.campaign.id, other.id)) == everybody
        paper = next(one for one in papers_of(session, rig.campaign).values() if one.data == "year_table")
        table = year_table_of(session, rig.fresh(), paper)
    assert table.totals["people"] == everybody, "nobody twice"
    assert not [note for note in table.notes if "未申报" in note and "2家" in note]
    rig.proved()


def test_a_unit_that_is_no_more_is_not_opened_again(rig: CampaignRig) -> None:
    gone, plain = rig.units[0], rig.units[2]
    assert dissolve(rig, gone, rig.units[1].id).state == "done"
    filing = rig.filing(plain)
    assert rig.give(BUREAU, "dissolve", filing.id, filing.version, {"reason": REASON}).state == "done"
    with reading(rig.engine) as session:
        assert merger_rows.ended_units(session) == {gone.id, plain.id}
    rig.finish()
    again = rig._opened()
    with reading(rig.engine) as session:
        opened = {one.unit_id for one in filing_rows.filings(session, ENGINE, again.id)}
    assert opened == {rig.units[1].id}
    until = (again.deadline + 60 * DAY).isoformat()
    row = rig.give(BUREAU, "add_unit", again.id, 0, {"unit": str(gone.id), "to": until, "reason": REASON})
    assert (row.state, row.code) == ("refused", "ended")
