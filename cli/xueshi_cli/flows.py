"""`xueshi flows`: the flows that hold in an area, and a bureau's own settings of them: checked, drafted, published by another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.bureau_rules import repository as drafted
from xueshi.bureau_rules.flow_desk import FlowDesk, checked
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.year_round import flow_settings
from xueshi.campaigns.year_round.flow_settings import FlowSetting
from xueshi.errors import InputError
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.flows.flow_words import PURPOSES, flow_sentences
from xueshi.jurisdictions import area_contains
from xueshi.real_clock import real_now
from xueshi.registry import load
from xueshi.storage import reading
from xueshi_cli.flow_overlays import chosen_overlay
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_fate, show_record, show_table
from xueshi_cli.recording import law_in_force
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
SHORT = 12
"""Characters of a digest that are shown."""
STATES = {"draft": "草案", "published": "已发布", "taken_back": "已撤销", "done": "已办理"}
app = Noun("流程：现行环节，本级的流程调整（检查、起草、发布、撤销）")

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
    made = checked(load(), overlay, area)
    sentences = {flow.id: flow_sentences(flow) for flow in made}
    if json:
        show_record("", {"流程": overlay.of, "年度": str(overlay.years), "环节": sentences}, as_json=True)
        return
    typer.echo(f"{file}：没有问题；调整后的{PURPOSES[made[0].purpose]}流程：")
    for lines in sentences.values():
        typer.echo("\n".join(lines))


@app.command("draft")
def draft(file: File, officer: AsOfficer, area: Area = "") -> None:
    """起草流程调整（年度验证的、学时登记的都可以）：检查，存为草案，由另一人发布。"""
    place = Workplace.here()
    row = _desk(place, officer).draft(area, _read(file))
    short = row.digest[:SHORT]
    typer.echo(
        f"已存为草案 {short}（{row.area}，{row.body}{row.document}）；由另一人 xueshi flows publish {short} 发布"
    )


@app.command("publish")
def publish(
    draft: Annotated[str, typer.Argument(help="草案编号（前几位即可），见 xueshi flows drafts")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option("--reason", help="原因")] = "",
) -> None:
    """发布草案：由起草人以外的人办理。此后申报的记录、开启的年度验证照此办理；已申报、已开启的不变。"""
    if Path(draft).is_file():
        raise InputError(f"{draft} 是文件；请先起草（xueshi flows draft {draft}），再由另一人按草案编号发布")
    place = Workplace.here()
    row, command = _desk(place, officer).publish(draft, reason)
    show_fate(command)
    with reading(place.engine) as session:
        [setting] = [one for one in flow_settings.published(session) if one.number == row.setting]
    if row.kind == "flow_end":
        typer.echo(
            f"已撤销第{setting.number}号流程调整（{setting.overlay.source}）；已照它申报、开启的仍照它办结"
        )
    elif setting.purpose == "record":
        typer.echo(
            f"已发布（{row.area}，第{setting.number}号）：此后申报的 {setting.overlay.years} 年度学时记录照此办理；"
            "此前申报、还在办理的记录仍照申报时的流程"
        )
    else:
        typer.echo(
            f"已发布（{row.area}，第{setting.number}号）：{setting.overlay.years} 年度的年度验证开启时可以指明它"
            "（xueshi campaign open --flow-overlay）；已开启的不变"
        )


@app.command("withdraw")
def withdraw(
    number: Annotated[int, typer.Argument(help="调整的编号，见 xueshi flows list")],
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="撤销的原因")],
) -> None:
    """起草撤销一份流程调整，由另一人发布；发布以后申报的记录、开启的年度验证不再照它办理。"""
    place = Workplace.here()
    command = _desk(place, officer).withdraw(number, reason)
    show_fate(command)
    with reading(place.engine) as session:
        row = drafted.draft(session, ENGINE, command.target_id, kinds=drafted.FLOWS)
        short = row.digest[:SHORT]
    typer.echo(f"撤销第{number}号流程调整已存为草案 {short}；由另一人 xueshi flows publish {short} 发布")


@app.command("drafts")
def drafts(officer: AsOfficer, json: AsJson = False) -> None:
    """列出流程调整的草案：谁起草、谁发布，状态和原因。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("rules.draft")
        listed = drafted.drafts(session, actor.scope, kinds=drafted.FLOWS)
        who = {who for one in listed for who in (one.maker, one.publisher) if who is not None}
        names = access.account_names(session, who)
        rows = [_draft_line(one, names) for one in listed]
    show_table("流程调整的草案", rows, as_json=json, empty="没有草案；用 xueshi flows draft 起草")


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False) -> None:
    """列出与本地区有关的流程调整：上级、本级和下级发布的。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        rows = [
            _line(one)
            for one in flow_settings.published(session)
            if area_contains(one.area, actor.area) or area_contains(actor.area, one.area)
        ]
    show_table("流程调整", rows, as_json=json, empty="没有发布过流程调整；先用 xueshi flows draft 文件 起草")


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


def _desk(place: Workplace, officer: str) -> FlowDesk:
    return FlowDesk(place.engine, place.registry, lambda session: place.actor(session, officer))


def _draft_line(one: RuleDraft, names: Mapping[UUID, str]) -> dict[str, object]:
    made, published = civil_date(one.made_at), one.published_at and civil_date(one.published_at)
    return {
        "草案": one.digest[:SHORT],
        "种类": "流程调整" if one.kind == "flow" else f"撤销第{one.setting}号",
        "地区": one.area,
        "依据": f"{one.body}{one.document}（{one.decided}）",
        "状态": STATES[one.state],
        "起草": f"{names.get(one.maker, '')} {made}",
        "发布": "" if one.publisher is None else f"{names.get(one.publisher, '')} {published}",
        "原因": one.publish_reason or one.reason,
    }


def _line(one: FlowSetting) -> dict[str, object]:
    overlay = one.overlay
    return {
        "编号": one.number,
        "地区": one.area,
        "流程": f"{overlay.of}（{PURPOSES[one.purpose]}）",
        "年度": str(overlay.years),
        "依据": f"{overlay.source}（{overlay.decided}）",
        "发布": one.published.isoformat(),
        "撤销": "" if one.ended is None else one.ended.isoformat(),
    }
