"""Make-up (补训): filed for an earlier open year inside its make-up window, counted there and nowhere else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from records_rig import YEAR, RecordsRig
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.register.tables import StudyRecord
from xueshi.storage import reading, transaction

OPENED, LAST = date(2025, 1, 10), date(2025, 2, 28)
STUDY = {"start": date(2025, 1, 15), "end": date(2025, 1, 16)}


def come_to(rig: RecordsRig, day: date) -> None:
    row = rig.steer("advance", to=(start_of(day) + timedelta(hours=9)).isoformat())
    assert row.state == "done", row.reason


@pytest.fixture
def open_year(rig: RecordsRig) -> RecordsRig:
    """Unit A has filed its year 2024 and was approved; the make-up window is open and A has begun."""
    rig.open_campaign()
    rig.verified(1)
    for officer in ("unit_personnel.a", "department"):
        row = rig.act_on_filing(officer, rig.a)
        assert row.state == "done", row.reason
    come_to(rig, OPENED)
    row = rig.steer("makeup", to=end_of(LAST).isoformat(), reason="补训")
    assert row.state == "done", row.reason
    begin(rig)
    come_to(rig, date(2025, 1, 20))
    return rig


def begin(rig: RecordsRig) -> None:
    row = rig.act_on_filing("bureau", rig.a, "makeup_filing", until=end_of(LAST).isoformat())
    assert row.state == "done", row.reason


def made_up(rig: RecordsRig, **changes: Any) -> dict[str, Any]:
    return {"record": rig.body(**{**STUDY, "content": "补训", **changes}), "makeup": True}


def test_a_make_up_counts_in_the_year_it_makes_up_and_not_in_its_own(open_year: RecordsRig) -> None:
    rig = open_year
    record = rig.file(1, "unit_personnel.a", **made_up(rig))
    assert rig.decide("unit_personnel.a", record).code == "four_eyes"
    assert rig.decide("second.a", record).state == "done"
    assert (rig.record(record).year, rig.record(record).makeup) == (YEAR, True)
    row = rig.act_on_filing("unit_personnel.a", rig.a)
    assert row.state == "done", row.reason
    judged = rig.results(rig.a)[rig.people[1]]
    assert judged.totals["total"] == 3200
    stored = [one for one in judged.request["records"] if one.get("makeup")]
    assert [one["facts"]["end"] for one in stored] == ["2025-01-16"]
    assert all("makeup" not in one for one in judged.request["records"] if one not in stored)
    person = rig.judged(rig.a, 2025, date(2025, 12, 31))[rig.people[1]]
    assert (person.records, person.pending) == ((), ())
    with reading(rig.engine) as session:
        audited = session.exec(select(AuditEntry.verb)).all()
    assert {"file_record", "verify_record"} <= set(audited)
    rig.proved()


def test_without_the_word_the_study_belongs_to_its_own_year(open_year: RecordsRig) -> None:
    row, _ = open_year.try_file(1, record=open_year.body(**STUDY))
    assert (row.state, row.code) == ("refused", "other_year")


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"end": date(2025, 1, 12), "start": date(2025, 1, 9)}, "outside_makeup", "2025-01-10至2025-02-28"),
        ({"end": date(2024, 12, 2), "start": date(2024, 12, 1)}, "outside_makeup", "照常申报"),
        ({"end": None, "start": None}, "makeup_undated", "结束日期"),
    ],
)
def test_a_study_outside_the_window_is_refused_with_the_window(
    open_year: RecordsRig, changes: dict[str, Any], code: str, says: str
) -> None:
    row, _ = open_year.try_file(1, **made_up(open_year, **changes))
    assert (row.state, row.code) == ("refused", code)
    assert says in row.reason


def test_the_first_and_the_last_day_of_the_window_are_in_it(open_year: RecordsRig) -> None:
    rig = open_year
    rig.file(1, **made_up(rig, start=OPENED, end=OPENED))
    come_to(rig, LAST)
    rig.file(1, **made_up(rig, start=LAST, end=LAST, content="另一次补训"))


def test_no_make_up_without_an_open_window(rig: RecordsRig) -> None:
    row, _ = rig.try_file(1, **made_up(rig))
    assert (row.state, row.code) == ("refused", "no_makeup"), "no campaign at all"
    assert "campaign makeup" in row.reason
    rig.open_campaign()
    come_to(rig, date(2025, 1, 20))
    row, _ = rig.try_file(1, **made_up(rig))
    assert row.code == "no_makeup", "a campaign without a make-up window"


def test_no_make_up_after_the_window_while_paused_or_before_the_unit_begins(open_year: RecordsRig) -> None:
    rig = open_year
    assert rig.steer("pause", reason="疫情").state == "done"
    assert rig.try_file(1, **made_up(rig))[0].code == "paused"
    assert rig.steer("resume").state == "done"
    row, _ = rig.try_file(3, "unit_clerk.b", **made_up(rig))
    assert row.state == "done", "unit B has not handed its year over yet"
    come_to(rig, date(2025, 3, 10))
    row, _ = rig.try_file(1, **made_up(rig))
    assert (row.state, row.code) == ("refused", "makeup_over")


def test_a_unit_that_has_not_begun_its_make_up_is_told_how(rig: RecordsRig) -> None:
    rig.open_campaign(makeup_until=LAST)
    rig.verified(1)
    for officer in ("unit_personnel.a", "department"):
        assert rig.act_on_filing(officer, rig.a).state == "done"
    come_to(rig, date(2025, 1, 20))
    row, _ = rig.try_file(1, **made_up(rig))
    assert (row.state, row.code) == ("refused", "makeup_not_begun")
    assert "--unit" in row.reason
    begin(rig)
    rig.file(1, **made_up(rig, start=date(2025, 1, 1), end=date(2025, 1, 2)))


def test_the_same_study_is_never_counted_twice(open_year: RecordsRig) -> None:
    rig = open_year
    rig.file(1, **made_up(rig))
    again, _ = rig.try_file(1, **made_up(rig))
    assert (again.state, again.code) == ("refused", "counted_elsewhere")
    own, _ = rig.try_file(1, record=rig.body(**STUDY, content="补训"), year=2025)
    assert (own.state, own.code) == ("refused", "counted_elsewhere")
    other, _ = rig.try_file(2, record=rig.body(**STUDY, content="补训"), year=2025)
    assert other.state == "done", "another person's study is his own"


def test_a_study_of_its_own_year_becomes_make_up_by_a_correction_only(open_year: RecordsRig) -> None:
    rig = open_year
    row, said = rig.try_file(1, record=rig.body(**STUDY, content="补训"), year=2025)
    assert row.state == "done", row.reason
    assert rig.try_file(1, **made_up(rig))[0].code == "counted_elsewhere"
    old = UUID(said["record"])
    row, said = rig.give(
        "unit_clerk.a", "correct_record", old, record=made_up(rig)["record"], reason="作补训",
        for_person=True, makeup=True,
    )  # fmt: skip
    assert row.state == "done", row.reason
    assert rig.record(old).stage == "replaced"
    entry = rig.record(UUID(said["record"]))
    assert (entry.year, entry.makeup) == (YEAR, True)
    rig.proved()


def test_a_returned_make_up_is_amended_inside_the_window_only(open_year: RecordsRig) -> None:
    rig = open_year
    record = rig.file(1, **made_up(rig))
    assert rig.decide("unit_personnel.a", record, "return_record", reason="日期").state == "done"

    def again(**changes: Any) -> Any:
        return rig.give(
            "unit_clerk.a", "resubmit_record", record, rig.record(record).version,
            record=made_up(rig, **changes)["record"], for_person=True,
        )[0]  # fmt: skip

    assert again(start=date(2025, 1, 8)).code == "outside_makeup"
    assert again(start=date(2025, 1, 14)).state == "done"


def test_each_record_of_a_person_counts_in_one_year_only(open_year: RecordsRig) -> None:
    rig = open_year
    for number in (1, 2):
        rig.verified(1, **made_up(rig, content=f"补训{number}", start=date(2025, 1, 10 + number)))
        body = rig.body(**STUDY, content=f"培训{number}")
        rig.verified(1, record=body, year=2025)
    with transaction(rig.engine) as session:
        years = session.exec(select(StudyRecord.id, StudyRecord.year)).all()
    assert len(years) == len({one for one, _ in years})
    counted = [
        one.id
        for year, day in ((YEAR, date(2024, 12, 31)), (2025, date(2025, 12, 31)))
        for one in rig.judged(rig.a, year, day)[rig.people[1]].records
    ]
    assert len(counted) == len(set(counted)) == 5
