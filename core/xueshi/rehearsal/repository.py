"""Copying a register into a rehearsal's own database, a year later; and the figures of what happened there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, insert
from sqlmodel import Session, SQLModel, col, select

from xueshi.access.scope import Scope
from xueshi.access.tables import Account, Grant
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.tables import Campaign, Command, Effect, Filing, Task
from xueshi.jurisdictions import area_contains
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.tables import Employment, ImportBatch, Person, StudyRecord, Title, Unit
from xueshi.storage import new_id

Row = TypeVar("Row", bound=SQLModel)
BATCH = 500
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def year_later(day: date, years: int) -> date:
    """Return the same civil day some years later; 29 February becomes 28 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def copy_register(source: Session, target: Session, area: str, from_year: int, to_year: int) -> int:
    """Copy an area's units with people, titles, accounts and one year's records as those of another year.

    Returns how many records came along. Identity numbers stay sealed; nothing is written to `source`.
    """
    shift = to_year - from_year
    scope = Scope((area,))
    units = list(source.exec(select(Unit).where(scope.clause(Unit.area, Unit.sector, Unit.id))))
    ids = [unit.id for unit in units]
    _insert(target, Unit, units)
    employments = list(_by(source, Employment, Employment.unit_id, ids))
    people = list({row.person_id for row in employments})
    _insert(target, Person, _by(source, Person, Person.id, people))
    _insert(target, Title, _by(source, Title, Title.person_id, people))
    _insert(target, Employment, employments)
    grants = [
        grant
        for grant in source.exec(select(Grant).where(col(Grant.active)))
        if scope.allows(grant.area) or area_contains(grant.area, area)
    ]
    accounts = list(_by(source, Account, Account.id, list({grant.account_id for grant in grants})))
    _insert(target, Account, accounts)
    _insert(target, Grant, grants)
    records = [row for row in _by(source, StudyRecord, StudyRecord.unit_id, ids) if row.year == from_year]
    batches = {unit_id: new_id() for unit_id in {row.unit_id for row in records}}
    areas = {unit.id: unit.area for unit in units}
    _insert(
        target,
        ImportBatch,
        [
            ImportBatch(
                id=batch_id,
                unit_id=unit_id,
                area=areas[unit_id],
                year=to_year,
                file_name=f"{from_year}",
                file_digest=str(batch_id),
                state="promoted",
                people=sum(1 for row in employments if row.unit_id == unit_id),
                records=sum(1 for row in records if row.unit_id == unit_id),
                maker="engine",
                handed_in_at=start_of(date(to_year, 1, 1)),
            )
            for unit_id, batch_id in batches.items()
        ],
    )
    _insert_rows(target, StudyRecord, [_shifted(row, shift, batches[row.unit_id]) for row in records])
    return len(records)


def _shifted(row: StudyRecord, years: int, batch_id: UUID) -> dict[str, Any]:
    facts = {
        name: year_later(date.fromisoformat(value), years).isoformat()
        if isinstance(value, str) and _DAY.match(value)
        else value
        for name, value in row.facts.items()
    }
    days = {
        name: None if value is None else year_later(value, years)
        for name, value in (("start", row.start), ("end", row.end))
    }
    return (
        row.model_dump()
        | {"id": new_id(), "batch_id": batch_id, "year": row.year + years, "facts": facts}
        | days
    )


def _by(session: Session, table: type[Row], column: Any, keys: Sequence[UUID]) -> Iterable[Row]:
    for start in range(0, len(keys), BATCH):
        yield from session.exec(select(table).where(column.in_(keys[start : start + BATCH])))


def _insert(session: Session, table: type[SQLModel], rows: Iterable[SQLModel]) -> None:
    _insert_rows(session, table, [row.model_dump() for row in rows])


def _insert_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(table), list(rows[start : start + BATCH]))


def filing_habits(session: Session, scope: Scope, year: int) -> dict[UUID, int]:
    """Return unit → hundredths of the window after which it filed in a year's campaign; units that did not are absent.

    A campaign on a standing clock shows nobody's habits.
    """
    query = (
        select(Filing, Campaign)
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(
            Campaign.year == year,
            col(Campaign.standing).is_(False),
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
    )
    habits = {}
    for filing, campaign in session.exec(query):
        whole = (campaign.deadline - campaign.opened_at).total_seconds()
        if filing.submitted_at is not None and whole > 0:
            share = int((filing.submitted_at - campaign.opened_at).total_seconds() * 100 // whole)
            habits[filing.unit_id] = max(0, min(99, share))
    return habits


def roles_of_units(session: Session) -> dict[UUID, set[str]]:
    """Return unit → roles for which it has an active account."""
    found: dict[UUID, set[str]] = {}
    query = (
        select(Grant.unit_id, Grant.role)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(col(Grant.active), col(Account.active), col(Grant.unit_id).is_not(None))
    )
    for unit_id, role in session.exec(query):
        if unit_id is not None:
            found.setdefault(unit_id, set()).add(role)
    return found


def officers_of_area(session: Session, area: str, roles: Iterable[str]) -> dict[str, list[str]]:
    """Return role → logins of active accounts that act for an area's bodies, by login."""
    found: dict[str, list[str]] = {role: [] for role in roles}
    query = (
        select(Account.login, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active), col(Grant.unit_id).is_(None))
        .order_by(col(Account.login))
    )
    for login, grant in session.exec(query):
        if grant.role in found and Scope((grant.area,)).allows(area):
            found[grant.role].append(login)
    return found


def logins_of_unit(session: Session, unit_id: UUID) -> dict[str, str]:
    """Return role → login of a unit's own accounts (the first of each role)."""
    query = (
        select(Account.login, Grant.role)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(Grant.unit_id == unit_id, col(Account.active), col(Grant.active))
        .order_by(col(Account.login).desc())
    )
    return {role: login for login, role in session.exec(query)}


def messages_by_day(session: Session, campaign_id: UUID) -> dict[date, int]:
    """Return civil day → messages written."""
    counted: dict[date, int] = {}
    for written in session.exec(
        select(OutgoingMessage.written_at).where(OutgoingMessage.campaign_id == campaign_id)
    ):
        day = civil_date(written)
        counted[day] = counted.get(day, 0) + 1
    return counted


def settled_by_day(session: Session, campaign_id: UUID) -> dict[date, dict[str, int]]:
    """Return civil day → login of an area's officer → acts done that day."""
    query = (
        select(Effect.campaign_at, Account.login)
        .join(Command, col(Command.id) == col(Effect.command_id))
        .join(Account, col(Account.id) == col(Command.account_id))
        .join(Grant, col(Grant.id) == col(Command.grant_id))
        .where(
            Effect.campaign_id == campaign_id,
            col(Grant.unit_id).is_(None),
            col(Effect.outcome) != "advanced_clock",
        )
    )
    counted: dict[date, dict[str, int]] = {}
    for at, login in session.exec(query):
        day = counted.setdefault(civil_date(at), {})
        day[login] = day.get(login, 0) + 1
    return counted


def waiting_of_area(session: Session, campaign_id: UUID, roles: Sequence[str]) -> int:
    """Return how many open tasks wait for some roles."""
    query = select(func.count()).where(
        Task.campaign_id == campaign_id, col(Task.closed_at).is_(None), col(Task.role).in_(roles)
    )
    return session.exec(query).one()


def last_decision(session: Session, campaign_id: UUID) -> datetime | None:
    """Return the campaign instant of the last decision on a unit."""
    return session.exec(select(func.max(Filing.decided_at)).where(Filing.campaign_id == campaign_id)).one()


def questions_left(session: Session, campaign_id: UUID) -> int:
    """Return how many records were left open because only a person can settle them."""
    query = select(func.count()).where(Task.campaign_id == campaign_id, Task.outcome == "left_open")
    return session.exec(query).one()


def troubles(session: Session, campaign_id: UUID) -> list[str]:
    """Return what stopped the judging of single people, each message once."""
    rows = session.exec(select(Task.body).where(Task.campaign_id == campaign_id, Task.kind == "attention"))
    return sorted({str(body.get("trouble", "")) for body in rows if body.get("trouble")})
