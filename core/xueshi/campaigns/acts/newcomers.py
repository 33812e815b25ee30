"""A unit that registers after a campaign was opened: added to it, while it runs or, as a later round, after the seal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.rounds import begin_filing
from xueshi.campaigns.rows import filing_rows, merger_rows
from xueshi.campaigns.rows.pinned_rows import flow_by
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.errors import NotFoundError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.routing import flow_for, sampled_levels
from xueshi.flows.unit_facts import facts_of
from xueshi.machines.filing_machine import Refused, opening_state
from xueshi.machines.stored_state import dump_flow, dump_state
from xueshi.register.rows import batch_rows, unit_rows
from xueshi.register.tables import Unit
from xueshi.storage import new_id

ENGINE = Scope.everything()


@dataclass(frozen=True)
class Entry:
    """How a unit is let in: until when it may hand in, the campaign instant, why."""

    until: datetime
    now: datetime
    note: str = ""


def newcomer(session: Session, campaign: Campaign, unit_id: UUID) -> Unit | Refused:
    """Return the unit that may be added to a campaign, or why it may not."""
    try:
        unit = unit_rows.unit(session, ENGINE, unit_id)
    except NotFoundError:
        return Refused("no_unit", "没有这个单位；请先登记（xueshi register import），再加入")
    if unit.id in merger_rows.ended_units(session):
        return Refused(
            "ended", f"{unit.name}已撤并，不能再加入；误办撤并的，在其年度验证中恢复（extend --unit）"
        )
    if filing_rows.rounds_of_unit(session, ENGINE, campaign.id, unit.id):
        return Refused(
            "already_in",
            f"{unit.name}已在本次年度验证中；逾期未申报的用 extend --unit 延期，封存之后的用 reopen 重新开启",
        )
    if not Scope((campaign.area,)).allows(unit.area):
        return Refused(
            "other_area",
            f"{unit.name}在地区 {unit.area}，不在本次年度验证的地区 {campaign.area}；请由所在地区的年度验证受理",
        )
    elsewhere = filing_rows.open_elsewhere(session, campaign.year, unit.id, but=campaign.id).get(unit.id)
    if elsewhere is not None:
        return Refused(
            "files_elsewhere",
            f"{unit.name}正在“{elsewhere.title}”（{elsewhere.public_id}）申报，同一年度不能两处申报",
        )
    return unit


def add_newcomer(session: Session, campaign: Campaign, unit: Unit, entry: Entry) -> Filing:
    """Open the filing of a unit that was not there at opening, at the end of the campaign's order.

    What it had registered for the year by then is its register, as at opening. After the seal it is a later round: the
    campaign's first one is over.
    """
    base = flow_by(session, campaign.flow_digest)
    flow = flow_for(base, facts_of(unit), _sampled(session, campaign, base, unit))
    state = opening_state(flow, entry.until, 1 if campaign.stage == "open" else 2)
    batches = batch_rows.batches(session, ENGINE, unit.id, campaign.year)
    filing = Filing(
        id=new_id(),
        campaign_id=campaign.id,
        unit_id=unit.id,
        area=unit.area,
        sector=unit.sector,
        round=state.round,
        position=filing_rows.last_filing_position(session, campaign.id) + 1,
        stage="",
        level=state.level,
        flow_digest=None if flow == base else audit.store_artifact(session, "flow", dump_flow(flow)),
        state=dump_state(state),
        input_version=1 if batches else 0,
        maker=batches[-1].maker.removeprefix("account:") if batches else None,
        note=entry.note,
        people=sum(batch.people for batch in batches),
    )
    return begin_filing(session, campaign, filing, flow, state, entry.now, subject="年度验证开始")


def _sampled(session: Session, campaign: Campaign, flow: ApprovalFlow, unit: Unit) -> frozenset[str]:
    """Return the sampled levels that a unit would have been chosen for, had it been there at opening."""
    if all(level.sample is None for level in flow.levels):
        return frozenset()
    inside = {one.unit_id for one in filing_rows.filings(session, ENGINE, campaign.id)} | {unit.id}
    facts = {
        str(one.id): facts_of(one)
        for one in unit_rows.units(session, Scope((campaign.area,)))
        if one.id in inside
    }
    return sampled_levels(flow, campaign.public_id, facts)[str(unit.id)]
