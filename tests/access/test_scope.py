"""No query shows a row outside its scope, whatever the areas, sectors and units look like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlmodel import Session, SQLModel

from xueshi.access.repository import scope_of
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.access.tables import Grant
from xueshi.campaigns.rows import campaign_rows, task_rows
from xueshi.campaigns.tables import Task
from xueshi.migrations import schema
from xueshi.records import repository as records
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Employment, Person, StudyRecord, Unit
from xueshi.results import repository as results
from xueshi.results.tables import YearResult
from xueshi.storage import new_id

schema.metadata()
AREAS = st.sampled_from(
    ["110000", "110100", "110102", "110103", "110200", "110201", "120000", "120100", "120102", "119900"]
)
SECTORS = st.sampled_from([None, "health", "education", "water"])
TREES = st.lists(st.tuples(AREAS, SECTORS), min_size=1, max_size=12)
SCOPES = st.tuples(
    st.lists(AREAS, max_size=3),
    st.one_of(st.none(), st.lists(st.sampled_from(["health", "education"]), max_size=2)),
    st.one_of(st.none(), st.sets(st.integers(0, 11), max_size=4)),
)


def inside(outer: str, area: str) -> bool:
    """The truth by itself, written another way than the engine's: strip trailing pairs of zeros."""
    stem = outer
    while stem.endswith("00"):
        stem = stem[:-2]
    return area.startswith(stem)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, SCOPES)
def test_units_outside_a_scope_are_never_found(
    tree: list[tuple[str, str | None]],
    wanted: tuple[list[str], list[str] | None, set[int] | None],
) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    areas, sectors, numbers = wanted
    with Session(engine) as session:
        rows = [
            Unit(id=new_id(), credit_code=f"{number:018d}", name="某", area=area, sector=sector)
            for number, (area, sector) in enumerate(tree)
        ]
        session.add_all(rows)
        session.flush()
        ids = None if numbers is None else tuple(rows[one].id for one in numbers if one < len(rows))
        scope = Scope(tuple(areas), None if sectors is None else tuple(sectors), ids)
        expected = {
            row.credit_code
            for row in rows
            if any(inside(outer, row.area) for outer in areas)
            and (sectors is None or row.sector in sectors)
            and (ids is None or row.id in ids)
        }
        assert {unit.credit_code for unit in unit_rows.units(session, scope)} == expected
        for row in rows:
            assert scope.allows(row.area, row.sector, row.id) is (row.credit_code in expected)
            seen = unit_rows.unit_by_code(session, scope, row.credit_code)
            assert (seen is not None) is (row.credit_code in expected)
    engine.dispose()


def test_the_verifier_of_a_unit_decides_records_as_well_as_the_year() -> None:
    """The regions' flows name this role at the levels of both."""
    from xueshi.access.roles import verbs_of

    assert {"record.decide", "filing.decide"} <= verbs_of("unit_verifier", of_unit=True)
    assert "record.file" not in verbs_of("unit_verifier", of_unit=True)


WORK = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=12)
"""Rows: of which person, at which unit, whether with a task beside the record."""


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORK, st.integers(0, 3), st.lists(AREAS, min_size=4, max_size=4))
def test_an_own_account_finds_what_is_about_its_person_and_nothing_else(
    rows: list[tuple[int, int, bool]], mine: int, areas: list[str]
) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        units = [Unit(id=new_id(), credit_code=f"{one:018d}", name="某", area=areas[one]) for one in range(4)]
        people = [
            Person(id=new_id(), identity_index=str(one), identity_sealed=b"", identity_key=b"", identity_key_id="",
                   name=f"人{one}", sex="女")
            for one in range(4)
        ]  # fmt: skip
        session.add_all([*units, *people])
        session.flush()
        own: set[UUID] = set()
        for number, (person, unit, with_task) in enumerate(rows):
            of = {"person_id": people[person].id, "unit_id": units[unit].id, "area": areas[unit]}
            since = date(2020, 1, 1) + timedelta(days=number)
            record = StudyRecord(
                id=new_id(), year=2024, position=number, kind="other", facts={}, content="某", maker="m", **of
            )
            session.add(Employment(id=new_id(), order_in_unit=1, since=since, **of))
            session.add(record)
            session.add(_result(number, of))
            if with_task:
                session.add(
                    Task(
                        kind="returned",
                        role=PERSON,
                        level="l",
                        record_id=record.id,
                        body={},
                        opened_at=AT,
                        **of,
                    )
                )
            if person == mine:
                own.add(record.id)
        session.flush()
        scope = scope_of(Grant(account_id=new_id(), role=PERSON, area=areas[0], person_id=people[mine].id))
        me, mine_there = people[mine].id, any(person == mine for person, _, _ in rows)
        assert {one.record.id for one in records.records(session, scope)} == own
        tasks = task_rows.open_tasks(session, scope)
        assert {one.person_id for one in tasks} <= {me}
        assert len(tasks) == sum(1 for person, _, with_task in rows if with_task and person == mine)
        for number, person in enumerate(people):
            assert records.knows_person(session, scope, person.id) is (number == mine and mine_there)
            assert bool(results.years_of_person(session, scope, person.id)) is (number == mine and mine_there)
            found = records.employed_on(session, scope, person.id, date(2024, 1, 1))
            assert (found is not None) is (number == mine and mine_there)
        assert unit_rows.units(session, scope) == []
        assert campaign_rows.campaigns(session, scope) == []
        nobody = scope_of(Grant(account_id=new_id(), role=PERSON, area=areas[0], unit_id=units[0].id))
        assert records.records(session, nobody) == []
        assert task_rows.open_tasks(session, nobody) == []
    engine.dispose()


AT = datetime(2024, 1, 1, tzinfo=UTC)


def _result(number: int, of: dict[str, Any]) -> YearResult:
    return YearResult(
        campaign_id=new_id(), year=2024, revision=number, verdict="met", totals={}, shortfalls={}, warnings=[],
        open_records=[], request={}, pack_digest="p", input_digest="i", assessed_at=AT, **of,
    )  # fmt: skip
