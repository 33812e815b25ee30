"""`xueshi campaign`: open, list, show, extend, advance, close."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from xueshi.campaigns import repository
from xueshi.campaigns.clock import end_of, show_deadline, start_of
from xueshi.campaigns.commands import CommandRequest
from xueshi.campaigns.notice import Notice
from xueshi.errors import InputError, PluginError
from xueshi.jurisdictions import area_contains
from xueshi.plugin_files import read_notice
from xueshi.registry import Registry
from xueshi.storage import reading
from xueshi_cli.acting import act, opened_by_notice
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_fate, show_record, show_table
from xueshi_cli.workplace import Workplace

app = typer.Typer(help="年度验证：开启、查看、延期、拨动演练时钟、关闭", no_args_is_help=True)

STAGES = {
    "filing": "待单位申报",
    "assessing": "核算中",
    "deciding": "待审验",
    "approved": "审验通过",
    "refused": "不予通过",
    "not_filed": "未申报",
}


CAMPAIGN_STAGES = {
    "open": "办理中",
    "closing": "正在关闭",
    "sealed": "已封存",
    "printed": "已打印",
    "finished": "已办结",
}


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
            for campaign in repository.campaigns(session, actor.scope)
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
def show(public_id: str, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一次年度验证的进度。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaign = repository.campaign_by_public_id(session, actor.scope, public_id)
        counts = repository.counters(session, actor.scope, campaign.id)
        record: dict[str, object] = {
            "编号": campaign.public_id,
            "名称": campaign.title,
            "阶段": CAMPAIGN_STAGES[campaign.stage],
            "截止": show_deadline(campaign.deadline),
            "规则包": campaign.pack_digest[:12],
            **{STAGES.get(stage, stage): number for stage, number in counts.items()},
        }
    show_record(campaign.title, record, as_json=json)


@app.command("extend")
def extend(
    public_id: str, until: datetime, officer: AsOfficer, reason: Annotated[str, typer.Option()]
) -> None:
    """延长申报截止日期（当日24时）。"""
    _steer(public_id, officer, "extend", until.date(), reason)


@app.command("advance")
def advance(public_id: str, to: datetime, officer: AsOfficer) -> None:
    """把演练时钟拨到某日0时（仅演示、演练文件夹）。"""
    _steer(public_id, officer, "advance", to.date(), "")


@app.command("close")
def close(public_id: str, officer: AsOfficer) -> None:
    """关闭：封存结果、打印表卡、汇总统计。"""
    _steer(public_id, officer, "close", None, "")


def _steer(public_id: str, officer: str, kind: str, day: date | None, reason: str) -> None:
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaign = repository.campaign_by_public_id(session, actor.scope, public_id)
    to = None if day is None else (end_of(day) if kind == "extend" else start_of(day)).isoformat()
    row = act(
        place,
        officer,
        CommandRequest(
            request_id=place.request_id(),
            kind=kind,
            target_id=campaign.id,
            expected_version=campaign.version,
            payload={"to": to, "reason": reason},
        ),
    )
    show_fate(row)
