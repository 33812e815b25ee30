"""What `xueshi report` counts: an area's own figures, and the accepted reports of the areas below; nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.statistics import Heading, YearStudy
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError
from xueshi.jurisdictions import area_contains
from xueshi.reports import repository
from xueshi.reports.manifest import MissingArea, ReportHead
from xueshi.reports.package import read_package
from xueshi.reports.parts import PartReport, missing_areas, outermost, part_of
from xueshi.reports.sending_acts import ReportOrder
from xueshi.reports.summary import paper_of_parts
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import (
    area_and_body,
    campaigns_of,
    studies_as_of,
    studies_of_campaigns,
    tables_of_year,
)
from xueshi_workflows.reporting import Below, Gathered

ACKNOWLEDGED = frozenset({"acknowledged"})


def gathered(
    place: Workplace,
    session: Session,
    actor: Actor,
    region: str,
    year: int,
    area: str,
    *,
    as_of: date | None,
    report_by: date | None,
) -> Gathered:
    """Return what a report is built from: the closed campaign of an area, or its register as of a day, and what came from below.

    Raises InputError for a campaign that is not finished, or where there is nothing to report.
    """
    reports = reports_below(session, actor, area, year, ACKNOWLEDGED)
    if not reports and _is_above(session, actor, area) and as_of is None:
        _require_figures(session, actor, region, year, area)
    heads, _ = outermost([one.head for one in reports])
    counted = tuple(one for one in reports if one.head in heads)
    studies, order = _own(place, session, actor, region, year, area, as_of, report_by, bool(counted))
    studies = [kept for study in studies if (kept := _without_parts(study, heads)) is not None]
    own_areas = {unit.area for study in studies for unit in study.units}
    missing = missing_below(place, session, actor, area, heads, own_areas)
    if studies:
        papers: Sequence[DocumentTemplate] = [study.paper for study in studies]
        return Gathered(studies, order, studies[0].heading, papers, Below(counted, missing))
    papers = papers_for(place, region, year, counted)[0]
    heading = _heading(place, region, area, year, counted)
    return Gathered([], order, heading, papers, Below(counted, missing))


def reports_below(
    session: Session, actor: Actor, area: str, year: int, states: frozenset[str]
) -> list[PartReport]:
    """Return the newest report in one of the states of each area below, by area."""
    newest: dict[str, PartReport] = {}
    for one in repository.received_reports(session, actor.scope, year=year):
        below = area_contains(area, one.area) and one.area != area
        if one.state in states and below and one.area not in newest:
            newest[one.area] = part_of(read_package(audit.load_artifact(session, one.digest)))
    return [newest[code] for code in sorted(newest)]


def missing_below(
    place: Workplace,
    session: Session,
    actor: Actor,
    area: str,
    counted: Sequence[ReportHead],
    own_areas: set[str],
) -> tuple[MissingArea, ...]:
    """Return the areas below without figures: those whose key is trusted, and those that a plugin lists.

    A bureau that neither got a report nor exchanged keys with anybody below counts all by itself: nothing is missing.
    """
    if not counted and not _is_above(session, actor, area):
        return ()
    expected = {
        one.area: one.body
        for one in repository.trusted_keys(session)
        if one.ended_at is None and one.area != area
    }
    for region in place.registry.codes():
        expected |= {one.code: one.name for one in place.registry.ask(region).jurisdiction().areas}
    return missing_areas(area, expected, counted, own_areas)


def papers_for(
    place: Workplace, region: str, year: int, parts: Sequence[PartReport]
) -> tuple[list[DocumentTemplate], str]:
    """Return the yearly tables under which parts are added up, and a note where they are not the region's own.

    A region without a table for the year gets the columns and rows that the parts have.
    """
    own = tables_of_year(place, region, year)
    if own:
        return own, ""
    ids = dict.fromkeys(paper for one in parts for paper in one.tables)
    made = [
        paper_of_parts(paper, [one.tables[paper] for one in parts if paper in one.tables], year)
        for paper in ids
    ]
    return made, f"本级（{region}）没有 {year} 年度的统计表，栏目、各行取自各地区的报表。"


def _is_above(session: Session, actor: Actor, area: str) -> bool:
    """Tell whether a bureau gets reports from below: it trusts the key of an area inside its own."""
    return any(
        one.ended_at is None
        and one.area != area
        and area_contains(area, one.area)
        and actor.scope.allows(one.area)
        for one in repository.trusted_keys(session)
    )


def _require_figures(session: Session, actor: Actor, region: str, year: int, area: str) -> None:
    """Say what to do where a superior body has neither a campaign of its own nor an accepted report."""
    if not campaigns_of(session, actor, region, year, area):
        raise InputError(
            f"地区 {area} {year} 年度既没有本级的年度验证，也没有已确认的下级报告，不能编制报告；"
            "请先接收并确认下级的报告（xueshi report receive、acknowledge），"
            "或用 --as-of 日期 统计截至某日的本级登记"
        )


def _own(
    place: Workplace,
    session: Session,
    actor: Actor,
    region: str,
    year: int,
    area: str,
    as_of: date | None,
    report_by: date | None,
    has_parts: bool,
) -> tuple[list[YearStudy], ReportOrder]:
    """Return an area's own figures; none where it has no campaign and its report rests on those from below."""
    if as_of is not None:
        return studies_as_of(place, session, actor, region, year, area, as_of), ReportOrder(None, report_by)
    if has_parts and not campaigns_of(session, actor, region, year, area):
        return [], ReportOrder(None, report_by)
    found = studies_of_campaigns(session, actor, region, year, area)
    if not found:
        raise InputError(f"地区 {area} {year} 年度的年度验证没有统计表，不能编制报告；请核对通知的表卡")
    campaign = found[0][0]
    if campaign.stage not in ("finished", "archived"):
        raise InputError(
            f"{campaign.title} 尚未封存办结，不能编制报告；请先关闭（xueshi campaign close {campaign.public_id}）"
        )
    return [study for _, study in found], ReportOrder(campaign.id, report_by or campaign.report_by)


def _without_parts(study: YearStudy, parts: Sequence[ReportHead]) -> YearStudy | None:
    """Leave out the units of areas that a part covers: they are counted there; None where no unit is left."""
    kept = tuple(unit for unit in study.units if not any(head.covers(unit.area) for head in parts))
    left_out = len(study.units) - len(kept)
    if not left_out:
        return study
    if not kept:
        return None
    ids = {str(unit.id) for unit in kept}
    return replace(
        study,
        units=kept,
        people=tuple(one for one in study.people if one.unit in ids),
        funds=tuple(one for one in study.funds if one.unit in ids),
        notes=(*study.notes, f"本级登记中的{left_out}家单位由所在地区的报告计入，不另计。"),
    )


def _heading(place: Workplace, region: str, area: str, year: int, parts: Sequence[PartReport]) -> Heading:
    """Return what stands above a report that has no figures of its own. Raises InputError for another region's area."""
    owner = place.registry.region_for(area)
    if owner != region:
        raise InputError(f"地区 {area} 属于 {owner}，不属于 {region}；请用 --area 指明 {region} 的地区代码")
    name, body = area_and_body(place, region, area)
    heads = [one.head for one in parts]
    return Heading(
        region,
        area,
        name,
        year,
        min(head.period_start for head in heads),
        max(head.period_end for head in heads),
        body,
        max(head.made_on for head in heads),
        any(head.sample for head in heads),
    )
