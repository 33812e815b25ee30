"""Whom a message or a digest may reach: accounts under their grants, and under those that are lent to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from xueshi.access.repository import scope_of
from xueshi.access.scope import Scope
from xueshi.access.tables import Account, Delegation, Grant


@dataclass(frozen=True)
class Addressee:
    """An officer under one grant, as far as messages need to know: where it holds, and where mails go."""

    account_id: UUID
    login: str
    email: str
    role: str
    area: str
    unit_id: UUID | None
    person_id: UUID | None
    scope: Scope
    """What the grant covers."""
    owner: UUID
    """The account whose grant it is: another than `account_id` where the role is lent to that one."""


def addressees(
    session: Session,
    *,
    role: str | None = None,
    unit_id: UUID | None = None,
    person_id: UUID | None = None,
    accounts: Iterable[UUID] | None = None,
    on: date | None = None,
) -> list[Addressee]:
    """Return active grants of active accounts, by account: of a role, of a unit, of a person, of some accounts.

    With a civil day `on` those to whom a grant is lent on it are told beside its holder, after them all.
    """
    own = (
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active))
        .order_by(col(Account.id), col(Grant.id))
    )
    queries = [own]
    if on is not None:
        queries.append(
            select(Account, Grant)
            .join(Delegation, col(Delegation.account_id) == col(Account.id))
            .join(Grant, col(Grant.id) == col(Delegation.grant_id))
            .where(
                col(Account.active),
                col(Grant.active),
                col(Delegation.ended_at).is_(None),
                Delegation.since <= on,
                Delegation.until >= on,
            )
            .order_by(col(Account.id), col(Grant.id))
            .distinct()
        )
    return [
        one
        for query in queries
        for one in _addressed(
            session, query, role=role, unit_id=unit_id, person_id=person_id, accounts=accounts
        )
    ]


def _addressed(
    session: Session,
    query: Select[Account, Grant],
    *,
    role: str | None,
    unit_id: UUID | None,
    person_id: UUID | None,
    accounts: Iterable[UUID] | None,
) -> list[Addressee]:
    if role is not None:
        query = query.where(Grant.role == role)
    if unit_id is not None:
        query = query.where(Grant.unit_id == unit_id)
    if person_id is not None:
        query = query.where(Grant.person_id == person_id)
    if accounts is not None:
        query = query.where(col(Account.id).in_(list(accounts)))
    return [
        Addressee(
            account.id,
            account.login,
            account.email,
            grant.role,
            grant.area,
            grant.unit_id,
            grant.person_id,
            scope_of(grant),
            grant.account_id,
        )
        for account, grant in session.exec(query).all()
    ]


@dataclass(frozen=True)
class Holder:
    """An active account that holds a role, at one unit where it is a unit's."""

    account_id: UUID
    role: str
    unit_id: UUID | None


def holders(session: Session) -> list[Holder]:
    """Return who holds which role or has it lent, on whatever days: enough to tell who may be concerned, and light."""
    own = (
        select(Account.id, Grant.role, Grant.unit_id)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active))
        .order_by(col(Account.id), col(Grant.id))
    )
    lent = (
        select(Account.id, Grant.role, Grant.unit_id)
        .join(Delegation, col(Delegation.account_id) == col(Account.id))
        .join(Grant, col(Grant.id) == col(Delegation.grant_id))
        .where(col(Account.active), col(Grant.active), col(Delegation.ended_at).is_(None))
        .order_by(col(Account.id), col(Grant.id))
    )
    return [Holder(*row) for query in (own, lent) for row in session.exec(query)]


def account_page(session: Session, after: UUID | None, size: int) -> list[UUID]:
    """Return the ids of one page of active accounts, in the order of ids, from the one after `after`."""
    query = select(Account.id).where(col(Account.active)).order_by(col(Account.id)).limit(size)
    return list(session.exec(query if after is None else query.where(col(Account.id) > after)).all())
