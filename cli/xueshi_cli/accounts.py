"""`xueshi accounts`: who may act, in which role, where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.roles import ROLE_VERBS, role_words
from xueshi.access.rows import addressee_rows
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import latest_instant
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.errors import InputError, NotFoundError
from xueshi.real_clock import real_now
from xueshi.register.rows import people_rows, unit_rows
from xueshi.register.sheets import near
from xueshi.storage import reading, transaction
from xueshi_cli.acting import act
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_fate, show_table
from xueshi_cli.recording import person_id
from xueshi_cli.workplace import Workplace

app = Noun("账号与岗位、委托、移交")


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False, csv: ToCsv = None, xlsx: ToXlsx = None) -> None:
    """列出管理范围内的账号和岗位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        listed = access.list_accounts(session, actor.scope)
        names = {unit.id: unit.name for unit in unit_rows.units(session, actor.scope)}
        own = people_rows.shown_people(
            session, actor.scope, place.keys, [one.person_id for one in listed if one.person_id is not None]
        )
        mails = {one.account_id: one.email for one in addressee_rows.addressees(session)}
        rows = [
            {
                "登录名": one.login,
                "姓名": one.name,
                "岗位": one.role if json else role_words(one.role),
                "地区": one.area,
                "行业系统": "、".join(one.scope.sectors or ()),
                "单位": names.get(one.unit_id, "") if one.unit_id else "",
                "本人": own[one.person_id].name if one.person_id in own else "",
                "邮箱": mails.get(one.account_id, ""),
            }
            for one in listed
        ]
    show_table(
        "账号", rows, as_json=json, csv=csv, xlsx=xlsx, empty="还没有账号；用 xueshi accounts add 建立"
    )


@app.command("add")
def add(
    login: str,
    name: str,
    role: Annotated[
        str, typer.Option(help="岗位：operator、bureau、unit_clerk、person（本人），或流程中的岗位代码")
    ],
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")],
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码（单位岗位必填）")] = "",
    email: Annotated[str, typer.Option(help="接收消息的邮箱；不填则消息写成文件")] = "",
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理；第一个账号可不填")] = "",
    sector: Annotated[str, typer.Option(help="行业系统（行业主管部门的岗位填写）：只见本系统的单位")] = "",
    person: Annotated[str, typer.Option(help="本人账号（岗位 person）是谁的：身份证号或人员编号")] = "",
) -> None:
    """建立账号并授予一个岗位。空的数据文件夹里，第一个账号由本机用户建立。"""
    place = Workplace.here()
    _check_role(place, role)
    with transaction(place.engine) as session:
        first = not access.list_accounts(session, Scope.everything())
        if first and not officer:
            scope, maker = Scope.everything(), "local"
            if person:
                raise InputError("第一个账号由管理账号的人使用，不能是本人账号；请先建立 operator 或 bureau")
        else:
            if not officer:
                raise InputError("已有账号，再建账号须由有权的账号办理；请加 --as 登录名")
            actor = place.actor(session, officer)
            actor.require("accounts.manage")
            scope, maker = actor.scope, f"account:{actor.account_id}"
        unit_id = _unit(session, scope, unit) if unit else None
        whose = person_id(place, session, actor, person) if person else None
        made = access.add_accounts(
            session, scope, [NewAccount(login, name, role, area, sector or None, unit_id, email, whose)]
        )
        audit.append(
            session,
            actor=maker,
            verb="account_add",
            target=f"account:{made[login]}",
            body={
                "role": role,
                "area": area,
                "sector": sector,
                **({} if whose is None else {"person": str(whose)}),
            },
        )
    typer.echo(f"已建立账号 {login}：{role_words(role)}，地区 {area}")


def _check_role(place: Workplace, role: str) -> None:
    """Refuse a role that neither the engine nor any flow knows: no work would ever reach such an account."""
    known = {*ROLE_VERBS, *place.registry.roles_of_flows()}
    if role not in known:
        raise InputError(
            f"没有岗位“{role}”{near(role, sorted(known))}；可用：\n"
            + "\n".join(f"  {role_words(one)}" for one in sorted(known))
        )


@app.command("set")
def set_(
    login: str,
    officer: AsOfficer,
    email: Annotated[str | None, typer.Option(help="接收消息的邮箱；空则消息写成文件")] = None,
    person: Annotated[str, typer.Option(help="绑定本人账号（岗位 person）：身份证号或人员编号")] = "",
) -> None:
    """登记或更正账号的邮箱；绑定本人账号是谁的。"""
    if email is None and not person:
        raise InputError("没有要登记的内容；请填写 --email 或 --person")
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("accounts.manage")
        said: dict[str, object] = {}
        if email is not None:
            account_id = access.set_email(session, actor.scope, login, email)
            said["email"] = bool(email)
        if person:
            whose = person_id(place, session, actor, person)
            account_id = access.bind(session, actor.scope, login, whose)
            said["person"] = str(whose)
        audit.append(
            session,
            actor=f"account:{actor.account_id}",
            verb="account_set",
            target=f"account:{account_id}",
            body=said,
        )
    if email is not None:
        typer.echo(f"已{'登记' if email else '清除'}账号 {login} 的邮箱")
    if person:
        typer.echo(f"已绑定账号 {login} 的本人")


@app.command("delegate")
def delegate(
    to: Annotated[str, typer.Argument(help="受托人的登录名")],
    officer: AsOfficer,
    until: Annotated[datetime, typer.Option(help="最后一日")],
    reason: Annotated[str, typer.Option(help="原因")],
    since: Annotated[datetime | None, typer.Option(help="第一日；缺省为当日")] = None,
    of: Annotated[str, typer.Option("--of", help="授权人（登录名:岗位）；缺省为本人")] = "",
) -> None:
    """把一个岗位在一段时间内委托给他人；受托人以 登录名:岗位@授权人 办理，不能办理本人经手的单位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        held = place.actor(session, of or officer)
        today = civil_date(latest_instant(session, held.scope, real_now()))
    payload = {
        "to": to,
        "since": str(since.date() if since else today),
        "until": str(until.date()),
        "reason": reason,
    }
    request = CommandRequest(place.request_id(), "delegate", held.grant_id, None, payload)
    show_fate(act(place, officer, request))


@app.command("delegations")
def delegations(officer: AsOfficer, json: AsJson = False) -> None:
    """列出管理范围内的委托。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        rows = [
            {
                "委托": str(lent.id),
                "岗位": held.role if json else role_words(held.role),
                "授权人": lender.login,
                "受托人": to.login,
                "自": lent.since,
                "至": lent.until,
                "原因": lent.reason,
                "状态": "已终止" if lent.ended_at else "",
            }
            for lent, held, lender, to in access.delegations(session, actor.scope)
        ]
    show_table("委托", rows, as_json=json, empty="没有委托")


@app.command("end-delegation")
def end_delegation(
    delegation: Annotated[UUID, typer.Argument(help="委托编号，见 xueshi accounts delegations")],
    officer: AsOfficer,
) -> None:
    """提前终止委托。"""
    place = Workplace.here()
    request = CommandRequest(place.request_id(), "end_delegation", delegation, None, {})
    show_fate(act(place, officer, request))


@app.command("hand-over")
def hand_over(
    to: Annotated[str, typer.Argument(help="接办人的登录名（须有同一岗位）")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="原因")],
    of: Annotated[str, typer.Option("--of", help="移交人（登录名:岗位）；缺省为本人")] = "",
) -> None:
    """把一个岗位现有的待办移交给同一岗位的另一账号（请假、调岗）；此后的新待办仍归岗位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        held = place.actor(session, of or officer)
    payload = {"to": to, "reason": reason}
    request = CommandRequest(place.request_id(), "hand_over", held.grant_id, None, payload)
    show_fate(act(place, officer, request))


def _unit(session: Session, scope: Scope, code: str) -> UUID:
    found = unit_rows.unit_by_code(session, scope, code)
    if found is None:
        raise NotFoundError(f"单位 {code} 不存在或不在管理范围；请先导入，见 xueshi register list")
    return found.id
