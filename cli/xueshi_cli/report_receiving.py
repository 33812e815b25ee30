"""The receiving side of `xueshi report`: what comes from below is checked, decided on, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.documents.figures import column_of, row_of
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import FigureList
from xueshi.errors import InputError, NotFoundError
from xueshi.reports import repository
from xueshi.reports.contents import shown_table
from xueshi.reports.desk import Receiver
from xueshi.reports.package import PACKAGE_LIMIT, read_package
from xueshi.reports.parts import tables_of
from xueshi.reports.report_machine import STATES, Decision
from xueshi.reports.signing import Signer
from xueshi.reports.summary import AreaFigures, Summary, summary_of, table_for
from xueshi.storage import reading
from xueshi_cli.output import AsJson, AsOfficer
from xueshi_cli.report_files import (
    AreaCode,
    Output,
    ReportNumber,
    body_of,
    desk_of,
    read_file,
    show_parts,
    written,
)
from xueshi_cli.report_gathering import ACKNOWLEDGED, missing_below, papers_for, reports_below
from xueshi_cli.statistics import show_figures, show_tables
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import area_and_body
from xueshi_templates.render import render


def receive(file: Annotated[Path, typer.Argument(help="下级报送的文件")], officer: AsOfficer) -> None:
    """接收下级的报告：核对签名、各文件摘要、地区、年度、次数和各项合计；有误的不接收。"""
    place = Workplace.here()
    body = read_file(file, PACKAGE_LIMIT)
    row, new = desk_of(place, officer).receive(body, accept_sample=place.settings.environment != "production")
    sample = "（示例数据）" if row.sample else ""
    said = "已接收" if new else "此前已接收"
    typer.echo(f"{said} {row.area_name} {row.year} 年度第{row.revision}次报告{sample}（编号 {row.name}）")
    show_parts(read_package(body).head)


def acknowledge(report: ReportNumber, officer: AsOfficer, area: AreaCode = "", output: Output = None) -> None:
    """确认收到的报告，写出有签名的回执。"""
    _settle(report, officer, "acknowledged", [], area, output)


def reject(
    report: ReportNumber,
    officer: AsOfficer,
    reason: Annotated[list[str], typer.Option("--reason", help="退回的原因；可写多条")],
    area: AreaCode = "",
    output: Output = None,
) -> None:
    """退回收到的报告并写明原因，写出有签名的回执；报送单位更正后另报一次。"""
    _settle(report, officer, "rejected", reason, area, output)


def show(received: ReportNumber, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一份收到的报告中的统计表。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("report.receive")
        row = repository.received_numbered(session, actor.scope, received)
        package = read_package(audit.load_artifact(session, row.digest))
    show_tables([shown_table(content, package.head) for _, content in tables_of(package)], as_json=json)
    if not json:
        show_parts(package.head)


def summary(
    year: Annotated[int, typer.Argument(help="年度")],
    officer: AsOfficer,
    area: AreaCode = "",
    unsettled: Annotated[bool, typer.Option("--unsettled", help="尚未确认的报告也计入")] = False,
    figure: Annotated[str, typer.Option("--figure", help="展开哪个指标（代码或名称）到各地区")] = "",
    row: Annotated[str, typer.Option("--row", help="展开哪一行；缺省为合计")] = "",
    output: Output = None,
    json: AsJson = False,
) -> None:
    """汇总下级已确认的报告：按本级的统计表，每个数字可展开到各地区。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("report.receive")
        summaries = _summaries(place, session, actor, area or actor.area, year, unsettled=unsettled)
    if figure:
        show_figures([_opened(one, figure, row) for _, one in summaries], as_json=json)
        return
    if output is None:
        show_tables([one.table for _, one in summaries], as_json=json)
        return
    if len(summaries) != 1:
        raise InputError(f"本级有 {len(summaries)} 张统计表，一次只能写一张；请先查看（不加 --output）")
    ((paper, one),) = summaries
    target = written(output, render(paper, one.table, "xlsx", lists=one.lists))
    typer.echo(f"已写出 {target}（{one.table.area_name}{one.table.title}，{year}年度）")


def _settle(
    report: str, officer: str, decision: Decision, reasons: Sequence[str], area: str, output: Path | None
) -> None:
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        where = area or actor.area
        if not actor.scope.allows(where):
            raise NotFoundError(f"地区 {where} 不在您的管理范围；请核对地区代码")
    receiver = Receiver(where, body_of(place, where), Signer(place.keys.signing_seed))
    row, body = desk_of(place, officer).settle(report, decision, reasons, receiver)
    default = Path(f"回执-{row.area}-{row.year}-{row.revision}.json")
    target = written(output or default, body)
    typer.echo(f"{row.area_name} {row.year} 年度第{row.revision}次报告{STATES[row.state]}；回执 {target}")


def _summaries(
    place: Workplace, session: Session, actor: Actor, area: str, year: int, *, unsettled: bool
) -> list[tuple[DocumentTemplate, Summary]]:
    """Add up the newest report of each area below, for each of the receiving body's own tables."""
    states = ACKNOWLEDGED | {"received"} if unsettled else ACKNOWLEDGED
    parts = reports_below(session, actor, area, year, states)
    if not parts:
        raise NotFoundError(
            f"地区 {area} 之下没有{'' if unsettled else '已确认的'} {year} 年度报告；见 xueshi report list --received"
        )
    region = place.registry.region_for(area)
    name, body = area_and_body(place, region, area)
    papers, borrowed = papers_for(place, region, year, parts)
    missing = missing_below(place, session, actor, area, [one.head for one in parts], set())
    found: list[tuple[DocumentTemplate, Summary]] = []
    for paper in papers:
        tables = [(one, table_for(paper.id, one.tables, only=len(papers) == 1)) for one in parts]
        areas = [AreaFigures(one.head, content) for one, content in tables if content is not None]
        without = [one.head.area_name for one, content in tables if content is None]
        notes = [borrowed] if borrowed else []
        if without:
            notes.append(f"报告中没有本表、未计入的地区：{'、'.join(without)}。")
        if areas:
            added = summary_of(
                paper, areas, region=region, area=area, area_name=name, body=body, year=year,
                missing=[one for one in missing if not one.inside], notes=notes,
            )  # fmt: skip
            found.append((paper, added))
    if not found:
        own = "、".join(f"《{paper.title}》（{paper.id}）" for paper in papers) or "无"
        theirs = "、".join(sorted({paper for one in parts for paper in one.tables})) or "无"
        raise InputError(
            f"下级报告中的统计表（{theirs}）与本级 {year} 年度的统计表（{own}）不同名，不能汇总；"
            "请逐份查看（xueshi report show），或在本级插件的 papers/ 中为该表改用相同的 id"
        )
    return found


def _opened(one: Summary, figure: str, row: str) -> FigureList:
    """Return the areas behind one figure; column and row by key or heading."""
    column = column_of(one.table, figure)
    _, label = row_of(one.groups, row)
    return next(found for found in one.lists if (found.column.key, found.row) == (column.key, label))
