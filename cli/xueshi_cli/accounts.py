"""`xueshi accounts`: who may act, in which role, where."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.errors import NotFoundError
from xueshi.register import repository as register
from xueshi.storage import reading, transaction
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.workplace import Workplace

app = typer.Typer(help="账号与岗位", no_args_is_help=True)


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False) -> None:
    """列出管理范围内的账号和岗位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        names = {unit.id: unit.name for unit in register.units(session, actor.scope)}
        mails = {one.account_id: one.email for one in access.addressees(session)}
        rows = [
            {
                "登录名": one.login,
                "姓名": one.name,
                "岗位": one.role,
                "地区": one.area,
                "行业系统": "、".join(one.scope.sectors or ()),
                "单位": names.get(one.unit_id, "") if one.unit_id else "",
                "邮箱": mails.get(one.account_id, ""),
            }
            for one in access.list_accounts(session, actor.scope)
        ]
    show_table("账号", rows, as_json=json, empty="还没有账号；用 xueshi accounts add 建立")


@app.command("add")
def add(
    login: str,
    name: str,
    role: Annotated[str, typer.Option(help="岗位：operator、bureau、unit_clerk，或流程中的岗位代码")],
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")],
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码（单位岗位必填）")] = "",
    email: Annotated[str, typer.Option(help="接收消息的邮箱；不填则消息写成文件")] = "",
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理；第一个账号可不填")] = "",
    sector: Annotated[str, typer.Option(help="行业系统（行业主管部门的岗位填写）：只见本系统的单位")] = "",
) -> None:
    """建立账号并授予一个岗位。空的数据文件夹里，第一个账号由本机用户建立。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        first = not access.list_accounts(session, Scope.everything())
        if first and not officer:
            scope, maker = Scope.everything(), "local"
        else:
            actor = place.actor(session, officer)
            actor.require("accounts.manage")
            scope, maker = actor.scope, f"account:{actor.account_id}"
        unit_id = _unit(session, scope, unit) if unit else None
        made = access.add_accounts(
            session, scope, [NewAccount(login, name, role, area, sector or None, unit_id, email)]
        )
        audit.append(
            session,
            actor=maker,
            verb="account_add",
            target=f"account:{made[login]}",
            body={"role": role, "area": area, "sector": sector},
        )
    typer.echo(f"已建立账号 {login}（{role}，{area}）")


@app.command("set")
def set_(
    login: str,
    email: Annotated[str, typer.Option(help="接收消息的邮箱；空则消息写成文件")],
    officer: AsOfficer,
) -> None:
    """登记或更正账号的邮箱。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("accounts.manage")
        account_id = access.set_email(session, actor.scope, login, email)
        audit.append(
            session,
            actor=f"account:{actor.account_id}",
            verb="account_set",
            target=f"account:{account_id}",
            body={"email": bool(email)},
        )
    typer.echo(f"已{'登记' if email else '清除'}账号 {login} 的邮箱")


def _unit(session: Session, scope: Scope, code: str) -> UUID:
    found = register.unit_by_code(session, scope, code)
    if found is None:
        raise NotFoundError(f"单位 {code} 不存在或不在管理范围；请先导入，见 xueshi register list")
    return found.id
