"""The roster of a unit and year, entered in bulk and taken back as a whole. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.canonical import canonical_json
from xueshi.register.disturbed import Disturbed
from xueshi.register.identity import KeyRing, normal
from xueshi.register.rows.people_rows import people_by_identity
from xueshi.register.rows.shared import Values, chunks, insert_rows
from xueshi.register.rows.standing_rows import TitleStanding, UnitStanding
from xueshi.register.rows.unit_rows import unit
from xueshi.register.tables import (
    Employment,
    ImportBatch,
    Person,
    StudyRecord,
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
    since_stated: bool = True
    """Whether the workbook names the first day; a blank one stands for the first day of its year."""
    left: date | None = None
    """Last day at the unit, where the person left it in or before the year."""
    row: int = 0
    """Row of the workbook; 0 where there is none."""


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


def enter_roster(
    session: Session, keys: KeyRing, owner: RosterOwner, people: Sequence[NewPerson]
) -> Disturbed:
    """Enter a unit's people and their records of a year in place of what earlier workbooks of that year said.

    What other years' workbooks and acts say stands, and a record that stands in both unchanged stays the same record:
    what was settled on it holds on. Returns whose time at the unit or level changed.
    """
    stood = _stood(session, owner)
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
    standing = UnitStanding(session, owner.unit_id)
    titles = TitleStanding(session, list(ids.values()), owner.replaces)
    _take_back(session, owner, standing, set(ids.values()))
    for new in people:
        _say(owner, ids[normal(new.identity_number)], new, standing, titles)
    disturbed = Disturbed(standing.settle(), titles.settle())
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
    return disturbed


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


def _take_back(
    session: Session, owner: RosterOwner, standing: UnitStanding, listed: Collection[UUID]
) -> None:
    """Take back what a unit's earlier workbooks of the year brought; people stay, and what else says the same.

    The records of who left the unit by an act went along with him: they are kept, as records of this workbook.
    """
    if not owner.replaces:
        return
    standing.take_back(owner.replaces)
    for chunk in chunks(sorted(standing.gone() - set(listed))):
        session.execute(
            update(StudyRecord)
            .where(col(StudyRecord.batch_id).in_(owner.replaces), col(StudyRecord.person_id).in_(chunk))
            .values(batch_id=owner.batch_id)
        )
    session.execute(delete(StudyRecord).where(col(StudyRecord.batch_id).in_(owner.replaces)))
    for batch in session.exec(select(ImportBatch).where(col(ImportBatch.id).in_(owner.replaces))):
        batch.state = "replaced"
        session.add(batch)


def _say(
    owner: RosterOwner, person_id: UUID, new: NewPerson, standing: UnitStanding, titles: TitleStanding
) -> None:
    """Enter what a workbook says of one person's time at the unit and of his title."""
    row = {"since": new.employed_since, "post": new.post, "order_in_unit": new.order_in_unit}
    standing.say(owner.batch_id, owner.year, owner.area, person_id, {**row, "left": new.left})
    if new.title or new.level is not None:
        since = new.title_since or new.employed_since
        titles.say(owner.batch_id, owner.year, person_id, since, {"name": new.title, "level": new.level})


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
