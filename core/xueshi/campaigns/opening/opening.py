"""Opening a campaign from a notice: pin everything it rests on, list the units, open the first tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.filing_state import open_unit_tasks
from xueshi.campaigns.clocks.campaign_clock import folder_now, folder_stands, set_folder_clock
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.rows import campaign_rows, clock_rows, filing_rows, letter_rows
from xueshi.campaigns.tables import Campaign, ClockAnchor, Counter, Filing
from xueshi.campaigns.year_round import flow_settings
from xueshi.canonical import canonical_json
from xueshi.documents.proofs import canonical_template
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.flows.routing import EMPLOYER_ALONE, UnitFacts, flow_for, sampled_levels
from xueshi.machines.filing_machine import opening_state
from xueshi.machines.stored_state import dump_flow, dump_state
from xueshi.real_clock import real_now
from xueshi.storage import new_id


@dataclass(frozen=True)
class UnitToFile:
    """A unit that the notice addresses, in the order in which papers will stand."""

    unit_id: UUID
    area: str
    sector: str | None
    maker: str | None = None
    """Account that handed in the register of the year that stands already; None where there is none yet."""
    people: int = 0
    facts: UnitFacts = EMPLOYER_ALONE
    """By what the flow routes it; pinned with its filing."""


@dataclass(frozen=True)
class OpeningPlan:
    """Everything a campaign is opened with, resolved by the caller from the jurisdiction's hooks."""

    notice: Notice
    area_name: str
    pack: bytes
    flow: ApprovalFlow
    """The jurisdiction's, under the bureau's overlay where there is one; each filing gets what is left for its unit."""
    papers: Sequence[DocumentTemplate]
    units: Sequence[UnitToFile]
    verifier: str
    standing: bool
    starts_at: datetime | None = None
    """Campaign instant of opening on a standing clock; the notice's first day where None."""
    flow_overlay: FlowOverlay | None = None
    """The bureau's settings that `flow` was made under: kept with the campaign. Published before, but on a standing clock."""


def open_campaign(session: Session, actor: Actor, plan: OpeningPlan) -> Campaign:
    """Open a campaign in one transaction. Raises InputError for an impossible notice or one that is open already."""
    actor.require("campaign.open")
    notice = plan.notice
    _check(session, actor, plan)
    real = real_now()
    standing, opened_at = _clock_of(session, plan, real)
    if plan.flow_overlay is not None and not standing:
        flow_settings.require_published(session, notice.area, plan.flow_overlay)
    n = campaign_rows.count_campaigns(session, notice.region, notice.area, notice.year) + 1
    campaign = Campaign(
        id=new_id(),
        public_id=f"campaign:{notice.region}:{notice.area}:{notice.year}:{n}",
        region=notice.region,
        area=notice.area,
        area_name=plan.area_name,
        year=notice.year,
        n=n,
        title=notice.title,
        stage="open",
        standing=standing,
        deadline=end_of(notice.closes),
        makeup_until=None if notice.makeup_until is None else end_of(notice.makeup_until),
        opened_at=opened_at,
        verifier=plan.verifier,
        report_by=notice.report_by,
        notice_digest=audit.store_artifact(session, "notice", notice_bytes(notice)),
        pack_digest=audit.store_artifact(session, "rule_pack", plan.pack),
        flow_digest=audit.store_artifact(session, "flow", dump_flow(plan.flow)),
        papers_digest=store_papers(session, plan.papers),
        flow_overlay_digest=None
        if plan.flow_overlay is None
        else audit.store_artifact(session, "flow_overlay", _bytes(plan.flow_overlay.as_plain())),
    )
    session.add(campaign)
    session.flush()
    session.add(ClockAnchor(campaign_id=campaign.id, seq=1, real=real, campaign=opened_at))
    if standing:
        set_folder_clock(session, opened_at, real)
    sampled = sampled_levels(
        plan.flow, campaign.public_id, {str(unit.unit_id): unit.facts for unit in plan.units}
    )
    pinned = {plan.flow: campaign.flow_digest}
    for position, unit in enumerate(plan.units, start=1):
        flow = flow_for(plan.flow, unit.facts, sampled[str(unit.unit_id)])
        if flow not in pinned:
            pinned[flow] = audit.store_artifact(session, "flow", dump_flow(flow))
        state = opening_state(flow, campaign.deadline)
        filing = Filing(
            id=new_id(),
            campaign_id=campaign.id,
            unit_id=unit.unit_id,
            area=unit.area,
            sector=unit.sector,
            position=position,
            stage=state.stage,
            level=state.level,
            flow_digest=None if flow == plan.flow else pinned[flow],
            state=dump_state(state),
            input_version=0 if unit.maker is None else 1,
            maker=unit.maker,
            people=unit.people,
        )
        session.add(filing)
        session.flush()
        open_unit_tasks(session, filing, flow, state, opened_at)
        letter_rows.write_message(
            session,
            filing=filing,
            to_role="unit_clerk",
            subject="年度验证开始",
            body={"campaign": notice.title, "closes": notice.closes.isoformat()},
            at=opened_at,
        )
    session.add(Counter(campaign_id=campaign.id, stage="filing", filings=len(plan.units)))
    audit.append(
        session,
        actor=f"account:{actor.account_id}",
        verb="campaign_open",
        target=f"campaign:{campaign.id}",
        body={
            "notice": notice.id,
            "units": len(plan.units),
            "pack": campaign.pack_digest,
            "flow": campaign.flow_digest,
            "flow_overlay": campaign.flow_overlay_digest,
            "sampled": sum(bool(levels) for levels in sampled.values()),
        },
    )
    return campaign


def store_papers(session: Session, papers: Sequence[DocumentTemplate]) -> str:
    """Pin the templates of a campaign's papers; returns the digest of the list that maps id → digest."""
    listing = {
        paper.id: audit.store_artifact(session, "template", canonical_template(paper).encode())
        for paper in sorted(papers, key=lambda paper: paper.id)
    }
    return audit.store_artifact(session, "papers", _bytes(listing))


def _clock_of(session: Session, plan: OpeningPlan, real: datetime) -> tuple[bool, datetime]:
    """Tell whether the campaign's clock stands, and the instant at which it opens.

    In a standing folder every campaign stands and begins no earlier than the folder, whose records carry its dates; one
    whose window is over by then opens late, as it would on real time.
    """
    stands = folder_stands(session)
    if not stands and not plan.standing:
        return False, real
    if not stands and clock_rows.runs_on_real_time(session):
        raise InputError("本数据文件夹已按实际时间办理，不能再开演练；请另设数据文件夹（XUESHI_DATA）后开启")
    opened_at = plan.starts_at or start_of(plan.notice.opens)
    if stands:
        opened_at = max(opened_at, folder_now(session, real))
    return True, opened_at


def _check(session: Session, actor: Actor, plan: OpeningPlan) -> None:
    notice = plan.notice
    if not actor.scope.allows(notice.area):
        raise InputError(
            f"通知 {notice.number} 的地区 {notice.area} 不在您的管理范围；请由该地区的业务负责人开启"
        )
    if notice.closes < notice.opens:
        raise InputError(
            f"通知 {notice.number}：截止日期 {notice.closes} 早于开始日期 {notice.opens}；请核对申报时间后再开启"
        )
    if not plan.units:
        raise InputError(f"地区 {notice.area} 没有在册单位；请先用 xueshi register import 导入单位再开启")
    ids = [unit.unit_id for unit in plan.units]
    if len(ids) != len(set(ids)):
        raise InputError(
            f"有 {len(ids) - len(set(ids))} 家单位在名单中出现两次；一个单位只能申报一次，请核对名单后再开启"
        )
    elsewhere = filing_rows.open_elsewhere(session, notice.year)
    twice = [unit for unit in plan.units if unit.unit_id in elsewhere]
    running = [
        campaign
        for campaign in campaign_rows.campaigns(session, actor.scope)
        if (campaign.region, campaign.area, campaign.year) == (notice.region, notice.area, notice.year)
        and campaign.stage == "open"
    ]
    if running:
        raise InputError(f"{notice.year} 年度验证已在进行：{running[0].public_id}；不能重复开启")
    if twice:
        other = elsewhere[twice[0].unit_id]
        raise InputError(
            f"有 {len(twice)} 家单位正在“{other.title}”（{other.public_id}）等申报，同一年度不能两处申报；请核对名单后再开启"
        )


def notice_bytes(notice: Notice) -> bytes:
    """Return a notice as the bytes by which it is pinned: canonical JSON, days as ISO dates."""
    return _bytes(asdict(notice))


def _bytes(value: Mapping[str, Any]) -> bytes:
    return canonical_json(_plain(value)).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
