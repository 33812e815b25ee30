"""Appeals (申诉): a unit files one, for itself or one of its people; another officer decides; what a granted one does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.formulas import GRANTED
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import rounds
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.filing_state import write_state
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.office_calendar import due_after, last_day_of
from xueshi.campaigns.clocks.pauses import moved_by, pauses_of, stands_still
from xueshi.campaigns.rows import (
    appeal_rows,
    campaign_rows,
    command_rows,
    filing_rows,
    letter_rows,
    task_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Appeal, Campaign, Command, Filing, Task
from xueshi.machines.appeal_machine import AppealCommand, AppealState, decide_appeal
from xueshi.machines.filing_machine import Refused, reconsidered
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now
from xueshi.results import repository as results
from xueshi.storage import new_id

ENGINE = Scope.everything()
DECIDES = "bureau"
"""The role that decides appeals where the text names nobody: the authority that runs the verification (a reading)."""
AGAINST = {"refused": "不予通过", "returned": "退回", "not_met": "未完成的结论"}


def file_appeal(session: Session, row: Command) -> Refused | None:
    """Store a unit's appeal against what was decided on its filing (`reason`, `person` for one person's result)."""
    filing = filing_rows.filing(session, ENGINE, row.target_id, lock=True)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    now = campaign_now(session, campaign, real_now())
    person = UUID(row.payload["person"]) if row.payload.get("person") else None
    against = _against(session, campaign, filing, person)
    if isinstance(against, Refused):
        return against
    refused = _too_late(session, campaign, filing, row.made_at)
    if refused is not None:
        return refused
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "申诉须写明理由")
    opened = appeal_rows.appeals(session, ENGINE, campaign.id, filing_id=filing.id, stages=("open",))
    if any(one.person_id == person for one in opened):
        return Refused("appealed", "对同一决定的申诉正在处理；请等待决定")
    who = {*command_rows.deciders(session, filing.id), *command_rows.lent_by(session, filing.id)}
    appeal = Appeal(
        id=new_id(),
        campaign_id=campaign.id,
        filing_id=filing.id,
        unit_id=filing.unit_id,
        area=filing.area,
        sector=filing.sector,
        person_id=person,
        against=against,
        against_version=filing.version,
        reason=row.payload["reason"],
        maker=str(row.account_id),
        deciders=sorted(str(one) for one in who),
        filed_at=now,
    )
    session.add(appeal)
    body = {"appeal": str(appeal.id), "against": against, "clause": _notice(session, campaign)[1]}
    session.add(_task(filing, appeal, "appeal", DECIDES, now, body))
    complete(
        session, row, campaign.id, "appealed", filing.version, now, appeal=str(appeal.id), against=against
    )
    return None


@dataclass(frozen=True)
class AppealApplied:
    """What became of a command on an appeal: its fate, the state it is in, and the filing that must be woken."""

    fate: Literal["done", "refused"]
    state: AppealState
    code: str = ""
    reason: str = ""
    wake: UUID | None = None


def state_of(appeal: Appeal) -> AppealState:
    """Return the pure machine's state of a stored appeal."""
    return AppealState(
        stage=appeal.stage,  # type: ignore[arg-type]  # the column holds the machine's words only
        maker=appeal.maker,
        deciders=tuple(appeal.deciders),
        version=appeal.version,
    )


def apply_appeal_command(session: Session, appeal_id: UUID, command: AppealCommand) -> AppealApplied:
    """Carry out one durable command on an appeal, exactly once; a repeat wakes again what the first time woke."""
    appeal = appeal_rows.appeal(session, ENGINE, appeal_id, lock=True)
    row = command_rows.command(session, UUID(command.id), lock=True)
    state = state_of(appeal)
    effect = command_rows.effect(session, row.id)
    if effect is not None:
        before = effect.body.get("woken")
        return AppealApplied("done", state, wake=None if before is None else UUID(before))
    if row.state in ("refused", "late", "withdrawn"):
        return AppealApplied("refused", state, row.code or row.state, row.reason)
    campaign = campaign_rows.campaign(session, ENGINE, appeal.campaign_id, lock=True)
    now = campaign_now(session, campaign, real_now())
    judged = decide_appeal(state, command)
    woken: Filing | None = None
    if not isinstance(judged, Refused) and command.verb == "grant":
        granted = _grant(session, campaign, appeal, command, now)
        if isinstance(granted, Refused):
            judged = granted
        else:
            woken = granted
    if isinstance(judged, Refused):
        row.state, row.code, row.reason = "refused", judged.code, judged.reason
        session.add(row)
        return AppealApplied("refused", state, judged.code, judged.reason)
    appeal.stage, appeal.version = judged.state.stage, judged.state.version
    appeal.decided_at, appeal.decision = now, command.reason
    session.add(appeal)
    task = appeal_rows.appeal_task(session, appeal)
    if task is not None:
        task.closed_at, task.closed_by, task.outcome = now, row.id, appeal.stage
        session.add(task)
    filing = filing_rows.filing(session, ENGINE, appeal.filing_id)
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="申诉决定",
        body={"campaign": campaign.title, "stage": appeal.stage, "reason": command.reason},
        at=now,
    )
    body = {} if woken is None else {"woken": str(woken.id)}
    complete(session, row, campaign.id, appeal.stage, appeal.version, now, **body)
    return AppealApplied("done", judged.state, wake=None if woken is None else woken.id)


def _grant(
    session: Session, campaign: Campaign, appeal: Appeal, command: AppealCommand, now: datetime
) -> Filing | Refused:
    """Let the matter be decided again: at the level that decided it, or after the seal in a new round."""
    if campaign.paused_at is not None:
        return Refused("paused", "该年度验证已暂停；恢复后再支持申诉，或先维持原决定")
    if campaign.stage == "open":
        filing = filing_rows.filing(session, ENGINE, appeal.filing_id, lock=True)
        refused = _moved_on(session, filing, appeal)
        if refused is not None:
            return refused
        flow = flow_of(session, campaign, filing)
        before = load_state(filing.state, filing.maker)
        after = reconsidered(before, flow)
        if after != before:
            write_state(session, campaign, filing, flow, after, now)
        if appeal.person_id is not None:
            _judge_again(session, filing, appeal, flow.level(after.level).signers[0].role, now)
        return filing
    if campaign.stage != "finished":
        return Refused("closing", "该年度验证正在封存、打印或已归档；办结后再决定申诉")
    last = rounds.last_round(session, campaign, appeal.unit_id, appeal.person_id)
    if isinstance(last, Refused):
        return last
    if command.until is None or command.until <= now:
        return Refused("not_later", "该年度验证已封存，支持申诉即重新开启该单位；请写明申报期限（--until）")
    plan = rounds.RoundPlan(command.until, now, f"申诉：{command.reason}", appeal.person_id)
    return rounds.open_later_round(session, campaign, last, plan)


def _moved_on(session: Session, filing: Filing, appeal: Appeal) -> Refused | None:
    """Refuse where the decision that was appealed against is no more: of a unit its filing's, of a person his result.

    A person's result is his own: that a colleague's appeal was granted, and the unit lies at its level again or was
    approved again, takes nothing from his.
    """
    gone = Refused("moved_on", "该单位在申诉之后又有办理，原决定已不存在；请维持，或由单位就新的决定申诉")
    if appeal.person_id is None:
        return None if filing.version == appeal.against_version else gone
    if filing.stage == "assessing":
        return Refused("assessing", "该单位已提交，正在逐人核算；核算完成后再决定")
    latest = results.latest_of_unit(session, ENGINE, appeal.campaign_id, filing.unit_id)
    result = latest.get(appeal.person_id)
    stands = result is not None and result.verdict != "met" and result.assessed_at <= appeal.filed_at
    return None if stands and filing.stage in ("approved", "deciding") else gone


def _judge_again(session: Session, filing: Filing, appeal: Appeal, role: str, now: datetime) -> None:
    """Open again what a verifier had decided on the person's records; where it was nothing, ask for a look."""
    decided = filing_rows.determinations(session, filing)
    latest = results.latest_of_unit(session, ENGINE, appeal.campaign_id, filing.unit_id)
    result = latest[appeal.person_id] if appeal.person_id is not None else None
    lines = [] if result is None else results.ledgers(session, [result.id])[result.id]
    again = {line.record_id: line for line in lines if line.record_id in decided}
    for record_id, line in again.items():
        facts = sorted(decided[record_id]) if record_id is not None else []
        kind = "discretion" if GRANTED in facts else "record"
        body = {"facts": facts, "clause": line.clause, "text": line.text, "appeal": str(appeal.id)}
        session.add(_task(filing, appeal, kind, role, now, body, record_id))
    if not again:
        body = {"trouble": "申诉获支持：请复核该人员的登记，需更正的退回单位", "appeal": str(appeal.id)}
        session.add(_task(filing, appeal, "attention", role, now, body))


def _task(
    filing: Filing,
    appeal: Appeal,
    kind: str,
    role: str,
    now: datetime,
    body: Mapping[str, object],
    record_id: UUID | None = None,
) -> Task:
    return task_rows.task_of(
        filing,
        kind,
        role,
        now,
        person_id=appeal.person_id,
        record_id=record_id,
        body=dict(body),
    )


def _against(session: Session, campaign: Campaign, filing: Filing, person: UUID | None) -> str | Refused:
    """Tell what of a filing can be appealed against now."""
    state = load_state(filing.state, filing.maker)
    if campaign.stage == "archived":
        return Refused("archived", "该年度验证已归档，不再受理申诉")
    if person is not None:
        latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
        if person not in latest:
            return Refused("not_in_unit", "该人员在本单位没有年度结果；请核对人员")
        if filing.stage != "approved" or latest[person].verdict == "met":
            return Refused(
                "nothing_decided", "该人员的结论尚未作出，或已为完成；只能对已作出的未完成结论申诉"
            )
        return "not_met"
    if filing.stage == "refused":
        return "refused"
    if filing.stage == "filing" and state.returned_from:
        return "returned"
    return Refused(
        "nothing_decided",
        "该单位现在没有可以申诉的决定（退回、不予通过）；对个人结论申诉请指明人员（--person）",
    )


def _too_late(session: Session, campaign: Campaign, filing: Filing, made_at: datetime) -> Refused | None:
    """Judge an appeal by the campaign instant at which it was inserted; a pause moves its days as it moves all others."""
    days, clause = _notice(session, campaign)
    decided = command_rows.last_decision_at(session, filing.id)
    if days is None or decided is None:
        return None
    pauses = pauses_of(session, campaign)
    end = moved_by(pauses, decided, due_after(session, filing.area, decided, days).at)
    if made_at < end or stands_still(pauses, end):
        return None
    return Refused(
        "late",
        f"申诉期限为决定之日起 {days} 个工作日（{clause}），已于 {last_day_of(end)} 届满（当日 24:00）",
    )


def _notice(session: Session, campaign: Campaign) -> tuple[int | None, str]:
    """Return the time for appeals that the notice names, with its clause; none is made up where it names none."""
    body = json.loads(audit.load_artifact(session, campaign.notice_digest))
    return body.get("appeal_days"), body.get("appeal_clause", "")
