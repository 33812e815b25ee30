"""Units that registered after a campaign was opened: which they are, what an import says of them, letting one in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import campaign_rows, filing_rows, merger_rows
from xueshi.campaigns.tables import Campaign
from xueshi.errors import InputError, NotEncodedError
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Unit
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
TAKES_UNITS = ("open", "finished")
"""Stages of a campaign to which a unit may be added."""
NAMED = 10
"""Units that `campaign show` names before it says how many there are."""


def left_out(place: Workplace, session: Session, campaign: Campaign) -> list[Unit]:
    """Return the registered units of a campaign's area and law that have no filing in it, by credit code."""
    if campaign.stage not in TAKES_UNITS:
        return []
    inside = {one.unit_id for one in filing_rows.filings(session, ENGINE, campaign.id)}
    inside |= merger_rows.ended_units(session)
    listed = [one for one in unit_rows.units(session, Scope((campaign.area,))) if one.id not in inside]
    return [one for one in listed if _under_its_law(place, session, campaign, one)]


def left_out_words(units: Sequence[Unit]) -> str:
    """Name the units that are left out, with the cure; empty where there are none."""
    if not units:
        return ""
    names = "、".join(f"{one.name}（{one.credit_code}）" for one in units[:NAMED])
    more = f"等 {len(units)} 家" if len(units) > NAMED else ""
    return f"{names}{more}；开启时尚未登记，用 xueshi campaign add-unit 加入"


def hint_after_import(place: Workplace, session: Session, unit_id: UUID, year: int) -> str:
    """Say of an imported unit that the year's campaign of its area does not know it; empty where all is well."""
    if filing_rows.filings_of_year(session, (unit_id,), year):
        return ""
    unit = unit_rows.unit(session, ENGINE, unit_id)
    for campaign in campaign_rows.campaigns(session, ENGINE):
        takes = campaign.year == year and campaign.stage in TAKES_UNITS
        if (
            takes
            and Scope((campaign.area,)).allows(unit.area)
            and _under_its_law(place, session, campaign, unit)
        ):
            return (
                f"{unit.name} 已登记，但不在“{campaign.title}”之内（开启时尚未登记），还不能申报；请业务负责人办理："
                f"xueshi campaign add-unit {campaign.public_id} --unit {unit.credit_code}"
            )
    return ""


def require_its_law(place: Workplace, session: Session, campaign: Campaign, unit: Unit) -> None:
    """Raise InputError for a unit whose sector has another instrument: its people are not this campaign's."""
    if not _under_its_law(place, session, campaign, unit):
        raise InputError(
            f"{unit.name}按其地区、行业系统适用别的文件，不在“{campaign.title}”的范围；"
            "请核对单位的行业系统（xueshi register unit show）"
        )


def _under_its_law(place: Workplace, session: Session, campaign: Campaign, unit: Unit) -> bool:
    try:
        line = place.registry.line_for(unit.area, campaign.year, unit.sector)
    except NotEncodedError:
        return False
    return line.use == pack_of(session, campaign).id
