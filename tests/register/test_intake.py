"""Importing a workbook: all or nothing, once, encrypted, and in step with the unit's filing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from office_rig import TABLES, Office
from openpyxl import load_workbook
from sqlalchemy import Engine
from sqlmodel import select
from stdnum.cn import uscc

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows import campaign_rows
from xueshi.register import intake
from xueshi.register.disturbed import Disturbed
from xueshi.register.marking import mark_workbook
from xueshi.register.rows import batch_rows, people_rows, roster_rows, unit_rows
from xueshi.register.sheets import UnitRegister
from xueshi.register.tables import Employment, ImportBatch, Person, StagingRow
from xueshi.register.workbook import PEOPLE, RECORDS, UNIT, IntakeVocabulary, write_registers, write_workbook
from xueshi.storage import reading, transaction
from xueshi_cli.acting import opened_by_notice

ENGINE = Scope.everything()


@pytest.fixture
def office(empty_database: Engine, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    made = Office(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield made
    made.place.engine.dispose()


def test_a_correct_workbook_becomes_the_units_register(office: Office) -> None:
    outcome = office.take_in(office.books.write())
    assert outcome.problems == ()
    people = office.books.people
    records = sum(len(person.records) for person in people)
    assert office.counts() == {
        "unit": 1,
        "person": len(people),
        "employment": len(people),
        "study_record": records,
        "staging_row": 0,
    }
    with reading(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        found = people_rows.people_for_assessment(
            session, ENGINE, unit.id, office.books.year, as_of=office.books.vocabulary.last
        )
    assert [(one.name, one.level, len(one.records)) for one in found] == [
        (one.name, one.level, len(one.records)) for one in people
    ]


def test_a_wrong_workbook_writes_nothing(office: Office) -> None:
    before = office.counts()
    assert office.take_in(office.books.with_cell(PEOPLE, "姓名", None)).problems
    assert office.counts() == before


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    path = office.books.write()
    office.take_in(path)
    before = office.counts()
    again = office.take_in(path)
    assert again.problems == ()
    assert again.result is not None
    assert again.result.outcome == "unchanged"
    assert office.counts() == before


def test_a_second_workbook_of_a_unit_is_refused_until_it_is_said_to_replace(office: Office) -> None:
    office.take_in(office.books.write("first.xlsx"))
    before = office.counts()
    office.books.people = office.books.people[:-1]
    second = office.books.write("second.xlsx")
    refused = office.take_in(second)
    assert "已由工作簿“first.xlsx”登记" in str(refused.problems[0])
    assert "--replace" in str(refused.problems[0])
    assert office.counts() == before
    assert office.take_in(second, replace=True).problems == ()
    assert office.counts()["employment"] == len(office.books.people)
    assert office.counts()["person"] == before["person"], "a person stays in the register without the unit"


def test_a_code_of_another_unit_is_refused(office: Office) -> None:
    office.take_in(office.books.write())
    other = office.books.with_cell(UNIT, "单位名称", "冒名单位")
    problem = office.take_in(other, replace=True).problems[0]
    assert f"在册的单位名称为“{office.books.unit.name}”，表中为“冒名单位”" in problem.cause
    assert problem.repair.startswith("请核对代码或单位名称")


def test_an_officer_of_elsewhere_imports_nothing(office: Office) -> None:
    from xueshi.errors import NotAllowedError

    before = office.counts()
    with pytest.raises(NotAllowedError, match="不在您的管理范围"):
        office.take_in(office.books.write(), "elsewhere")
    assert office.counts() == before


def test_a_unit_in_another_area_than_it_is_registered_in_is_refused(office: Office) -> None:
    registered = replace(office.books.unit, area=f"{office.books.area[:4]}00")
    with transaction(office.place.engine) as session:
        unit_rows.add_units(session, ENGINE, [registered])
        access.add_accounts(session, ENGINE, [NewAccount("city", "市局", "bureau", registered.area)])
    before = office.counts()
    refused = office.take_in(office.books.write(), "city")
    assert f"在册的单位地区为“{registered.area}”，表中为“{office.books.area}”" in str(refused.problems[0])
    assert office.counts() == before


def test_a_process_that_dies_before_promotion_leaves_no_unit(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise SystemExit(9)

    path = office.books.write()
    with monkeypatch.context() as patched:
        patched.setattr(roster_rows, "enter_roster", die)
        with pytest.raises(SystemExit):
            office.take_in(path)
    assert {name: count for name, count in office.counts().items() if name != "staging_row"} == {
        "unit": 0, "person": 0, "employment": 0, "study_record": 0,
    }  # fmt: skip
    again = office.take_in(path)
    assert again.result is not None
    assert again.result.outcome == "promoted"


def test_of_two_workbooks_on_their_way_at_once_only_the_first_counts(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = office.books.write("slow.xlsx")
    office.books.people = office.books.people[:-1]
    fast = office.books.write("fast.xlsx")
    stage = intake.stage

    def overtaken(*given: object) -> None:
        monkeypatch.setattr(intake, "stage", stage)
        stage(*given)  # type: ignore[arg-type]
        assert office.take_in(fast).problems == ()

    monkeypatch.setattr(intake, "stage", overtaken)
    refused = office.take_in(slow)
    assert "已由工作簿“fast.xlsx”登记" in str(refused.problems[0])
    counts = office.counts()
    assert (counts["employment"], counts["staging_row"]) == (len(office.books.people), 0)


def test_the_same_file_on_its_way_twice_counts_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office.books.write()
    stage = intake.stage

    def overtaken(*given: object) -> None:
        monkeypatch.setattr(intake, "stage", stage)
        stage(*given)  # type: ignore[arg-type]
        assert office.take_in(path).problems == ()

    monkeypatch.setattr(intake, "stage", overtaken)
    second = office.take_in(path)
    assert second.result is not None
    assert second.result.outcome == "unchanged"
    counts = office.counts()
    assert (counts["employment"], counts["staging_row"]) == (len(office.books.people), 0)


def test_a_person_of_two_units_is_one_person(office: Office) -> None:
    office.take_in(office.books.write("first.xlsx"))
    people = len(office.books.people)

    stem = office.books.unit.credit_code[:8] + "000000099"
    office.books.unit = replace(
        office.books.unit, credit_code=stem + uscc.calc_check_digit(stem), name="另一单位"
    )
    assert office.take_in(office.books.write("second.xlsx")).problems == ()
    counts = office.counts()
    assert (counts["unit"], counts["person"], counts["employment"]) == (2, people, 2 * people)


@pytest.mark.parametrize("days_later", [0, 365, -365])
def test_a_person_of_a_second_year_still_stands_once_in_the_unit(office: Office, days_later: int) -> None:
    """A blank day of employment is the first day of the year: it says nothing new about who is there already."""
    from datetime import timedelta

    books = office.books
    day = books.vocabulary.first
    books.people = tuple(replace(person, employed_since=day, records=()) for person in books.people)
    assert office.take_in(books.write("first.xlsx")).problems == ()
    books.vocabulary = IntakeVocabulary.from_pack(books.vocabulary.pack, books.year + 1)
    books.year += 1
    later = day + timedelta(days=days_later)
    books.people = tuple(replace(person, employed_since=later) for person in books.people)
    assert office.take_in(books.write("second.xlsx")).problems == ()
    with reading(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        for year, as_of in ((books.year - 1, day), (books.year, books.vocabulary.last)):
            found = people_rows.people_for_assessment(session, ENGINE, unit.id, year, as_of=as_of)
            assert [one.name for one in found] == [one.name for one in books.people]
        assert set(session.exec(select(Employment.since))) == {min(day, later)}


def test_no_identity_number_is_readable_in_the_database(office: Office) -> None:
    office.take_in(office.books.write())
    number = office.books.people[0].identity_number
    with reading(office.place.engine) as session:
        connection = session.connection()
        for table in (*TABLES, ImportBatch):
            for row in connection.execute(select(table.__table__)):  # type: ignore[call-overload]
                assert number not in str(tuple(row))
                assert number.encode() not in b"".join(cell for cell in row if isinstance(cell, bytes))


def test_staged_rows_are_encrypted_and_what_a_dead_process_left_is_removed(office: Office) -> None:
    from datetime import timedelta

    from xueshi.register.checking import check_workbook

    path = office.books.write()
    checked = check_workbook(path, office.books.vocabulary, office.books.area)
    with reading(office.place.engine) as session:
        actor = office.place.actor(session, "bureau")
    batch = intake.new_batch(actor, office.books.year, path, "digest", checked)
    batch.handed_in_at -= timedelta(days=1)
    intake.stage(office.place.engine, office.place.keys, batch, checked.people)
    assert office.counts()["staging_row"] == len(checked.people)
    with reading(office.place.engine) as session:
        bodies = b"".join(session.exec(select(StagingRow.body)).all())
    assert office.books.people[0].identity_number.encode() not in bodies
    assert office.books.people[0].name.encode() not in bodies
    office.take_in(path)
    assert office.counts()["staging_row"] == 0
    with reading(office.place.engine) as session:
        states = sorted(session.exec(select(ImportBatch.state)).all())
    assert states == ["discarded", "promoted"]


def test_an_import_is_noted_in_the_open_filing_and_refused_once_it_is_submitted(office: Office) -> None:
    office.take_in(office.books.write("first.xlsx"))
    notice = next(
        one
        for one in office.place.registry.ask(office.books.region).notices(office.books.year)
        if one.area == office.books.area
    )
    opened_by_notice(office.place, "bureau", notice, standing=True)
    office.books.people = office.books.people[:-1]
    assert office.take_in(office.books.write("second.xlsx"), replace=True).problems == ()
    with transaction(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        found = campaign_rows.campaign_of_unit(session, ENGINE, unit.id, office.books.year)
        assert found is not None
        filing = found[1]
        assert (filing.input_version, filing.people) == (2, len(office.books.people))
        filing.stage = "deciding"
        session.add(filing)
    before = office.counts()
    office.books.people = office.books.people[:-1]
    refused = office.take_in(office.books.write("third.xlsx"), replace=True)
    assert "已提交或已办结" in str(refused.problems[0])
    assert office.counts() == before
    with reading(office.place.engine) as session:
        assert audit.verify(session).broken_at is None


def test_a_register_that_stands_when_the_campaign_opens_counts_as_handed_in(office: Office) -> None:
    office.take_in(office.books.write())
    notice = next(
        one
        for one in office.place.registry.ask(office.books.region).notices(office.books.year)
        if one.area == office.books.area
    )
    opened_by_notice(office.place, "bureau", notice, standing=True)
    with reading(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        found = campaign_rows.campaign_of_unit(session, ENGINE, unit.id, office.books.year)
        bureau = office.place.actor(session, "bureau")
    assert found is not None
    filing = found[1]
    assert (filing.input_version, filing.people) == (1, len(office.books.people))
    assert filing.maker == str(bureau.account_id), "who imported it may not sign it"


def without_first_name(book: Any) -> None:
    book[PEOPLE]["B2"].value = None


def test_the_valid_people_are_taken_where_that_is_chosen_and_the_audit_counts_both_parts(
    office: Office,
) -> None:
    wrong = office.books.spoiled(without_first_name)
    outcome = office.take_in(wrong, valid_only=True)
    people = office.books.people
    assert len(outcome.problems) == 1
    assert outcome.result is not None
    assert (outcome.result.outcome, outcome.result.people) == ("promoted", len(people) - 1)
    assert office.counts()["person"] == len(people) - 1
    with reading(office.place.engine) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.verb == "register_import_valid_only")).one()
        assert audit.verify(session).broken_at is None
    assert entry.body["accepted_people"] == len(people) - 1
    assert entry.body["rejected_people"] == 1
    assert entry.body["rejected_rows"] == 1 + len(people[0].records)
    assert people[0].identity_number not in str(entry.body)


def test_what_went_back_is_added_once_it_is_corrected(office: Office) -> None:
    books = office.books
    outcome = office.take_in(books.spoiled(without_first_name), valid_only=True)
    rest = books.folder / "rest.xlsx"
    mark_workbook(
        books.folder / "spoiled.xlsx", outcome.problems, rest, books.vocabulary, only=outcome.checked.rejected
    )
    book = load_workbook(rest)
    book[PEOPLE]["B2"].value = books.people[0].name
    book.save(rest)
    assert "请加 --add" in str(office.take_in(rest).problems[0])
    added = office.take_in(rest, mode="add")
    assert added.problems == ()
    assert added.result is not None
    assert (added.result.people, added.result.standing) == (1, len(books.people))
    with reading(office.place.engine) as session:
        unit = unit_rows.units(session, ENGINE)[0]
        found = people_rows.people_for_assessment(
            session, ENGINE, unit.id, books.year, as_of=books.vocabulary.last
        )
        assert batch_rows.standing_people(session, ENGINE, books.year) == {unit.id: len(books.people)}
    assert [(one.name, len(one.records)) for one in found] == [
        (one.name, len(one.records)) for one in (*books.people[1:], books.people[0])
    ]
    assert office.take_in(rest, mode="add").result.outcome == "unchanged"  # type: ignore[union-attr]


def test_nobody_is_added_twice(office: Office) -> None:
    office.take_in(office.books.write("first.xlsx"))
    before = office.counts()
    office.books.people = office.books.people[:-1]
    refused = office.take_in(office.books.write("again.xlsx"), mode="add")
    assert "已在册，不能补交" in str(refused.problems[0])
    assert office.counts() == before


def test_only_who_handed_in_may_add(office: Office) -> None:
    """Otherwise the second could sign what the first recorded, or the first what the second did."""
    with transaction(office.place.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "局二", "bureau", office.books.area)])
    everybody = office.books.people
    office.books.people = everybody[:-1]
    office.take_in(office.books.write("first.xlsx"))
    office.books.people = everybody[-1:]
    refused = office.take_in(office.books.write("rest.xlsx"), "second", mode="add")
    assert "由另一经办人登记" in str(refused.problems[0])


def test_nothing_is_taken_of_a_workbook_that_is_wrong_as_a_whole(office: Office) -> None:
    def drop(book: Any) -> None:
        book[PEOPLE].delete_cols(2)

    before = office.counts()
    assert office.take_in(office.books.spoiled(drop), valid_only=True).result is None
    assert office.counts() == before


def district(office: Office) -> Path:
    books = office.books
    stem = books.unit.credit_code[:8] + "000000099"
    other = replace(books.unit, credit_code=stem + uscc.calc_check_digit(stem), name="另一单位")
    path = books.folder / "district.xlsx"
    registers = [
        UnitRegister(books.unit, list(books.people[:2])),
        UnitRegister(other, list(books.people[2:])),
    ]
    write_registers(path, books.vocabulary, registers)
    return path


def test_a_workbook_of_several_units_is_taken_in_as_a_whole(office: Office) -> None:
    outcome = office.take_in(district(office))
    assert [one.outcome for one in outcome.results] == ["promoted", "promoted"]
    counts = office.counts()
    assert (counts["unit"], counts["person"], counts["staging_row"]) == (2, len(office.books.people), 0)
    again = office.take_in(district(office))
    assert [one.outcome for one in again.results] == ["unchanged", "unchanged"]
    assert office.counts() == counts


def test_of_several_units_none_is_taken_in_when_one_is_refused(office: Office) -> None:
    path = district(office)
    office.books.people = office.books.people[:1]
    office.take_in(office.books.write("single.xlsx"))
    before = office.counts()
    refused = office.take_in(path)
    assert "已由工作簿“single.xlsx”登记" in str(refused.problems[0])
    assert office.counts() == before


def test_the_register_is_read_while_a_workbook_is_promoted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    enter = roster_rows.enter_roster

    def watched(*given: object) -> Disturbed:
        disturbed = enter(*given)  # type: ignore[arg-type]
        with reading(office.place.engine) as session:
            seen.append(len(unit_rows.units(session, ENGINE)))
        return disturbed

    monkeypatch.setattr(roster_rows, "enter_roster", watched)
    office.take_in(office.books.write())
    assert seen == [0], "a reader neither waits nor sees half of it"


@pytest.mark.parametrize("dry", [True, False])
def test_a_study_that_is_not_over_is_refused_at_its_cell(office: Office, *, dry: bool) -> None:
    """As a record filed by itself is: what has not been cannot be judged yet."""
    ends = [one.end for person in office.books.people for one in person.records if one.end is not None]
    eve = max(ends) - timedelta(days=1)
    with transaction(office.place.engine) as session:
        set_folder_clock(session, start_of(eve), datetime.now().astimezone())
    before = office.counts()
    outcome = office.take_in(office.books.write(), dry=dry)
    assert len(outcome.problems) == ends.count(max(ends))
    assert {(one.sheet, f"{max(ends)} 还没有到" in one.cause) for one in outcome.problems} == {
        (RECORDS, True)
    }
    assert office.counts() == before
    with transaction(office.place.engine) as session:
        set_folder_clock(session, start_of(max(ends)), datetime.now().astimezone())
    assert office.take_in(office.books.write(), dry=dry).problems == ()


def test_a_number_of_somebody_elsewhere_renames_nobody(office: Office) -> None:
    """Typed wrong by one digit it would merge two people; his own unit may correct his name."""
    books = office.books
    office.take_in(books.write())
    person, known = books.people[0], len(books.people)
    body = f"12{books.area}000000777"
    other = replace(books.unit, credit_code=body + uscc.calc_check_digit(body), name="又一家单位")

    def hand_in(name: str) -> list[str]:
        path = books.folder / f"{name}.xlsx"
        write_workbook(path, books.vocabulary, other, [replace(person, name=name, records=())])
        return [f"{one.sheet} {one.cause}" for one in office.take_in(path).problems]

    (said,) = hand_in("冒名")
    assert said.startswith(f"{PEOPLE} 身份证号：")
    assert "姓名不是“冒名”" in said
    assert person.name not in said, "nor is it told whose number it is"
    assert names(office) == {one.name for one in books.people}
    assert hand_in(person.name) == []
    assert office.take_in(books.with_cell(PEOPLE, "姓名", "改了名"), replace=True).problems == ()
    assert "改了名" in names(office)
    assert office.counts()["person"] == known


def names(office: Office) -> set[str]:
    with reading(office.place.engine) as session:
        return set(session.exec(select(Person.name)))
