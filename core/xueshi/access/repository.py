"""Queries on accounts and grants, and the check that an act is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.roles import Verb, verbs_of
from xueshi.access.scope import Scope
from xueshi.access.tables import Account, Grant
from xueshi.errors import InputError, NotAllowedError, NotFoundError

_EMAIL = re.compile(r"[^\s@<>,;:\"()\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class Actor:
    """Who acts: an account under one of its grants."""

    account_id: UUID
    grant_id: UUID
    login: str
    name: str
    role: str
    scope: Scope
    area: str
    unit_id: UUID | None = None

    def may(self, verb: Verb) -> bool:
        """Tell whether the actor's role holds a verb."""
        return verb in verbs_of(self.role, of_unit=self.unit_id is not None)

    def require(self, verb: Verb) -> None:
        """Raise NotAllowedError unless the role holds the verb."""
        if not self.may(verb):
            raise NotAllowedError(
                f"账号 {self.login}（{self.role}）没有“{verb}”权限；请由本级业务负责人授权后再办"
            )


@dataclass(frozen=True)
class NewAccount:
    """An account to create, with its first grant."""

    login: str
    name: str
    role: str
    area: str
    sector: str | None = None
    unit_id: UUID | None = None
    email: str = ""


def add_accounts(session: Session, scope: Scope, accounts: Iterable[NewAccount]) -> dict[str, UUID]:
    """Create accounts with one grant each; returns login → account id. Raises InputError for a login in use."""
    wanted = list(accounts)
    for new in wanted:
        if not scope.allows(new.area, new.sector, new.unit_id):
            raise NotAllowedError(f"不能在 {new.area} 授权：超出管理范围（账号 {new.login}）")
        _check_email(new.login, new.email)
    logins = [new.login for new in wanted]
    taken = session.exec(select(Account.login).where(col(Account.login).in_(logins))).all()
    if taken:
        raise InputError(f"账号已存在：{'、'.join(sorted(taken))}；请换一个登录名")
    made: dict[str, UUID] = {}
    for new in wanted:
        account = Account(login=new.login, name=new.name, email=new.email, created_at=datetime.now(UTC))
        session.add(account)
        session.flush()
        session.add(
            Grant(account_id=account.id, role=new.role, area=new.area, sector=new.sector, unit_id=new.unit_id)
        )
        made[new.login] = account.id
    return made


def set_email(session: Session, scope: Scope, login: str, email: str) -> UUID:
    """Give an account another address (empty: none) and return its id. Raises NotFoundError outside the scope."""
    rows = session.exec(
        select(Account)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(Account.login == login, scope.clause(Grant.area, Grant.sector, Grant.unit_id))
    ).all()
    if not rows:
        raise NotFoundError(f"没有账号 {login!r}，或不在您的管理范围；用 xueshi accounts list 查看")
    _check_email(login, email)
    rows[0].email = email
    session.add(rows[0])
    return rows[0].id


def _check_email(login: str, email: str) -> None:
    """Refuse what no mail can be sent to. ASCII only: addresses in other scripts need servers that few offices have."""
    if email and not (email.isascii() and _EMAIL.fullmatch(email)):
        raise InputError(f"账号 {login} 的邮箱 {email!r} 不是邮件地址；请写成 name@example.gov.cn 的样子")


@dataclass(frozen=True)
class Addressee:
    """An officer under one grant, as far as messages need to know: where it holds, and where mails go."""

    account_id: UUID
    login: str
    email: str
    role: str
    area: str
    sector: str | None
    unit_id: UUID | None

    @property
    def scope(self) -> Scope:
        """What the grant covers."""
        return Scope(
            (self.area,),
            None if self.sector is None else (self.sector,),
            None if self.unit_id is None else (self.unit_id,),
        )


def addressees(
    session: Session,
    *,
    role: str | None = None,
    unit_id: UUID | None = None,
    accounts: Iterable[UUID] | None = None,
) -> list[Addressee]:
    """Return active grants of active accounts, by account: of a role, of a unit, of some accounts."""
    query = (
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active))
        .order_by(col(Account.id), col(Grant.id))
    )
    if role is not None:
        query = query.where(Grant.role == role)
    if unit_id is not None:
        query = query.where(Grant.unit_id == unit_id)
    if accounts is not None:
        query = query.where(col(Account.id).in_(list(accounts)))
    return [
        Addressee(
            account.id, account.login, account.email, grant.role, grant.area, grant.sector, grant.unit_id
        )
        for account, grant in session.exec(query).all()
    ]


def account_page(session: Session, after: UUID | None, size: int) -> list[UUID]:
    """Return the ids of one page of active accounts, in the order of ids, from the one after `after`."""
    query = select(Account.id).where(col(Account.active)).order_by(col(Account.id)).limit(size)
    return list(session.exec(query if after is None else query.where(col(Account.id) > after)).all())


def actor(session: Session, login: str, role: str | None = None) -> Actor:
    """Return an active account under its grant (of `role`, or the only one). Raises NotAllowedError naming the cure."""
    rows = session.exec(
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(Account.login == login, col(Account.active), col(Grant.active))
        .order_by(col(Grant.id))
    ).all()
    rows = [pair for pair in rows if role is None or pair[1].role == role]
    if not rows:
        raise NotAllowedError(
            f"没有可用的账号 {login!r}{f'（{role}）' if role else ''}；用 xueshi accounts list 查看账号"
        )
    if len(rows) > 1:
        roles = "、".join(grant.role for _, grant in rows)
        raise NotAllowedError(f"账号 {login} 有多个岗位（{roles}）；请用 登录名:岗位 指明以哪个岗位办理")
    account, grant = rows[0]
    return _actor(account, grant)


def actor_by_grant(session: Session, account_id: UUID, grant_id: UUID) -> Actor:
    """Return the actor of a stored command. Raises NotAllowedError when the account or grant was ended meanwhile."""
    account, grant = session.get(Account, account_id), session.get(Grant, grant_id)
    if (
        account is None
        or grant is None
        or not (account.active and grant.active)
        or grant.account_id != account.id
    ):
        raise NotAllowedError("账号或授权已停用；请由现任经办人重新提交")
    return _actor(account, grant)


def list_accounts(session: Session, scope: Scope) -> list[Actor]:
    """Return all active accounts in scope, one row per grant, by login."""
    rows = session.exec(
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active), scope.clause(Grant.area, Grant.sector, Grant.unit_id))
        .order_by(col(Account.login))
    ).all()
    return [_actor(account, grant) for account, grant in rows]


def _actor(account: Account, grant: Grant) -> Actor:
    scope = Scope(
        areas=(grant.area,),
        sectors=None if grant.sector is None else (grant.sector,),
        units=None if grant.unit_id is None else (grant.unit_id,),
    )
    return Actor(
        account.id, grant.id, account.login, account.name, grant.role, scope, grant.area, grant.unit_id
    )
