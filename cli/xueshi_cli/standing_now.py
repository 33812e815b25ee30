"""What holds after an act was carried out: the new date, clock, stage or level, said under its fate."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date, show_deadline
from xueshi.campaigns.rows import campaign_rows, filing_rows, merger_rows
from xueshi.campaigns.tables import Filing
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi_cli.campaign_view import CAMPAIGN_STAGES, STAGES

ENGINE = Scope.everything()
ON_CAMPAIGN = ("extend", "advance", "makeup", "pause", "resume", "close", "archive", "add_unit")


def campaign_stands(session: Session, kind: str, target: UUID) -> str:
    """Say how a campaign stands after an act of this kind on it (or on one filing of it); empty for other kinds."""
    if kind in ("extend_filing", "makeup_filing", "dissolve"):
        return _filing_stands(session, target)
    if kind not in ON_CAMPAIGN:
        return ""
    campaign = campaign_rows.campaign(session, ENGINE, target)
    today = civil_date(campaign_now(session, campaign, real_now()))
    stage = CAMPAIGN_STAGES[campaign.stage]
    if kind == "extend":
        return f"申报截止现为 {show_deadline(campaign.deadline)}"
    if kind == "advance":
        return f"演练时钟现为 {today}，阶段：{stage}"
    if kind == "makeup" and campaign.makeup_until is not None:
        return f"补训截止现为 {show_deadline(campaign.makeup_until)}"
    if kind == "add_unit":
        return f"本次年度验证现有单位 {filing_rows.count_units(session, campaign.id)} 家"
    if kind == "pause":
        return f"自 {today} 起暂停，截止 {show_deadline(campaign.deadline)} 待恢复时顺延"
    if kind == "resume":
        return f"已恢复，申报截止现为 {show_deadline(campaign.deadline)}"
    return f"阶段：{stage}"


def _filing_stands(session: Session, target: UUID) -> str:
    filing = filing_rows.filing(session, ENGINE, target)
    unit = unit_rows.unit(session, ENGINE, filing.unit_id).name
    state = load_state(filing.state, None)
    stage = STAGES[filing.stage] + ("（补训）" if state.makeup_from else "")
    if filing.stage == "dissolved":
        return f"{unit}：{stage}{_went_along(session, filing)}"
    return f"{unit}：{stage}，截止现为 {show_deadline(state.deadline)}"


def _went_along(session: Session, filing: Filing) -> str:
    """Say where a dissolved unit's people went; empty where it went up in no other unit."""
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    merger = merger_rows.merger_of(session, filing.id, campaign.year)
    if merger is None:
        return ""
    other = unit_rows.unit(session, ENGINE, merger.into).name
    said = f"，人员自 {merger.day} 起转入 {other}"
    if filing_rows.filings_of_year(session, (merger.into,), campaign.year):
        return f"{said}，由其申报"
    return f"{said}；{other}不在本次年度验证中，须以 xueshi campaign add-unit 加入后由其申报"
