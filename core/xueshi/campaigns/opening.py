"""Opening a campaign from a notice: pin everything it rests on, list the units, open the first tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns import repository
from xueshi.campaigns.clock import end_of, start_of
from xueshi.campaigns.filing_acts import open_unit_tasks
from xueshi.campaigns.filing_machine import opening_state
from xueshi.campaigns.flow import ApprovalFlow
from xueshi.campaigns.notice import Notice
from xueshi.campaigns.stored_state import dump_flow, dump_state
from xueshi.campaigns.tables import Campaign, ClockAnchor, Counter, Filing
from xueshi.canonical import canonical_json
from xueshi.documents.proofs import canonical_template
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError
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


@dataclass(frozen=True)
class OpeningPlan:
    """Everything a campaign is opened with, resolved by the caller from the jurisdiction's hooks."""

    notice: Notice
    area_name: str
    pack: bytes
    flow: ApprovalFlow
    papers: Sequence[DocumentTemplate]
    units: Sequence[UnitToFile]
    verifier: str
    standing: bool
    starts_at: datetime | None = None
    """Campaign instant of opening on a standing clock; the notice's first day where None."""


def open_campaign(session: Session, actor: Actor, plan: OpeningPlan) -> Campaign:
    """Open a campaign in one transaction. Raises InputError for an impossible notice or one that is open already."""
    actor.require("campaign.open")
    notice = plan.notice
    _check(session, actor, plan)
    real = datetime.now(UTC)
    opened_at = (plan.starts_at or start_of(notice.opens)) if plan.standing else real
    n = repository.count_campaigns(session, notice.region, notice.area, notice.year) + 1
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
        standing=plan.standing,
        deadline=end_of(notice.closes),
        makeup_until=None if notice.makeup_until is None else end_of(notice.makeup_until),
        opened_at=opened_at,
        verifier=plan.verifier,
        report_by=notice.report_by,
        notice_digest=audit.store_artifact(session, "notice", _bytes(asdict(notice))),
        pack_digest=audit.store_artifact(session, "rule_pack", plan.pack),
        flow_digest=audit.store_artifact(session, "flow", dump_flow(plan.flow)),
        papers_digest=store_papers(session, plan.papers),
    )
    session.add(campaign)
    session.flush()
    session.add(ClockAnchor(campaign_id=campaign.id, seq=1, real=real, campaign=opened_at))
    state = opening_state(plan.flow, campaign.deadline)
    for position, unit in enumerate(plan.units, start=1):
        filing = Filing(
            id=new_id(),
            campaign_id=campaign.id,
            unit_id=unit.unit_id,
            area=unit.area,
            sector=unit.sector,
            position=position,
            stage=state.stage,
            level=state.level,
            state=dump_state(state),
            input_version=0 if unit.maker is None else 1,
            maker=unit.maker,
            people=unit.people,
        )
        session.add(filing)
        session.flush()
        open_unit_tasks(session, filing, plan.flow, state, opened_at)
        repository.write_message(
            session,
            filing=filing,
            to_role="unit_clerk",
            subject="年度验证开始",
            body={"campaign": notice.title, "closes": notice.closes.isoformat()},
            at=opened_at,
        )
    session.add(Counter(campaign_id=campaign.id, stage=state.stage, filings=len(plan.units)))
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
    running = [
        campaign
        for campaign in repository.campaigns(session, actor.scope)
        if (campaign.region, campaign.area, campaign.year) == (notice.region, notice.area, notice.year)
        and campaign.stage == "open"
    ]
    if running:
        raise InputError(f"{notice.year} 年度验证已在进行：{running[0].public_id}；不能重复开启")


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
