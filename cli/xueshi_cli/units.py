"""`xueshi register unit`: what a unit is, and which levels its filing will pass."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import merger_rows
from xueshi.errors import InputError, NotFoundError
from xueshi.flows.flow_words import flow_sentences
from xueshi.flows.routing import flow_for
from xueshi.flows.unit_facts import facts_of
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Unit
from xueshi.register.unit_kinds import UNIT_KINDS
from xueshi.storage import reading, transaction
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_record
from xueshi_cli.workplace import Workplace

app = Noun("单位的性质、行业主管部门和行业系统")
YES_NO: dict[str, Literal["by_sector"] | bool] = {"yes": True, "no": False, "by-sector": "by_sector"}


@app.command("set")
def set_(
    code: Annotated[str, typer.Argument(help="统一社会信用代码")],
    officer: AsOfficer,
    kind: Annotated[
        str, typer.Option(help="、".join(f"{code} {name}" for code, name in UNIT_KINDS.items()))
    ] = "",
    has_department: Annotated[
        str,
        typer.Option(
            "--has-department", help="有无行业主管部门：yes、no，或 by-sector（填了行业系统即为有）"
        ),
    ] = "",
    sector: Annotated[str | None, typer.Option(help="行业系统；空字符串为没有")] = None,
) -> None:
    """设定一个单位的性质；此后开启的年度验证按它定环节，已开启的不变。"""
    if has_department and has_department not in YES_NO:
        raise InputError(f"--has-department 不能是“{has_department}”；可用：{'、'.join(YES_NO)}")
    if not kind and not has_department and sector is None:
        raise InputError("没有要设定的内容；请用 --kind、--has-department 或 --sector 指明")
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.units")
        unit = unit_rows.set_unit(
            session,
            actor.scope,
            _unit(session, actor.scope, code).id,
            kind=kind or None,
            has_department=YES_NO.get(has_department),
            sector=sector,
        )
        audit.append(
            session,
            actor=f"account:{actor.account_id}",
            verb="unit_set",
            target=f"unit:{unit.id}",
            body={"kind": unit.kind, "has_department": unit.has_department, "sector": unit.sector},
        )
        record = _shown(unit)
    show_record("已设定", record, as_json=False)


@app.command("rename")
def rename(
    code: Annotated[str, typer.Argument(help="统一社会信用代码")],
    name: Annotated[str, typer.Argument(help="新的单位名称，与登记证书一致")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="依据，如批准更名的文号")],
    on: Annotated[datetime | None, typer.Option(help="自哪一天起用新名称；缺省为今天")] = None,
) -> None:
    """单位更名：原名称留存，写原名称、新名称的工作簿都能对应；已封存的结果和表卡仍用封存时的名称。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.units")
        today = civil_date(folder_now(session, real_now()))
        day = today if on is None else on.date()
        if day > today:
            raise InputError(f"更名日期 {day} 还没有到（今天是 {today}）；请在当日以后办理")
        unit = _unit(session, actor.scope, code)
        before, maker = unit.name, f"account:{actor.account_id}"
        unit = unit_rows.rename_unit(session, actor.scope, unit.id, name, on=day, reason=reason, maker=maker)
        audit.append(
            session,
            actor=maker,
            verb="unit_renamed",
            target=f"unit:{unit.id}",
            body={"before": before, "name": unit.name, "day": day.isoformat(), "reason": reason},
        )
        record = _shown(unit) | _former(session, unit)
    show_record("已更名", record, as_json=False)


@app.command("show")
def show(
    code: Annotated[str, typer.Argument(help="统一社会信用代码")],
    officer: AsOfficer,
    year: Annotated[int | None, typer.Option(help="哪一年度的环节；不写则不列")] = None,
    json: AsJson = False,
) -> None:
    """查看一个单位，以及它的申报在某一年度要经过哪些环节。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        unit = _unit(session, actor.scope, code)
        record, facts, area = _shown(unit), facts_of(unit), unit.area
        record |= _former(session, unit)
        record |= {"状态": "已撤并"} if unit.id in merger_rows.ended_units(session) else {}
    if year is not None:
        flows = place.registry.flows_for(area, year, "campaign", facts.sector)
        record["环节"] = "\n".join(
            line for flow in flows for line in flow_sentences(flow_for(flow, facts))[1:]
        )
    show_record("单位", record, as_json=json)


def _unit(session: Session, scope: Scope, code: str) -> Unit:
    found = unit_rows.unit_by_code(session, scope, code)
    if found is None:
        raise NotFoundError(f"单位 {code} 不存在或不在管理范围；请核对代码，或用 xueshi register list 查看")
    return found


def _former(session: Session, unit: Unit) -> dict[str, str]:
    held = unit_rows.former_names(session, unit.id)
    return {"曾用名": "；".join(f"{one.name}（至 {one.until}）" for one in held)} if held else {}


def _shown(unit: Unit) -> dict[str, Any]:
    facts = facts_of(unit)
    return {
        "统一社会信用代码": unit.credit_code,
        "单位": unit.name,
        "地区": unit.area,
        "性质": UNIT_KINDS[unit.kind],
        "行业系统": unit.sector or "",
        "行业主管部门": "有" if facts.has_department else "无",
    }
