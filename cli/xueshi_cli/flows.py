"""`xueshi flows`: the flows that hold in an area, and a bureau's own settings of them: checked, published, withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.year_round import record_settings
from xueshi.campaigns.year_round.record_settings import RecordSetting
from xueshi.errors import InputError
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.flows.flow_words import PURPOSES, flow_sentences
from xueshi.flows.overlay_target import set_flows
from xueshi.flows.region_flows import PlacedFlow
from xueshi.jurisdictions import area_contains
from xueshi.real_clock import real_now
from xueshi.registry import Registry, load
from xueshi.storage import reading, transaction
from xueshi_cli.flow_overlays import chosen_overlay
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_record, show_table
from xueshi_cli.recording import law_in_force
from xueshi_cli.workplace import Workplace

app = Noun("流程：现行环节，本级的流程调整（检查、发布、撤销）")

File = Annotated[Path, typer.Argument(help="流程调整文件（YAML）")]
Area = Annotated[str, typer.Option(help="地区代码；缺省为本账号的地区")]


@app.command("check")
def check(
    file: File,
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")],
    json: AsJson = False,
) -> None:
    """检查一份流程调整（年度验证的、学时登记的都可以）；写错的逐条指出行号和改法。不写入。"""
    overlay = _read(file)
    made = set_flows(_flows_of(load(), area), overlay, area)
    sentences = {flow.id: flow_sentences(flow) for flow in made}
    if json:
        show_record("", {"流程": overlay.of, "年度": str(overlay.years), "环节": sentences}, as_json=True)
        return
    typer.echo(f"{file}：没有问题；调整后的{PURPOSES[made[0].purpose]}流程：")
    for lines in sentences.values():
        typer.echo("\n".join(lines))


@app.command("publish")
def publish(file: File, officer: AsOfficer, area: Area = "") -> None:
    """发布对学时登记流程的调整：此后申报的记录照此办理；已申报的照申报时的流程。"""
    overlay = _read(file)
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        where = area or actor.area
        made = set_flows(_flows_of(place.registry, where), overlay, where)
        setting = record_settings.publish(session, actor, where, overlay, made[0])
    typer.echo(
        f"已发布（{where}，第{setting.number}号）：此后申报的 {overlay.years} 年度学时记录照此办理；"
        "此前申报、还在办理的记录仍照申报时的流程"
    )


@app.command("withdraw")
def withdraw(
    number: Annotated[int, typer.Argument(help="调整的编号，见 xueshi flows list")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="撤销的原因")],
) -> None:
    """撤销对学时登记流程的调整：此后申报的记录不再照此办理；已申报的不变。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        ended = record_settings.withdraw(session, place.actor(session, officer), number, reason)
    typer.echo(f"已撤销第{number}号流程调整（{ended.overlay.source}）；已照它申报的记录仍照它办结")


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False) -> None:
    """列出与本地区有关的流程调整：上级、本级和下级发布的。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        rows = [
            _line(one)
            for one in record_settings.published(session)
            if area_contains(one.area, actor.area) or area_contains(actor.area, one.area)
        ]
    show_table(
        "学时登记流程的调整", rows, as_json=json, empty="没有发布过流程调整；发布用 xueshi flows publish 文件"
    )


@app.command("show")
def show(
    officer: AsOfficer,
    year: Annotated[int | None, typer.Option(help="统计年度；缺省为今年")] = None,
    area: Area = "",
    json: AsJson = False,
) -> None:
    """查看现在申报学时记录要经过的流程，本级的调整在内。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        where = area or actor.area
        wanted = year or civil_date(folder_now(session, real_now())).year
        flow = law_in_force(session, place.registry, where, None, wanted).flow
    if json:
        show_record("", {"流程": flow.id, "年度": wanted, "环节": flow_sentences(flow)}, as_json=True)
        return
    typer.echo("\n".join(flow_sentences(flow)))


def _read(file: Path) -> FlowOverlay:
    overlay = chosen_overlay(file)
    assert overlay is not None  # a file was named
    return overlay


def _flows_of(registry: Registry, area: str) -> list[PlacedFlow]:
    """Return the flows that may serve an area: its region's own, and those of the instruments that apply there."""
    region = registry.region_for(area)
    applied = (registry.owner_of(line.use) for line in registry.ask(region).jurisdiction().applies)
    flows = [
        placed for code in dict.fromkeys((region, *applied)) for placed in registry.ask(code).placed_flows()
    ]
    if not flows:
        raise InputError(f"地区 {area} 没有任何流程；请核对地区代码和已安装的地区插件（xueshi regions list）")
    return flows


def _line(one: RecordSetting) -> dict[str, object]:
    overlay = one.overlay
    return {
        "编号": one.number,
        "地区": one.area,
        "流程": overlay.of,
        "年度": str(overlay.years),
        "依据": f"{overlay.source}（{overlay.decided}）",
        "发布": one.published.isoformat(),
        "撤销": "" if one.ended is None else one.ended.isoformat(),
    }
