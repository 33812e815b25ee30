"""What looks odd among records, and what does not: shown with both places, never counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest
from records_rig import ENGINE, YEAR, RecordsRig

from xueshi.campaigns.year_round.record_flags import flags_of_record, flags_of_year
from xueshi.records.flags import FlagRecord, flags, hundredths
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
