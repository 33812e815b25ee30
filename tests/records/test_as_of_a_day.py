"""Who counts in a year as of a day: those of that day, after the year's end those of its last day."""

from __future__ import annotations

from datetime import date

import pytest
from records_rig import ENGINE, YEAR, RecordsRig
from sqlmodel import select

from xueshi.campaigns.judging.year_to_date import YearToDate, years_to_date
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Employment, StudyRecord, Title
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource
from xueshi.storage import reading, transaction

TEXT = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 11-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules: {1: {clause: 一, name: 培训, for: unit_training, hours: stated}}
requirements:
  R1: {clause: 一, of: total, at_least: 30}
"""
FIRST, LAST = date(YEAR - 1, 11, 1), date(YEAR, 10, 31)


def law(person_as_of: str = "end") -> RulePack:
    text = TEXT.replace("person_as_of: end", f"person_as_of: {person_as_of}")
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text))


def as_of(rig: RecordsRig, day: date, pack: RulePack | None = None) -> dict[int, YearToDate]:
    """Return number → person's year at unit A as of a day."""
    number_of = {person: number for number, person in rig.people.items()}
    with reading(rig.engine) as session:
        unit = unit_rows.unit(session, ENGINE, rig.a)
        found = years_to_date(session, ENGINE, unit, pack or law(), YEAR, day)
        return {number_of[one.person.person_id]: one for one in found}


def date_employment(rig: RecordsRig, number: int, *, since: date, until: date | None = None) -> None:
    with transaction(rig.engine) as session:
        query = select(Employment).where(Employment.person_id == rig.people[number])
        for employment in session.exec(query):
            employment.since, employment.until = since, until
            session.add(employment)


def test_the_window_is_the_law_s(rig: RecordsRig) -> None:
    assert law().year_window(YEAR) == (FIRST, LAST)
    assert set(as_of(rig, LAST)) == {1, 2}


@pytest.mark.parametrize("day", [LAST, date(YEAR, 12, 20), date(YEAR + 5, 1, 1)])
def test_who_came_after_the_year_s_end_is_not_of_that_year_however_late_it_is_counted(
    rig: RecordsRig, day: date
) -> None:
    date_employment(rig, 2, since=date(YEAR, 12, 1))
    assert set(as_of(rig, day)) == {1}


def test_who_left_after_the_year_s_end_is_still_of_that_year(rig: RecordsRig) -> None:
    date_employment(rig, 2, since=date(2020, 1, 1), until=date(YEAR, 11, 30))
    assert set(as_of(rig, date(YEAR, 12, 20))) == {1, 2}


def test_within_the_year_those_of_the_day_count(rig: RecordsRig) -> None:
    date_employment(rig, 1, since=date(2020, 1, 1), until=date(YEAR, 3, 31))
    date_employment(rig, 2, since=date(YEAR, 4, 1))
    assert set(as_of(rig, date(YEAR, 3, 31))) == {1}
    assert set(as_of(rig, date(YEAR, 4, 1))) == {2}


@pytest.mark.parametrize(
    ("person_as_of", "day", "level"),
    [
        ("end", date(YEAR, 3, 1), "intermediate"),
        ("end", date(YEAR, 6, 1), "senior"),
        ("end", date(YEAR + 1, 1, 1), "senior"),
        ("start", date(YEAR, 6, 1), "intermediate"),
        ("start", date(YEAR + 1, 1, 1), "intermediate"),
    ],
)
def test_the_title_is_that_of_the_day_which_the_law_reads(
    rig: RecordsRig, person_as_of: str, day: date, level: str
) -> None:
    with transaction(rig.engine) as session:
        session.add(Title(person_id=rig.people[1], name="高级", level="senior", since=date(YEAR, 4, 1)))
        session.add(Title(person_id=rig.people[1], name="无", level="junior", since=date(YEAR, 11, 15)))
    assert as_of(rig, day, law(person_as_of))[1].person.level == level


def test_records_count_by_the_day_itself_also_after_the_year_s_end(rig: RecordsRig) -> None:
    """What is made up after the year's end ends after it."""
    record = rig.verified(1, record=rig.body(start=date(YEAR, 2, 1), end=date(YEAR, 2, 2)))
    with transaction(rig.engine) as session:
        stored = session.get_one(StudyRecord, record)
        stored.end, stored.makeup = date(YEAR, 12, 8), True
        session.add(stored)
    assert as_of(rig, date(YEAR, 12, 7))[1].person.records == ()
    assert [one.id for one in as_of(rig, date(YEAR, 12, 8))[1].person.records] == [record]
