"""What looks odd among records, and what does not: shown with both places, never counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest
from records_rig import ENGINE, YEAR, RecordsRig

from xueshi.campaigns.year_round.record_flags import flags_of_record, flags_of_year
from xueshi.records.flags import FlagRecord, flags, hundredths, stated_days
from xueshi.storage import reading

SPACE = UUID(int=5)
PLAIN = FlagRecord(
    uuid5(SPACE, "1"),
    uuid5(SPACE, "p"),
    "training",
    "安全培训",
    2024,
    date(2024, 5, 6),
    date(2024, 5, 7),
    1600,
)


def other(number: int = 2, **changes: Any) -> FlagRecord:
    base = replace(
        PLAIN,
        id=uuid5(SPACE, str(number)),
        content=f"另一内容{number}",
        start=date(2024, 6, 1),
        end=date(2024, 6, 2),
    )
    return replace(base, **changes)


def kinds(*records: FlagRecord) -> list[str]:
    return [flag.kind for flag in flags(records)]


def test_plain_records_raise_no_flag() -> None:
    assert kinds(PLAIN, other()) == []


def test_one_proof_on_two_records_is_shown_with_both() -> None:
    file = frozenset({"f"})
    one, two = replace(PLAIN, evidence=file), other(evidence=file, person_id=uuid5(SPACE, "q"))
    (flag,) = flags([one, two])
    assert (flag.kind, set(flag.records)) == ("same_evidence", {one.id, two.id})
    assert "2个人" in flag.text


def test_two_sessions_that_need_presence_cannot_share_a_day() -> None:
    (flag,) = flags([PLAIN, other(start=date(2024, 5, 7), end=date(2024, 5, 8))])
    assert (flag.kind, flag.day) == ("overlap", date(2024, 5, 7))
    assert "2024-05-07" in flag.text


@pytest.mark.parametrize("kind", ["degree", "courseware", "project", "lecture_given"])
def test_what_needs_no_whole_days_may_overlap(kind: str) -> None:
    assert kinds(PLAIN, other(kind=kind, start=date(2024, 5, 6), end=date(2024, 5, 7), hours=None)) == []


def test_two_people_may_sit_in_the_same_class() -> None:
    assert kinds(PLAIN, replace(PLAIN, id=uuid5(SPACE, "2"), person_id=uuid5(SPACE, "q"))) == []


@pytest.mark.parametrize(
    ("hours", "cap", "odd"),
    [(1600, 800, False), (1601, 800, False), (1802, 800, True), (4800, None, False), (4802, None, True)],
)
def test_more_hours_than_the_rule_counts_or_a_day_holds(hours: int, cap: int | None, odd: bool) -> None:
    assert (kinds(replace(PLAIN, hours=hours, day_cap=cap)) == ["day_hours"]) is odd


def test_a_listed_day_is_looked_at_by_itself() -> None:
    (flag,) = flags([replace(PLAIN, daily=(600, 1000), day_cap=800)])
    assert (flag.kind, flag.day) == ("day_hours", date(2024, 5, 7))
    assert "规定的每日8学时" in flag.text


def test_two_records_that_fill_one_day_twice_are_told_together() -> None:
    lecture = other(kind="teaching", start=date(2024, 5, 6), end=date(2024, 5, 6), hours=2000)
    (flag,) = flags([PLAIN, lecture])
    assert (flag.kind, set(flag.records)) == ("day_hours", {PLAIN.id, lecture.id})


# ---------------------------------------------------------------- without a first day


def undated(number: int = 2, **changes: Any) -> FlagRecord:
    return other(number, **{"start": None, "end": date(2024, 5, 7), "hours": 1600, **changes})


@pytest.mark.parametrize(
    ("days", "first"),
    [(2, date(2024, 5, 6)), (1, date(2024, 5, 7)), (10, date(2024, 4, 28)), (None, None), (0, None)],
)
def test_the_first_day_is_reckoned_from_the_days(days: int | None, first: date | None) -> None:
    record = undated(days=days)
    assert (record.first, record.reckoned) == (first, first is not None)


def test_a_stated_first_day_stands_whatever_the_days_say() -> None:
    assert (replace(PLAIN, days=9).first, replace(PLAIN, days=9).reckoned) == (PLAIN.start, False)
    assert undated(daily=(800, 800, 800)).first == date(2024, 5, 5), "as many days as are listed"


def test_hours_without_a_first_day_are_looked_at_by_the_days() -> None:
    assert kinds(undated(days=2)) == []
    (flag,) = flags([undated(days=2, hours=40000)])
    assert (flag.kind, flag.day) == ("day_hours", date(2024, 5, 6))
    assert "每日200学时" in flag.text
    assert "按天数推算" in flag.text
    one, two = undated(2, days=1, hours=2000), undated(3, days=1, hours=1000, kind="teaching")
    (flag,) = flags([one, two])
    assert (flag.kind, set(flag.records)) == ("day_hours", {one.id, two.id})


def test_sessions_overlap_by_the_days_that_they_state() -> None:
    (flag,) = flags([PLAIN, undated(days=1, hours=600)])
    assert (flag.kind, flag.day, "按天数推算" in flag.text) == ("overlap", date(2024, 5, 7), True)
    assert kinds(PLAIN, undated(days=3, end=date(2024, 5, 10), hours=600)) == []


@pytest.mark.parametrize(
    ("changes", "odd"),
    [
        ({"hours": 40000}, True),
        ({"hours": 2401}, True),
        ({"hours": 2400}, False),
        ({"hours": None}, False),
        ({"hours": 40000, "kind": "courseware"}, False),
        ({"hours": 40000, "end": None}, True),
    ],
)
def test_more_than_a_day_holds_without_first_day_or_days_cannot_be_checked(
    changes: dict[str, Any], odd: bool
) -> None:
    found = flags([undated(**changes)])
    assert [flag.kind for flag in found] == (["no_start"] if odd else [])
    assert all("无法核对" in flag.text for flag in found)


def test_what_is_known_is_not_called_unknown() -> None:
    assert kinds(undated(hours=40000, days=50)) == []


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ({"days": 3}, 3),
        ({"days": "2.5"}, 3),
        ({"half_days": 3}, 2),
        ({"half_days": "1"}, 1),
        ({"days": 2, "half_days": 9}, 2),
        ({"days": None, "half_days": 4}, 2),
        ({"days": 0}, None),
        ({"days": "几天"}, None),
        ({}, None),
    ],
)
def test_days_and_half_days_are_read_without_guessing(facts: dict[str, Any], days: int | None) -> None:
    assert stated_days(facts) == days


def test_the_same_course_twice_is_told_whatever_the_spelling_and_year() -> None:
    again = other(content="《安全 培训》", year=2025, start=date(2025, 5, 6), end=date(2025, 5, 7))
    (flag,) = flags([PLAIN, again])
    assert (flag.kind, "跨年度" in flag.text) == ("same_course", True)


@pytest.mark.parametrize(("value", "read"), [(8, 800), ("7.5", 750), ("x", None), (True, None), (None, None)])
def test_hours_of_a_fact_are_read_without_guessing(value: object, read: int | None) -> None:
    assert hundredths(value) == read


# ---------------------------------------------------------------- among stored records


def test_a_flag_changes_no_hours_and_names_both_places(rig: RecordsRig) -> None:
    first = rig.verified(1, evidence=rig.proof(1))
    second = rig.verified(1, evidence=rig.proof(1), record=rig.body(content="消防培训"))
    third = rig.file(3, "unit_clerk.b", evidence=rig.proof(1), record=rig.body(content="他人的培训"))
    assert {one.id for one in rig.judged(rig.a)[rig.people[1]].records} == {first, second}
    with reading(rig.engine) as session:
        scope = rig.place.actor(session, "unit_personnel.a").scope
        seen = flags_of_record(session, scope, rig.record(second))
        everywhere = flags_of_record(session, ENGINE, rig.record(second))
        of_year = flags_of_year(session, scope, YEAR)
    assert sorted(one.flag.kind for one in seen) == ["day_hours", "overlap", "same_evidence"]
    assert {place.record.id for one in seen for place in one.places} == {first, second}, (
        "only what the scope holds"
    )
    shared = next(one for one in everywhere if one.flag.kind == "same_evidence")
    assert {place.record.id for place in shared.places} == {first, second, third}
    assert {place.unit for place in shared.places} == {"甲单位", "乙单位"}
    assert sorted(one.flag.kind for one in of_year) == ["day_hours", "overlap", "same_evidence"]


def test_the_cap_of_a_day_is_the_rules_own(rig: RecordsRig) -> None:
    record = rig.file(1, record=rig.body(facts={"days": 2, "hours_stated": True, "hours": 24}, claimed=2400))
    with reading(rig.engine) as session:
        (shown,) = flags_of_record(session, ENGINE, rig.record(record))
    assert "规定的每日8学时" in shown.flag.text


def test_a_stored_record_without_first_day_is_flagged_by_what_it_states(rig: RecordsRig) -> None:
    facts = {"hours_stated": True, "hours": 400}
    told = rig.file(1, record=rig.body(start=None, facts={**facts, "days": 2}, claimed=40000))
    untold = rig.file(2, record=rig.body(start=None, facts=facts, claimed=40000))
    with reading(rig.engine) as session:
        found = {
            record: [one.flag.kind for one in flags_of_record(session, ENGINE, rig.record(record))]
            for record in (told, untold)
        }
    assert found == {told: ["day_hours"], untold: ["no_start"]}
