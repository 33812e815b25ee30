"""A person who leaves a unit and enters no other: dated, with a reason, taken back only by another entry."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from records_rig import RecordsRig
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.tables import Command
from xueshi.errors import NotFoundError
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.tables import Employment, EmploymentSource
from xueshi.storage import reading, transaction

LAST = "2024-02-20"


def leave(rig: RecordsRig, person: int = 1, officer: str = "unit_clerk.a", **payload: Any) -> Command:
    given = {"unit": str(rig.a), "day": LAST, "reason": "退休", **payload}
    return rig.give(officer, "leave_person", rig.people[person], **given)[0]


def undo(rig: RecordsRig, person: int = 1, reason: str = "误登记") -> Command:
    return rig.give("unit_clerk.a", "undo_leave", rig.people[person], unit=str(rig.a), reason=reason)[0]


def times(rig: RecordsRig, person: int = 1) -> list[tuple[date, date | None, str]]:
    with reading(rig.engine) as session:
        rows = session.exec(select(Employment).where(Employment.person_id == rig.people[person])).all()
    return [(one.since, one.until, one.ended_as) for one in rows]


def test_who_left_is_counted_to_his_last_day_and_no_more(rig: RecordsRig) -> None:
    record = rig.verified(1)
    assert leave(rig).state == "done"
    assert rig.people[1] in rig.judged(rig.a, as_of=date(2024, 2, 20))
    assert rig.people[1] not in rig.judged(rig.a, as_of=date(2024, 2, 21))
    assert rig.record(record).stage == "verified", "what was decided stays"
    assert times(rig) == [(date(2020, 1, 1), date(2024, 2, 20), "left")]
    with reading(rig.engine) as session:
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.subject == "人员已离开")).one()
        entry = session.exec(select(AuditEntry).where(AuditEntry.verb == "leave_person")).one()
    assert told.to_unit == rig.a
    assert entry.body["day"] == LAST
    rig.proved()


def test_a_leave_that_cannot_be_is_refused_with_what_to_do(rig: RecordsRig) -> None:
    assert leave(rig, reason=" ").code == "no_reason"
    assert leave(rig, day="2019-12-31").code == "before_entry"
    assert leave(rig, day="2024-03-02").code == "not_over"
    assert leave(rig, 3, "bureau").code == "not_employed"
    with transaction(rig.engine) as session:
        source = session.exec(
            select(EmploymentSource)
            .join(Employment, Employment.id == EmploymentSource.employment_id)  # type: ignore[arg-type]
            .where(Employment.person_id == rig.people[1])
        ).one()
        source.year = 2025
        session.add(source)
    later = leave(rig)
    assert later.code == "listed_later"
    assert "2025 年度的登记中仍在职" in later.reason
    assert leave(rig, year=2025).state == "done", "the year is that of the instrument, not of the calendar"
    assert leave(rig).code == "not_employed"
    rig.proved()


def test_what_waits_at_the_unit_is_decided_after_the_leave(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert leave(rig).state == "done"
    assert rig.decide("unit_personnel.a", record).state == "done"
    rig.proved()


def test_a_leave_in_a_year_that_was_handed_over_waits_for_its_return(rig: RecordsRig) -> None:
    rig.verified(1)
    rig.open_campaign()
    assert rig.act_on_filing("second.a", rig.a).state == "done"
    assert leave(rig).code == "year_handed_over"
    assert rig.act_on_filing("department", rig.a, "return", reason="补正").state == "done"
    assert leave(rig).state == "done"
    rig.proved()


def test_a_wrong_leave_is_taken_back_by_an_entry_of_its_own(rig: RecordsRig) -> None:
    assert undo(rig).code == "still_employed"
    assert leave(rig).state == "done"
    assert undo(rig, reason="").code == "no_reason"
    assert undo(rig).state == "done"
    assert times(rig) == [(date(2020, 1, 1), None, "")]
    assert undo(rig).code == "still_employed"
    with reading(rig.engine) as session:
        verbs = [one.verb for one in session.exec(select(AuditEntry)) if "leave" in one.verb]
    assert verbs == ["leave_person", "undo_leave"], "both entries stay"
    assert leave(rig).state == "done"
    rig.proved()


def test_only_a_leave_by_act_is_taken_back_so(rig: RecordsRig) -> None:
    row, _ = rig.give(
        "unit_clerk.a", "transfer_person", rig.people[1],
        **{"from": str(rig.a), "to": str(rig.b), "day": "2024-02-01"},
    )  # fmt: skip
    assert row.state == "done", row.reason
    refused = undo(rig)
    assert refused.code == "not_left"
    assert "转出的" in refused.reason


def test_what_was_done_before_the_leave_is_filed_by_the_last_unit(rig: RecordsRig) -> None:
    """The year in which he worked is judged there; nobody else could file it."""
    assert leave(rig).state == "done"
    record = rig.file(1)
    assert rig.record(record).unit_id == rig.a
    assert rig.decide("unit_personnel.a", record).state == "done"
    after = rig.body(content="消防培训", start=date(2024, 2, 26), end=date(2024, 2, 27))
    row, _ = rig.try_file(1, record=after)
    assert (row.state, row.code) == ("refused", "after_leaving")
    assert LAST in row.reason
    with pytest.raises(NotFoundError):
        rig.try_file(1, "unit_clerk.b")  # only the unit where he was
    rig.proved()


def test_who_works_elsewhere_by_now_is_filed_there(rig: RecordsRig) -> None:
    row, _ = rig.give(
        "unit_clerk.a", "transfer_person", rig.people[1],
        **{"from": str(rig.a), "to": str(rig.b), "day": "2024-02-10"},
    )  # fmt: skip
    assert row.state == "done", row.reason
    assert rig.try_file(1)[0].code == "not_employed"
    assert rig.record(rig.file(1, "unit_clerk.b")).unit_id == rig.b
