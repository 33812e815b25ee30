"""Bringing a checked workbook into the register: staged in short transactions, promoted in one, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.register import repository
from xueshi.register.identity import KeyRing
from xueshi.register.repository import NewPerson, NewRecord, RosterOwner
from xueshi.register.sheets import CheckedWorkbook
from xueshi.register.tables import ImportBatch, StagingRow, Unit
from xueshi.register.workbook import PEOPLE
from xueshi.storage import new_id, transaction

CHUNK = 500
STALE = timedelta(hours=1)
"""Rows staged longer ago belong to a process that died; they are removed."""


@dataclass(frozen=True)
class Intake:
    """What became of a workbook: the unit, and how many people and records it brought."""

    outcome: Literal["promoted", "unchanged"]
    unit_id: UUID
    people: int
    records: int


def file_digest(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    return sha256(path.read_bytes()).hexdigest()


def unit_for(session: Session, actor: Actor, checked: CheckedWorkbook) -> Unit:
    """Return the unit a workbook is for, locked; entered where it is new.

    Raises InputError when the code is another unit's or the area another one, NotAllowedError outside the scope.
    """
    new = checked.unit
    if new is None:
        raise InputError("没有单位，不能导入；请填写“单位”表")
    found = repository.unit_by_code(session, actor.scope, new.credit_code, lock=True)
    if found is None:
        repository.add_units(session, actor.scope, [new])
        found = repository.unit_by_code(session, actor.scope, new.credit_code)
    if found is None:
        raise InputError(f"单位 {new.name}（{new.credit_code}）不在您的管理范围；请由该单位或其主管部门导入")
    for what, stands, given in (("名称", found.name, new.name), ("地区", found.area, new.area)):
        if stands != given:
            raise InputError(
                f"统一社会信用代码 {new.credit_code} 在册的单位{what}为“{stands}”，表中为“{given}”；"
                f"请核对代码或单位{what}"
            )
    return found


def imported_before(
    session: Session, actor: Actor, unit: Unit, year: int, digest: str, *, replace: bool
) -> Intake | None:
    """Tell whether the same file was imported already. Raises InputError for a second, different workbook."""
    earlier = repository.batches(session, actor.scope, unit.id, year)
    for batch in earlier:
        if batch.file_digest == digest:
            return Intake("unchanged", unit.id, batch.people, batch.records)
    if earlier and not replace:
        raise InputError(
            f"单位 {unit.name} 的 {year} 年度已由工作簿“{earlier[-1].file_name}”登记；"
            "如要以新的工作簿代替，请加 --replace（原登记将整体更换）"
        )
    return None


def stage(
    engine: Engine,
    keys: KeyRing,
    batch: ImportBatch,
    people: Sequence[NewPerson],
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the checked rows into staging, encrypted, a short transaction for every 500 people."""
    with transaction(engine) as session:
        repository.discard_staged(session, batch.handed_in_at - STALE)
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


def new_batch(actor: Actor, year: int, path: Path, digest: str, checked: CheckedWorkbook) -> ImportBatch:
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
    checked: CheckedWorkbook,
    batch_id: UUID,
    *,
    replace: bool = False,
) -> Intake:
    """Turn a staged batch into the unit's register of the year; staging is emptied.

    The unit is entered here where it is new, and what was imported before is looked at again under the unit's lock:
    of two workbooks on their way at once only the first one counts, unless the second says `replace`.
    """
    batch = repository.batch(session, batch_id)
    if batch.state != "staged":
        raise InputError(f"工作簿“{batch.file_name}”已处理（{batch.state}），不能再次入库；请重新导入")
    unit = unit_for(session, actor, checked)
    before = imported_before(session, actor, unit, batch.year, batch.file_digest, replace=replace)
    if before is not None:
        repository.finish_batch(session, batch, "discarded", batch.handed_in_at)
        return before
    people = [_load(keys.reveal_text(row.body)) for row in repository.staged(session, batch.id)]
    if len(people) != batch.people:
        raise InputError(
            f"工作簿“{batch.file_name}”暂存不完整（{len(people)}/{batch.people} 人）；请重新导入"
        )
    batch.unit_id = unit.id
    earlier = repository.batches(session, actor.scope, unit.id, batch.year)
    owner = RosterOwner(
        unit.id, unit.area, batch.year, batch.id, batch.maker, tuple(one.id for one in earlier)
    )
    repository.enter_roster(session, keys, owner, people)
    repository.finish_batch(session, batch, "promoted", real_now())
    return Intake("promoted", unit.id, batch.people, batch.records)


def _dump(person: NewPerson) -> str:
    return canonical_json(_plain(asdict(person)))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _load(text: str) -> NewPerson:
    body = json.loads(text)
    records = tuple(NewRecord(**_days(record, "start", "end")) for record in body.pop("records"))
    return NewPerson(**_days(body, "born", "employed_since", "title_since"), records=records)


def _days(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return body | {name: date.fromisoformat(body[name]) for name in names if body[name] is not None}
