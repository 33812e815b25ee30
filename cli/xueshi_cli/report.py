"""`xueshi report`: the signed package for the superior authority, its receipt, and what comes from below."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.campaign_acts import UNDECIDED
from xueshi.campaigns.rows import filing_rows
from xueshi.errors import InputError, NotFoundError
from xueshi.reports import repository
from xueshi.reports.package import read_package
from xueshi.reports.report_machine import STATES
from xueshi.reports.signing import PublicKey, Signer, read_public_key
from xueshi.storage import reading
from xueshi_cli import report_receiving
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.report_files import (
    KEY_BYTES_LIMIT,
    AreaCode,
    Output,
    ReportNumber,
    body_of,
    desk_of,
    read_file,
    show_parts,
    written,
)
from xueshi_cli.report_gathering import gathered
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import campaigns_of
from xueshi_workflows.reporting import Gathered, build_report, file_name

app = Noun("上报：编制报送包、报送、回执；接收、确认、退回下级的报告")
app.command("receive")(report_receiving.receive)
app.command("acknowledge")(report_receiving.acknowledge)
app.command("reject")(report_receiving.reject)
app.command("show")(report_receiving.show)
app.command("summary")(report_receiving.summary)


@app.command("build")
def build(
    region: Annotated[str, typer.Argument(help="地区插件代码")],
    year: Annotated[int, typer.Argument(help="年度")],
    officer: AsOfficer,
    area: AreaCode = "",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="没有年度验证的地区：统计截至某日的登记"),
    ] = None,
    persons: Annotated[
        str, typer.Option(help="人员明细：none 不含，masked 证件号遮盖，indexed 只含假名编号；按上级要求")
    ] = "none",
    report_by: Annotated[
        datetime | None,
        typer.Option("--report-by", formats=["%Y-%m-%d"], help="上报截止日期；缺省为通知所定日期"),
    ] = None,
) -> None:
    """编制一个地区的年度报告（数据、统计表、清单、签名）；内容没有变化的不另编一次。"""
    if persons not in ("none", "masked", "indexed"):
        raise InputError(f"人员明细“{persons}”不可用；请用 none、masked 或 indexed")
    place = Workplace.here()
    until = None if report_by is None else report_by.date()

    def gathered_by(session: Session, actor: Actor) -> Gathered:
        actor.require("report.send")
        day = None if as_of is None else as_of.date()
        where = area or actor.area
        return gathered(place, session, actor, region, year, where, as_of=day, report_by=until)

    row, new = build_report(
        place.engine, place.keys, lambda session: place.actor(session, officer), gathered_by, persons
    )
    said = "已编制" if new else "内容没有变化，仍为"
    typer.echo(
        f"{said}第{row.revision}次报告（{row.area_name}，{row.year}年度；编号 {row.name}，摘要 {row.digest[:16]}）"
    )
    with reading(place.engine) as session:
        head = read_package(audit.load_artifact(session, row.digest)).head
        actor = place.actor(session, officer)
        under_way = sum(
            number
            for campaign in campaigns_of(session, actor, region, year, area or actor.area)
            for stage, number in filing_rows.later_stages(session, campaign.id).items()
            if stage in UNDECIDED
        )
    show_parts(head)
    if under_way and as_of is None:
        typer.echo(
            f"注意：有 {under_way} 家单位重新开启而未办结，报告按其原封存的结果；办结后内容有变的，请重新编制"
        )


@app.command("send")
def send(report: ReportNumber, officer: AsOfficer, output: Output = None) -> None:
    """报送：写出报送包文件交给上级；再次报送写出同一份文件。"""
    place = Workplace.here()
    row, body = desk_of(place, officer).send(report)
    target = written(output or Path(file_name(row.name)), body)
    typer.echo(f"已报送第{row.revision}次报告：{target}（请送交上级；回执用 xueshi report receipt 登记）")


@app.command("receipt")
def receipt(file: Annotated[Path, typer.Argument(help="上级出具的回执文件")], officer: AsOfficer) -> None:
    """登记上级的回执：确认，或写明原因的退回。"""
    place = Workplace.here()
    body = read_file(file, KEY_BYTES_LIMIT)
    row = desk_of(place, officer).take_receipt(body)
    typer.echo(f"{row.area_name} {row.year} 年度第{row.revision}次报告{STATES[row.state]}")
    for reason in row.reasons:
        typer.echo(f"  {reason}")


@app.command("list")
def list_(
    officer: AsOfficer,
    received: Annotated[bool, typer.Option("--received", help="列出收到的下级报告")] = False,
    json: AsJson = False,
) -> None:
    """列出本级编制的报告；加 --received 列出收到的下级报告。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        if received:
            actor.require("report.receive")
            rows = [
                {
                    "编号": one.name,
                    "地区": one.area_name + ("（示例）" if one.sample else ""),
                    "年度": one.year,
                    "次数": one.revision,
                    "状态": STATES[one.state],
                    "原因": "；".join(one.reasons),
                    "摘要": one.digest[:16],
                }
                for one in repository.received_reports(session, actor.scope)
            ]
        else:
            actor.require("report.send")
            rows = [
                {
                    "编号": one.name,
                    "地区": one.area_name + ("（示例）" if one.standing else ""),
                    "年度": one.year,
                    "次数": one.revision,
                    "状态": STATES[one.state],
                    "原因": "；".join(one.reasons),
                    "截止": one.report_by or "",
                    "催报": one.reminders,
                    "摘要": one.digest[:16],
                }
                for one in repository.reports(session, actor.scope)
            ]
    empty = "还没有收到报告" if received else "还没有编制过报告；用 xueshi report build 编制"
    show_table("收到的报告" if received else "报告", rows, as_json=json, empty=empty)


@app.command("key")
def key(officer: AsOfficer, area: AreaCode = "", output: Output = None) -> None:
    """导出本级的公钥文件，交给上级和下级登记；编号请当面或电话核对。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("report.receive")
        where = area or actor.area
        if not actor.scope.allows(where):
            raise NotFoundError(f"地区 {where} 不在您的管理范围；请核对地区代码")
    public = PublicKey(where, body_of(place, where), Signer(place.keys.signing_seed).public)
    target = written(output or Path(f"公钥-{where}.json"), public.to_file())
    typer.echo(f"已写出 {target}（{public.body}，编号 {public.key_id}）")


@app.command("trust")
def trust(
    area: Annotated[str, typer.Argument(help="公钥所属的地区代码")],
    file: Annotated[Path, typer.Argument(help="对方导出的公钥文件")],
    officer: AsOfficer,
) -> None:
    """登记一个地区的公钥：下级的用于核对报告，上级的用于核对回执。"""
    place = Workplace.here()
    public = read_public_key(read_file(file, KEY_BYTES_LIMIT))
    desk_of(place, officer).trust(area, public)
    typer.echo(f"已登记 {public.body}（{area}）的公钥，编号 {public.key_id}；请与对方核对编号")


@app.command("distrust")
def distrust(
    area: Annotated[str, typer.Argument(help="公钥所属的地区代码")],
    key_id: Annotated[str, typer.Argument(help="公钥编号，见 xueshi report keys")],
    officer: AsOfficer,
) -> None:
    """停用一个公钥：此后由它签名的文件不再接收。"""
    place = Workplace.here()
    desk_of(place, officer).end_trust(area, key_id)
    typer.echo(f"已停用地区 {area} 的公钥 {key_id}")


@app.command("keys")
def keys(officer: AsOfficer, json: AsJson = False) -> None:
    """列出登记的公钥。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        place.actor(session, officer).require("report.receive")
        rows = [
            {
                "地区": one.area,
                "单位": one.body,
                "编号": one.key_id,
                "状态": "有效" if one.ended_at is None else "已停用",
            }
            for one in repository.trusted_keys(session)
        ]
    show_table("公钥", rows, as_json=json, empty="还没有登记公钥；用 xueshi report trust 登记")
