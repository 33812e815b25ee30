"""`xueshi forms preview`: how a paper would look, of somebody in a campaign or with made-up data. Nothing is issued or stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.figures.papers import card_previews, filing_preview, papers_of
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.documents.specimens import specimen
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, UnitFiling
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.storage import reading
from xueshi_cli.recording import person_id
from xueshi_cli.report_files import written
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import area_and_body
from xueshi_templates.closure import complete_closure
from xueshi_templates.render import render, render_pages
from xueshi_workflows.print_files import join_pdfs

KINDS = ("person_year", "unit_filing")
"""Kinds of papers that somebody in a campaign has."""
Shown = tuple[DocumentTemplate, PersonYear | UnitFiling]


def preview(
    public_id: Annotated[
        str, typer.Argument(help="年度验证编号，见 xueshi campaign list；用示例数据预览的不填")
    ] = "",
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理；用示例数据预览的不填")] = "",
    unit: Annotated[str, typer.Option("--unit", help="统一社会信用代码：预览该单位的申报表")] = "",
    person: Annotated[str, typer.Option("--person", help="人员编号或身份证号：预览此人的登记卡、证书")] = "",
    paper: Annotated[str, typer.Option("--paper", help="哪种表卡；缺省为各种")] = "",
    region: Annotated[str, typer.Option("--region", help="用示例数据预览：地区插件代码")] = "",
    year: Annotated[int, typer.Option("--year", help="用示例数据预览：年度")] = 0,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件：.png 或 .pdf")] = Path(
        "预览.png"
    ),
) -> None:
    """预览表卡：按现在的登记（--unit、--person），或用示例数据（--region、--year）；不出具、不编号、不留存，页上印有“预览”。"""
    if output.suffix.lower() not in (".png", ".pdf"):
        raise InputError(f"预览写成 .png 或 .pdf 文件，不能写成“{output.name}”；请改文件名")
    of_campaign, of_specimen = bool(public_id and unit and officer), bool(region and year)
    if of_campaign is of_specimen or (of_specimen and (public_id or unit or person)):
        raise InputError(
            "预览年度验证中的表卡，请写年度验证编号、--unit 和 --as（一个人的加 --person）；"
            "用示例数据预览，只写 --region 和 --year"
        )
    place = Workplace.here()
    if of_specimen:
        shown = _specimens(place, region, year, paper)
    else:
        with reading(place.engine) as session:
            actor = place.actor(session, officer)
            shown = _of_campaign(place, session, actor, public_id, unit, person, paper)
    for file, body in _files(shown, output):
        typer.echo(written(file, body))
    typer.echo("预览没有出具任何表卡：没有编号，不留存，核验时不是原件")


def _specimens(place: Workplace, region: str, year: int, paper: str) -> list[Shown]:
    asked = place.registry.ask(region)
    papers = {one.id: one for one in asked.document_templates(year)}
    wanted = _chosen(papers, paper) if paper else [one for one in papers.values() if one.data in KINDS]
    if not wanted:
        raise InputError(f"{region} {year} 年度没有可以用示例数据预览的表卡；见 xueshi regions show {region}")
    areas = asked.jurisdiction().areas
    area = areas[0].code
    pack = place.registry.pack_for(area, year)
    name, _ = area_and_body(place, region, area)
    return [
        (
            complete_closure(one),
            specimen(one, region=region, area=area, area_name=name, year=year, categories=pack.categories),
        )
        for one in wanted
    ]


def _of_campaign(
    place: Workplace, session: Session, actor: Actor, public_id: str, code: str, person: str, paper: str
) -> list[Shown]:
    actor.require("paper.print")
    # A unit's own clerk sees no campaign as a whole; what he sees of it are his rounds.
    campaign = campaign_rows.campaign_by_public_id(session, actor.scope.of_engine(), public_id)
    unit = unit_rows.unit_by_code(session, actor.scope.of_engine(), code)
    rounds = [] if unit is None else filing_rows.rounds_of_unit(session, actor.scope, campaign.id, unit.id)
    if not rounds:
        raise NotFoundError(f"单位 {code} 不在本次年度验证中，或不在您的管理范围；请核对统一社会信用代码")
    filing = rounds[-1]
    papers = {one.id: one for one in papers_of(session, campaign).values() if one.data in KINDS}
    kind = "person_year" if person else "unit_filing"
    wanted = _chosen(papers, paper) if paper else [one for one in papers.values() if one.data == kind]
    if person and any(one.data != "person_year" for one in wanted):
        raise InputError(f"《{wanted[0].title}》是单位的表，不写 --person")
    if not wanted:
        raise InputError("本次年度验证没有这样的表卡；个人的登记卡、证书请写 --person，单位的申报表不写")
    shown: list[Shown] = []
    for one in wanted:
        if one.data == "unit_filing":
            shown.append((one, filing_preview(session, campaign, filing)))
        else:
            whose = person_id(place, session, actor, person) if person else None
            shown += [(one, data) for data in card_previews(session, campaign, filing, whose)]
    return shown


def _chosen(papers: dict[str, DocumentTemplate], paper: str) -> list[DocumentTemplate]:
    if paper not in papers:
        listed = "、".join(f"{one.id}（{one.title}）" for one in papers.values()) or "无"
        raise InputError(f"没有表卡“{paper}”；可以预览的：{listed}")
    return [papers[paper]]


def _files(shown: Sequence[Shown], output: Path) -> list[tuple[Path, bytes]]:
    """Return the files of a preview: one PDF, or a picture a page, numbered where there are several."""
    if output.suffix.lower() == ".pdf":
        return [(output, join_pdfs([render(paper, data, "pdf", preview=True) for paper, data in shown]))]
    pages = [page for paper, data in shown for page in render_pages(paper, data, preview=True)]
    if len(pages) == 1:
        return [(output, pages[0])]
    return [
        (output.with_name(f"{output.stem}-{number}{output.suffix}"), page)
        for number, page in enumerate(pages, start=1)
    ]
