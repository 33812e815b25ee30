"""Units: their codes, kinds, areas, yearly statements. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.register.rows.shared import chunks, visible
from xueshi.register.tables import (
    Unit,
    UnitFormerName,
    UnitYearStatement,
)
from xueshi.register.unit_kinds import EMPLOYER, UNIT_KINDS
from xueshi.storage import new_id


@dataclass(frozen=True)
class NewUnit:
    """A unit to enter into the register."""

    credit_code: str
    name: str
    area: str
    sector: str | None = None
    kind: str = ""
    """One of `unit_kinds.UNIT_KINDS`; empty: not said, then an employer."""
    has_department: bool | None = None


def unit(session: Session, scope: Scope, unit_id: UUID) -> Unit:
    """Return one unit; NotFoundError outside the scope."""
    found = session.exec(select(Unit).where(Unit.id == unit_id, visible(scope))).one_or_none()
    if found is None:
        raise NotFoundError(f"单位 {unit_id} 不存在或不在管理范围；请核对单位编号")
    return found


def unit_names(session: Session, scope: Scope, unit_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of some units; NotFoundError where one lies outside the scope."""
    found: dict[UUID, str] = {}
    wanted = list(dict.fromkeys(unit_ids))
    for chunk in chunks(wanted):
        query = select(Unit.id, Unit.name).where(col(Unit.id).in_(chunk), visible(scope))
        found.update(session.exec(query).all())
    missing = next((one for one in wanted if one not in found), None)
    if missing is not None:
        raise NotFoundError(f"单位 {missing} 不存在或不在管理范围；请核对单位编号")
    return found


def unit_by_code(session: Session, scope: Scope, credit_code: str, *, lock: bool = False) -> Unit | None:
    """Return the unit of a 统一社会信用代码; None when it is not there or outside the scope.

    `lock` keeps other imports of the unit waiting until the transaction ends.
    """
    query = select(Unit).where(Unit.credit_code == credit_code, visible(scope))
    return session.exec(query.with_for_update() if lock else query).one_or_none()


def units(session: Session, scope: Scope) -> list[Unit]:
    """Return all units in the scope, by credit code."""
    return list(session.exec(select(Unit).where(visible(scope)).order_by(Unit.credit_code)))


def add_units(session: Session, scope: Scope, new: Sequence[NewUnit]) -> dict[str, UUID]:
    """Enter units; returns credit code → id. InputError for a code in use, NotAllowedError outside the scope."""
    for one in new:
        if not scope.allows(one.area, one.sector):
            raise NotAllowedError(
                f"单位 {one.name}（{one.credit_code}）的地区 {one.area} 不在您的管理范围；请由该地区办理"
            )
    codes = [one.credit_code for one in new]
    doubled = sorted({code for code in codes if codes.count(code) > 1} | known_codes(session, codes))
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
            kind=one.kind or EMPLOYER,
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


def rename_unit(
    session: Session, scope: Scope, unit_id: UUID, name: str, *, on: date, reason: str, maker: str
) -> Unit:
    """Give a unit another name from a day on; the one that it bore is kept. Raises InputError, NotFoundError."""
    found, name = unit(session, scope, unit_id), name.strip()
    if not name:
        raise InputError("没有写明新名称；请写明登记证书上的名称")
    if name == found.name:
        raise InputError(f"该单位已名为{found.name}，没有变化")
    if not reason.strip():
        raise InputError("单位更名须写明依据，如批准文号；请补写后再办")
    session.add(
        UnitFormerName(
            id=new_id(),
            unit_id=found.id,
            name=found.name,
            until=on - timedelta(days=1),
            reason=reason.strip(),
            maker=maker,
        )
    )
    found.name = name
    session.add(found)
    session.flush()
    return found


def former_names(session: Session, unit_id: UUID) -> list[UnitFormerName]:
    """Return the names that a unit bore before, the first renaming first."""
    query = select(UnitFormerName).where(UnitFormerName.unit_id == unit_id).order_by(col(UnitFormerName.id))
    return list(session.exec(query))


def name_as_of(session: Session, found: Unit, moment: UUID | None) -> str:
    """Return the name that a unit bore when a row was written, told by the row's id; None: its present name.

    By when a renaming was entered, not by its day: what was printed then must be printed again.
    """
    if moment is None:
        return found.name
    later = (one.name for one in former_names(session, found.id) if one.id > moment)
    return next(later, found.name)


def namesakes(session: Session, scope: Scope) -> list[tuple[Unit, Unit]]:
    """Return pairs of units of one area and name under two credit codes: most likely one unit that stands twice."""
    seen: dict[tuple[str, str], Unit] = {}
    pairs = []
    for one in units(session, scope):
        first = seen.setdefault((one.area, "".join(one.name.split())), one)
        if first is not one:
            pairs.append((first, one))
    return pairs


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
        .where(UnitYearStatement.year == year, visible(scope))
        .order_by(col(UnitYearStatement.id))
    )
    stated: dict[UUID, dict[str, int]] = {}
    for row in session.exec(query):
        stated.setdefault(row.unit_id, {})[row.key] = row.amount
    return stated


def known_codes(session: Session, codes: Sequence[str]) -> set[str]:
    """Return which unit codes the register holds already, whoever may see them: a code stands once."""
    known: set[str] = set()
    for chunk in chunks(sorted(set(codes))):
        known.update(session.exec(select(Unit.credit_code).where(col(Unit.credit_code).in_(chunk))))
    return known
