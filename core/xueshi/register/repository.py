"""Queries on units, people and their records. Every function takes the scope first; the frame commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_
from sqlmodel import Session, SQLModel, col, select

from xueshi.access.scope import Scope
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.register.identity import KeyRing, SealedIdentity, mask_identity, normal
from xueshi.register.tables import (
    Employment,
    ImportBatch,
    Person,
    StagingRow,
    StudyRecord,
    Title,
    Unit,
    UnitYearStatement,
)
from xueshi.register.unit_kinds import EMPLOYER, UNIT_KINDS
from xueshi.storage import new_id

BATCH = 500
"""Keys asked for in one query: below every database's limit of parameters."""
INSERTED_AT_ONCE = 2000
Values = dict[str, Any]
"""A new row as plain values by column: thousands of them are inserted in bulk."""


@dataclass(frozen=True)
class NewUnit:
    """A unit to enter into the register."""

    credit_code: str
    name: str
    area: str
    sector: str | None = None
    kind: str = EMPLOYER
    has_department: bool | None = None


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


COUNTED = ("registered", "verified")
"""Stages of records that are judged: what a workbook brought, and what was filed in the year and verified."""
PENDING = ("deciding", "returned")
"""Stages of filed records that nobody has decided yet: shown, and not counted."""


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
class RosterOwner:
    """Whose workbook is entered, by whom: unit, year, batch, and `account:{id}` of the maker."""

    unit_id: UUID
    area: str
    year: int
    batch_id: UUID
    maker: str
    replaces: tuple[UUID, ...] = field(default=())
    """Batches whose people and records this one takes the place of."""


def unit(session: Session, scope: Scope, unit_id: UUID) -> Unit:
    """Return one unit; NotFoundError outside the scope."""
    found = session.exec(select(Unit).where(Unit.id == unit_id, _visible(scope))).one_or_none()
    if found is None:
        raise NotFoundError(f"单位 {unit_id} 不存在或不在管理范围；请核对单位编号")
    return found


def unit_by_code(session: Session, scope: Scope, credit_code: str, *, lock: bool = False) -> Unit | None:
    """Return the unit of a 统一社会信用代码; None when it is not there or outside the scope.

    `lock` keeps other imports of the unit waiting until the transaction ends.
    """
    query = select(Unit).where(Unit.credit_code == credit_code, _visible(scope))
    return session.exec(query.with_for_update() if lock else query).one_or_none()


def units(session: Session, scope: Scope) -> list[Unit]:
    """Return all units in the scope, by credit code."""
    return list(session.exec(select(Unit).where(_visible(scope)).order_by(Unit.credit_code)))


def add_units(session: Session, scope: Scope, new: Sequence[NewUnit]) -> dict[str, UUID]:
    """Enter units; returns credit code → id. InputError for a code in use, NotAllowedError outside the scope."""
    for one in new:
        if not scope.allows(one.area, one.sector):
            raise NotAllowedError(
                f"单位 {one.name}（{one.credit_code}）的地区 {one.area} 不在您的管理范围；请由该地区办理"
            )
    codes = [one.credit_code for one in new]
    doubled = sorted({code for code in codes if codes.count(code) > 1} | _known_codes(session, codes))
    if doubled:
        raise InputError(
            f"统一社会信用代码 {doubled[0]} 已有单位在册；请核对代码，或改用该单位办理（共 {len(doubled)} 个重复）"
        )
    rows = [
        Unit(
            id=new_id(),
            credit_code=one.credit_code,
            name=one.name,
            area=one.area,
            sector=one.sector,
            kind=one.kind,
            has_department=one.has_department,
        )
        for one in new
    ]
    session.add_all(rows)
    session.flush()
    return {row.credit_code: row.id for row in rows}


def move_unit(session: Session, scope: Scope, unit_id: UUID, area: str) -> Unit:
    """Give a unit another area: what it registers from now on belongs there; NotFoundError outside the scope."""
    moved = unit(session, scope, unit_id)
    moved.area = area
    session.add(moved)
    return moved


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
    for chunk in _chunks(people):
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


def namesakes(session: Session, scope: Scope) -> list[tuple[Unit, Unit]]:
    """Return pairs of units of one area and name under two credit codes: most likely one unit that stands twice."""
    seen: dict[tuple[str, str], Unit] = {}
    pairs = []
    for one in units(session, scope):
        first = seen.setdefault((one.area, "".join(one.name.split())), one)
        if first is not one:
            pairs.append((first, one))
    return pairs


def batches(session: Session, scope: Scope, unit_id: UUID, year: int) -> list[ImportBatch]:
    """Return the promoted workbooks of a unit's year that still count, oldest first."""
    unit(session, scope, unit_id)
    return list(
        session.exec(
            select(ImportBatch)
            .where(ImportBatch.unit_id == unit_id, ImportBatch.year == year, ImportBatch.state == "promoted")
            .order_by(col(ImportBatch.id))
        )
    )


def set_unit(
    session: Session,
    scope: Scope,
    unit_id: UUID,
    *,
    kind: str | None = None,
    has_department: bool | Literal["by_sector"] | None = None,
    sector: str | None = None,
) -> Unit:
    """Set what a unit is, for the flows that open from now on; None leaves a fact as it is. An empty sector clears it."""
    found = unit(session, scope, unit_id)
    if kind is not None:
        if kind not in UNIT_KINDS:
            raise InputError(f"没有“{kind}”这种单位；可用：{'、'.join(UNIT_KINDS)}")
        found.kind = kind
    if has_department is not None:
        found.has_department = None if has_department == "by_sector" else has_department
    if sector is not None:
        found.sector = sector or None
    session.add(found)
    session.flush()
    return found


def person_name(session: Session, scope: Scope, unit_id: UUID, person_id: UUID) -> str:
    """Return the name of a person whom a unit in the scope employs or employed; NotFoundError otherwise."""
    query = (
        select(Person.name)
        .join(Employment, col(Employment.person_id) == col(Person.id))
        .join(Unit, col(Unit.id) == col(Employment.unit_id))
        .where(Person.id == person_id, Unit.id == unit_id, _visible(scope))
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(f"人员 {person_id} 不存在或不在管理范围")
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
    for chunk in _chunks(sorted(set(people))):
        employed = (
            select(Employment.person_id)
            .join(Unit, col(Unit.id) == col(Employment.unit_id))
            .where(col(Employment.person_id).in_(chunk), _visible(scope))
        )
        for person in session.exec(select(Person).where(col(Person.id).in_(employed))):
            sealed = SealedIdentity(person.identity_sealed, person.identity_key, person.identity_key_id)
            shown[person.id] = ShownPerson(
                person.name, mask_identity(keys.reveal(sealed)), person.identity_index
            )
    return shown


def state_amount(
    session: Session, scope: Scope, unit_id: UUID, year: int, key: str, amount: int, maker: str, at: datetime
) -> None:
    """Note what a unit states for a year, in hundredths of a yuan; NotFoundError outside the scope."""
    found = unit(session, scope, unit_id)
    session.add(
        UnitYearStatement(
            id=new_id(),
            unit_id=found.id,
            area=found.area,
            year=year,
            key=key,
            amount=amount,
            maker=maker,
            stated_at=at,
        )
    )
    session.flush()


def stated_amounts(session: Session, scope: Scope, year: int) -> dict[UUID, dict[str, int]]:
    """Return unit → key → amount in hundredths of a yuan: the latest statement of each key."""
    query = (
        select(UnitYearStatement)
        .join(Unit, col(Unit.id) == col(UnitYearStatement.unit_id))
        .where(UnitYearStatement.year == year, _visible(scope))
        .order_by(col(UnitYearStatement.id))
    )
    stated: dict[UUID, dict[str, int]] = {}
    for row in session.exec(query):
        stated.setdefault(row.unit_id, {})[row.key] = row.amount
    return stated


def study_record(session: Session, scope: Scope, record_id: UUID) -> StudyRecord:
    """Return one record of study; NotFoundError outside the scope."""
    query = (
        select(StudyRecord)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .where(StudyRecord.id == record_id, _visible(scope))
    )
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(f"学习记录 {record_id} 不存在或不在管理范围；可能已由新的登记代替")
    return found


def standing_batches(session: Session, scope: Scope, year: int) -> dict[UUID, ImportBatch]:
    """Return unit → the workbook that its register of a year stands on, for units that have one."""
    query = (
        select(ImportBatch)
        .join(Unit, col(Unit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.year == year, ImportBatch.state == "promoted", _visible(scope))
        .order_by(col(ImportBatch.id))
    )
    return {batch.unit_id: batch for batch in session.exec(query) if batch.unit_id is not None}


def standing_people(session: Session, scope: Scope, year: int) -> dict[UUID, int]:
    """Return unit → people of all its workbooks of a year that count: the first, and what was added to it."""
    query = (
        select(ImportBatch.unit_id, func.sum(ImportBatch.people))
        .join(Unit, col(Unit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.year == year, ImportBatch.state == "promoted", _visible(scope))
        .group_by(col(ImportBatch.unit_id))
    )
    return {unit_id: int(people) for unit_id, people in session.exec(query) if unit_id is not None}


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


def last_place(session: Session, scope: Scope, unit_id: UUID) -> int:
    """Return the last place in a unit's own order of its present people; 0 where it has none."""
    unit(session, scope, unit_id)
    query = select(func.max(Employment.order_in_unit)).where(
        Employment.unit_id == unit_id, col(Employment.until).is_(None)
    )
    return session.exec(query).one() or 0


def batch(session: Session, batch_id: UUID) -> ImportBatch:
    """Return one workbook's batch; NotFoundError when it is gone."""
    found = session.get(ImportBatch, batch_id)
    if found is None:
        raise NotFoundError(f"导入批次 {batch_id} 不存在；请重新导入")
    return found


def staged(session: Session, batch_id: UUID) -> list[StagingRow]:
    """Return the staged rows of a batch, in the order of the workbook."""
    return list(
        session.exec(select(StagingRow).where(StagingRow.batch_id == batch_id).order_by(col(StagingRow.row)))
    )


def finish_batch(session: Session, batch: ImportBatch, state: str, now: datetime) -> None:
    """Note what became of a batch and empty its staging."""
    batch.state = state
    batch.promoted_at = now if state == "promoted" else None
    session.add(batch)
    session.execute(delete(StagingRow).where(col(StagingRow.batch_id) == batch.id))


def discard_staged(session: Session, before: datetime) -> None:
    """Discard batches that were left in staging before an instant: their process died."""
    for left in session.exec(
        select(ImportBatch).where(ImportBatch.state == "staged", col(ImportBatch.handed_in_at) < before)
    ).all():
        finish_batch(session, left, "discarded", before)


def people_for_assessment(
    session: Session, scope: Scope, unit_id: UUID, year: int, *, as_of: date, titles_as_of: date | None = None
) -> list[PersonForAssessment]:
    """Return who is employed at a unit on a day, in the unit's order, with the title of a day and the year's records.

    Records follow the person: those of a unit that he left by `as_of` count here. The title is that of `titles_as_of`
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
    records = _records(session, unit_id, year, people, COUNTED, as_of)
    pending = _records(session, unit_id, year, people, PENDING, as_of)
    return [
        PersonForAssessment(
            person_id=person.id,
            name=person.name,
            sex=person.sex,
            born=person.born,
            political_status=person.political_status,
            photo=person.photo,
            post=employment.post,
            title=titles[person.id].name if person.id in titles else "",
            level=titles[person.id].level if person.id in titles else None,
            records=tuple(records.get(person.id, ())),
            pending=tuple(pending.get(person.id, ())),
        )
        for employment, person in rows
    ]


def records_by_id(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, RecordForAssessment]:
    """Return records by id, whatever became of them since: what a sealed result rests on stays readable."""
    found: dict[UUID, RecordForAssessment] = {}
    for chunk in _chunks(record_ids):
        for row in session.exec(select(StudyRecord).where(col(StudyRecord.id).in_(chunk))):
            found[row.id] = _for_assessment(row)
    return found


def people_by_identity(session: Session, keys: KeyRing, numbers: Iterable[str]) -> dict[str, Person]:
    """Return identity number (normal spelling) → person for those already in the register, by blind index."""
    by_index = {keys.index_of(number): normal(number) for number in numbers}
    found: dict[str, Person] = {}
    for chunk in _chunks(sorted(by_index)):
        for person in session.exec(select(Person).where(col(Person.identity_index).in_(chunk))):
            found[by_index[person.identity_index]] = person
    return found


def enter_roster(session: Session, keys: KeyRing, owner: RosterOwner, people: Sequence[NewPerson]) -> None:
    """Enter a unit's people and their records of a year in place of what earlier workbooks of that year said."""
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
    _insert(session, Person, fresh)
    _enter_titles(session, ids, people)
    _enter_employments(session, owner, ids, people)
    _insert(
        session,
        StudyRecord,
        (
            _record(owner, ids[normal(new.identity_number)], record)
            for new in people
            for record in new.records
        ),
    )
    session.flush()


def count_of_people(session: Session, scope: Scope) -> int:
    """Return how many people are employed now at units of the scope."""
    query = (
        select(func.count(func.distinct(Employment.person_id)))
        .join(Unit, col(Unit.id) == col(Employment.unit_id))
        .where(col(Employment.until).is_(None), _visible(scope))
    )
    return session.exec(query).one()


def _visible(scope: Scope) -> ColumnElement[bool]:
    return scope.clause(col(Unit.area), col(Unit.sector), col(Unit.id))


def _known_codes(session: Session, codes: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for chunk in _chunks(sorted(set(codes))):
        known.update(session.exec(select(Unit.credit_code).where(col(Unit.credit_code).in_(chunk))))
    return known


def _titles(session: Session, people: Sequence[UUID], as_of: date) -> dict[UUID, Title]:
    """Return each person's title on a day: the latest that had begun."""
    latest: dict[UUID, Title] = {}
    for chunk in _chunks(people):
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
    for chunk in _chunks(people):
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
    )


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
    for chunk in _chunks(list(ids.values())):
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
    _insert(session, Title, fresh)


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
    _insert(session, Employment, fresh)


def _record(owner: RosterOwner, person_id: UUID, new: NewRecord) -> Values:
    return {
        "id": new_id(),
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


@cache
def defaults_of(table: type[SQLModel]) -> Values:
    """Return what a table's columns hold where a new row says nothing, for rows inserted in bulk."""
    return {name: field.default for name, field in table.model_fields.items() if not field.is_required()}


def _insert(session: Session, table: type[SQLModel], rows: Iterable[Values]) -> None:
    """Insert new rows in bulk: a district's workbook must not hold the write lock for a minute."""
    waiting = iter(rows)
    while chunk := [{**defaults_of(table), **row} for row in islice(waiting, INSERTED_AT_ONCE)]:
        session.execute(insert(table), chunk)


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
