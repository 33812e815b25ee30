"""A workbook beside the register: nobody's time at a unit ends, or begins again, without a word of the unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from office_rig import ENGINE, Office
from sqlalchemy import Engine
from sqlmodel import select

from xueshi.register.identity import mask_identity
from xueshi.register.rows import people_rows, standing_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.tables import Employment, Title
from xueshi.register.workbook import PEOPLE, IntakeVocabulary
from xueshi.storage import new_id, reading, transaction

LEFT = "离开日期"


@pytest.fixture
def office(empty_database: Engine, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    made = Office(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    made.books.people = tuple(replace(one, employed_since=date(2015, 7, 1)) for one in made.books.people)
    assert made.take_in(made.books.write("first.xlsx")).problems == ()
    yield made
    made.place.engine.dispose()


def to_year(office: Office, year: int) -> None:
    """Go on to the workbook of another year: the same people, without records."""
    office.books.vocabulary = IntakeVocabulary.from_pack(office.books.vocabulary.pack, year)
    office.books.year = year
    office.books.people = tuple(replace(one, records=()) for one in office.books.people)


def listed(office: Office, *people: NewPerson, name: str = "next.xlsx") -> Path:
    office.books.people = tuple(replace(one, records=()) for one in people)
    return office.books.write(name)


def there(office: Office, day: date) -> list[str]:
    """Identity numbers of those who work at the unit on a day, masked."""
    with reading(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        found = people_rows.people_for_assessment(session, ENGINE, unit.id, day.year, as_of=day)
        shown = people_rows.shown_people(session, ENGINE, office.place.keys, [one.person_id for one in found])
        return [shown[one.person_id].identity for one in found]


def masked(*people: NewPerson) -> list[str]:
    return [mask_identity(one.identity_number) for one in people]


def end_of(office: Office, year: int) -> date:
    """The last day of a statistics year: not the calendar's here."""
    return office.books.vocabulary.pack.year_window(year)[1]


def year_end(office: Office, later: int = 0) -> date:
    return end_of(office, office.books.year + later)


def end_by_act(office: Office, person: NewPerson, day: date, how: str = standing_rows.LEFT) -> None:
    """End a person's time at the unit as an act does."""
    with transaction(office.place.engine) as session:
        held = people_rows.people_by_identity(session, office.place.keys, [person.identity_number])
        [found] = held.values()
        employment = session.exec(select(Employment).where(Employment.person_id == found.id)).one()
        standing_rows.end(session, employment, new_id(), day, how)


def test_whoever_is_missing_in_the_next_workbook_refuses_it_until_the_unit_says_what_became_of_him(
    office: Office,
) -> None:
    gone, *rest = office.books.people
    first = office.books.year
    to_year(office, first + 1)
    before = office.counts()
    short = listed(office, *(replace(one, records=()) for one in rest))
    for dry in (True, False):
        [problem] = office.take_in(short, dry=dry).problems
        assert problem.sheet == PEOPLE
        assert f"{gone.name}（{mask_identity(gone.identity_number)}）（共 1 人）" in problem.cause
        assert "留任" in problem.repair
        assert "离开日期" in problem.repair
        assert gone.identity_number not in str(problem)
    assert office.counts() == before
    left = replace(gone, records=(), left=date(first + 1, 3, 31))
    assert office.take_in(listed(office, left, *rest, name="said.xlsx")).problems == ()
    assert there(office, end_of(office, first)) == masked(gone, *rest)
    assert there(office, date(first + 1, 3, 31)) == masked(gone, *rest)
    assert there(office, end_of(office, first + 1)) == masked(*rest)
    to_year(office, first + 2)
    assert office.take_in(listed(office, *rest, name="third.xlsx")).problems == (), "asked once only"


def test_an_end_goes_with_the_workbook_that_states_it(office: Office) -> None:
    gone, *rest = office.books.people
    first = office.books.year
    to_year(office, first + 1)
    gone = replace(gone, records=())
    others = [replace(one, records=()) for one in rest]
    assert office.take_in(listed(office, replace(gone, left=date(first + 1, 3, 31)), *others)).problems == ()
    again = office.take_in(listed(office, *others, name="again.xlsx"), replace=True)
    assert "没有列入" in again.problems[0].cause
    assert office.take_in(listed(office, gone, *others, name="stays.xlsx"), replace=True).problems == ()
    assert there(office, end_of(office, first + 1)) == masked(gone, *rest)
    with reading(office.place.engine) as session:
        assert len(session.exec(select(Employment)).all()) == len(rest) + 1


def test_a_correction_takes_back_who_stands_on_the_former_workbook_alone(office: Office) -> None:
    gone, *rest = office.books.people
    outcome = office.take_in(listed(office, *rest, name="corrected.xlsx"), replace=True)
    assert outcome.problems == ()
    [note] = outcome.checked.notes
    assert "随原登记一并撤下" in note
    assert masked(gone)[0] in note
    assert there(office, year_end(office)) == masked(*rest)


def test_correcting_either_year_leaves_the_other_as_it_is(office: Office) -> None:
    """Who stands in both years' workbooks, who came and who left between them."""
    first = office.books.year
    people = [replace(one, records=()) for one in office.books.people]
    gone, stays, *more = people
    new = replace(
        gone,
        identity_number="110101199003078056",
        name="新进",
        sex="男",
        employed_since=date(first + 1, 2, 1),
    )
    to_year(office, first + 1)
    second = [replace(gone, left=date(first + 1, 1, 31)), stays, *more, new]
    assert office.take_in(listed(office, *second)).problems == ()
    ends = {first: masked(*people), first + 1: masked(stays, *more, new)}
    for year, own in ((first, people), (first + 1, second), (first, people)):
        to_year(office, year)
        name = f"{year}-{new_id()}.xlsx"
        assert office.take_in(listed(office, *own, name=name), replace=True).problems == ()
        for of, expected in ends.items():
            assert sorted(there(office, end_of(office, of))) == sorted(expected)


def test_who_stands_in_a_later_workbook_cannot_have_left_before(office: Office) -> None:
    first = office.books.year
    people = [replace(one, records=()) for one in office.books.people]
    to_year(office, first + 1)
    assert office.take_in(listed(office, *people)).problems == ()
    to_year(office, first)
    early = replace(people[0], left=date(first, 9, 1))
    [problem] = office.take_in(listed(office, early, *people[1:], name="c.xlsx"), replace=True).problems
    assert f"此人在 {first + 1} 年度的登记中仍在本单位" in problem.cause
    assert problem.cell.endswith("2")


@pytest.mark.parametrize(
    ("how", "words"),
    [(standing_rows.TRANSFERRED, "由本单位转出"), (standing_rows.LEFT, "离开本单位")],
)
def test_no_workbook_brings_back_who_has_left(office: Office, how: str, words: str) -> None:
    gone, *rest = office.books.people
    first = office.books.year
    day = date(first, 9, 30)
    end_by_act(office, gone, day, how)
    [problem] = office.take_in(listed(office, gone, *rest, name="old.xlsx"), replace=True).problems
    assert words in problem.cause
    assert (problem.sheet, problem.cell) == (PEOPLE, "D2")
    assert office.take_in(listed(office, *rest, name="without.xlsx"), replace=True).problems == ()
    assert there(office, year_end(office)) == masked(*rest)
    with_end = listed(office, replace(gone, left=day), *rest, name="with.xlsx")
    assert office.take_in(with_end, replace=True).problems == (), "his records of the year may be corrected"
    assert there(office, year_end(office)) == masked(*rest)
    other = listed(office, replace(gone, left=day - timedelta(days=9)), *rest, name="other.xlsx")
    assert "在册已于" in office.take_in(other, replace=True).problems[0].cause
    to_year(office, first + 1)
    office.books.people = (gone, *rest)

    def blank(book: Any) -> None:
        place = [cell.value for cell in book[PEOPLE][1]].index("入职日期") + 1
        book[PEOPLE].cell(2, place).value = None

    to_year(office, first + 1)
    assert words in office.take_in(office.books.spoiled(blank, "blank.xlsx")).problems[0].cause
    back = replace(gone, records=(), employed_since=date(first + 1, 4, 1))
    assert office.take_in(listed(office, back, *rest, name="back.xlsx")).problems == ()
    assert sorted(there(office, end_of(office, first + 1))) == sorted(masked(gone, *rest))
    assert there(office, date(first + 1, 1, 31)) == masked(*rest)


def test_what_ended_stays_for_the_days_before(office: Office) -> None:
    """Also where nothing says any more that it was so: an older engine ended it."""
    gone, *rest = office.books.people
    day = date(office.books.year, 9, 30)
    with transaction(office.place.engine) as session:
        held = people_rows.people_by_identity(session, office.place.keys, [gone.identity_number])
        [found] = held.values()
        employment = session.exec(select(Employment).where(Employment.person_id == found.id)).one()
        employment.until = day
        session.add(employment)
    assert office.take_in(listed(office, *rest, name="without.xlsx"), replace=True).problems == ()
    assert sorted(there(office, day)) == sorted(masked(gone, *rest))
    assert there(office, year_end(office)) == masked(*rest)
    again = office.take_in(listed(office, gone, *rest, name="again.xlsx"), replace=True)
    assert "离开本单位（在册）" in again.problems[0].cause


def test_who_left_after_the_year_stands_in_its_correction(office: Office) -> None:
    gone, *rest = office.books.people
    end_by_act(office, gone, date(office.books.year + 1, 2, 28))
    again = listed(office, gone, *rest, name="corrected.xlsx")
    assert office.take_in(again, replace=True).problems == ()
    assert there(office, year_end(office)) == masked(gone, *rest)
    assert there(office, year_end(office, 1)) == masked(*rest)
    short = office.take_in(listed(office, *rest, name="short.xlsx"), replace=True)
    assert "没有列入" in short.problems[0].cause, "he was there at the end of that year"


def test_the_valid_people_are_taken_and_who_contradicts_the_register_goes_back(office: Office) -> None:
    gone, missing, *rest = office.books.people
    end_by_act(office, gone, date(office.books.year, 9, 30))
    to_year(office, office.books.year + 1)
    people = [replace(one, records=()) for one in (gone, *rest)]
    outcome = office.take_in(listed(office, *people), valid_only=True)
    assert [one.cell for one in outcome.problems] == ["D2"]
    assert outcome.result is not None
    assert outcome.result.people == len(rest)
    assert masked(missing)[0] in outcome.checked.notes[0]
    assert sorted(there(office, year_end(office))) == sorted(masked(missing, *rest)), "nobody's time ended"


@pytest.mark.parametrize(
    ("left", "since", "words"),
    [
        ((1, 1, 5), (0, 7, 1), "年度（至"),
        ((0, 5, 1), (0, 7, 1), "早于入职日期"),
    ],
)
def test_a_last_day_outside_the_year_or_before_the_first_is_refused_at_its_cell(
    office: Office, left: tuple[int, int, int], since: tuple[int, int, int], words: str
) -> None:
    year = office.books.year
    day, first = (date(year + one[0], *one[1:]) for one in (left, since))
    people = [replace(one, records=()) for one in office.books.people]
    wrong = replace(people[0], left=day, employed_since=first)
    [problem] = office.take_in(listed(office, wrong, *people[1:], name="w.xlsx"), replace=True).problems
    assert problem.cause.startswith(f"{LEFT}：")
    assert words in problem.cause


def test_a_wrong_title_goes_with_the_workbook_that_brought_it(office: Office) -> None:
    people = [replace(one, title="工程师", level="intermediate", title_since=date(2018, 1, 1)) for one in office.books.people]  # fmt: skip
    assert office.take_in(listed(office, *people, name="t1.xlsx"), replace=True).problems == ()
    wrong = [replace(one, title="高级工程师", level="senior", title_since=date(2019, 1, 1)) for one in people]
    assert office.take_in(listed(office, *wrong, name="t2.xlsx"), replace=True).problems == ()
    assert office.take_in(listed(office, *people, name="t3.xlsx"), replace=True).problems == ()
    with reading(office.place.engine) as session:
        assert {(one.name, one.since) for one in session.exec(select(Title))} == {
            ("工程师", date(2018, 1, 1))
        }


def test_a_title_keeps_the_name_that_the_latest_year_gives_it(office: Office) -> None:
    first = office.books.year
    people = [
        replace(one, records=(), title="工程师", title_since=date(2018, 1, 1)) for one in office.books.people
    ]
    assert office.take_in(listed(office, *people, name="t1.xlsx"), replace=True).problems == ()
    to_year(office, first + 1)
    renamed = [replace(one, title="工程师（机械）") for one in people]
    assert office.take_in(listed(office, *renamed, name="t2.xlsx")).problems == ()
    to_year(office, first)
    assert office.take_in(listed(office, *people, name="t3.xlsx"), replace=True).problems == ()
    with reading(office.place.engine) as session:
        assert {one.name for one in session.exec(select(Title))} == {"工程师（机械）"}
