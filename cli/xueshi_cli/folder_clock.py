"""`xueshi clock`: the clock of a demo or rehearsal folder, by which records filed in the year are dated."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.clocks.campaign_clock import folder_now, folder_stands
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.storage import reading
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_fate, show_record
from xueshi_cli.recording import give
from xueshi_cli.workplace import Workplace

app = Noun("演示、演练文件夹的时钟：查看、起始、拨动")

Day = Annotated[datetime, typer.Argument(help="某日0时")]


@app.command("show")
def show(json: AsJson = False) -> None:
    """查看本数据文件夹的日期：正式环境按实际时间，演练文件夹由人拨动。"""
    with reading(Workplace.here().engine) as session:
        stands = folder_stands(session)
        today = civil_date(folder_now(session, real_now()))
    show_record(
        "时钟",
        {"日期": today.isoformat(), "方式": "演练（由人拨动）" if stands else "实际时间"},
        as_json=json,
    )


@app.command("begin")
def begin(day: Day, officer: AsOfficer) -> None:
    """把一个新的数据文件夹设为演练，从某日开始；已按实际时间办理的文件夹不能改。"""
    place = Workplace.here()
    if place.settings.environment == "production":
        raise InputError("正式环境（XUESHI_ENVIRONMENT=production）不能设为演练；请另设数据文件夹")
    _set(place, officer, day, begin=True)


@app.command("advance")
def advance(day: Day, officer: AsOfficer) -> None:
    """把演练时钟拨到某日0时；只能向后拨。"""
    _set(Workplace.here(), officer, day, begin=False)


def _set(place: Workplace, officer: str, day: datetime, *, begin: bool) -> None:
    def made(session: Session, actor: Actor) -> CommandRequest:  # noqa: ARG001 - what `give` calls
        payload = {"to": start_of(day.date()).isoformat(), "begin": begin}
        return CommandRequest(place.request_id(), "advance_folder", FOLDER, None, payload)

    row, _ = give(place, officer, made)
    show_fate(row)
    if row.state == "done":
        with reading(place.engine) as session:
            typer.echo(f"演练时钟现为 {civil_date(folder_now(session, real_now()))}")
