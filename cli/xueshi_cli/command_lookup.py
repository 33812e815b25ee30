"""`xueshi commands`: what became of a command, by its number; which ones wait, which were refused and why."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.roles import role_words
from xueshi.access.scope import Scope
from xueshi.access.tables import Grant
from xueshi.campaigns.clocks.clock import show_instant
from xueshi.campaigns.commanding.command_table import COMMAND_KINDS
from xueshi.campaigns.rows import campaign_rows, command_rows, filing_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import NotFoundError
from xueshi.register.rows import people_rows, unit_rows
from xueshi.storage import reading
from xueshi_cli.nouns import Noun
from xueshi_cli.output import FATES, AsJson, AsOfficer, ToCsv, ToXlsx, show_record, show_table
from xueshi_cli.workplace import Workplace

app = Noun("办理：按办理编号查看结果，列出等待执行的、未办理的")

ENGINE = Scope.everything()
REFUSED = ("refused", "late")


@app.command("list")
def list_(
    officer: AsOfficer,
    waiting: Annotated[bool, typer.Option("--waiting", help="只列已登记、等待执行的")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="只列未办理的和逾期的")] = False,
    number: Annotated[int, typer.Option("--number", min=1, max=10000, help="至多列几件，新的在前")] = 50,
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """列出您本人和管理范围内各账号的办理及其结果，新的在前。"""
    place = Workplace.here()
    wanted = [*(("pending",) if waiting else ()), *(REFUSED if refused else ())]
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        found = command_rows.seen_commands(session, actor.scope, actor.account_id, wanted or None, number)
        names = access.account_names(session, {row.account_id for row, _ in found})
        rows = [
            {
                "办理编号": str(row.id),
                "办理": COMMAND_KINDS[row.kind].label,
                "对象": _target(session, row),
                "办理人": names.get(row.account_id, ""),
                "时间": show_instant(row.inserted_at),
                "结果": FATES[row.state],
                "原因": row.reason,
            }
            for row, _ in found
        ]
    if json or csv or xlsx or not rows:
        show_table("办理", rows, as_json=json, csv=csv, xlsx=xlsx, empty="没有这样的办理")
        return
    for one in rows:  # seven columns fit no terminal: a command takes two or three lines
        typer.echo(f"{one['办理编号']}  {one['时间']}  {one['办理']}：{one['结果']}")
        typer.echo("    " + "，".join(part for part in (one["对象"], one["办理人"]) if part))
        if one["原因"]:
            typer.echo(f"    原因：{one['原因']}")
    typer.echo(f"共 {len(rows)} 件")


@app.command("show")
def show(command_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """按办理编号查看：谁、何时、办理什么，结果和原因；未办理的退出码为 1。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        row, grant = command_rows.seen_command(session, actor.scope, actor.account_id, command_id)
        record = _record(session, row, grant)
    show_record("办理", record, as_json=json)
    if row.state in REFUSED:
        raise typer.Exit(1)


def _record(session: Session, row: Command, grant: Grant) -> dict[str, Any]:
    names = access.account_names(session, [row.account_id])
    waiting = "服务启动后自动执行（xueshi up）" if row.state == "pending" else ""
    return {
        "办理编号": str(row.id),
        "办理": COMMAND_KINDS[row.kind].label,
        "对象": _target(session, row),
        "办理人": f"{names.get(row.account_id, '')}，{role_words(grant.role)}",
        "时间": show_instant(row.inserted_at),
        "填写的原因": str(row.payload.get("reason") or ""),
        "结果": FATES[row.state],
        "原因": row.reason or waiting,
    }


def _target(session: Session, row: Command) -> str:
    """Say on what a command was given; empty for what has no name of its own."""
    try:
        if row.target_kind == "filing":
            filing = filing_rows.filing(session, ENGINE, row.target_id)
            return unit_rows.unit(session, ENGINE, filing.unit_id).name
        if row.target_kind == "campaign":
            return campaign_rows.campaign(session, ENGINE, row.target_id).title
        if row.target_kind == "record" and row.payload.get("filing"):
            record = people_rows.study_record(session, ENGINE, row.target_id)
            return record.content
    except NotFoundError:
        return ""
    return ""
