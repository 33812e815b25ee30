"""What happens to a campaign as a whole, each in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import newcomers, rounds
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.filing_judging import MAKES_UP
from xueshi.campaigns.acts.filing_state import changed, write_state
from xueshi.campaigns.clocks.campaign_clock import campaign_now, set_folder_clock
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.reminders import reminding
from xueshi.campaigns.rows import (
    appeal_rows,
    campaign_rows,
    clock_rows,
    command_rows,
    filing_rows,
    letter_rows,
    task_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, ClockAnchor, Filing, Reassessment
from xueshi.machines.campaign_machine import (
    CampaignAccepted,
    CampaignCommand,
    CampaignStage,
    CampaignState,
    CampaignVerb,
    added_until,
    decide_campaign,
    pause_length,
)
from xueshi.machines.filing_machine import Refused, campaign_closed, extended, shifted
from xueshi.machines.stored_state import dump_state, load_state
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows

ENGINE = Scope.everything()
UNDECIDED = ("filing", "assessing", "deciding")
FILED = ("assessing", "deciding")
NAMED = 10
"""Units that a refusal names before it says how many more there are."""


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
        paused_at=campaign.paused_at,
        makeup_until=campaign.makeup_until,
    )


def apply_campaign_command(session: Session, campaign_id: UUID, command: CampaignCommand) -> CampaignApplied:
    """Carry out one durable command on a campaign, exactly once."""
    campaign = campaign_rows.campaign(session, ENGINE, campaign_id, lock=True)
    row = command_rows.command(session, UUID(command.id), lock=True)
    real = real_now()
    now = campaign_now(session, campaign, real)
    state = state_of(campaign)
    if command_rows.effect(session, row.id) is not None:
        return CampaignApplied("done", state, now)
    if row.state in ("refused", "late", "withdrawn"):
        return CampaignApplied("refused", state, now, row.code or row.state, row.reason)
    judged = decide_campaign(state, command, now)
    if isinstance(judged, CampaignAccepted):
        judged = _only_sql_can_tell(session, campaign, command, now) or judged
    if isinstance(judged, Refused):
        row.state, row.code, row.reason = "refused", judged.code, judged.reason
        session.add(row)
        return CampaignApplied("refused", state, now, judged.code, judged.reason)
    after = judged.state
    campaign.stage, campaign.version = after.stage, after.version
    campaign.deadline, campaign.paused_at = after.deadline, after.paused_at
    campaign.makeup_until = after.makeup_until
    session.add(campaign)
    entails = _ACTS.get(command.verb)
    body = {} if entails is None else entails(_Act(session, campaign, command, state, now, real))
    if command.verb == "advance" and command.to is not None:
        now = command.to
    complete(session, row, campaign.id, judged.outcome, after.version, now, **body)
    return CampaignApplied("done", after, now)


def reach(session: Session, campaign_id: UUID, stage: CampaignStage) -> None:
    """Note that a campaign reached a stage (sealed, printed, finished); a repeat changes nothing."""
    campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
    order = ("open", "closing", "sealed", "printed", "finished", "archived")
    if order.index(campaign.stage) >= order.index(stage):
        return
    campaign.stage = stage
    session.add(campaign)
    audit.append(session, actor="engine", verb=f"campaign_{stage}", target=f"campaign:{campaign.id}", body={})


@dataclass(frozen=True)
class _Act:
    """An act that the machine accepted: on what, the state before it, the campaign instant and the real one."""

    session: Session
    campaign: Campaign
    command: CampaignCommand
    before: CampaignState
    now: datetime
    real: datetime


def _only_sql_can_tell(
    session: Session, campaign: Campaign, command: CampaignCommand, now: datetime
) -> Refused | None:
    if command.verb == "close":
        return _not_to_be_closed(session, campaign, command, now)
    if command.verb == "migrate":
        if command.pack == campaign.pack_digest:
            return Refused("same_pack", "该年度验证已在使用这一规则包，不必更换")
        if campaign.reassessing:
            return Refused("reassessing", "上一次更换规则包后的重新核算尚未完成；请稍后再办")
        if seal_rows.is_sealed(session, campaign.id):
            return Refused("sealed", "已有封存的结果，不能再更换规则包")
        if not audit.has_artifact(session, command.pack):
            return Refused("no_pack", "没有这一规则包；请先以 xueshi campaign migrate 试算，再加 --commit")
    if command.verb == "reopen":
        person = UUID(command.person) if command.person else None
        last = rounds.last_round(session, campaign, UUID(command.unit), person)
        return last if isinstance(last, Refused) else None
    if command.verb == "add_unit":
        unit = newcomers.newcomer(session, campaign, UUID(command.unit))
        return unit if isinstance(unit, Refused) else None
    if command.verb == "archive":
        opened = filing_rows.count_filings(session, campaign.id, UNDECIDED)
        if opened:
            return Refused("round_open", f"还有 {opened} 家单位重新开启而未办结；办结后再归档")
        if appeal_rows.appeals(session, ENGINE, campaign.id, stages=("open",)):
            return Refused("appeal_open", "还有未决的申诉；决定后再归档（xueshi appeals list）")
    return None


def _not_to_be_closed(
    session: Session, campaign: Campaign, command: CampaignCommand, now: datetime
) -> Refused | None:
    if campaign.reassessing:
        return Refused("reassessing", "正按新的规则包重新核算；完成后再关闭")
    if command.anyway:
        return None
    early = now < campaign.deadline
    left = filing_rows.filings(session, ENGINE, campaign.id, stages=UNDECIDED)
    if early:
        # Who has not filed may be closed over with a reason; who handed in for a make-up has.
        left = [one for one in left if one.stage in FILED or (one.approved_input and changed(one))]
    if left:
        return Refused(
            "undecided",
            f"还有 {len(left)} 家单位未办结，不能关闭：{_names(session, left)}；请先审验或退回，"
            "或等申报截止；确需关闭的写明原因并加 --anyway，这些单位列为未审结",
        )
    opened = appeal_rows.appeals(session, ENGINE, campaign.id, stages=("open",))
    if opened:
        return Refused(
            "appeal_open",
            f"还有 {len(opened)} 件申诉未决，不能关闭；请先决定（xueshi appeals decide），"
            "或写明原因并加 --anyway，封存后再决定",
        )
    return None


def _names(session: Session, filings: list[Filing]) -> str:
    named = "、".join(unit_rows.unit(session, ENGINE, one.unit_id).name for one in filings[:NAMED])
    return named if len(filings) <= NAMED else f"{named}等"


def _advance(act: _Act) -> dict[str, object]:
    if act.command.to is not None:
        anchor = clock_rows.last_anchor(act.session, act.campaign.id)
        # What fell due on the way is told and escalated as things stood, before the units look at their new clock.
        reminding.days_passed(act.session, act.campaign, anchor.campaign, act.command.to)
        act.session.add(
            ClockAnchor(
                campaign_id=act.campaign.id, seq=anchor.seq + 1, real=act.real, campaign=act.command.to
            )
        )
        set_folder_clock(act.session, act.command.to, act.real)
    return {}


def _extend(act: _Act) -> dict[str, object]:
    """Move the window's end for every unit that is still at it; units that did not file come back (same round)."""
    session, campaign, until, back = act.session, act.campaign, act.campaign.deadline, 0
    for filing_id in filing_rows.filing_ids(session, campaign.id, (*UNDECIDED, "not_filed")):
        filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
        state = load_state(filing.state, filing.maker)
        if state.stage == "not_filed":
            back += 1
            flow = flow_of(session, campaign, filing)
            write_state(session, campaign, filing, flow, extended(state, flow, until), act.now)
            _tell(act, filing, "申报延期")
        elif not state.makeup_from and state.deadline < until:
            _new_deadline(session, filing, until)
    return {"back": back}


def _resume(act: _Act) -> dict[str, object]:
    """Move by the pause what had not ended when it began."""
    since = act.before.paused_at or act.now
    by = pause_length(since, act.now)
    for filing_id in filing_rows.filing_ids(act.session, act.campaign.id, UNDECIDED):
        filing = filing_rows.filing(act.session, ENGINE, filing_id, lock=True)
        state = load_state(filing.state, filing.maker)
        if state.deadline > since:
            filing.state = dump_state(shifted(state, by))
            act.session.add(filing)
    task_rows.shift_due(act.session, act.campaign.id, since, by)
    return {"days": by.days}


def _open_makeup(act: _Act) -> dict[str, object]:
    """Open or lengthen the make-up window: units under way get the later end, units with people to make up are told."""
    session, campaign, until, told = act.session, act.campaign, act.campaign.makeup_until, 0
    if act.before.makeup_until is None:
        campaign.makeup_from = civil_date(act.now)
        session.add(campaign)
    for filing in filing_rows.filings(session, ENGINE, campaign.id, stages=("filing", "approved")):
        state = load_state(filing.state, filing.maker)
        if state.makeup_from and until is not None and state.deadline < until:
            _new_deadline(session, filing_rows.filing(session, ENGINE, filing.id, lock=True), until)
        elif filing.stage == "approved":
            judged = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id).values()
            people = sum(result.verdict in MAKES_UP for result in judged)
            if people:
                told += 1
                _tell(act, filing, "补训开放", people=people)
    return {"units": told}


def _close(act: _Act) -> dict[str, object]:
    """End what is unfinished: not filed, or filed and never decided."""
    session, campaign = act.session, act.campaign
    ended: dict[str, list[str]] = {}
    for filing_id in filing_rows.filing_ids(session, campaign.id, UNDECIDED):
        filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
        after = campaign_closed(load_state(filing.state, filing.maker), changed=changed(filing))
        write_state(session, campaign, filing, flow_of(session, campaign, filing), after, act.now)
        ended.setdefault(after.stage, []).append(str(filing.unit_id))
        _tell(act, filing, "年度验证关闭", stage=after.stage)
    return dict(ended)


def _migrate(act: _Act) -> dict[str, object]:
    """Pin the newer rule pack and order everybody who was judged to be judged again."""
    campaign, before = act.campaign, act.campaign.pack_digest
    order = Reassessment(
        id=UUID(act.command.id),
        campaign_id=campaign.id,
        from_pack=before,
        to_pack=act.command.pack,
        flips={},
    )
    act.session.add(order)
    campaign.pack_digest, campaign.reassessing = act.command.pack, True
    return {"from": before, "to": act.command.pack}


def _reopen(act: _Act) -> dict[str, object]:
    """Open a unit's next round; that it can be was judged before."""
    command = act.command
    person = UUID(command.person) if command.person else None
    last = rounds.last_round(act.session, act.campaign, UUID(command.unit), person)
    if isinstance(last, Refused) or command.to is None:
        return {}
    opened = rounds.open_later_round(
        act.session,
        act.campaign,
        last,
        rounds.RoundPlan(until=command.to, now=act.now, note=command.reason, only_person=person),
    )
    return {
        "filing": str(opened.id),
        "unit": command.unit,
        "round": opened.round,
        "one_person": person is not None,
    }


def _add_unit(act: _Act) -> dict[str, object]:
    """Let a unit in that registered after opening; that it may be was judged before."""
    command, campaign = act.command, act.campaign
    unit = newcomers.newcomer(act.session, campaign, UUID(command.unit))
    until = added_until(act.before, command.to)
    if isinstance(unit, Refused) or until is None:
        return {}
    opened = newcomers.add_newcomer(
        act.session, campaign, unit, newcomers.Entry(until, act.now, command.reason)
    )
    return {"filing": str(opened.id), "unit": command.unit, "round": opened.round}


def _new_deadline(session: Session, filing: Filing, until: datetime) -> None:
    before = load_state(filing.state, None).deadline
    filing.state = {**filing.state, "deadline": until.isoformat()}
    session.add(filing)
    task_rows.move_due(session, filing.id, before, until)


def _tell(act: _Act, filing: Filing, subject: str, **body: object) -> None:
    letter_rows.write_message(
        act.session,
        filing=filing,
        to_role="unit_clerk",
        subject=subject,
        body={"campaign": act.campaign.title, "reason": act.command.reason, **body},
        at=act.now,
    )


_ACTS: dict[CampaignVerb, Callable[[_Act], dict[str, object]]] = {
    "advance": _advance,
    "extend": _extend,
    "close": _close,
    "resume": _resume,
    "makeup": _open_makeup,
    "migrate": _migrate,
    "reopen": _reopen,
    "add_unit": _add_unit,
}
"""What an act changes beside the campaign's own row; each returns what its effect and audit say of it."""
