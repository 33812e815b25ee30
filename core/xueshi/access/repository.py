"""Queries on accounts and grants, and the check that an act is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.roles import PERSON, ROLE_WORDS, VERB_WORDS, Verb, role_words, verbs_of
from xueshi.access.scope import Scope
from xueshi.access.tables import Account, Delegation, Grant
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.real_clock import real_now

_EMAIL = re.compile(r"[^\s@<>,;:\"()\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class Lent:
    """A role held for somebody else: under which delegation, whose role it is, from which to which day."""

    delegation_id: UUID
    lender: UUID
    """Account whose grant was lent."""
    since: date
    until: date


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
    person_id: UUID | None = None
    """Of a professional's own account: whose it is."""
    lent: Lent | None = None
    """Set where the account acts under somebody else's grant."""

    @property
    def holder(self) -> UUID:
        """The account whose role it is: the lender's, where somebody acts in a lent one."""
        return self.account_id if self.lent is None else self.lent.lender

    def may(self, verb: Verb) -> bool:
        """Tell whether the actor's role holds a verb."""
        return verb in verbs_of(self.role, of_unit=self.unit_id is not None)

    def require(self, verb: Verb) -> None:
        """Raise NotAllowedError unless the role holds the verb."""
        if not self.may(verb):
            raise NotAllowedError(
                f"账号 {self.login}（{ROLE_WORDS.get(self.role, self.role)}）没有“{VERB_WORDS[verb]}”的权限（{verb}）；"
                "请由本级业务负责人授权后再办"
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
    person_id: UUID | None = None
    """Whose it is: asked of the role `person`, and of no other."""


def add_accounts(session: Session, scope: Scope, accounts: Iterable[NewAccount]) -> dict[str, UUID]:
    """Create accounts with one grant each; returns login → account id. Raises InputError for a login in use."""
    wanted = list(accounts)
    _check_whose(session, wanted)
    for new in wanted:
        if not scope.allows(new.area, new.sector, new.unit_id):
            raise NotAllowedError(f"不能在 {new.area} 授权：超出管理范围（账号 {new.login}）")
        _check_email(new.login, new.email)
    logins = [new.login for new in wanted]
    taken = session.exec(select(Account.login).where(col(Account.login).in_(logins))).all()
    if taken:
        raise InputError(
            f"登录名已被使用：{'、'.join(sorted(taken))}；没有建立账号。另一个人请换一个登录名；"
            "已有的账号用 xueshi accounts list 查看，更正邮箱用 xueshi accounts set"
        )
    made: dict[str, UUID] = {}
    for new in wanted:
        account = Account(login=new.login, name=new.name, email=new.email, created_at=real_now())
        session.add(account)
        session.flush()
        session.add(
            Grant(
                account_id=account.id,
                role=new.role,
                area=new.area,
                sector=new.sector,
                unit_id=new.unit_id,
                person_id=new.person_id,
            )
        )
        made[new.login] = account.id
    return made


def _check_whose(session: Session, wanted: Sequence[NewAccount]) -> None:
    """Refuse an own account without its person, a person's second one, and a person named for an officer's account."""
    for new in wanted:
        if new.role != PERSON and new.person_id is not None:
            raise InputError(
                f"账号 {new.login}（{new.role}）不是本人账号，不填人员；本人账号的岗位是 {PERSON}"
            )
        if new.role != PERSON:
            continue
        if new.person_id is None:
            raise InputError(f"账号 {new.login}：本人账号须指明是谁（--person 身份证号或人员编号）")
        if new.unit_id is not None or new.sector is not None:
            raise InputError(f"账号 {new.login}：本人账号随人走，不填单位和行业系统")
        _check_free(session, new.login, new.person_id)


def _check_free(session: Session, login: str, person_id: UUID) -> None:
    held = session.exec(
        select(Account.login)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(Grant.person_id == person_id, col(Account.active), col(Grant.active), Account.login != login)
    ).first()
    if held is not None:
        raise InputError(f"此人已有本人账号（{held}），不能再绑定 {login}；请停用原账号，或沿用原账号")


def bind(session: Session, scope: Scope, login: str, person_id: UUID) -> UUID:
    """Bind an own account to its person and return the account's id; what it was bound to before no longer holds.

    Raises NotFoundError outside the scope, InputError for an officer's account or a person who has one.
    """
    rows = session.exec(
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            Account.login == login, col(Grant.active), scope.clause(Grant.area, Grant.sector, Grant.unit_id)
        )
    ).all()
    if not rows:
        raise NotFoundError(f"没有账号 {login!r}，或不在您的管理范围；用 xueshi accounts list 查看")
    own = [pair for pair in rows if pair[1].role == PERSON]
    if not own:
        raise InputError(f"账号 {login} 不是本人账号（岗位 {PERSON}），不能绑定人员")
    _check_free(session, login, person_id)
    account, held = own[0]
    held.person_id, held.unit_id, held.sector = person_id, None, None
    session.add(held)
    return account.id


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


def actor(session: Session, login: str, role: str | None = None, lender: str | None = None) -> Actor:
    """Return an active account under its grant (of `role`, or the only one). Raises NotAllowedError naming the cure.

    Where the account has no such grant of its own, one that was lent to it serves; `lender` (a login) asks for that
    one. Whether the time of the loan has come and not passed is asked by whoever knows the clock.
    """
    if lender is not None:
        return _lent_actor(session, login, role, lender)
    rows = session.exec(
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(Account.login == login, col(Account.active), col(Grant.active))
        .order_by(col(Grant.id))
    ).all()
    rows = [pair for pair in rows if role is None or pair[1].role == role]
    if not rows and _lent_rows(session, login, role, None):
        return _lent_actor(session, login, role, None)
    if not rows:
        raise NotAllowedError(
            f"没有可用的账号“{login}”{f'（{role_words(role)}）' if role else ''}；用 xueshi accounts list 查看账号"
        )
    if len(rows) > 1:
        roles = "、".join(role_words(grant.role) for _, grant in rows)
        raise NotAllowedError(f"账号 {login} 有多个岗位（{roles}）；请用 登录名:岗位 指明以哪个岗位办理")
    account, grant = rows[0]
    return _acting(account, grant)


def actor_by_grant(
    session: Session, account_id: UUID, grant_id: UUID, delegation_id: UUID | None = None
) -> Actor:
    """Return the actor of a stored command. Raises NotAllowedError when account, grant or delegation was ended."""
    account, grant = session.get(Account, account_id), session.get(Grant, grant_id)
    if account is None or grant is None or not (account.active and grant.active):
        raise NotAllowedError("账号或授权已停用；请由现任经办人重新提交")
    if delegation_id is None:
        if grant.account_id != account.id:
            raise NotAllowedError("账号或授权已停用；请由现任经办人重新提交")
        return _acting(account, grant)
    lent = session.get(Delegation, delegation_id)
    if (
        lent is None
        or lent.ended_at is not None
        or (lent.account_id, lent.grant_id) != (account.id, grant.id)
    ):
        raise NotAllowedError("委托已终止；请由授权人本人办理，或重新委托")
    return replace(_actor(account, grant), lent=_loan(lent, grant))


def account_by_login(session: Session, login: str) -> Account:
    """Return an active account; raises NotFoundError."""
    found = session.exec(select(Account).where(Account.login == login, col(Account.active))).first()
    if found is None:
        raise NotFoundError(f"没有可用的账号 {login!r}；用 xueshi accounts list 查看账号")
    return found


def grant(session: Session, scope: Scope, grant_id: UUID) -> Grant:
    """Return an active grant; raises NotFoundError outside the scope."""
    found = session.get(Grant, grant_id)
    if found is None or not found.active or not scope.allows(found.area, found.sector, found.unit_id):
        raise NotFoundError("找不到这个岗位授权，或不在您的管理范围；用 xueshi accounts list 查看")
    return found


def grants_of(session: Session, account_id: UUID) -> list[Grant]:
    """Return an account's active grants."""
    query = select(Grant).where(Grant.account_id == account_id, col(Grant.active)).order_by(col(Grant.id))
    return list(session.exec(query).all())


def grants_of_unit(session: Session, unit_id: UUID) -> list[Grant]:
    """Return the active grants of a unit's own accounts."""
    query = select(Grant).where(Grant.unit_id == unit_id, col(Grant.active))
    return list(session.exec(query).all())


def delegation(session: Session, delegation_id: UUID) -> Delegation:
    """Return a delegation; raises NotFoundError."""
    found = session.get(Delegation, delegation_id)
    if found is None:
        raise NotFoundError(f"找不到委托 {delegation_id}；用 xueshi accounts delegations 查看")
    return found


def delegations(session: Session, scope: Scope) -> list[tuple[Delegation, Grant, Account, Account]]:
    """Return delegations in scope, newest first: with the grant, the lender and the delegate."""
    lenders = {account.id: account for account in session.exec(select(Account)).all()}
    rows = session.exec(
        select(Delegation, Grant)
        .join(Grant, col(Grant.id) == col(Delegation.grant_id))
        .where(scope.clause(Grant.area, Grant.sector, Grant.unit_id))
        .order_by(col(Delegation.id).desc())
    ).all()
    return [(lent, held, lenders[held.account_id], lenders[lent.account_id]) for lent, held in rows]


def account_names(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of accounts."""
    query = select(Account).where(col(Account.id).in_(list(account_ids)))
    return {account.id: account.name for account in session.exec(query).all()}


def list_accounts(session: Session, scope: Scope) -> list[Actor]:
    """Return all active accounts in scope, one row per grant, by login."""
    rows = session.exec(
        select(Account, Grant)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(col(Account.active), col(Grant.active), scope.clause(Grant.area, Grant.sector, Grant.unit_id))
        .order_by(col(Account.login))
    ).all()
    return [_actor(account, grant) for account, grant in rows]


def _lent_actor(session: Session, login: str, role: str | None, lender: str | None) -> Actor:
    rows = _lent_rows(session, login, role, lender)
    if len(rows) != 1:
        found = "、".join(role_words(held.role) for _, _, held in rows) or "无"
        raise NotAllowedError(
            f"账号 {login} 受托的岗位有 {len(rows)} 个（{found}）；请用 登录名:岗位@授权人登录名 指明，"
            "或用 xueshi accounts delegations 查看"
        )
    account, lent, held = rows[0]
    return replace(_actor(account, held), lent=_loan(lent, held))


def _lent_rows(
    session: Session, login: str, role: str | None, lender: str | None
) -> list[tuple[Account, Delegation, Grant]]:
    rows = session.exec(
        select(Account, Delegation, Grant)
        .join(Delegation, col(Delegation.account_id) == col(Account.id))
        .join(Grant, col(Grant.id) == col(Delegation.grant_id))
        .where(
            Account.login == login,
            col(Account.active),
            col(Grant.active),
            col(Delegation.ended_at).is_(None),
        )
        .order_by(col(Delegation.id))
    ).all()
    wanted = None if lender is None else account_by_login(session, lender).id
    newest = {
        held.id: (account, lent, held)
        for account, lent, held in rows
        if role in (None, held.role) and wanted in (None, held.account_id)
    }
    return list(newest.values())


def _loan(lent: Delegation, held: Grant) -> Lent:
    return Lent(lent.id, held.account_id, lent.since, lent.until)


def scope_of(grant: Grant) -> Scope:
    """Return what a grant covers. An own account covers its person wherever he works; one bound to nobody, nothing."""
    if grant.role == PERSON:
        return Scope((grant.area,), people=() if grant.person_id is None else (grant.person_id,))
    return Scope(
        # A unit that moved in mid-campaign files where it was and registers where it is.
        areas=(grant.area,) if grant.former_area is None else (grant.area, grant.former_area),
        sectors=None if grant.sector is None else (grant.sector,),
        units=None if grant.unit_id is None else (grant.unit_id,),
    )


def _acting(account: Account, grant: Grant) -> Actor:
    """Return who acts; NotAllowedError for an own account that is bound to nobody."""
    if grant.role == PERSON and grant.person_id is None:
        raise NotAllowedError(
            f"账号 {account.login} 还没有绑定本人，不能办理；请业务负责人绑定："
            f"xueshi accounts set {account.login} --person 身份证号"
        )
    return _actor(account, grant)


def _actor(account: Account, grant: Grant) -> Actor:
    return Actor(
        account.id,
        grant.id,
        account.login,
        account.name,
        grant.role,
        scope_of(grant),
        grant.area,
        None if grant.role == PERSON else grant.unit_id,
        grant.person_id,
    )
