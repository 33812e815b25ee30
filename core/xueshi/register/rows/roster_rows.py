"""The roster of a unit and year, entered in bulk and taken back as a whole. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.canonical import canonical_json
from xueshi.register.identity import KeyRing, normal
from xueshi.register.rows.people_rows import people_by_identity
from xueshi.register.rows.shared import Values, chunks, insert_rows
from xueshi.register.rows.unit_rows import unit
from xueshi.register.tables import (
    Employment,
    ImportBatch,
    Person,
    StudyRecord,
    Title,
)
from xueshi.storage import new_id


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record of study to enter: facts typed by the instrument's vocabulary, `claimed` in hundredths."""

    position: int
    kind: str
    facts: Mapping[str, object]
    content: str
    claimed: int | None = None
    form: str = ""
    result: str = ""
    certificate: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person of a unit to enter, with what the unit recorded for the year; identity number in clear, in memory only."""

    identity_number: str
    name: str
    sex: str
    order_in_unit: int
    employed_since: date
    born: date | None = None
    political_status: str = ""
    post: str = ""
    title: str = ""
    level: str | None = None
    title_since: date | None = None
    records: tuple[NewRecord, ...] = ()


@dataclass(frozen=True)
class RosterOwner:
    """Whose workbook is entered, by whom: unit, year, batch, and `account:{id}` of the maker."""

    unit_id: UUID
    area: str
    year: int
    batch_id: UUID
    maker: str
    replaces: tuple[UUID, ...] = field(default=())
    """Batches whose people and records this one takes the place of."""


def last_place(session: Session, scope: Scope, unit_id: UUID) -> int:
    """Return the last place in a unit's own order of its present people; 0 where it has none."""
    unit(session, scope, unit_id)
    query = select(func.max(Employment.order_in_unit)).where(
        Employment.unit_id == unit_id, col(Employment.until).is_(None)
    )
    return session.exec(query).one() or 0


def enter_roster(session: Session, keys: KeyRing, owner: RosterOwner, people: Sequence[NewPerson]) -> None:
    """Enter a unit's people and their records of a year in place of what earlier workbooks of that year said.

    A record that stands in both unchanged stays the same record: what was settled on it holds on.
    """
    stood = _stood(session, owner)
    _take_back(session, owner)
    known = people_by_identity(session, keys, [person.identity_number for person in people])
    ids: dict[str, UUID] = {}
    fresh: list[Values] = []
    for new in people:
        number = normal(new.identity_number)
        person = known.get(number)
        if person is None:
            fresh.append(_sealed_person(keys, new))
            ids[number] = fresh[-1]["id"]
            continue
        person.name, person.sex, person.born = new.name, new.sex, new.born
        person.political_status = new.political_status
        session.add(person)
        ids[number] = person.id
    insert_rows(session, Person, fresh)
    _enter_titles(session, ids, people)
    _enter_employments(session, owner, ids, people)
    insert_rows(
        session,
        StudyRecord,
        (
            _record(owner, ids[normal(new.identity_number)], record, stood)
            for new in people
            for record in new.records
        ),
    )
    session.flush()


def _stood(session: Session, owner: RosterOwner) -> dict[str, list[UUID]]:
    """Return what the records of the replaced workbooks say → their ids, the first in a workbook first."""
    if not owner.replaces:
        return {}
    query = (
        select(StudyRecord)
        .where(col(StudyRecord.batch_id).in_(owner.replaces))
        .order_by(col(StudyRecord.position), col(StudyRecord.id))
    )
    stood: dict[str, list[UUID]] = {}
    for record in session.exec(query):
        stood.setdefault(_said(record.person_id, record), []).append(record.id)
    return stood


def _said(person_id: UUID, record: NewRecord | StudyRecord) -> str:
    """Return all that a workbook says of a record, its row apart, as one text."""
    days = [None if day is None else day.isoformat() for day in (record.start, record.end)]
    words = [
        getattr(record, name) for name in ("kind", "claimed", "content", "form", "result", "certificate")
    ]
    return canonical_json([str(person_id), dict(record.facts), words, days])


def _take_back(session: Session, owner: RosterOwner) -> None:
    """Remove the records and employments that a unit's earlier workbooks of the year brought; people stay."""
    if not owner.replaces:
        return
    session.execute(delete(StudyRecord).where(col(StudyRecord.batch_id).in_(owner.replaces)))
    session.execute(
        delete(Employment).where(col(Employment.unit_id) == owner.unit_id, col(Employment.until).is_(None))
    )
    for batch in session.exec(select(ImportBatch).where(col(ImportBatch.id).in_(owner.replaces))):
        batch.state = "replaced"
        session.add(batch)


def _sealed_person(keys: KeyRing, new: NewPerson) -> Values:
    sealed = keys.seal(new.identity_number)
    return {
        "id": new_id(),
        "identity_index": keys.index_of(new.identity_number),
        "identity_sealed": sealed.number,
        "identity_key": sealed.key,
        "identity_key_id": sealed.key_id,
        "name": new.name,
        "sex": new.sex,
        "born": new.born,
        "political_status": new.political_status,
    }


def _enter_titles(session: Session, ids: Mapping[str, UUID], people: Sequence[NewPerson]) -> None:
    held: dict[tuple[UUID, date], Title] = {}
    for chunk in chunks(list(ids.values())):
        for title in session.exec(select(Title).where(col(Title.person_id).in_(chunk))):
            held[title.person_id, title.since] = title
    fresh: list[Values] = []
    for new in people:
        if not new.title and new.level is None:
            continue
        person_id, since = ids[normal(new.identity_number)], new.title_since or new.employed_since
        known = held.get((person_id, since))
        if known is not None:
            known.name, known.level = new.title, new.level
            continue
        named = {"name": new.title, "level": new.level}
        fresh.append({"id": new_id(), "person_id": person_id, "since": since, **named})
    insert_rows(session, Title, fresh)


def _enter_employments(
    session: Session, owner: RosterOwner, ids: Mapping[str, UUID], people: Sequence[NewPerson]
) -> None:
    """Enter who works at the unit; whoever does so already goes on, since the earlier of the two days.

    A workbook may leave the day blank, which stands for the first day of its year: it must not begin a second time.
    """
    held = session.exec(select(Employment).where(Employment.unit_id == owner.unit_id)).all()
    by_day = {(employment.person_id, employment.since): employment for employment in held}
    lasting = {employment.person_id: employment for employment in held if employment.until is None}
    fresh: list[Values] = []
    for new in people:
        person_id = ids[normal(new.identity_number)]
        employment = lasting.get(person_id) or by_day.get((person_id, new.employed_since))
        if employment is None:
            of = {"person_id": person_id, "unit_id": owner.unit_id, "area": owner.area, "post": new.post}
            since = {"order_in_unit": new.order_in_unit, "since": new.employed_since}
            fresh.append({"id": new_id(), **of, **since})
            continue
        if new.employed_since < employment.since and (person_id, new.employed_since) not in by_day:
            employment.since = new.employed_since
        employment.post, employment.order_in_unit, employment.until = new.post, new.order_in_unit, None
        session.add(employment)
    insert_rows(session, Employment, fresh)


def _record(owner: RosterOwner, person_id: UUID, new: NewRecord, stood: Mapping[str, list[UUID]]) -> Values:
    same = stood.get(_said(person_id, new))
    return {
        "id": same.pop(0) if same else new_id(),
        "person_id": person_id,
        "unit_id": owner.unit_id,
        "batch_id": owner.batch_id,
        "area": owner.area,
        "year": owner.year,
        "position": new.position,
        "kind": new.kind,
        "facts": dict(new.facts),
        "claimed": new.claimed,
        "content": new.content,
        "form": new.form,
        "result": new.result,
        "certificate": new.certificate,
        "start": new.start,
        "end": new.end,
        "maker": owner.maker,
    }
