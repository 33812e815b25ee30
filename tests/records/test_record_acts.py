"""What people and verifiers do with records all year, without a campaign; everything is done exactly once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from records_rig import YEAR, RecordsRig
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.relay import RelayPace, relay_once
from xueshi.campaigns.ports import Envelope, SendResult
from xueshi.errors import NotAllowedError, NotFoundError
from xueshi.messages.tables import OutgoingMessage
from xueshi.storage import reading, transaction


def test_a_filed_record_is_verified_by_the_unit_and_then_counts(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert rig.record(record).stage == "deciding"
    assert rig.judged(rig.a)[rig.people[1]].records == ()
    assert [one.id for one in rig.judged(rig.a)[rig.people[1]].pending] == [record]
    tasks = rig.tasks("unit_personnel.a")
    assert [(task.kind, task.record_id, task.body["clause"]) for task in tasks] == [
        ("verify", record, "五(二)")
    ]
    assert tasks[0].due_at is not None
    assert civil_date(tasks[0].due_at) == date(2024, 3, 9), (
        "24:00 of the fifth working day after Friday 1 March"
    )
    assert rig.decide("unit_personnel.a", record).state == "done"
    assert [one.id for one in rig.judged(rig.a)[rig.people[1]].records] == [record]
    assert rig.tasks("unit_personnel.a") == []
    rig.proved()


def test_what_decides_who_registers_is_asked_for_by_name(rig: RecordsRig) -> None:
    by_a_society = {"days": 2, "hours_stated": True, "hours": 16, "organiser": "society"}
    row, _ = rig.try_file(1, record=rig.body(kind="training", facts=by_a_society))
    assert (row.state, row.code) == ("refused", "needs_fact")
    assert "经批准" in row.reason


def test_a_record_carries_the_folders_date(rig: RecordsRig) -> None:
    record = rig.record(rig.file(1))
    assert record.filed_at is not None
    assert civil_date(record.filed_at) == date(2024, 3, 1)


def test_whoever_filed_a_record_cannot_verify_it(rig: RecordsRig) -> None:
    record = rig.file(1, "unit_personnel.a")
    row = rig.decide("unit_personnel.a", record)
    assert (row.state, row.code) == ("refused", "four_eyes")
    assert rig.decide("second.a", record).state == "done"
    rig.proved()


def test_every_level_of_the_channel_decides_in_turn(rig: RecordsRig) -> None:
    record = rig.file(1, channel="checked", for_person=False)
    assert rig.tasks("department") == []
    assert rig.decide("unit_personnel.a", record).state == "done"
    assert rig.record(record).stage == "deciding"
    assert [task.record_id for task in rig.tasks("department")] == [record]
    assert rig.decide("department", record).state == "done"
    assert rig.record(record).stage == "verified"
    rig.proved()


def test_a_returned_record_is_completed_and_verified(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert rig.decide("unit_personnel.a", record, "return_record").code == "no_reason"
    assert rig.decide("unit_personnel.a", record, "return_record", reason="缺证明").state == "done"
    assert [task.kind for task in rig.tasks("unit_clerk.a")] == ["returned"]
    assert rig.tasks("unit_personnel.a") == []
    row, _ = rig.give(
        "unit_clerk.a",
        "resubmit_record",
        record,
        rig.record(record).version,
        record=rig.body(content="安全生产培训（补证明）"),
        evidence=rig.proof(),
        for_person=True,
    )
    assert row.state == "done", row.reason
    assert rig.tasks("unit_clerk.a") == []
    assert rig.record(record).content == "安全生产培训（补证明）"
    assert rig.decide("unit_personnel.a", record).state == "done"
    rig.proved()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start": date(2024, 11, 19), "end": date(2024, 11, 20)}, "not_over"),
        ({"start": date(2024, 3, 1), "end": date(2024, 3, 2)}, "not_over"),
        ({"start": date(2023, 2, 1), "end": date(2023, 2, 2)}, "other_year"),
        ({"facts": {"days": 2, "hours_stated": True, "hours": "许多"}}, "bad_value"),
    ],
    ids=["months ahead", "tomorrow", "another year", "no number"],
)
def test_what_could_not_be_filed_cannot_be_resubmitted(
    rig: RecordsRig, changes: dict[str, Any], code: str
) -> None:
    body = {**rig.body(), **changes}
    if "end" in changes:
        body = rig.body(**changes)
    assert rig.try_file(1, record=body)[0].code == code, "a new one is refused so"
    record = rig.file(1)
    rig.decide("unit_personnel.a", record, "return_record", reason="日期有误")
    before = rig.record(record)
    row, _ = rig.give("unit_clerk.a", "resubmit_record", record, before.version, record=body, for_person=True)
    assert (row.state, row.code) == ("refused", code)
    after = rig.record(record)
    assert (after.stage, after.version, after.end, after.facts) == (
        "returned",
        before.version,
        before.end,
        before.facts,
    )
    rig.proved()


def test_a_study_that_ended_today_is_resubmitted(rig: RecordsRig) -> None:
    record = rig.file(1)
    rig.decide("unit_personnel.a", record, "return_record", reason="日期有误")
    body = rig.body(start=date(2024, 2, 29), end=date(2024, 3, 1))
    row, _ = rig.give(
        "unit_clerk.a", "resubmit_record", record, rig.record(record).version, record=body, for_person=True
    )
    assert row.state == "done", row.reason
    assert rig.record(record).end == date(2024, 3, 1)


def test_a_refused_record_counts_nothing_and_the_filer_is_told(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert rig.decide("unit_personnel.a", record, "refuse_record", reason="证明不实").state == "done"
    person = rig.judged(rig.a)[rig.people[1]]
    assert (person.records, person.pending) == ((), ())
    with reading(rig.engine) as session:
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.to_unit == rig.a)).all()
    assert [(one.subject, one.campaign_id) for one in told] == [("学时不予认定", None)]


def test_a_withdrawn_record_waits_for_nobody(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert rig.decide("unit_clerk.a", record, "withdraw_record", for_person=True).state == "done"
    assert rig.tasks("unit_personnel.a") == []
    assert rig.decide("unit_personnel.a", record).code == "settled"


def test_a_stale_screen_is_refused(rig: RecordsRig) -> None:
    record = rig.file(1)
    rig.decide("unit_personnel.a", record, "return_record", reason="缺证明")
    row = rig.decide("unit_personnel.a", record, version=1)
    assert (row.state, row.code) == ("refused", "stale")
    rig.proved()


def test_a_person_cannot_apply_for_what_the_organiser_registers(rig: RecordsRig) -> None:
    course = rig.body(kind="public_course", facts={"declared_hours": 30}, claimed=3000)
    row, _ = rig.try_file(1, record=course, channel="person")
    assert (row.state, row.code) == ("refused", "other_channel")
    assert "承办单位登记" in row.reason
    row, _ = rig.try_file(1, record=course)
    assert (row.state, row.code) == ("refused", "no_personal_application")


def test_a_unit_cannot_file_for_another_units_person(rig: RecordsRig) -> None:
    with pytest.raises(NotFoundError):
        rig.try_file(3)


def test_another_units_department_does_not_even_see_the_record(rig: RecordsRig) -> None:
    record = rig.file(1)
    with pytest.raises(NotFoundError):
        rig.decide("unit_personnel.b", record)


def test_a_clerk_has_no_right_to_verify(rig: RecordsRig) -> None:
    record = rig.file(1)
    with pytest.raises(NotAllowedError, match=r"record\.decide"):
        rig.decide("unit_clerk.a", record)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"facts": {"days": "两天"}}, "bad_value"),
        ({"kind": "patent", "facts": {}}, "no_rule"),
        ({"end": date(2023, 2, 2), "start": date(2023, 2, 1)}, "other_year"),
    ],
)
def test_what_the_law_cannot_take_in_is_refused_with_the_reason(
    rig: RecordsRig, change: dict[str, object], code: str
) -> None:
    row, _ = rig.try_file(1, record=rig.body(**change))
    assert (row.state, row.code) == ("refused", code)
    assert row.reason
    rig.proved()


def test_the_verifier_says_what_is_missing_or_returns_it(rig: RecordsRig) -> None:
    record = rig.file(1, record=rig.body(kind="conference", facts={"own_field": True}, claimed=None))
    row = rig.decide("unit_personnel.a", record)
    assert (row.state, row.code) == ("refused", "needs_fact")
    assert rig.record(record).determined is None, "a refusal leaves nothing behind"
    row = rig.decide("unit_personnel.a", record, facts={"level": "national", "hours": "3"})
    assert (row.state, row.code) == ("refused", "other_fact")
    row = rig.decide("unit_personnel.a", record, facts={"level": "national"})
    assert (row.state, row.code) == ("refused", "needs_fact")
    row = rig.decide("unit_personnel.a", record, facts={"level": "national", "paper": False})
    assert row.state == "done", row.reason
    judged = rig.judged(rig.a)[rig.people[1]].records[0]
    assert judged.facts["level"] == "national"


def test_a_correction_takes_the_place_of_a_verified_record_once_it_is_verified(rig: RecordsRig) -> None:
    old = rig.verified(1)
    row, said = rig.correct(
        "unit_clerk.a", old, facts={"days": 1, "hours_stated": True, "hours": 8}, claimed=800
    )
    assert row.state == "done", row.reason
    new = said["record"]
    assert rig.record(old).stage == "verified", "what was verified counts until the correction is"
    again, _ = rig.correct("unit_clerk.a", old)
    assert (again.state, again.code) == ("refused", "correction_under_way")
    assert rig.decide("unit_personnel.a", UUID(new)).state == "done"
    assert rig.record(old).stage == "replaced"
    assert [str(one.id) for one in rig.judged(rig.a)[rig.people[1]].records] == [new]
    rig.proved()


def test_a_refused_correction_leaves_the_verified_record_as_it_is(rig: RecordsRig) -> None:
    old = rig.verified(1)
    _, said = rig.correct("unit_clerk.a", old, claimed=800)
    assert (
        rig.decide("unit_personnel.a", UUID(said["record"]), "refuse_record", reason="不实").state == "done"
    )
    assert rig.record(old).stage == "verified"
    assert rig.correct("unit_clerk.a", old, claimed=800)[0].state == "done"


def test_a_correction_takes_the_place_of_an_undecided_record_at_once(rig: RecordsRig) -> None:
    old = rig.file(1)
    _, said = rig.correct("unit_clerk.a", old, claimed=800)
    assert rig.record(old).stage == "replaced"
    assert [str(task.record_id) for task in rig.tasks("unit_personnel.a")] == [said["record"]]


def test_a_double_click_files_one_record(rig: RecordsRig) -> None:
    payload = {"record": rig.body(), "channel": "", "for_person": True}
    first, _ = rig.give("unit_clerk.a", "file_record", rig.people[1], request="click", **payload)
    again, _ = rig.give("unit_clerk.a", "file_record", rig.people[1], request="click", **payload)
    assert first.id == again.id
    assert len(rig.judged(rig.a)[rig.people[1]].pending) == 1
    rig.proved()


class Nobody:
    """No server: a record needs none."""

    async def start(self, campaign_id: object) -> None:
        raise AssertionError(campaign_id)

    async def send(self, envelope: Envelope) -> SendResult:
        raise AssertionError(envelope)


def test_a_command_whose_process_died_is_carried_out_once_by_the_relay(rig: RecordsRig) -> None:
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, "unit_clerk.a")
        payload = {**rig.law.stored(session), "record": rig.body(), "channel": "", "for_person": True}
        commands.submit(session, actor, CommandRequest("x", "file_record", rig.people[1], None, payload))
    for _ in range(2):
        asyncio.run(relay_once(rig.engine, Nobody(), Nobody(), RelayPace(older_than=timedelta(0))))
    assert len(rig.judged(rig.a)[rig.people[1]].pending) == 1
    rig.proved()


def test_of_two_officers_deciding_at_once_one_is_done_and_one_is_told(rig: RecordsRig) -> None:
    record = rig.file(1)
    version = rig.record(record).version
    acts = [("unit_personnel.a", "verify_record"), ("second.a", "refuse_record")]
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda act: rig.decide(act[0], record, act[1], version, reason="不实"), acts))
    assert sorted(row.state for row in rows) == ["done", "refused"]
    assert rig.record(record).version == version + 1
    rig.proved()


def test_a_file_of_evidence_is_attached_while_the_record_waits(rig: RecordsRig) -> None:
    record = rig.file(1, evidence=rig.proof(1))
    assert rig.give("unit_clerk.a", "attach_evidence", record, evidence=rig.proof(2))[0].state == "done"
    row, _ = rig.give("unit_clerk.a", "attach_evidence", record, evidence=rig.proof(2))
    assert (row.state, row.code) == ("refused", "already_attached")
    assert rig.decide("unit_personnel.a", record).state == "done"
    row, _ = rig.give("unit_clerk.a", "attach_evidence", record, evidence=rig.proof(3))
    assert (row.state, row.code) == ("refused", "settled")
    rig.proved()


def test_audit_holds_ids_and_codes_only(rig: RecordsRig) -> None:
    rig.verified(1)
    with reading(rig.engine) as session:
        bodies = [str(entry.body) for entry in session.exec(select(AuditEntry))]
    assert bodies
    assert not [body for body in bodies if "安全生产" in body or "人1" in body]


def test_a_record_belongs_to_the_year_asked(rig: RecordsRig) -> None:
    rig.verified(1)
    assert rig.judged(rig.a, YEAR + 1)[rig.people[1]].records == ()
