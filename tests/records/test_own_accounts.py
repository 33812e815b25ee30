"""A professional's own account: it files and sees what is its person's, wherever he works, and nothing of a colleague."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from records_rig import AREA, RecordsRig, code
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.access.tables import Grant
from xueshi.campaigns.reminders import digests
from xueshi.campaigns.year_round.record_flags import flags_of_record
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.messages import repository as messages
from xueshi.messages.outbox import _recipients
from xueshi.messages.tables import OutgoingMessage
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.recording import person_id, unit_of

ENGINE = Scope.everything()


def own_account(rig: RecordsRig, number: int, login: str = "") -> str:
    login = login or f"own{number}"
    new = NewAccount(login, f"人{number}", PERSON, AREA, person_id=rig.people[number])
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [new])
    return login


def test_a_person_files_his_own_record_and_sees_what_became_of_it(rig: RecordsRig) -> None:
    own = own_account(rig, 1)
    record = rig.file(1, own)
    assert rig.decide("unit_personnel.a", record, "return_record", reason="缺证明").state == "done"
    assert [(task.kind, task.record_id) for task in rig.tasks(own)] == [("returned", record)]
    row, _ = rig.give(own, "resubmit_record", record, rig.record(record).version, evidence=rig.proof())
    assert row.state == "done", row.reason
    assert rig.decide("unit_personnel.a", record).state == "done"
    row, _ = rig.correct(own, record, content="更正")
    assert row.state == "done", row.reason
    rig.proved()


@pytest.mark.parametrize(
    "kind", ["file_record", "resubmit_record", "withdraw_record", "attach_evidence", "correct_record"]
)
def test_nothing_of_a_colleague_can_be_touched(rig: RecordsRig, kind: str) -> None:
    own = own_account(rig, 1)
    if kind == "file_record":
        with pytest.raises(NotFoundError):
            rig.try_file(2, own)
        return
    record = rig.file(2)
    with pytest.raises(NotFoundError):
        rig.give(own, kind, record, 1, record=rig.body(), reason="x", evidence=[])


@pytest.mark.parametrize("kind", ["report_roster", "import_records"])
def test_a_list_of_people_is_no_way_around(rig: RecordsRig, kind: str) -> None:
    own = own_account(rig, 1)
    body = rig.body()
    row, _ = rig.give(
        own, kind, new_id(), None, area=AREA, channel="person", valid_only=False, source="s",
        attendees=[{"row": 2, "person": str(rig.people[2]), "facts": {}}],
        rows=[{"row": 2, "source_id": "1", "person": str(rig.people[2]), "record": body}],
        **{"class": {"code": "1", "record": body}},
    )  # fmt: skip
    assert (row.state, row.code) == ("refused", "own_only")


def test_a_colleague_is_not_even_named(rig: RecordsRig) -> None:
    own = own_account(rig, 1)
    proof = rig.proof(7)
    mine, other = rig.file(1, evidence=proof), rig.file(2, evidence=proof)
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, own)
        assert actor.unit_id is None
        flags = flags_of_record(session, actor.scope, rig.record(mine))
        assert {place.record.id for flag in flags for place in flag.places} <= {mine}
        with pytest.raises(NotFoundError):
            person_id(rig.place, session, actor, str(rig.people[2]))
    assert rig.record(other).person_id == rig.people[2]


def test_the_account_follows_its_person_to_another_unit(rig: RecordsRig) -> None:
    own = own_account(rig, 1)
    before = rig.verified(1)
    row, _ = rig.give(
        "bureau", "transfer_person", rig.people[1], None, day=date(2024, 3, 1).isoformat(), post="",
        **{"from": str(rig.a), "to": str(rig.b)},
    )  # fmt: skip
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, own)
        assert unit_of(session, actor, rig.people[1]).credit_code == code(2)
    after = rig.file(1, own, record=rig.body(content="新单位培训"))
    assert rig.record(after).unit_id == rig.b
    row, _ = rig.correct(own, before, content="原单位的记录")
    assert row.state == "done", row.reason
    assert {one.person_id for one in rig.tasks("unit_personnel.b")} == {rig.people[1]}


def test_an_account_says_whose_it_is(rig: RecordsRig) -> None:
    def add(**given: Any) -> None:
        with transaction(rig.engine) as session:
            access.add_accounts(
                session, ENGINE, [NewAccount("x", "人", **{"role": PERSON, "area": AREA, **given})]
            )

    with pytest.raises(InputError, match="须指明是谁"):
        add()
    with pytest.raises(InputError, match="不填单位"):
        add(person_id=rig.people[1], unit_id=rig.a)
    with pytest.raises(InputError, match="不是本人账号"):
        add(role="unit_clerk", person_id=rig.people[1])
    own_account(rig, 1)
    with pytest.raises(InputError, match="已有本人账号"):
        add(person_id=rig.people[1])


def test_an_older_account_bound_to_a_unit_only_does_nothing_until_it_is_bound(rig: RecordsRig) -> None:
    own = own_account(rig, 1)
    with transaction(rig.engine) as session:
        held = session.exec(select(Grant).where(Grant.role == PERSON)).one()
        held.person_id, held.unit_id = None, rig.a
        session.add(held)
    with pytest.raises(NotAllowedError, match="--person"):
        rig.try_file(1, own)
    with transaction(rig.engine) as session:
        access.bind(session, Scope((AREA,)), own, rig.people[1])
    with pytest.raises(NotFoundError):
        rig.try_file(2, own)
    rig.file(1, own)


def test_an_own_account_is_neither_lent_nor_handed_over(rig: RecordsRig) -> None:
    own_account(rig, 1)
    own_account(rig, 2)
    with reading(rig.engine) as session:
        grant = rig.place.actor(session, "own1").grant_id
    days = {"since": "2024-03-01", "until": "2024-03-10"}
    for kind, to in (("delegate", "unit_clerk.a"), ("hand_over", "own2")):
        row, _ = rig.give("bureau", kind, grant, None, to=to, reason="请假", **days)
        assert (row.state, row.code) == ("refused", "own_account")


def test_what_is_told_to_a_person_reaches_no_colleague(rig: RecordsRig) -> None:
    own, colleague = own_account(rig, 1), own_account(rig, 2)
    record = rig.file(1, own)
    rig.decide("unit_personnel.a", record, "return_record", reason="缺证明")
    with reading(rig.engine) as session:
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.to_role == PERSON)).one()
        assert [one.login for one in _recipients(session, told)] == [own]
        me, other = (rig.place.actor(session, one) for one in (own, colleague))
        assert [one.id for one in messages.listed(session, me.scope)] == [told.id]
        assert messages.listed(session, other.scope) == []


def test_the_digest_of_a_person_counts_his_own_tasks_only(rig: RecordsRig) -> None:
    own_account(rig, 1)
    own_account(rig, 2)
    record = rig.file(1, "own1")
    rig.decide("unit_personnel.a", record, "return_record", reason="缺证明")
    with transaction(rig.engine) as session:
        for row in session.exec(select(OutgoingMessage)):
            row.standing = False
            session.add(row)
        day = digests.DigestDay(digests.REAL_CLOCK, date(2024, 3, 4))
        accounts = [rig.place.actor(session, one).account_id for one in ("own1", "own2")]
        digests.write_page(session, day, accounts)
        written = session.exec(select(OutgoingMessage).where(OutgoingMessage.day == day.day)).all()
    assert [one.account_id for one in written] == [accounts[0]]
    assert written[0].to_person == rig.people[1]
    headings = [section["heading"] for section in written[0].body["sections"]]
    assert any(heading.endswith("1 件") for heading in headings)
