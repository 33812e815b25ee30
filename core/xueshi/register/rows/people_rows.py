"""People as they are shown, judged and moved: never with an open identity number. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import NotFoundError
from xueshi.register.identity import KeyRing, SealedIdentity, mask_identity, normal
from xueshi.register.rows.shared import COUNTED, PENDING, chunks, visible
from xueshi.register.rows.unit_rows import unit
from xueshi.register.tables import (
    Employment,
    EmploymentSource,
    ImportBatch,
    Person,
    StudyRecord,
    Title,
    Unit,
)


@dataclass(frozen=True)
class RecordForAssessment:
    """One record as it is judged and printed."""

    id: UUID
    kind: str
    year: int
    facts: Mapping[str, object]
    claimed: int | None
    content: str
    form: str
    result: str
    certificate: str
    start: date | None
    end: date | None
    makeup: bool = False
    """Made up (补训) for its year."""


@dataclass(frozen=True)
class PersonForAssessment:
    """A person of a unit as of a day, with the year's records in the unit's order, those of a former unit after them."""

    person_id: UUID
    name: str
    sex: str
    born: date | None
    political_status: str
    photo: bytes | None
    post: str
    title: str
    level: str | None
    records: tuple[RecordForAssessment, ...]
    pending: tuple[RecordForAssessment, ...] = ()
    """Records filed for the year that nobody has decided yet."""


@dataclass(frozen=True)
class Mover:
    """Someone who came to a unit or left it in a span of days; where from or to, if known."""

    person_id: UUID
    unit_id: UUID
    came: date | None
    left: date | None


def movers(session: Session, scope: Scope, unit_id: UUID, first: date, last: date) -> list[Mover]:
    """Return who changed between a unit and another one in a span of days: employments that begin or end inside it."""
    unit(session, scope, unit_id)
    own = session.exec(select(Employment).where(Employment.unit_id == unit_id)).all()
    people = [one.person_id for one in own]
    elsewhere: dict[UUID, list[Employment]] = {}
    for chunk in chunks(people):
        query = select(Employment).where(col(Employment.person_id).in_(chunk), Employment.unit_id != unit_id)
        for one in session.exec(query):
            elsewhere.setdefault(one.person_id, []).append(one)
    found = []
    for one in own:
        for other in elsewhere.get(one.person_id, ()):
            left = one.until if one.until is not None and first <= one.until <= last else None
            came = one.since if first <= one.since <= last else None
            if left is not None or (came is not None and other.until is not None):
                found.append(Mover(one.person_id, other.unit_id, None if left else came, left))
    return found


def person_name(session: Session, scope: Scope, unit_id: UUID, person_id: UUID) -> str:
    """Return the name of a person whom a unit in the scope employs or employed; NotFoundError otherwise."""
    return person_names(session, scope, unit_id, (person_id,))[person_id]


def person_names(session: Session, scope: Scope, unit_id: UUID, people: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of people whom a unit in the scope employs or employed; NotFoundError where one is not."""
    found: dict[UUID, str] = {}
    wanted = list(dict.fromkeys(people))
    for chunk in chunks(wanted):
        query = (
            select(Person.id, Person.name)
            .join(Employment, col(Employment.person_id) == col(Person.id))
            .join(Unit, col(Unit.id) == col(Employment.unit_id))
            .where(col(Person.id).in_(chunk), Unit.id == unit_id, visible(scope, Person.id))
        )
        found.update(session.exec(query).all())
    missing = next((one for one in wanted if one not in found), None)
    if missing is not None:
        raise NotFoundError(f"人员 {missing} 不存在或不在管理范围；请核对人员编号")
    return found


@dataclass(frozen=True)
class ShownPerson:
    """A person as a list for officers shows them: name, identity number masked; `index` is the blind index."""

    name: str
    identity: str
    index: str


def shown_people(
    session: Session, scope: Scope, keys: KeyRing, people: Iterable[UUID]
) -> dict[UUID, ShownPerson]:
    """Return name and masked identity number of people whom units of the scope employ or employed."""
    shown: dict[UUID, ShownPerson] = {}
    for chunk in chunks(sorted(set(people))):
        employed = (
            select(Employment.person_id)
            .join(Unit, col(Unit.id) == col(Employment.unit_id))
            .where(col(Employment.person_id).in_(chunk), visible(scope, Employment.person_id))
        )
        for person in session.exec(select(Person).where(col(Person.id).in_(employed))):
            sealed = SealedIdentity(person.identity_sealed, person.identity_key, person.identity_key_id)
            shown[person.id] = ShownPerson(
                person.name, mask_identity(keys.reveal(sealed)), person.identity_index
            )
    return shown


def study_record(session: Session, scope: Scope, record_id: UUID) -> StudyRecord:
    """Return one record of study; NotFoundError outside the scope."""
    query = (
        select(StudyRecord)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .where(StudyRecord.id == record_id, visible(scope, StudyRecord.person_id))
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(f"学习记录 {record_id} 不存在或不在管理范围；可能已由新的登记代替")
    return found


def recorded_people(session: Session, scope: Scope, unit_id: UUID, year: int) -> set[UUID]:
    """Return the people of whom a workbook of the unit's year that counts brought records."""
    unit(session, scope, unit_id)
    query = (
        select(StudyRecord.person_id)
        .join(ImportBatch, col(ImportBatch.id) == col(StudyRecord.batch_id))
        .where(StudyRecord.unit_id == unit_id, StudyRecord.year == year, ImportBatch.state == "promoted")
        .distinct()
    )
    return set(session.exec(query))


def people_for_assessment(
    session: Session, scope: Scope, unit_id: UUID, year: int, *, as_of: date, titles_as_of: date | None = None
) -> list[PersonForAssessment]:
    """Return who is employed at a unit on a day, in the unit's order, with the title of a day and the year's records.

    The post is that of the year's own workbook where there is one. Records follow the person: those of a unit that he left by `as_of` count here. The title is that of `titles_as_of`
    where the instrument reads it on another day.
    """
    unit(session, scope, unit_id)
    rows = session.exec(
        select(Employment, Person)
        .join(Person, col(Person.id) == col(Employment.person_id))
        .where(
            Employment.unit_id == unit_id,
            col(Employment.since) <= as_of,
            or_(col(Employment.until).is_(None), col(Employment.until) >= as_of),
        )
        .order_by(col(Employment.order_in_unit), col(Person.identity_index))
    ).all()
    people = [person.id for _, person in rows]
    titles = _titles(session, people, titles_as_of or as_of)
    posts = _posts_of_year(session, unit_id, year)
    records = _records(session, unit_id, year, people, COUNTED, as_of)
    pending = _records(session, unit_id, year, people, PENDING, as_of)
    return [
        replace(
            _person(person, posts.get(person.id, employment.post), titles.get(person.id)),
            records=tuple(records.get(person.id, ())),
            pending=tuple(pending.get(person.id, ())),
        )
        for employment, person in rows
    ]


def people_by_id(
    session: Session, unit_id: UUID, people: Sequence[UUID], year: int, as_of: date, titles_as_of: date
) -> dict[UUID, PersonForAssessment]:
    """Return people as they stand in the register, without records, whether or not they work at the unit any more.

    The post is that of the year's workbook, else that at the unit on a day, else the last one there; blank where the
    register knows of none.
    """
    titles = _titles(session, people, titles_as_of)
    posts: dict[UUID, str] = {}
    found: dict[UUID, PersonForAssessment] = {}
    for chunk in chunks(people):
        own = (
            select(Employment)
            .where(Employment.unit_id == unit_id, col(Employment.person_id).in_(chunk))
            .order_by((col(Employment.since) <= as_of).asc(), col(Employment.since))
        )
        posts.update({one.person_id: one.post for one in session.exec(own)})
    posts |= _posts_of_year(session, unit_id, year)
    for chunk in chunks(people):
        for person in session.exec(select(Person).where(col(Person.id).in_(chunk))):
            found[person.id] = _person(person, posts.get(person.id, ""), titles.get(person.id))
    return found


def _posts_of_year(session: Session, unit_id: UUID, year: int) -> dict[UUID, str]:
    """Return person → the post that a unit's workbook of a year gives him: a later year's says nothing of it."""
    query = (
        select(Employment.person_id, EmploymentSource.post)
        .join(EmploymentSource, col(EmploymentSource.employment_id) == col(Employment.id))
        .where(
            Employment.unit_id == unit_id,
            EmploymentSource.year == year,
            col(EmploymentSource.batch_id).is_not(None),
        )
        .order_by(col(EmploymentSource.id))
    )
    return dict(session.exec(query).all())


def _person(person: Person, post: str, title: Title | None) -> PersonForAssessment:
    return PersonForAssessment(
        person_id=person.id,
        name=person.name,
        sex=person.sex,
        born=person.born,
        political_status=person.political_status,
        photo=person.photo,
        post=post,
        title="" if title is None else title.name,
        level=None if title is None else title.level,
        records=(),
    )


def records_by_id(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, RecordForAssessment]:
    """Return records by id, whatever became of them since: what a sealed result rests on stays readable."""
    found: dict[UUID, RecordForAssessment] = {}
    for chunk in chunks(record_ids):
        for row in session.exec(select(StudyRecord).where(col(StudyRecord.id).in_(chunk))):
            found[row.id] = _for_assessment(row)
    return found


def people_by_identity(session: Session, keys: KeyRing, numbers: Iterable[str]) -> dict[str, Person]:
    """Return identity number (normal spelling) → person for those already in the register, by blind index."""
    by_index = {keys.index_of(number): normal(number) for number in numbers}
    found: dict[str, Person] = {}
    for chunk in chunks(sorted(by_index)):
        for person in session.exec(select(Person).where(col(Person.identity_index).in_(chunk))):
            found[by_index[person.identity_index]] = person
    return found


def count_of_people(session: Session, scope: Scope) -> int:
    """Return how many people are employed now at units of the scope."""
    query = (
        select(func.count(func.distinct(Employment.person_id)))
        .join(Unit, col(Unit.id) == col(Employment.unit_id))
        .where(col(Employment.until).is_(None), visible(scope))
    )
    return session.exec(query).one()


def _titles(session: Session, people: Sequence[UUID], as_of: date) -> dict[UUID, Title]:
    """Return each person's title on a day: the latest that had begun."""
    latest: dict[UUID, Title] = {}
    for chunk in chunks(people):
        query = (
            select(Title)
            .where(col(Title.person_id).in_(chunk), col(Title.since) <= as_of)
            .order_by(col(Title.since))
        )
        latest.update({title.person_id: title for title in session.exec(query)})
    return latest


def _records(
    session: Session, unit_id: UUID, year: int, people: Sequence[UUID], stages: Sequence[str], as_of: date
) -> dict[UUID, list[RecordForAssessment]]:
    """Return the records of some people in some stages: the unit's own first, then those that followed the person.

    What another unit filed counts wherever it was verified; what another unit's workbook lists counts only once the
    person has left that unit: while he works at both, each judges its own list.
    """
    gathered: dict[UUID, list[RecordForAssessment]] = {}
    for chunk in chunks(people):
        works_there = (
            select(Employment.id)
            .where(
                Employment.person_id == StudyRecord.person_id,
                Employment.unit_id == StudyRecord.unit_id,
                or_(col(Employment.until).is_(None), col(Employment.until) >= as_of),
            )
            .exists()
        )
        query = (
            select(StudyRecord)
            .where(
                col(StudyRecord.person_id).in_(chunk),
                StudyRecord.year == year,
                col(StudyRecord.stage).in_(stages),
                or_(
                    col(StudyRecord.unit_id) == unit_id, col(StudyRecord.stage) != "registered", ~works_there
                ),
            )
            .order_by(col(StudyRecord.position), col(StudyRecord.id))
        )
        rows = sorted(session.exec(query), key=lambda row: row.unit_id != unit_id)
        for row in rows:
            gathered.setdefault(row.person_id, []).append(_for_assessment(row))
    return gathered


def _for_assessment(row: StudyRecord) -> RecordForAssessment:
    return RecordForAssessment(
        id=row.id,
        kind=row.kind,
        year=row.year,
        facts={**row.facts, **(row.determined or {})},
        claimed=row.claimed,
        content=row.content,
        form=row.form,
        result=row.result,
        certificate=row.certificate,
        start=row.start,
        end=row.end,
        makeup=row.makeup,
    )
