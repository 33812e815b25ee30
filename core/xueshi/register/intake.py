"""Bringing a checked workbook into the register: staged in short transactions, promoted in one, all or nothing.

Where the person who hands it in chooses so, the people of whom nothing is wrong are taken and the rest goes back; the
audit says how many. What was sent back and corrected is then added to what stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.register.disturbed import Disturbed
from xueshi.register.identity import KeyRing, mask_identity
from xueshi.register.intake_vocabulary import PEOPLE, UNIT
from xueshi.register.roster_check import RosterOf, compare
from xueshi.register.rows import batch_rows, people_rows, roster_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, NewRecord, RosterOwner
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.sheets import CheckedWorkbook
from xueshi.register.tables import ImportBatch, StagingRow, Unit
from xueshi.register.unit_kinds import UNIT_KINDS, has_department
from xueshi.storage import new_id, transaction

CHUNK = 500
Mode = Literal["first", "replace", "add"]
"""How a workbook stands to what its unit handed in before for the year: nothing there yet, in its place, beside it."""
STALE = timedelta(hours=1)
"""Rows staged longer ago belong to a process that died; they are removed."""


@dataclass(frozen=True)
class Intake:
    """What became of a workbook: the unit, and how many people and records it brought."""

    outcome: Literal["promoted", "unchanged"]
    unit_id: UUID
    people: int
    records: int
    standing: int = 0
    """People of all workbooks of the unit's year that count now, this one included."""
    disturbed: Disturbed = field(default_factory=Disturbed)
    """Whose time at the unit, or whose level, changed by it."""


class HandedIn(Protocol):
    """A unit with its people: a checked workbook of one unit, or one of its registers."""

    @property
    def unit(self) -> NewUnit | None:
        """The unit."""

    @property
    def people(self) -> Sequence[NewPerson]:
        """Its people."""


@dataclass(frozen=True)
class Accepted:
    """The part of a workbook that is taken in for one unit: everything, or its valid people."""

    unit: NewUnit
    people: Sequence[NewPerson]


def accepted(checked: CheckedWorkbook, *, valid_only: bool) -> list[Accepted]:
    """Return what is taken of a checked workbook, unit by unit; with `valid_only` the people of whom nothing is wrong."""
    if not valid_only:
        return [Accepted(one.unit, one.people) for one in checked.registers]
    if checked.blocked:
        return []
    return [Accepted(one.unit, one.sound) for one in checked.registers if one.sound]


def note_valid_only(
    session: Session, actor: Actor, checked: CheckedWorkbook, digest: str, taken: Sequence[Intake]
) -> None:
    """Write into the audit that only the valid people of a workbook were taken, with the counts of both parts."""
    audit.append(
        session,
        actor=f"account:{actor.account_id}",
        verb="register_import_valid_only",
        target=f"file:{digest}",
        body={
            "units": [str(one.unit_id) for one in taken],
            "accepted_people": sum(one.people for one in taken),
            "accepted_records": sum(one.records for one in taken),
            "rejected_people": checked.rejected_people,
            "rejected_rows": sum(len(rows) for name, rows in checked.rejected.items() if name != UNIT),
        },
    )


def file_digest(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unit_for(session: Session, actor: Actor, new: NewUnit | None) -> Unit:
    """Return the unit a workbook is for, locked; entered where it is new.

    A unit that was renamed is known by its former names too. Raises InputError when the code is another unit's or the
    area another one, NotAllowedError outside the scope.
    """
    if new is None:
        raise InputError("没有单位，不能导入；请填写“单位”表")
    found = unit_rows.unit_by_code(session, actor.scope, new.credit_code, lock=True)
    if found is None:
        unit_rows.add_units(session, actor.scope, [new])
        found = unit_rows.unit_by_code(session, actor.scope, new.credit_code)
    if found is None:
        raise InputError(f"单位 {new.name}（{new.credit_code}）不在您的管理范围；请由该单位或其主管部门导入")
    if new.name not in {found.name, *(one.name for one in unit_rows.former_names(session, found.id))}:
        raise InputError(
            f"统一社会信用代码 {new.credit_code} 在册的单位名称为“{found.name}”，表中为“{new.name}”；"
            f"请核对代码或单位名称，单位确已更名的，请人社部门用 xueshi register unit rename {new.credit_code} 办理"
        )
    if new.area != found.area:
        raise InputError(
            f"统一社会信用代码 {new.credit_code} 在册的单位地区为“{found.area}”，表中为“{new.area}”；"
            "请核对代码或单位地区"
        )
    _same_kind(found, new)
    return found


def _same_kind(found: Unit, new: NewUnit) -> None:
    """Refuse a workbook that says of a registered unit that it is something else: the bureau changes what a unit is."""
    differs = new.kind and new.kind != found.kind
    department = has_department(found.has_department, found.sector)
    if not differs and new.has_department in (None, department):
        return
    stands, given = (
        (UNIT_KINDS[found.kind], UNIT_KINDS[new.kind])
        if differs
        else tuple(f"{'有' if one else '无'}行业主管部门" for one in (department, new.has_department))
    )
    raise InputError(
        f"单位 {found.name} 在册为“{stands}”，表中为“{given}”；表中留空即以在册的为准，"
        f"确须更改的，请人社部门用 xueshi register unit set {found.credit_code} 办理"
    )


def imported_before(
    session: Session, actor: Actor, unit: Unit, year: int, digest: str, *, mode: Mode = "first"
) -> Intake | None:
    """Tell whether the same file was imported already. Raises InputError for a second, different workbook.

    Adding is for whoever handed in what stands: the officer who signs must be another than any who recorded.
    """
    earlier = batch_rows.batches(session, actor.scope, unit.id, year)
    for batch in earlier:
        if batch.file_digest == digest:
            return Intake("unchanged", unit.id, batch.people, batch.records, _standing(earlier))
    if earlier and mode == "first":
        raise InputError(
            f"单位 {unit.name} 的 {year} 年度已由工作簿“{earlier[-1].file_name}”登记；"
            "如要以新的工作簿代替，请加 --replace（原登记将整体更换）；补交退回改正的人员，请加 --add"
        )
    if mode == "add" and any(batch.maker != f"account:{actor.account_id}" for batch in earlier):
        raise InputError(
            f"单位 {unit.name} 的 {year} 年度由另一经办人登记；请由原经办人补交，或以 --replace 整体更换"
        )
    return None


def check_addition(
    session: Session, keys: KeyRing, actor: Actor, unit: Unit, year: int, people: Sequence[NewPerson]
) -> None:
    """Raise InputError when a person who is to be added stands in the unit's register of the year already."""
    known = people_rows.people_by_identity(session, keys, [person.identity_number for person in people])
    there = people_rows.recorded_people(session, actor.scope, unit.id, year)
    doubled = [number for number, person in known.items() if person.id in there]
    if doubled:
        raise InputError(
            f"{mask_identity(doubled[0])} 等 {len(doubled)} 人的 {year} 年度学习记录已在册，不能补交；"
            "请从工作簿中删去已在册的人员，或以 --replace 整体更换"
        )


def stage(
    engine: Engine,
    keys: KeyRing,
    batch: ImportBatch,
    people: Sequence[NewPerson],
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the checked rows into staging, encrypted, a short transaction for every 500 people."""
    with transaction(engine) as session:
        batch_rows.discard_staged(session, batch.handed_in_at - STALE)
        session.add(batch)
    for start in range(0, len(people), CHUNK):
        chunk = people[start : start + CHUNK]
        with transaction(engine) as session:
            session.add_all(
                StagingRow(
                    batch_id=batch.id,
                    sheet=PEOPLE,
                    row=person.order_in_unit,
                    body=keys.seal_text(_dump(person)),
                )
                for person in chunk
            )
        advance(len(chunk))


def new_batch(actor: Actor, year: int, path: Path, digest: str, checked: HandedIn) -> ImportBatch:
    """Return the batch of a workbook, not stored yet; its unit is known once it is promoted."""
    return ImportBatch(
        id=new_id(),
        area=checked.unit.area if checked.unit else "",
        year=year,
        file_name=path.name,
        file_digest=digest,
        people=len(checked.people),
        records=sum(len(person.records) for person in checked.people),
        maker=f"account:{actor.account_id}",
        handed_in_at=real_now(),
    )


def promote(
    session: Session,
    keys: KeyRing,
    actor: Actor,
    new: NewUnit | None,
    batch_id: UUID,
    *,
    mode: Mode = "first",
    window: tuple[date, date] | None = None,
) -> Intake:
    """Turn a staged batch into the unit's register of the year; staging is emptied.

    The unit is entered here where it is new, and what was imported before is looked at again under the unit's lock:
    of two workbooks on their way at once only the first one counts, unless the second says that it replaces or adds.
    """
    batch = batch_rows.batch(session, batch_id)
    if batch.state != "staged":
        raise InputError(f"工作簿“{batch.file_name}”已处理（{batch.state}），不能再次入库；请重新导入")
    unit = unit_for(session, actor, new)
    before = imported_before(session, actor, unit, batch.year, batch.file_digest, mode=mode)
    if before is not None:
        batch_rows.finish_batch(session, batch, "discarded", batch.handed_in_at)
        return before
    people = [_load(keys.reveal_text(row.body)) for row in batch_rows.staged(session, batch.id)]
    if len(people) != batch.people:
        raise InputError(
            f"工作簿“{batch.file_name}”暂存不完整（{len(people)}/{batch.people} 人）；请重新导入"
        )
    earlier = batch_rows.batches(session, actor.scope, unit.id, batch.year)
    disturbed = enter(session, keys, actor, unit, batch, people, window=window, mode=mode)
    batch_rows.finish_batch(session, batch, "promoted", real_now())
    standing = batch.people + (_standing(earlier) if mode == "add" else 0)
    return Intake("promoted", unit.id, batch.people, batch.records, standing, disturbed)


def enter(
    session: Session,
    keys: KeyRing,
    actor: Actor,
    unit: Unit,
    batch: ImportBatch,
    people: Sequence[NewPerson],
    *,
    window: tuple[date, date] | None = None,
    mode: Mode = "first",
) -> Disturbed:
    """Enter a batch's people as the unit's; returns whose time at the unit or level changed.

    `window` is first and last day of the year, the calendar's where it is not given. Raises InputError for whoever
    contradicts the register: that was told cell by cell before, unless somebody registered something meanwhile.
    """
    batch.unit_id = unit.id
    session.add(batch)
    earlier = batch_rows.batches(session, actor.scope, unit.id, batch.year)
    replaced = () if mode == "add" else tuple(one.id for one in earlier if one.id != batch.id)
    first, last = window or (date(batch.year, 1, 1), date(batch.year, 12, 31))
    of = RosterOf(unit.id, batch.year, first, last, replaced)
    faults = compare(session, keys, of, people, whole=False).faults
    if faults:
        raise InputError(f"{faults[0].heading}：{faults[0].cause}；{faults[0].repair}")
    if mode == "add":
        check_addition(session, keys, actor, unit, batch.year, people)
        place = roster_rows.last_place(session, actor.scope, unit.id)
        people = [replace(person, order_in_unit=person.order_in_unit + place) for person in people]
    owner = RosterOwner(unit.id, unit.area, batch.year, batch.id, batch.maker, replaced)
    return roster_rows.enter_roster(session, keys, owner, people)


def _standing(batches: Sequence[ImportBatch]) -> int:
    return sum(batch.people for batch in batches)


def _dump(person: NewPerson) -> str:
    body = {name: _plain(getattr(person, name)) for name in _PERSON}
    records = [{name: _plain(getattr(record, name)) for name in _RECORD} for record in person.records]
    return canonical_json({**body, "records": records})


_PERSON = [one.name for one in fields(NewPerson) if one.name != "records"]
_RECORD = [one.name for one in fields(NewRecord)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _load(text: str) -> NewPerson:
    body = json.loads(text)
    records = tuple(NewRecord(**_days(record, "start", "end")) for record in body.pop("records"))
    return NewPerson(**_days(body, "born", "employed_since", "title_since", "left"), records=records)


def _days(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return body | {name: date.fromisoformat(body[name]) for name in names if body.get(name) is not None}
