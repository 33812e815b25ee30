"""Queries on accounts and grants, and the check that an act is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.roles import Verb, verbs_of
from xueshi.access.scope import Scope
from xueshi.access.tables import Account, Grant
from xueshi.errors import InputError, NotAllowedError


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


def add_accounts(session: Session, scope: Scope, accounts: Iterable[NewAccount]) -> dict[str, UUID]:
    """Create accounts with one grant each; returns login → account id. Raises InputError for a login in use."""
    wanted = list(accounts)
    for new in wanted:
        if not scope.allows(new.area, new.sector, new.unit_id):
            raise NotAllowedError(f"不能在 {new.area} 授权：超出管理范围（账号 {new.login}）")
    logins = [new.login for new in wanted]
    taken = session.exec(select(Account.login).where(col(Account.login).in_(logins))).all()
    if taken:
        raise InputError(f"账号已存在：{'、'.join(sorted(taken))}；请换一个登录名")
    made: dict[str, UUID] = {}
    for new in wanted:
        account = Account(login=new.login, name=new.name, created_at=datetime.now(UTC))
        session.add(account)
        session.flush()
        session.add(
            Grant(account_id=account.id, role=new.role, area=new.area, sector=new.sector, unit_id=new.unit_id)
        )
        made[new.login] = account.id
    return made


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
