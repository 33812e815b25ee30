"""`xueshi campaign schedule`: store next year's notice today, to be opened on its day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.opening.planning import cancel_opening, plan_opening
from xueshi.campaigns.rows import campaign_rows
from xueshi.errors import InputError
from xueshi.storage import reading, transaction
from xueshi_cli.notices import own_notice
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.workplace import Workplace

app = Noun("定时开启：登记通知，到日自动开启", no_args_is_help=False, invoke_without_command=True)

STATES = {"planned": "待开启", "opened": "已开启", "cancelled": "已取消"}


@app.callback()
def schedule(
    context: typer.Context,
    notice: Annotated[Path | None, typer.Option("--notice", help="本级通知的文件（YAML）")] = None,
    at: Annotated[datetime | None, typer.Option("--at", help="哪一日零时起开启")] = None,
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理")] = "",
) -> None:
    """登记一件通知，到日自动开启年度验证。"""
    if context.invoked_subcommand is not None:
        return
    if notice is None or at is None or not officer:
        raise InputError("请用 --notice 指明通知文件、--at 指明开启日期、--as 指明账号")
    place = Workplace.here()
    read = own_notice(place.registry, notice)
    with transaction(place.engine) as session:
        planned = plan_opening(session, place.actor(session, officer), read, at.date())
    typer.echo(f"已登记：{planned.title}，{at.date()} 零时起由服务自动开启（编号 {planned.id}）")


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False) -> None:
    """列出登记的通知和开启情况。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        rows = [
            {
                "编号": str(one.id),
                "通知": one.title,
                "地区": one.area,
                "年度": one.year,
                "开启": civil_date(one.opens_at).isoformat(),
                "状态": STATES[one.state],
                "说明": one.reason,
            }
            for one in campaign_rows.planned_openings(session, place.actor(session, officer).scope)
        ]
    show_table("定时开启", rows, as_json=json, empty="没有登记；用 xueshi campaign schedule --notice 登记")


@app.command("cancel")
def cancel(planned_id: UUID, officer: AsOfficer) -> None:
    """取消一项定时开启。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        planned = cancel_opening(session, place.actor(session, officer), planned_id)
    typer.echo(f"已取消：{planned.title}")
