"""Queries of a transfer: the rows of the register that lie in a scope, and what a folder holds of a package already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, or_
from sqlmodel import Session, SQLModel, col, select

from xueshi.access.scope import Scope
from xueshi.register.identity import KeyRing
from xueshi.register.rows.shared import BATCH, defaults_of
from xueshi.register.tables import Employment, Person, StudyRecord, Title, Unit, UnitYearStatement

AT_ONCE = 1000


def rows(session: Session, scope: Scope, table: type[SQLModel]) -> Iterator[Any]:
    """Yield a table's rows in the scope, in an order that is the same wherever they stand; a few at a time."""
    query = select(table).where(_inside(scope, table)).order_by(_order(table))
    for row in session.exec(query.execution_options(yield_per=AT_ONCE)):
        yield row
        session.expunge(row)


def units_by_code(session: Session, codes: Sequence[str]) -> dict[str, Unit]:
    """Return the units of some codes, wherever they lie: the caller looks whether they are in its scope."""
    return {
        unit.credit_code: unit
        for chunk in _chunks(codes)
        for unit in session.exec(select(Unit).where(col(Unit.credit_code).in_(chunk)))
    }


def people_by_number(session: Session, keys: KeyRing, numbers: Sequence[str]) -> dict[str, Person]:
    """Return identity number → person for those who are in the register, by blind index."""
    by_index = {keys.index_of(number): number for number in numbers}
    return {
        by_index[person.identity_index]: person
        for chunk in _chunks(sorted(by_index))
        for person in session.exec(select(Person).where(col(Person.identity_index).in_(chunk)))
    }


def employments_of(session: Session, people: Sequence[UUID]) -> list[Employment]:
    """Return the employments of some people."""
    return [
        row
        for chunk in _chunks(people)
        for row in session.exec(select(Employment).where(col(Employment.person_id).in_(chunk)))
    ]


def titles_of(session: Session, people: Sequence[UUID]) -> list[Title]:
    """Return the titles of some people."""
    return [
        row
        for chunk in _chunks(people)
        for row in session.exec(select(Title).where(col(Title.person_id).in_(chunk)))
    ]


def records_of_units(session: Session, units: Sequence[UUID]) -> dict[UUID, StudyRecord]:
    """Return the records of some units by id."""
    return {
        row.id: row
        for chunk in _chunks(units)
        for row in session.exec(select(StudyRecord).where(col(StudyRecord.unit_id).in_(chunk)))
    }


def statements_of_units(session: Session, units: Sequence[UUID]) -> dict[UUID, UnitYearStatement]:
    """Return what some units stated for their years, by id."""
    return {
        row.id: row
        for chunk in _chunks(units)
        for row in session.exec(select(UnitYearStatement).where(col(UnitYearStatement.unit_id).in_(chunk)))
    }


def ids_in_use(session: Session, table: type[SQLModel], ids: Sequence[UUID]) -> set[UUID]:
    """Return which of some ids a table has already."""
    key: Any = table.__table__.c.id  # type: ignore[attr-defined]  # every table model has its table
    return {found for chunk in _chunks(ids) for found in session.exec(select(key).where(key.in_(chunk)))}


def add(session: Session, table: type[SQLModel], new: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in bulk; a column that a package of an older version has not gets its default."""
    for chunk in _chunks(new):
        session.execute(insert(table), [{**defaults_of(table), **row} for row in chunk])


def _inside(scope: Scope, table: type[SQLModel]) -> ColumnElement[bool]:
    visible = scope.clause(col(Unit.area), col(Unit.sector), col(Unit.id))
    if table is Unit:
        return visible
    units = select(Unit.id).where(visible)
    if table is Employment:
        return col(Employment.unit_id).in_(units)
    if table is StudyRecord:
        return col(StudyRecord.unit_id).in_(units)
    if table is UnitYearStatement:
        return col(UnitYearStatement.unit_id).in_(units)
    person = col(Person.id) if table is Person else col(Title.person_id)
    employed = select(Employment.person_id).where(col(Employment.unit_id).in_(units))
    recorded = select(StudyRecord.person_id).where(col(StudyRecord.unit_id).in_(units))
    return or_(person.in_(employed), person.in_(recorded))


def _order(table: type[SQLModel]) -> Any:
    return col(Unit.credit_code) if table is Unit else table.__table__.c.id  # type: ignore[attr-defined]  # as above


def _chunks(items: Sequence[Any] | Iterable[Any]) -> Iterator[Sequence[Any]]:
    listed = list(items)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]
