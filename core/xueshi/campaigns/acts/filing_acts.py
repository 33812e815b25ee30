"""What happens to a filing, each in the caller's one transaction: effect, state, audit, tasks, counters, messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date, show_deadline
from xueshi.campaigns.clocks.office_calendar import due_after
from xueshi.campaigns.reminders.escalation import ESCALATION
from xueshi.campaigns.rows import (
    campaign_rows,
    command_rows,
    filing_rows,
    letter_rows,
    merger_rows,
    task_rows,
)
from xueshi.campaigns.tables import Campaign, Command, Effect, Filing, Task
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import (
    NO_MAKEUP,
    Accepted,
    FilingCommand,
    FilingState,
    Outcome,
    Refused,
    Signature,
    assessed,
    decide,
    register_changed,
    waiting_roles,
    window_ended,
)
from xueshi.machines.stored_state import dump_state, load_flow, load_state
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.results import repository as results
from xueshi.results.seals import seal_digest
from xueshi.storage import new_id

ENGINE = Scope.everything()
URGENT: frozenset[Outcome] = frozenset({"returned", "refused"})
"""Outcomes that the unit must learn of at once: a day of the window may hang on it. The others stand in the digest."""
RECORD_TASKS = ("record", "discretion", "attention")
"""Tasks of a campaign on one record of a unit's filing, not on the unit."""
MAKES_UP = frozenset({"not_met", "needs_fact", "not_judged"})
"""Verdicts of people who may make up."""
MESSAGES: dict[Outcome, str] = {
    "approved": "审验通过",
    "refused": "不予通过",
    "returned": "退回补正",
    "extended": "申报延期",
    "makeup_opened": "补训开放",
    "dissolved": "单位撤并",
}
"""Outcomes of which the unit is told, and in which words."""


@dataclass(frozen=True)
class Applied:
    """What became of a command: its fate, and the state the filing is in now."""

    fate: Literal["done", "refused", "late"]
    state: FilingState
    code: str = ""
    reason: str = ""


def apply_command(session: Session, filing_id: UUID, command: FilingCommand) -> Applied:
    """Carry out one durable command on a filing, exactly once: a repeat returns what the first time gave."""
    from xueshi.campaigns.acts import dissolving  # noqa: PLC0415 - it stands on the judging, which stands on this module

    filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    row = command_rows.command(session, UUID(command.id), lock=True)
    if command_rows.effect(session, row.id) is not None:
        return Applied("done", state)
    if row.state in ("refused", "late", "withdrawn"):
        return Applied("late" if row.state == "late" else "refused", state, row.code or row.state, row.reason)
    flow = flow_of(session, campaign, filing)
    now = campaign_now(session, campaign, real_now())
    judged = judge(session, campaign, filing, command, now)
    merger = merger_rows.merger_of(session, filing.id, campaign.year) if state.stage == "dissolved" else None
    if isinstance(judged, Accepted):
        dissolves = judged.outcome == "dissolved"
        hindered = dissolving.hindered(session, campaign, filing, row, now) if dissolves else None
        judged = hindered or dissolving.may_come_back(session, campaign, merger) or judged
    if isinstance(judged, Refused):
        row.state = fate = "late" if judged.code == "late" else "refused"
        row.code, row.reason = judged.code, judged.reason
        session.add(row)
        return Applied("late" if fate == "late" else "refused", state, judged.code, judged.reason)
    write_state(session, campaign, filing, flow, judged.state, now)
    _after(session, campaign, filing, command, judged.outcome, now)
    body = dissolving.bring_back(session, campaign, filing, merger, now)
    if judged.outcome == "dissolved":
        body = dissolving.merge(session, campaign, filing, row, now)
    complete(session, row, campaign.id, judged.outcome, judged.state.version, now, **body)
    return Applied("done", judged.state)


def judge(
    session: Session, campaign: Campaign, filing: Filing, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    """Judge a command on a stored filing, all that only SQL can tell included; nothing is written."""
    flow = flow_of(session, campaign, filing)
    judged = _campaign_forbids(campaign, filing) or decide(
        load_state(filing.state, filing.maker), flow, command, now
    )
    if isinstance(judged, Accepted):
        judged = _only_sql_can_tell(session, campaign, filing, flow, command) or judged
    return judged


def flow_of(session: Session, campaign: Campaign, filing: Filing) -> ApprovalFlow:
    """Return the flow that a filing is pinned to: what was left for its unit at opening, else the campaign's own."""
    return load_flow(audit.load_artifact(session, filing.flow_digest or campaign.flow_digest))


def finish_assessment(session: Session, filing_id: UUID) -> FilingState:
    """Hand an assessed filing to the next level and open its tasks; a repeat changes nothing."""
    filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    after = assessed(state)
    if after != state:
        now = campaign_now(session, campaign, real_now())
        write_state(session, campaign, filing, flow_of(session, campaign, filing), after, now)
        audit.append(
            session,
            actor="engine",
            verb="assessed",
            target=f"filing:{filing.id}",
            body={"people": filing.people},
        )
    return after


@dataclass(frozen=True)
class ClockLook:
    """What a look at the campaign clock found: the filing's state, and whether to look again soon."""

    state: FilingState
    again: bool
    still: bool = False
    """True while no hour of the clock will change anything: paused, or an unsigned make-up that waits for an act."""


def look_at_clock(session: Session, filing_id: UUID) -> ClockLook:
    """Let a filing's window end if its time has come; wait while a filing made in time is still on its way."""
    filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    if _campaign_forbids(campaign, filing) is not None:
        return ClockLook(state, again=False, still=True)
    now = campaign_now(session, campaign, real_now())
    after = window_ended(state, now, changed=changed(filing))
    if after == state:
        return ClockLook(state, again=False, still=state.stage == "filing" and state.deadline <= now)
    if command_rows.pending_before(session, filing.id, state.deadline):
        return ClockLook(state, again=True)
    write_state(session, campaign, filing, flow_of(session, campaign, filing), after, now)
    lapsed = after.stage == "approved"
    audit.append(
        session,
        actor="engine",
        verb="makeup_lapsed" if lapsed else after.stage,
        target=f"filing:{filing.id}",
        body={},
    )
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="补训期满，原审验结果不变" if lapsed else "逾期未申报",
        body={"campaign": campaign.title},
        at=now,
    )
    return ClockLook(after, again=False)


def changed(filing: Filing) -> bool:
    """Tell whether a filing's register was handed in anew since it was last approved."""
    return filing.input_version != filing.approved_input


def complete(
    session: Session,
    row: Command,
    campaign_id: UUID | None,
    outcome: str,
    version: int,
    now: datetime,
    **body: object,
) -> None:
    """Write a command's effect, audit row and fate: the three that reconcile compares."""
    session.add(
        Effect(
            command_id=row.id,
            campaign_id=campaign_id,
            target_id=row.target_id,
            outcome=outcome,
            version=version,
            campaign_at=now,
            body=body,
        )
    )
    row.state, row.code, row.reason = "done", outcome, ""
    session.add(row)
    audit.append(
        session,
        actor=f"account:{row.account_id}",
        verb=row.kind,
        target=f"{row.target_kind}:{row.target_id}",
        command_id=row.id,
        body={"outcome": outcome, "version": version, **_lent(row), **body},
    )


def _lent(row: Command) -> dict[str, object]:
    """Name the delegation under which a delegate acted."""
    return {"delegation": row.payload["delegation"]} if row.payload.get("delegation") else {}


def _campaign_forbids(campaign: Campaign, filing: Filing) -> Refused | None:
    """Say why the campaign lets nothing happen to a filing now, whatever the filing's own state."""
    if campaign.stage != ("open" if filing.round == 1 else "finished"):
        return Refused(
            "closed", "该年度验证已关闭，该单位本轮不能再办理；确需更正的，由业务负责人重新开启（reopen）"
        )
    if campaign.paused_at is not None:
        return Refused(
            "paused",
            f"该年度验证自{civil_date(campaign.paused_at)}起暂停，期间不办理；恢复后各项期限顺延，请届时再办",
        )
    return None


def _only_sql_can_tell(
    session: Session, campaign: Campaign, filing: Filing, flow: ApprovalFlow, command: FilingCommand
) -> Refused | None:
    if command.verb == "makeup":
        return _makeup_not_due(session, campaign, filing, command)
    if command.verb in ("approve", "return", "refuse"):
        refused = _handed_over(session, filing, command)
        if refused is not None:
            return refused
    if command.verb != "approve":
        return None
    if filing.input_version == 0 and not records.has_filed(
        session, filing.unit_id, _year_of(session, filing)
    ):
        return Refused(
            "nothing_handed_in",
            "本单位本年度还没有登记：既没有导入工作簿，也没有申报学时记录；请先登记再签署",
        )
    if command.level != flow.levels[0].id:
        left = len(task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=RECORD_TASKS))
        if left:
            return Refused(
                "record_tasks_open",
                f"该单位的申报中还有 {left} 件记录事项没有办结（记录待补、裁量认定、需人工处理），单位暂不能通过；"
                "请先逐件办理（xueshi tasks show 写明怎样办），或存疑留待补正，再通过该单位",
            )
    if command.level == flow.levels[-1].id and filing.only_person is not None:
        return _others_changed(session, campaign, filing)
    return None


def _year_of(session: Session, filing: Filing) -> int:
    return campaign_rows.campaign(session, ENGINE, filing.campaign_id).year


def _handed_over(session: Session, filing: Filing, command: FilingCommand) -> Refused | None:
    """Refuse whoever holds the role but handed this filing over, or is not the one to whom it was handed."""
    tasks = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, role=command.role, kinds=("unit",))
    owners = {str(task.assignee) for task in tasks if task.assignee is not None}
    if owners and not owners & {command.account, command.principal}:
        return Refused(
            "handed_over",
            "该待办已移交他人办理；请由接办人办理，或由业务负责人重新移交（accounts hand-over）",
        )
    return None


def _makeup_not_due(
    session: Session, campaign: Campaign, filing: Filing, command: FilingCommand
) -> Refused | None:
    if campaign.makeup_until is None:
        return Refused("no_makeup", NO_MAKEUP)
    if command.until is None or command.until > campaign.makeup_until:
        return Refused(
            "beyond_makeup", f"补训须在{show_deadline(campaign.makeup_until)}以前；单位的期限不能更晚"
        )
    judged = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id).values()
    if not any(result.verdict in MAKES_UP for result in judged):
        return Refused("nobody_to_make_up", "该单位没有未达到学习要求的人员，不需要补训")
    return None


def _others_changed(session: Session, campaign: Campaign, filing: Filing) -> Refused | None:
    """A round for one person must leave every other sealed result as it is, and nobody else may be taken out."""
    sealed = {
        seal.person_id: seal.digest for seal in results.sealed_of_unit(session, campaign.id, filing.unit_id)
    }
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    ledgers = results.ledgers(session, [result.id for result in latest.values()])
    judged = filing_rows.judged_people(session, filing.id)
    # A filing that an older engine judged does not say whom.
    gone = set(sealed).difference(judged) if judged else set()
    others = [
        person
        for person, result in latest.items()
        if person != filing.only_person
        and person in sealed
        and (person in gone or seal_digest(result, ledgers[result.id]) != sealed[person])
    ]
    if not others:
        return None
    return Refused(
        "others_changed",
        f"本轮只更正一人，而登记中另有 {len(others)} 人的结果也变了；请退回单位只改该人，或以整个单位重新开启",
    )


def write_state(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    flow: ApprovalFlow,
    state: FilingState,
    now: datetime,
) -> None:
    """Store a filing's new state, move its counter, and open the tasks of whoever must act now.

    Tasks that stay open keep whom they were handed over to: only a filing that moves opens new ones.
    """
    moved = (filing.stage, filing.level) != (state.stage, state.level)
    # A filing of a later round begins outside every counter.
    campaign_rows.move_counter(session, campaign.id, filing.stage or None, state.stage)
    filing.stage, filing.level, filing.version = state.stage, state.level, state.version
    filing.state = dump_state(state)
    session.add(filing)
    if not moved and not state.finished:
        _keep_tasks(session, filing, flow, state, now)
        return
    task_rows.close_tasks(session, filing.id, ("unit",), at=now, command_id=None, outcome=state.stage)
    if state.finished or state.stage == "filing":
        task_rows.close_tasks(session, filing.id, RECORD_TASKS, at=now, command_id=None, outcome=state.stage)
    task_rows.close_tasks(session, filing.id, (ESCALATION,), at=now, command_id=None, outcome=state.stage)
    open_unit_tasks(session, filing, flow, state, now)


def void_signatures(
    session: Session, campaign: Campaign, filing: Filing, now: datetime
) -> tuple[Signature, ...]:
    """Note that another register stands at a filing's unit than its signers saw; returns the signatures that are void.

    Whoever signed is told at once and has his task again; the filing itself stays where it is.
    """
    before = load_state(filing.state, filing.maker)
    write_state(session, campaign, filing, flow_of(session, campaign, filing), register_changed(before), now)
    for signature in before.signatures:
        letter_rows.write_message(
            session,
            filing=filing,
            to_role=signature.role,
            subject="登记已变动，原签署作废，请重新签署",
            body={"campaign": campaign.title},
            at=now,
            urgent=True,
        )
    return before.signatures


def _keep_tasks(
    session: Session, filing: Filing, flow: ApprovalFlow, state: FilingState, now: datetime
) -> None:
    """At the same level: close the tasks of those who signed, let the others wait on under the new version.

    Whose signature is void has a task again.
    """
    waiting = waiting_roles(state, flow)
    waits = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=("unit",))
    for task in waits:
        if task.role in waiting:
            task.body = {**task.body, "version": state.version}
            task.due_at = state.deadline if state.stage == "filing" else task.due_at
        else:
            task.closed_at, task.outcome = now, "signed"
        session.add(task)
    have = {task.role for task in waits}
    open_unit_tasks(session, filing, flow, state, now, [role for role in waiting if role not in have])


def open_unit_tasks(
    session: Session,
    filing: Filing,
    flow: ApprovalFlow,
    state: FilingState,
    now: datetime,
    roles: Sequence[str] | None = None,
) -> None:
    """Open one task for each role that a filing waits for, or for some of these roles only."""
    wanted = waiting_roles(state, flow) if roles is None else roles
    if not wanted:
        return
    level = flow.level(state.level)
    rests = None
    if state.stage == "deciding" and level.days is not None:
        rests = due_after(session, filing.area, now, level.days)
    window = state.deadline if state.stage == "filing" else None
    for role in wanted:
        session.add(
            Task(
                id=new_id(),
                campaign_id=filing.campaign_id,
                filing_id=filing.id,
                unit_id=filing.unit_id,
                area=filing.area,
                sector=filing.sector,
                kind="unit",
                role=role,
                level=level.id,
                body={"name": level.name, "clause": level.clause, "version": state.version},
                returned=state.stage == "filing" and state.returns > 0,
                **({"due_at": window} if rests is None else rests.of_task()),
                opened_at=now,
            )
        )


def _after(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    command: FilingCommand,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Write what an outcome entails beside the state: instants, notes and messages."""
    if outcome == "submitted":
        filing.submitted_at = now
    elif outcome in ("approved", "refused"):
        filing.decided_at = now
    if outcome == "approved":
        filing.approved_input = filing.input_version
    if outcome == "dissolved":
        filing.note = command.reason
    elif outcome == "extended" and filing.round == 1:
        filing.note = ""
    if outcome in MESSAGES:
        letter_rows.write_message(
            session,
            filing=filing,
            to_role="unit_clerk",
            subject=MESSAGES[outcome],
            body={"campaign": campaign.title, "reason": command.reason},
            at=now,
            urgent=outcome in URGENT,
        )
    session.add(filing)
