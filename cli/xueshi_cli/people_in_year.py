"""Verbs of `xueshi records` for what happens to a person in mid-year: another unit, another title."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.errors import InputError, NotFoundError
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows, unit_rows
from xueshi.register.tables import Unit
from xueshi.register.workbook import LEVELS
from xueshi_cli.output import AsJson, AsOfficer
from xueshi_cli.record_answers import tell
from xueshi_cli.recording import give, person_id, unit_of
from xueshi_cli.workplace import Workplace


def transfer(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    to: Annotated[str, typer.Option(help="新单位的统一社会信用代码")] = "",
    on: Annotated[datetime | None, typer.Option(help="转入日期：在新单位的第一天，不晚于今天")] = None,
    post: Annotated[str, typer.Option(help="在新单位的工作岗位")] = "",
    undo: Annotated[
        bool,
        typer.Option("--undo", help="撤销误登记的转单位；原登记保留，另记一笔更正，再按正确的单位、日期办理"),
    ] = False,
    unit: Annotated[str, typer.Option(help="撤销时：原单位的统一社会信用代码")] = "",
    reason: Annotated[str, typer.Option(help="撤销的原因")] = "",
    json: AsJson = False,
) -> None:
    """人员转单位：学时随人转移；条款规定离职前须审核的，原单位先办结其学时记录，否则未办结的随人转到新单位。"""
    if undo and (to or on is not None or post or not unit or not reason):
        raise InputError(
            "撤销转单位用 --undo，以 --unit 指明原单位，以 --reason 写明原因，不写 --to、--on、--post"
        )
    if not undo and (not to or on is None or unit or reason):
        raise InputError(
            "转单位请以 --to 指明新单位，以 --on 写明转入日期；--unit、--reason 只用于撤销（--undo）"
        )
    place = Workplace.here()

    def undone(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        payload = {"from": str(_unit(session, actor, unit).id), "reason": reason}
        return CommandRequest(place.request_id(), "undo_transfer", whose, None, payload)

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        old = unit_of(session, actor, whose)
        new = unit_rows.unit_by_code(session, actor.scope.of_engine(), to)
        if new is None:
            raise InputError(f"新单位 {to} 不在册；请核对统一社会信用代码，或请该单位先登记")
        assert on is not None  # asked above
        payload = {"from": str(old.id), "to": str(new.id), "day": on.date().isoformat(), "post": post}
        return CommandRequest(place.request_id(), "transfer_person", whose, None, payload)

    tell(*give(place, officer, undone if undo else made), as_json=json)


def leave(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="原因：退休、去世、调往外地等；撤销时写为何撤销")],
    on: Annotated[datetime | None, typer.Option(help="离开日期：在本单位的最后一天")] = None,
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码；缺省为此人现在的单位")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="撤销误登记的离开；原登记保留，另记一笔更正")] = False,
    json: AsJson = False,
) -> None:
    """人员离开单位、不转入其他单位：自次日起不再计入本单位；已认定的学时不变。"""
    if undo is (on is not None):
        raise InputError("请以 --on 写明离开日期；撤销误登记的离开则只用 --undo，不写 --on")
    place = Workplace.here()

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        at = _unit(session, actor, unit) if unit else _unit_of(session, actor, whose, on)
        payload: dict[str, object] = {"unit": str(at.id), "reason": reason}
        if on is None:
            return CommandRequest(place.request_id(), "undo_leave", whose, None, payload)
        day = on.date()
        year = place.registry.pack_for(at.area, day.year, at.sector).year_of(day)
        payload |= {"day": day.isoformat(), "year": year}
        return CommandRequest(place.request_id(), "leave_person", whose, None, payload)

    tell(*give(place, officer, made), as_json=json)


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    found = unit_rows.unit_by_code(session, actor.scope, code)
    if found is None:
        raise InputError(f"单位 {code} 不存在或不在管理范围；见 xueshi register list")
    return found


def _unit_of(session: Session, actor: Actor, person: UUID, on: datetime | None) -> Unit:
    """Return where a person worked on the day of a leave, or, to take one back, where he worked last."""
    if on is None:
        last = standing_rows.last_unit(session, person)
        return unit_rows.unit(session, actor.scope, last)
    found = records.employed_on(session, actor.scope, person, on.date())
    if found is None:
        raise NotFoundError(f"此人{on.date()}不在您管理范围内的单位任职；请核对人员和日期")
    return found.unit


def level(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    title: Annotated[str, typer.Option(help="所取得的职称")],
    since: Annotated[datetime, typer.Option(help="取得日期")],
    grade: Annotated[str, typer.Option("--level", help="级别：高级、中级、初级；没有级别的不填")] = "",
    json: AsJson = False,
) -> None:
    """登记新取得的职称；年度内变动按条款规定的日子读取。"""
    place = Workplace.here()
    code = LEVELS.get(grade, grade) or None

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        payload = {"title": title, "level": code, "since": since.date().isoformat()}
        return CommandRequest(place.request_id(), "set_level", whose, None, payload)

    tell(*give(place, officer, made), as_json=json)
    if not json:
        shown = {code: name for name, code in LEVELS.items()}.get(code or "", grade) or "不分级别"
        typer.echo(f"自 {since.date()} 起：{title}，{shown}")
