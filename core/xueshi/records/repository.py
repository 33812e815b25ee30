"""Queries on records filed in the year, their evidence, classes and sources. Scope comes first; the frame commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from xueshi.access.scope import Scope
from xueshi.errors import NotFoundError
from xueshi.records.flags import plain_words
from xueshi.register.tables import Employment, Person, StudyRecord, Title, Unit

Row = TypeVar("Row")
BATCH = 500
"""Keys asked for in one query: below every database's limit of parameters."""
OPEN = ("deciding", "returned")
STANDING = ("registered", "deciding", "returned", "verified")
"""Stages of records that still say something: all but refused, replaced and withdrawn ones."""


# ---------------------------------------------------------------- records


def record(session: Session, scope: Scope, record_id: UUID, *, lock: bool = False) -> StudyRecord:
    """Return one record (locked for this transaction where asked); NotFoundError outside the scope."""
    query = (
        select(StudyRecord)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .where(StudyRecord.id == record_id, _visible(scope, StudyRecord.person_id))
    )
    found = session.exec(_locked(query, of=StudyRecord) if lock else query).first()
    if found is None:
        raise NotFoundError(f"学时记录 {record_id} 不存在或不在您的管理范围；用 xueshi records list 查看")
    return found


@dataclass(frozen=True)
class ListedRecord:
    """A record with the names that an officer reads beside it."""

    record: StudyRecord
    person: str
    unit: str


def records(
    session: Session,
    scope: Scope,
    *,
    year: int | None = None,
    person_id: UUID | None = None,
    unit_id: UUID | None = None,
    stages: Collection[str] | None = None,
) -> list[ListedRecord]:
    """Return records in scope by unit, person and order of entry; a person's own are found at every unit in scope."""
    query = (
        select(StudyRecord, Person.name, Unit.name)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .join(Person, col(Person.id) == col(StudyRecord.person_id))
        .where(_visible(scope, StudyRecord.person_id))
        .order_by(
            col(Unit.credit_code), col(Person.identity_index), col(StudyRecord.position), col(StudyRecord.id)
        )
    )
    if year is not None:
        query = query.where(StudyRecord.year == year)
    if person_id is not None:
        query = query.where(StudyRecord.person_id == person_id)
    if unit_id is not None:
        query = query.where(StudyRecord.unit_id == unit_id)
    if stages is not None:
        query = query.where(col(StudyRecord.stage).in_(stages))
    return [ListedRecord(row, person, unit) for row, person, unit in session.exec(query)]


def next_position(session: Session, person_id: UUID) -> int:
    """Return the place of a person's next filed record: after every row that a workbook can hold."""
    query = select(func.count()).where(
        StudyRecord.person_id == person_id, col(StudyRecord.batch_id).is_(None)
    )
    return FIRST_FILED + session.exec(query).one()


FIRST_FILED = 1_100_000
"""Excel ends at row 1,048,576: a filed record stands after all rows of a workbook."""


def open_correction(session: Session, record_id: UUID) -> StudyRecord | None:
    """Return the entry that is on its way to take a record's place."""
    query = select(StudyRecord).where(StudyRecord.replaces == record_id, col(StudyRecord.stage).in_(OPEN))
    return session.exec(query).first()


def entries_for(session: Session, record_id: UUID) -> list[StudyRecord]:
    """Return the entries that correct a record, oldest first."""
    query = select(StudyRecord).where(StudyRecord.replaces == record_id).order_by(col(StudyRecord.id))
    return list(session.exec(query))


def in_its_place(session: Session, record_id: UUID) -> StudyRecord | None:
    """Return what stands for a record now, locked: itself, or the last correction that took its place; None if nothing."""
    found = session.get(StudyRecord, record_id)
    while found is not None and found.stage not in STANDING:
        query = (
            select(StudyRecord)
            .where(StudyRecord.replaces == found.id, col(StudyRecord.stage).in_((*STANDING, "replaced")))
            .order_by(col(StudyRecord.id).desc())
        )
        found = session.exec(query.limit(1)).first()
    return None if found is None else record(session, Scope.everything(), found.id, lock=True)


def open_at_unit(session: Session, person_id: UUID, unit_id: UUID) -> list[StudyRecord]:
    """Return a person's records at a unit that nobody has decided yet, locked."""
    query = (
        select(StudyRecord)
        .where(
            StudyRecord.person_id == person_id,
            StudyRecord.unit_id == unit_id,
            col(StudyRecord.stage).in_(OPEN),
        )
        .order_by(col(StudyRecord.id))
    )
    return list(session.exec(_locked(query)))


@dataclass(frozen=True)
class Study:
    """By what a study is known again: kind, content in plain words, days; its year where no day is stated."""

    kind: str
    content: str
    year: int
    start: date | None
    end: date | None

    def same_days(self, other: Study) -> bool:
        """Tell whether two entries of one kind state the same days; a first day that one leaves out says nothing."""
        if (self.kind, self.end) != (other.kind, other.end):
            return False
        if self.end is None and self.year != other.year:
            return False
        return None in (self.start, other.start) or self.start == other.start


def open_of_unit(session: Session, unit_id: UUID) -> list[StudyRecord]:
    """Return the records at a unit that nobody has decided yet, locked."""
    query = (
        select(StudyRecord)
        .where(StudyRecord.unit_id == unit_id, col(StudyRecord.stage).in_(OPEN))
        .order_by(col(StudyRecord.id))
    )
    return list(session.exec(_locked(query)))


def same_study(
    session: Session, person_id: UUID, study: Study, *, made_up_only: bool, but: UUID | None = None
) -> StudyRecord | None:
    """Return a person's standing record of the same study, at whatever unit; of any year where its days are stated.

    `made_up_only` looks only among those that make up for a year; `but` is left out.
    """
    words = plain_words(study.content)
    if not words:
        return None
    query = (
        select(StudyRecord)
        .where(
            StudyRecord.person_id == person_id,
            StudyRecord.kind == study.kind,
            col(StudyRecord.end).is_(None) if study.end is None else StudyRecord.end == study.end,
            col(StudyRecord.stage).in_(STANDING),
        )
        .order_by(col(StudyRecord.id))
    )
    if made_up_only:
        query = query.where(col(StudyRecord.makeup))
    if but is not None:
        query = query.where(StudyRecord.id != but)
    for row in session.exec(query):
        known = Study(row.kind, row.content, row.year, row.start, row.end)
        if plain_words(row.content) == words and study.same_days(known):
            return row
    return None


def has_filed(session: Session, unit_id: UUID, year: int) -> bool:
    """Tell whether records of a unit's year were filed one by one, beside or instead of a workbook."""
    query = select(StudyRecord.id).where(
        StudyRecord.unit_id == unit_id, StudyRecord.year == year, StudyRecord.stage != "registered"
    )
    return session.exec(query.limit(1)).first() is not None


# ---------------------------------------------------------------- people


@dataclass(frozen=True)
class Employed:
    """A person's time at a unit, with both."""

    person: Person
    employment: Employment
    unit: Unit


def employed_on(session: Session, scope: Scope, person_id: UUID, day: date) -> Employed | None:
    """Return where a person works on a day, the unit entered last where there are several; None outside the scope."""
    query = (
        select(Person, Employment, Unit)
        .join(Employment, col(Employment.person_id) == col(Person.id))
        .join(Unit, col(Unit.id) == col(Employment.unit_id))
        .where(Person.id == person_id, _lasting(day), _visible(scope, Employment.person_id))
        .order_by(col(Employment.since).desc(), col(Employment.id).desc())
    )
    found = session.exec(query).first()
    return None if found is None else Employed(*found)


def employments_on(session: Session, scope: Scope, people: Sequence[UUID], day: date) -> dict[UUID, Employed]:
    """Return where each of some people works on a day, inside the scope."""
    found: dict[UUID, Employed] = {}
    for start in range(0, len(people), BATCH):
        query = (
            select(Person, Employment, Unit)
            .join(Employment, col(Employment.person_id) == col(Person.id))
            .join(Unit, col(Unit.id) == col(Employment.unit_id))
            .where(
                col(Person.id).in_(people[start : start + BATCH]),
                _lasting(day),
                _visible(scope, Employment.person_id),
            )
            .order_by(col(Employment.since), col(Employment.id))
        )
        for person, employment, unit in session.exec(query):
            found[person.id] = Employed(person, employment, unit)
    return found


def working_or_last(
    session: Session, scope: Scope, people: Sequence[UUID], day: date
) -> dict[UUID, Employed]:
    """Return where each of some people works on a day; who works nowhere then, where he worked last before it.

    Inside the scope. Who works outside it is left out: his unit there files for him.
    """
    found = employments_on(session, scope, people, day)
    others = [one for one in people if one not in found]
    working = employments_on(session, Scope.everything(), others, day)
    gone = [one for one in others if one not in working]
    for start in range(0, len(gone), BATCH):
        query = (
            select(Person, Employment, Unit)
            .join(Employment, col(Employment.person_id) == col(Person.id))
            .join(Unit, col(Unit.id) == col(Employment.unit_id))
            .where(
                col(Person.id).in_(gone[start : start + BATCH]),
                col(Employment.until) < day,
                _visible(scope, Employment.person_id),
            )
            .order_by(col(Employment.until), col(Employment.id))
        )
        for person, employment, unit in session.exec(query):
            found[person.id] = Employed(person, employment, unit)
    return found


def knows_person(session: Session, scope: Scope, person_id: UUID) -> bool:
    """Tell whether a unit in the scope employs or employed a person."""
    query = (
        select(Employment.id)
        .join(Unit, col(Unit.id) == col(Employment.unit_id))
        .where(Employment.person_id == person_id, _visible(scope, Employment.person_id))
    )
    return session.exec(query.limit(1)).first() is not None


def sector_of(session: Session, unit_id: UUID) -> str | None:
    """Return a unit's sector."""
    found = session.get(Unit, unit_id)
    return None if found is None else found.sector


def units_of_person(session: Session, person_id: UUID, since: date) -> list[UUID]:
    """Return the units at which a person works on a day or later."""
    query = (
        select(Employment.unit_id)
        .where(
            Employment.person_id == person_id,
            or_(col(Employment.until).is_(None), col(Employment.until) >= since),
        )
        .order_by(col(Employment.since))
    )
    return list(dict.fromkeys(session.exec(query)))


def lasting_employment(session: Session, person_id: UUID, unit_id: UUID) -> Employment | None:
    """Return a person's lasting time at a unit, locked."""
    query = select(Employment).where(
        Employment.person_id == person_id, Employment.unit_id == unit_id, col(Employment.until).is_(None)
    )
    return session.exec(_locked(query)).first()


def lasting_employments(session: Session, unit_id: UUID) -> list[Employment]:
    """Return the lasting times at a unit in its own order, locked."""
    query = (
        select(Employment)
        .where(Employment.unit_id == unit_id, col(Employment.until).is_(None))
        .order_by(col(Employment.order_in_unit), col(Employment.id))
    )
    return list(session.exec(_locked(query)))


def ended_employments(session: Session, unit_id: UUID, since: date) -> list[Employment]:
    """Return the times at a unit that ended on a day or later, in its own order, locked."""
    query = (
        select(Employment)
        .where(Employment.unit_id == unit_id, col(Employment.until) >= since)
        .order_by(col(Employment.order_in_unit), col(Employment.id))
    )
    return list(session.exec(_locked(query)))


def next_order(session: Session, unit_id: UUID) -> int:
    """Return the place at the end of a unit's own order of its people."""
    query = select(func.coalesce(func.max(Employment.order_in_unit), 0)).where(Employment.unit_id == unit_id)
    return int(session.exec(query).one()) + 1


def title_on(session: Session, person_id: UUID, day: date) -> Title | None:
    """Return a person's title on a day: the latest that had begun."""
    query = (
        select(Title)
        .where(Title.person_id == person_id, col(Title.since) <= day)
        .order_by(col(Title.since).desc())
    )
    return session.exec(query.limit(1)).first()


def title_from(session: Session, person_id: UUID, since: date) -> Title | None:
    """Return the title that begins on a day."""
    return session.exec(select(Title).where(Title.person_id == person_id, Title.since == since)).first()


def _locked(query: SelectOfScalar[Row], of: Any = None) -> SelectOfScalar[Row]:
    """Lock the rows of a query, and read them anew: what this session saw before the lock may be old."""
    return query.with_for_update(of=of).execution_options(populate_existing=True)


def _visible(scope: Scope, person: Any) -> ColumnElement[bool]:
    """SQL condition: rows of units that a scope lets see; `person` is the column of whom they are about."""
    return scope.clause(col(Unit.area), col(Unit.sector), col(Unit.id), col(person))


def _lasting(day: date) -> ColumnElement[bool]:
    return (col(Employment.since) <= day) & or_(col(Employment.until).is_(None), col(Employment.until) >= day)
