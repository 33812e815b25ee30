"""`xueshi campaign`: open, rehearse, list, show; what changes a campaign stands in `steering`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import show_deadline, start_of
from xueshi.campaigns.rows import campaign_rows, filing_rows, merger_rows
from xueshi.register.rows import unit_rows
from xueshi.storage import reading
from xueshi_cli import scheduling, steering
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.adding_units import left_out, left_out_words
from xueshi_cli.campaign_view import CAMPAIGN_STAGES, campaign_record, doubled, unit_record
from xueshi_cli.flow_overlays import chosen_overlay
from xueshi_cli.notices import chosen_notice
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_record, show_table
from xueshi_cli.rehearsing import rehearse
from xueshi_cli.steering import PublicId, UnitCode, filing_of
from xueshi_cli.workplace import Workplace

app = Noun("年度验证：开启、查看、延期、暂停、补训、加入单位、撤并、关闭、重新开启、更换规则包、归档")
app.add_typer(scheduling.app, name="schedule")


@app.command("open")
def open_(
    officer: AsOfficer,
    region: Annotated[str, typer.Argument(help="地区插件代码；以 --notice 开启时不填")] = "",
    year: Annotated[int, typer.Argument(help="年度；以 --notice 开启时不填")] = 0,
    notice: Annotated[Path | None, typer.Option("--notice", help="本级通知的文件（YAML）")] = None,
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")] = "",
    flow_overlay: Annotated[
        Path | None,
        typer.Option("--flow-overlay", help="本级对流程的调整（YAML）：期限、办理方式、名称、可选环节"),
    ] = None,
    standing: Annotated[bool, typer.Option(help="演练时钟：只能用 advance 拨动")] = False,
) -> None:
    """按通知开启一次年度验证。"""
    place = Workplace.here()
    chosen = chosen_notice(place.registry, region, year, area, notice)
    starts_at = start_of(chosen.issued) if standing else None
    campaign = opened_by_notice(
        place,
        officer,
        chosen,
        standing=standing,
        starts_at=starts_at,
        flow_overlay=chosen_overlay(flow_overlay),
    )
    with reading(place.engine) as session:
        scope = Scope((campaign.area,))
        filing = sum(campaign_rows.counters(session, scope, campaign.id).values())
        ended = merger_rows.ended_units(session)
        standing_units = [unit.id for unit in unit_rows.units(session, scope) if unit.id not in ended]
        there = filing_rows.open_elsewhere(session, campaign.year, but=campaign.id)
        twice = sum(unit in there for unit in standing_units)
        others = len(standing_units) - filing - twice
        elsewhere = f"；另有 {others} 家按其行业系统适用别的文件，不在本次范围" if others else ""
        if twice:
            named = "、".join(sorted({there[unit].public_id for unit in standing_units if unit in there}))
            elsewhere += f"；另有 {twice} 家正在 {named} 申报，不在本次范围"
        typer.echo(f"已开启：{campaign.title}（{campaign.public_id}），单位 {filing} 家{elsewhere}")
        for line in doubled(session, place.actor(session, officer), campaign):
            typer.echo(f"请核对：{line}")


app.command("rehearse")(rehearse)


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False, csv: ToCsv = None, xlsx: ToXlsx = None) -> None:
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
            for campaign in campaign_rows.campaigns(session, actor.scope)
        ]
    show_table(
        "年度验证",
        rows,
        as_json=json,
        csv=csv,
        xlsx=xlsx,
        empty="还没有开启过年度验证；用 xueshi campaign open 开启",
    )


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
            campaign = campaign_rows.campaign_by_public_id(session, actor.scope, public_id)
            record, title = campaign_record(session, actor, campaign), campaign.title
            outside = left_out_words(left_out(place, session, campaign))
            record |= {"在册而未加入的单位": outside} if outside else {}
    show_record(title, record, as_json=json)


for name, verb in steering.COMMANDS.items():
    app.command(name)(verb)
