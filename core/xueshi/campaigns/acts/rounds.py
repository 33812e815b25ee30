"""Later rounds: a unit opened again after the seal, as a whole or for one person. What is sealed stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import write_state
from xueshi.campaigns.rows import filing_rows, letter_rows, merger_rows
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import FilingState, Refused, opening_state
from xueshi.machines.stored_state import dump_state, load_state
from xueshi.results.rows import seal_rows
from xueshi.storage import new_id

ENGINE = Scope.everything()


@dataclass(frozen=True)
class RoundPlan:
    """How a later round is opened: until when the unit may hand in, the campaign instant, why, for whom."""

    until: datetime
    now: datetime
    note: str
    only_person: UUID | None = None
    """The one person whose result is corrected; None for the whole unit."""


def last_round(
    session: Session, campaign: Campaign, unit_id: UUID, person_id: UUID | None
) -> Filing | Refused:
    """Return the unit's round after which the next may be opened, or why none may."""
    held = filing_rows.rounds_of_unit(session, ENGINE, campaign.id, unit_id)
    if not held:
        return Refused("not_in_campaign", "该单位不在本次年度验证中；请核对统一社会信用代码")
    last = held[-1]
    if not load_state(last.state, None).finished:
        return Refused("round_open", f"该单位第 {last.round} 轮尚未办结；请先办结再重新开启")
    if merger_rows.merger_of(session, last.id, campaign.year) is not None:
        return Refused("merged", "该单位已并入其他单位，其人员由并入的单位申报；请重新开启并入的单位")
    if person_id is not None:
        sealed = seal_rows.sealed_of_unit(session, campaign.id, unit_id)
        if person_id not in {seal.person_id for seal in sealed}:
            return Refused("not_sealed", "该人员在本单位没有已封存的结果；请核对人员，或以整个单位重新开启")
    return last


def open_later_round(session: Session, campaign: Campaign, last: Filing, plan: RoundPlan) -> Filing:
    """Open the round after `last`: a filing of its own, at the end of the campaign's order, on the register that stands."""
    flow = flow_of(session, campaign, last)
    state = opening_state(flow, plan.until, last.round + 1)
    filing = Filing(
        id=new_id(),
        campaign_id=campaign.id,
        unit_id=last.unit_id,
        area=last.area,
        sector=last.sector,
        round=state.round,
        position=filing_rows.last_filing_position(session, campaign.id) + 1,
        stage="",
        level=state.level,
        flow_digest=last.flow_digest,
        state=dump_state(state),
        input_version=last.input_version,
        maker=last.maker,
        only_person=plan.only_person,
        note=plan.note,
        people=last.people,
    )
    return begin_filing(session, campaign, filing, flow, state, plan.now, subject="重新开启申报")


def begin_filing(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    flow: ApprovalFlow,
    state: FilingState,
    now: datetime,
    *,
    subject: str,
) -> Filing:
    """Store a filing that begins after its campaign was opened: counted, its first tasks open, its unit told."""
    session.add(filing)
    session.flush()
    write_state(session, campaign, filing, flow, state, now)
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject=subject,
        body={"campaign": campaign.title, **({"reason": filing.note} if filing.note else {})},
        at=now,
    )
    return filing
