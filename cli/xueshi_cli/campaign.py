"""`xueshi campaign`: open, list, show; what changes a campaign stands in `steering`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xueshi.campaigns import repository
from xueshi.campaigns.clock import show_deadline, start_of
from xueshi.campaigns.notice import Notice
from xueshi.errors import InputError, PluginError
from xueshi.jurisdictions import area_contains
from xueshi.plugin_files import read_notice
from xueshi.registry import Registry
from xueshi.storage import reading
from xueshi_cli import steering
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.campaign_view import CAMPAIGN_STAGES, campaign_record, doubled, unit_record
from xueshi_cli.output import AsJson, AsOfficer, show_record, show_table
from xueshi_cli.steering import PublicId, UnitCode, filing_of
from xueshi_cli.workplace import Workplace

app = typer.Typer(
    help="年度验证：开启、查看、延期、暂停、补训、撤并、关闭、重新开启、更换规则包、归档",
    no_args_is_help=True,
)


@app.command("open")
def open_(
    officer: AsOfficer,
    region: Annotated[str, typer.Argument(help="地区插件代码；以 --notice 开启时不填")] = "",
    year: Annotated[int, typer.Argument(help="年度；以 --notice 开启时不填")] = 0,
    notice: Annotated[Path | None, typer.Option("--notice", help="本级通知的文件（YAML）")] = None,
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")] = "",
    standing: Annotated[bool, typer.Option(help="演练时钟：只能用 advance 拨动")] = False,
) -> None:
    """按通知开启一次年度验证。"""
    place = Workplace.here()
    if (notice is None) is not (bool(region) and bool(year)):
        raise InputError("请指明地区和年度，或用 --notice 指明通知文件，二者取一")
    chosen = (
        _own_notice(place.registry, notice)
        if notice is not None
        else _shipped_notice(place.registry, region, year, area)
    )
    starts_at = start_of(chosen.issued) if standing else None
    campaign = opened_by_notice(place, officer, chosen, standing=standing, starts_at=starts_at)
    typer.echo(f"已开启：{campaign.title}（{campaign.public_id}）")
    with reading(place.engine) as session:
        for line in doubled(session, place.actor(session, officer), campaign):
            typer.echo(f"请核对：{line}")


def _shipped_notice(registry: Registry, region: str, year: int, area: str) -> Notice:
    notices = [
        notice
        for notice in registry.ask(region).notices(year)
        if not area or area_contains(area, notice.area) or notice.area == area
    ]
    if len(notices) != 1:
        known = "、".join(f"{notice.number}（{notice.area}）" for notice in notices) or "无"
        raise InputError(
            f"{region} {year} 年符合条件的通知有 {len(notices)} 件（{known}）；请用 --area 指明，或用 --notice 指明本级通知的文件"
        )
    return notices[0]


def _own_notice(registry: Registry, file: Path) -> Notice:
    """Read a bureau's own notice; which jurisdiction it belongs to follows from its area."""
    if not file.is_file():
        raise InputError(f"找不到通知文件 {file}；请核对路径")
    try:
        area = read_notice(file, str(file), "").area
        return read_notice(file, str(file), registry.region_for(area))
    except PluginError as error:
        raise InputError(str(error)) from error


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False) -> None:
    """列出年度验证。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        rows = [
            {
                "编号": campaign.public_id,
                "年度": campaign.year,
                "地区": campaign.area_name,
                "阶段": CAMPAIGN_STAGES[campaign.stage],
                "截止": show_deadline(campaign.deadline),
            }
            for campaign in repository.campaigns(session, actor.scope)
        ]
    show_table("年度验证", rows, as_json=json, empty="还没有开启过年度验证；用 xueshi campaign open 开启")


@app.command("show")
def show(public_id: PublicId, officer: AsOfficer, unit: UnitCode = "", json: AsJson = False) -> None:
    """查看一次年度验证的进度和须知：暂停、延期、补训、申诉、撤并等；加 --unit 查看一个单位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        if unit:
            campaign, _ = filing_of(session, actor, public_id, unit)
            record = unit_record(session, actor, campaign, unit)
            title = f"{campaign.title} {record['单位']}"
        else:
            campaign = repository.campaign_by_public_id(session, actor.scope, public_id)
            record, title = campaign_record(session, actor, campaign), campaign.title
    show_record(title, record, as_json=json)


for name, verb in steering.COMMANDS.items():
    app.command(name)(verb)
