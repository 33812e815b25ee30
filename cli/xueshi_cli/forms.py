"""`xueshi forms`: the official papers of a campaign: which were issued, print them again, tell a true one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.rows import campaign_rows, filing_rows, paper_rows
from xueshi.campaigns.tables import Campaign
from xueshi.documents import repository as issued_papers
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli import paper_previews, year_papers
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_table
from xueshi_cli.report_files import written
from xueshi_cli.workplace import Workplace
from xueshi_workflows.print_files import PrintFile
from xueshi_workflows.printing import issue_left_out
from xueshi_workflows.reprinting import reprint_person, reprint_unit

ENGINE = Scope.everything()

app = Noun("表卡：列表、预览、打印、重印、核验")
app.command("year")(year_papers.year)
app.command("preview")(paper_previews.preview)
CampaignId = Annotated[str, typer.Argument(help="年度验证编号，见 xueshi campaign list")]
UnitCode = Annotated[str, typer.Option("--unit", help="统一社会信用代码")]


@app.command("list")
def list_(
    public_id: CampaignId,
    officer: AsOfficer,
    unit: UnitCode = "",
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """列出已出具的表卡。"""
    place = Workplace.here()
    at_screen = not (json or csv or xlsx)
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope, public_id)
        folder = place.papers / str(campaign.id)
        titles = {paper.id: paper.title for paper in papers_of(session, campaign).values()}
        # By filings, not by the register: a unit may belong to another area since.
        inside = {one.unit_id for one in filing_rows.filings(session, actor.scope, campaign.id)}
        names = {
            one.id: one.name
            for one in unit_rows.units(session, ENGINE)
            if one.id in inside and unit in ("", one.credit_code)
        }
        papers = issued_papers.issued(session, campaign.id)
        states = _states(session, campaign.id)
        rows = [
            {
                "编号": paper.number,
                "表卡": titles[paper.paper],
                "单位": names.get(paper.unit_id, "") if paper.unit_id else "",
                "页数": paper.pages,
                "出具日期": civil_date(paper.issued_at),
                "状态": states.get(paper.id, "有效"),
                "文件": paper.file if at_screen else folder / paper.file,
            }
            for paper in papers
            if paper.unit_id in names or (paper.unit_id is None and not unit)
        ]
        left = paper_rows.left_out(session, actor.scope, campaign.id)
        unprinted = sum(task.unit_id in names for task in left)
    show_table(
        "表卡", rows, as_json=json, csv=csv, xlsx=xlsx, empty="尚未出具表卡；年度验证关闭并封存后自动打印"
    )
    if at_screen and rows:
        typer.echo(f"文件在数据文件夹的 {folder.relative_to(place.folder)} 之中")
    if at_screen and unprinted:
        typer.echo(f"另有 {unprinted} 份未能打印，原因见业务负责人的待办（xueshi tasks list）")


@app.command("print")
def print_(
    public_id: CampaignId,
    officer: AsOfficer,
    unit: UnitCode,
    folder: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件夹")] = Path(),
) -> None:
    """由封存的结果打印一个单位的表卡，写到文件夹。"""
    place = Workplace.here()
    _, files = _printed(place, public_id, officer, unit)
    folder.mkdir(parents=True, exist_ok=True)
    for one in files:
        target = folder / one.name.replace("/", "-")
        target.write_bytes(one.body)
        typer.echo(f"{target}（{len(one.papers)} 份）")


@app.command("issue")
def issue(public_id: CampaignId, officer: AsOfficer) -> None:
    """打印当时未能打印的表卡（如缺生僻字的字体，补齐之后）；仍有不能打印的，退出码为 1。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("campaign.steer")
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope, public_id)
    files, still = issue_left_out(place.engine, place.papers, campaign.id, actor, place.keys)
    for file in files:
        typer.echo(f"{place.papers / str(campaign.id) / file}")
    for trouble in still:
        typer.echo(f"仍未能打印：{trouble}", err=True)
    if still:
        raise typer.Exit(1)
    if not files:
        typer.echo("没有未能打印的表卡")


@app.command("own")
def own(
    officer: AsOfficer,
    year: Annotated[int, typer.Option("--year", help="年度")],
    folder: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件夹")] = Path(),
) -> None:
    """本人打印自己的表卡（本人账号用）：由封存的结果，与当初出具的一致。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        if actor.person_id is None:
            raise InputError(f"账号 {actor.login} 不是本人账号；单位和人社部门打印表卡用 xueshi forms print")
        person = actor.person_id
        sealed = [
            (one.campaign_id, one.unit_id)
            for one in results.years_of_person(session, actor.scope, person)
            if one.year == year and issued_papers.papers_of_subject(session, one.campaign_id, person)
        ]
    files = [
        one
        for campaign, unit in sealed
        for one in reprint_person(place.engine, campaign, unit, person, place.keys)
    ]
    if not files:
        raise NotFoundError(f"您没有{year}年度的表卡：年度验证尚未封存，或本年度不出具表卡")
    for one in files:
        written(folder / one.name, one.body)
        typer.echo(f"{folder / one.name}")


@app.command("reprint")
def reprint(public_id: CampaignId, officer: AsOfficer, unit: UnitCode, json: AsJson = False) -> None:
    """重印一个单位的表卡，与当初出具的逐份比对；有不同则退出码为 1。"""
    place = Workplace.here()
    campaign, files = _printed(place, public_id, officer, unit)
    with reading(place.engine) as session:
        first = {(paper.paper, paper.number): paper for paper in issued_papers.issued(session, campaign.id)}
    rows = []
    for paper in (paper for one in files for paper in one.papers):
        then = first.get((paper.paper, paper.number))
        same = then is not None and then.bytes_digest == paper.bytes_digest
        cause = "内容有变" if then and then.content_digest != paper.content_digest else "排版有变"
        rows.append({"编号": paper.number, "比对": "一致" if same else cause if then else "当初未出具"})
    show_table("重印比对", rows, as_json=json, empty="该单位没有表卡")
    if any(row["比对"] != "一致" for row in rows):
        raise typer.Exit(1)


@app.command("verify")
def verify(file: Path, json: AsJson = False) -> None:
    """核验一个文件是不是本系统出具的原件；不是则退出码为 1。"""
    if not file.is_file():
        raise InputError(f"找不到文件 {file}；请核对路径")
    place = Workplace.here()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with reading(place.engine) as session:
        found = issued_papers.issued_by_digest(session, digest)
        titles = {
            campaign_id: papers_of(session, campaign_rows.campaign(session, ENGINE, campaign_id))
            for campaign_id in {paper.campaign_id for paper in found}
        }
        states = {old: said for one in titles for old, said in _states(session, one).items()}
        rows = [
            {
                "编号": paper.number,
                "表卡": titles[paper.campaign_id][paper.paper].title,
                "出具日期": civil_date(paper.issued_at),
                "状态": states.get(paper.id, "有效"),
            }
            for paper in found
        ]
    empty = f"{file.name} 不是本系统出具的原件，或出具后被改动"
    show_table(f"{file.name}：原件，一字未改", rows, as_json=json, empty=empty)
    if not rows:
        raise typer.Exit(1)


def _states(session: Session, campaign_id: UUID) -> dict[UUID, str]:
    """Return paper id → what became of it, for the papers of a campaign that are not valid any more."""
    papers = issued_papers.issued(session, campaign_id)
    ended = seal_rows.ended_people(session, campaign_id)
    void = {
        one.id: "已作废（此人不再列入该单位本年度）"
        for one in papers
        if (one.unit_id, one.subject_id) in ended
    }
    return {
        old: f"已由 {new.number} 代替（更正）" for old, new in issued_papers.replaced(papers).items()
    } | void


def _printed(place: Workplace, public_id: str, officer: str, code: str) -> tuple[Campaign, list[PrintFile]]:
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("paper.print")
        # A unit's own clerk sees no campaign as a whole; what he sees of it are his rounds.
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope.of_engine(), public_id)
        unit = unit_rows.unit_by_code(session, actor.scope.of_engine(), code)
        if unit is None or not filing_rows.rounds_of_unit(session, actor.scope, campaign.id, unit.id):
            raise NotFoundError(f"单位 {code} 不存在或不在管理范围；见 xueshi register list")
        if not issued_papers.issued_of_unit(session, campaign.id, unit.id):
            raise NotFoundError(f"单位 {unit.name} 没有表卡：尚未封存，或逾期未申报")
    return campaign, reprint_unit(place.engine, campaign.id, unit.id, place.keys)
