"""What happens to a campaign as a whole, each in the caller's one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns import reminding, repository
from xueshi.campaigns.campaign_clock import campaign_now, set_folder_clock
from xueshi.campaigns.campaign_machine import (
    CampaignAccepted,
    CampaignCommand,
    CampaignStage,
    CampaignState,
    decide_campaign,
)
from xueshi.campaigns.filing_acts import complete
from xueshi.campaigns.filing_machine import Refused
from xueshi.campaigns.stored_state import dump_state, load_state
from xueshi.campaigns.tables import Campaign, ClockAnchor

ENGINE = Scope.everything()
UNDECIDED = ("filing", "assessing", "deciding")


@dataclass(frozen=True)
class CampaignApplied:
    """What became of a campaign command, the state it left, and the campaign instant."""

    fate: Literal["done", "refused", "late"]
    state: CampaignState
    now: datetime
    code: str = ""
    reason: str = ""


def state_of(campaign: Campaign) -> CampaignState:
    """Return the pure machine's state of a stored campaign."""
    return CampaignState(
        stage=campaign.stage,  # type: ignore[arg-type]  # the column holds the machine's words only
        deadline=campaign.deadline,
        standing=campaign.standing,
        version=campaign.version,
    )


def apply_campaign_command(session: Session, campaign_id: UUID, command: CampaignCommand) -> CampaignApplied:
    """Carry out one durable command on a campaign, exactly once."""
    campaign = repository.campaign(session, ENGINE, campaign_id)
    row = repository.command(session, UUID(command.id), lock=True)
    real = datetime.now(UTC)
    now = campaign_now(session, campaign, real)
    state = state_of(campaign)
    if repository.effect(session, row.id) is not None:
        return CampaignApplied("done", state, now)
    if row.state in ("refused", "late", "withdrawn"):
        return CampaignApplied("refused", state, now, row.code or row.state, row.reason)
    judged = decide_campaign(state, command, now)
    if isinstance(judged, CampaignAccepted) and command.verb == "close":
        judged = _still_undecided(session, campaign.id) or judged
    if isinstance(judged, Refused):
        row.state, row.code, row.reason = "refused", judged.code, judged.reason
        session.add(row)
        return CampaignApplied("refused", state, now, judged.code, judged.reason)
    campaign.stage, campaign.version = judged.state.stage, judged.state.version
    if command.verb == "extend" and command.to is not None:
        _extend(session, campaign, command.to)
    if command.verb == "advance" and command.to is not None:
        anchor = repository.last_anchor(session, campaign.id)
        # What fell due on the way is told and escalated as things stood, before the units look at their new clock.
        reminding.days_passed(session, campaign, anchor.campaign, command.to)
        session.add(ClockAnchor(campaign_id=campaign.id, seq=anchor.seq + 1, real=real, campaign=command.to))
        set_folder_clock(session, command.to, real)
        now = command.to
    session.add(campaign)
    complete(session, row, campaign.id, judged.outcome, judged.state.version, now)
    return CampaignApplied("done", judged.state, now)


def reach(session: Session, campaign_id: UUID, stage: CampaignStage) -> None:
    """Note that a campaign reached a stage (sealed, printed, finished); a repeat changes nothing."""
    campaign = repository.campaign(session, ENGINE, campaign_id)
    order = ("open", "closing", "sealed", "printed", "finished")
    if order.index(campaign.stage) >= order.index(stage):
        return
    campaign.stage = stage
    session.add(campaign)
    audit.append(session, actor="engine", verb=f"campaign_{stage}", target=f"campaign:{campaign.id}", body={})


def _still_undecided(session: Session, campaign_id: UUID) -> Refused | None:
    left = repository.count_filings(session, campaign_id, UNDECIDED)
    if left:
        return Refused("undecided", f"还有 {left} 家单位未办结，不能关闭；请先审验或退回，或等申报截止")
    return None


def _extend(session: Session, campaign: Campaign, until: datetime) -> None:
    """Move the window's end for every filing that is still at its unit or may come back to it."""
    campaign.deadline = until
    for filing in repository.filings(session, ENGINE, campaign.id, stages=UNDECIDED):
        state = load_state(filing.state, None)
        if state.deadline < until:
            filing.state = dump_state(state) | {"deadline": until.isoformat()}
            session.add(filing)
            repository.move_due(session, filing.id, state.deadline, until)
