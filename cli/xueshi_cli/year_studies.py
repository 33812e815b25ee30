"""The yearly figures that an officer asks for: of the closed campaigns in reach, or of the register as of a day."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.figures.statistics import Heading, YearStudy, study_of_campaign, study_of_register
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.tables import Campaign
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.real_clock import real_now
from xueshi.regulations.pack import RulePack
from xueshi_cli.workplace import Workplace


def campaigns_of(session: Session, actor: Actor, region: str, year: int, area: str) -> list[Campaign]:
    """Return a region's campaigns of a year in the actor's reach; the newest of each area (of `area` where named)."""
    newest: dict[str, Campaign] = {}
    for one in campaign_rows.campaigns(session, actor.scope):
        fits = (one.region, one.year) == (region, year) and area in ("", one.area)
        if fits and (one.area not in newest or newest[one.area].n < one.n):
            newest[one.area] = one
    return list(newest.values())


def studies_of_campaigns(
    session: Session, actor: Actor, region: str, year: int, area: str
) -> list[tuple[Campaign, YearStudy]]:
    """Return the figures of each campaign and table. Raises NotFoundError saying how to count without a campaign."""
    campaigns = campaigns_of(session, actor, region, year, area)
    if not campaigns:
        raise NotFoundError(
            f"{region} {year} 年度没有您可查看的年度验证，见 xueshi campaign list；"
            "没有年度验证的地区、或尚未封存的，请用 --as-of 日期 统计截至某日的登记"
        )
    return [
        (campaign, study_of_campaign(session, campaign, paper))
        for campaign in campaigns
        for paper in papers_of(session, campaign).values()
        if paper.data == "year_table"
    ]


def studies_as_of(
    place: Workplace, session: Session, actor: Actor, region: str, year: int, area: str, day: date
) -> list[YearStudy]:
    """Return the figures of an area's register as of a day, for each table that the region has for the year.

    Raises InputError for an area of another region, a day outside the year's reach (`require_day_of_year`), or a region
    without a table.
    """
    where = area or actor.area
    owner = place.registry.region_for(where)
    if owner != region:
        raise InputError(f"地区 {where} 属于 {owner}，不属于 {region}；请用 --area 指明 {region} 的地区代码")
    papers = year_tables(place, region, year)

    def pack_for(of_area: str, sector: str | None) -> RulePack:
        return place.registry.pack_for(of_area, year, sector)

    first, last = require_day_of_year(session, pack_for(where, None), year, day)
    name, body = area_and_body(place, region, where)
    # A folder in which a clock stands still is one of a demo or rehearsal: whatever it counts is marked.
    sample = any(one.standing for one in campaign_rows.campaigns(session, actor.scope.of_engine()))
    heading = Heading(region, where, name, year, first, last, body, day, sample)
    return [study_of_register(session, actor.scope, paper, heading, pack_for) for paper in papers]


def require_day_of_year(session: Session, pack: RulePack, year: int, day: date) -> tuple[date, date]:
    """Return first and last day of a statistics year. Raises InputError for a day before it, or one that is not here yet.

    A day after the year's end is one: what was made up or entered late is counted then.
    """
    first, last = pack.year_window(year)
    if day < first:
        raise InputError(f"{day} 早于 {year} 统计年度的第一天 {first}；请改 --as-of 的日期或年度")
    today = civil_date(folder_now(session, real_now()))
    if day > today:
        raise InputError(f"{day} 还没有到（今天是 {today}）；请把 --as-of 改为今天或以前的日期")
    return first, last


def tables_of_year(place: Workplace, region: str, year: int) -> list[DocumentTemplate]:
    """Return the yearly tables that a region's plugin has for a year; none where it has none."""
    return [one for one in place.registry.ask(region).document_templates(year) if one.data == "year_table"]


def year_tables(place: Workplace, region: str, year: int) -> list[DocumentTemplate]:
    """Return the yearly tables that a region's plugin has for a year. Raises InputError where it has none."""
    papers = tables_of_year(place, region, year)
    if not papers:
        raise InputError(f"{region} 的插件没有 {year} 年度的统计表；请在其 papers/ 中增加")
    return papers


def area_and_body(place: Workplace, region: str, area: str) -> tuple[str, str]:
    """Return an area's Chinese name and the body that reports for it; the code where the plugin does not list it."""
    listed = place.registry.ask(region).jurisdiction().area(area)
    if listed is None or listed.code != area:
        return area, area
    return listed.name, listed.bodies.get("hrss", listed.name)


def require_whole_area(actor: Actor) -> None:
    """Raise NotAllowedError unless the actor may see everyone of an area: a list must not show other systems' people."""
    actor.require("register.read")
    if actor.scope.sectors is not None or actor.scope.units is not None:
        raise NotAllowedError(
            f"账号 {actor.login} 只能看本系统或本单位的人员；全地区的名单请由本级业务负责人查看"
        )
