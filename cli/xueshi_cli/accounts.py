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
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_table
from xueshi_cli.workplace import Workplace

app = typer.Typer(help="账号与岗位", no_args_is_help=True)


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False, csv: ToCsv = None, xlsx: ToXlsx = None) -> None:
    """列出管理范围内的账号和岗位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        names = {unit.id: unit.name for unit in register.units(session, actor.scope)}
        rows = [
            {
                "登录名": one.login,
                "姓名": one.name,
                "岗位": one.role,
                "地区": one.area,
                "单位": names.get(one.unit_id, "") if one.unit_id else "",
            }
            for one in access.list_accounts(session, actor.scope)
        ]
    show_table(
        "账号", rows, as_json=json, csv=csv, xlsx=xlsx, empty="还没有账号；用 xueshi accounts add 建立"
    )


@app.command("add")
def add(
    login: str,
    name: str,
    role: Annotated[str, typer.Option(help="岗位：operator、bureau、unit_clerk，或流程中的岗位代码")],
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")],
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码（单位岗位必填）")] = "",
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理；第一个账号可不填")] = "",
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
        made = access.add_accounts(session, scope, [NewAccount(login, name, role, area, None, unit_id)])
        audit.append(
            session,
            actor=maker,
            verb="account_add",
            target=f"account:{made[login]}",
            body={"role": role, "area": area},
        )
    typer.echo(f"已建立账号 {login}（{role}，{area}）")


def _unit(session: Session, scope: Scope, code: str) -> UUID:
    found = register.unit_by_code(session, scope, code)
    if found is None:
        raise NotFoundError(f"单位 {code} 不存在或不在管理范围；请先导入，见 xueshi register list")
    return found.id
