"""`xueshi messages`: what goes out to officers, what waits and why, and trying again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import typer

from xueshi.access.roles import role_words
from xueshi.campaigns.clocks.clock import show_instant
from xueshi.errors import InputError
from xueshi.messages import repository as messages
from xueshi.messages.repository import Backlog
from xueshi.messages.tables import OutgoingMessage
from xueshi.real_clock import real_now
from xueshi.register.rows import people_rows
from xueshi.register.rows.people_rows import ShownPerson
from xueshi.storage import reading, transaction
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_record, show_table
from xueshi_cli.workplace import Workplace

app = Noun("消息：查看、重发")


@app.command("list")
def list_(
    officer: AsOfficer,
    waiting: Annotated[bool, typer.Option("--waiting", help="只列未送出的")] = False,
    json: AsJson = False,
) -> None:
    """列出管理范围内的消息，新的在前。"""
    with reading(Workplace.here().engine) as session:
        scope = Workplace.here().actor(session, officer).scope
        found = messages.listed(session, scope, states=messages.WAITING if waiting else None)
        names = messages.unit_names(session, {row.to_unit for row in found if row.to_unit})
        rows = [
            {
                "消息": str(row.id),
                "事由": row.subject,
                "收件": (names.get(row.to_unit, "") if row.to_unit else row.area)
                + f"：{role_words(row.to_role)}",
                "日期": str(row.day or show_instant(row.written_at)[:10]),
                "状态": state_words(row),
                "说明": row.last_error,
            }
            for row in found
        ]
        left = messages.backlog(session, scope)
    show_table("消息", rows, as_json=json, empty="没有消息")
    if not json and (left.waiting or left.stuck):
        typer.echo(backlog_words(left))


@app.command("show")
def show(message_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一条消息的内容和送达情况。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        scope = place.actor(session, officer).scope
        row = messages.message(session, scope, message_id)
        people = people_rows.shown_people(session, scope, place.keys, map(UUID, row.body.get("people", ())))
        unit = messages.unit_names(session, [row.to_unit]).get(row.to_unit, "") if row.to_unit else ""
        record: dict[str, Any] = {
            "消息": str(row.id),
            "事由": row.subject,
            "收件": f"{unit or row.area}：{role_words(row.to_role)}",
            "写成": show_instant(row.written_at),
            "状态": state_words(row),
            "已试": f"{row.attempts} 次",
            "下次": show_instant(row.next_try) if row.next_try else "",
            "送出": show_instant(row.sent_at) if row.sent_at else "",
            "说明": row.last_error,
            **_content(row, people.values()),
        }
    show_record("消息", record, as_json=json)


@app.command("retry")
def retry(
    officer: AsOfficer,
    message_id: Annotated[UUID | None, typer.Argument(help="消息编号；与 --all 二者取一")] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部发送失败的")] = False,
) -> None:
    """立即重发失败的消息（如更正邮箱、修好邮件服务器之后）。"""
    if (message_id is None) is not everything:
        raise InputError("请指明消息编号，或用 --all 重发全部失败的消息，二者取一")
    with transaction(Workplace.here().engine) as session:
        actor = Workplace.here().actor(session, officer)
        actor.require("accounts.manage")
        number = messages.try_again(session, actor.scope, message_id, real_now())
    typer.echo(f"{number} 条消息将立即重发（由正在运行的工作进程发送）")


def state_words(row: OutgoingMessage) -> str:
    """Say a message's state as officers read it."""
    if row.state == "written":
        return "待发" if row.next_try else "待并入每日待办"
    if row.state == "failed":
        return "待重发" if row.next_try else "未送出，需处理"
    return {"sent": "已发邮件", "filed": "已存文件", "folded": "已并入每日待办"}[row.state]


def backlog_words(left: Backlog) -> str:
    """Say what is not handed over: `12 封待发，最早 2026-11-25 08:00，原因：…`."""
    parts = []
    if left.waiting:
        oldest = f"，最早 {show_instant(left.oldest)}" if left.oldest else ""
        parts.append(f"{left.waiting} 封待发{oldest}，原因：{left.reason or '工作进程尚未轮到或没有运行'}")
    if left.stuck:
        parts.append(f"{left.stuck} 封未送出，需处理：用 xueshi messages list --waiting 查看")
    return "；".join(parts)


def _content(row: OutgoingMessage, people: Iterable[ShownPerson]) -> dict[str, Any]:
    if row.day is not None:
        return {one["heading"]: "\n".join(one["lines"]) for one in row.body["sections"]}
    words = {"campaign": "年度验证", "reason": "原因", "closes": "截止"}
    told = {words.get(name, name): value for name, value in row.body.items() if value and name != "people"}
    names = "、".join(f"{one.name}（{one.identity}）" for one in people)
    return {**told, "人员": names} if names else told
