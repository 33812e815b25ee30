"""What happens to a filing, each in the caller's one transaction: effect, state, audit, tasks, counters, messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns import repository
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.escalation import ESCALATION
from xueshi.campaigns.filing_machine import (
    Accepted,
    FilingCommand,
    FilingState,
    Outcome,
    Refused,
    assessed,
    decide,
    waiting_roles,
    window_ended,
)
from xueshi.campaigns.flow import ApprovalFlow
from xueshi.campaigns.office_calendar import Due, due_after
from xueshi.campaigns.stored_state import dump_state, load_flow, load_state
from xueshi.campaigns.tables import Campaign, Command, Effect, Filing, Task
from xueshi.records import repository as records
from xueshi.storage import new_id

ENGINE = Scope.everything()
URGENT: frozenset[Outcome] = frozenset({"returned", "refused"})
"""Outcomes that the unit must learn of at once: a day of the window may hang on it. The others stand in the digest."""
RECORD_TASKS = ("record", "discretion", "attention")


@dataclass(frozen=True)
class Applied:
    """What became of a command: its fate, and the state the filing is in now."""

    fate: Literal["done", "refused", "late"]
    state: FilingState
    code: str = ""
    reason: str = ""


def apply_command(session: Session, filing_id: UUID, command: FilingCommand) -> Applied:
    """Carry out one durable command on a filing, exactly once: a repeat returns what the first time gave."""
    filing = repository.filing(session, ENGINE, filing_id, lock=True)
    campaign = repository.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    row = repository.command(session, UUID(command.id), lock=True)
    if repository.effect(session, row.id) is not None:
        return Applied("done", state)
    if row.state in ("refused", "late", "withdrawn"):
        return Applied("late" if row.state == "late" else "refused", state, row.code or row.state, row.reason)
    flow = flow_of(session, campaign, filing)
    now = campaign_now(session, campaign, datetime.now(UTC))
    judged = decide(state, flow, command, now)
    if isinstance(judged, Accepted):
        judged = _only_sql_can_tell(session, filing, flow, command) or judged
    if isinstance(judged, Refused):
        row.state = fate = "late" if judged.code == "late" else "refused"
        row.code, row.reason = judged.code, judged.reason
        session.add(row)
        return Applied("late" if fate == "late" else "refused", state, judged.code, judged.reason)
    _write(session, campaign, filing, flow, judged.state, now)
    _after(session, campaign, filing, command, judged.outcome, now)
    complete(session, row, campaign.id, judged.outcome, judged.state.version, now)
    return Applied("done", judged.state)


def finish_assessment(session: Session, filing_id: UUID) -> FilingState:
    """Hand an assessed filing to the next level and open its tasks; a repeat changes nothing."""
    filing = repository.filing(session, ENGINE, filing_id, lock=True)
    campaign = repository.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    after = assessed(state)
    if after != state:
        flow = flow_of(session, campaign, filing)
        now = campaign_now(session, campaign, datetime.now(UTC))
        _write(session, campaign, filing, flow, after, now)
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


def look_at_clock(session: Session, filing_id: UUID) -> ClockLook:
    """Let a filing's window end if its time has come; wait while a filing made in time is still on its way."""
    filing = repository.filing(session, ENGINE, filing_id, lock=True)
    campaign = repository.campaign(session, ENGINE, filing.campaign_id)
    state = load_state(filing.state, filing.maker)
    now = campaign_now(session, campaign, datetime.now(UTC))
    after = window_ended(state, now)
    if after == state:
        return ClockLook(state, again=False)
    if repository.pending_before(session, filing.id, state.deadline):
        return ClockLook(state, again=True)
    flow = flow_of(session, campaign, filing)
    _write(session, campaign, filing, flow, after, now)
    audit.append(session, actor="engine", verb="not_filed", target=f"filing:{filing.id}", body={})
    repository.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="逾期未申报",
        body={"campaign": campaign.title},
        at=now,
    )
    return ClockLook(after, again=False)


def flow_of(session: Session, campaign: Campaign, filing: Filing) -> ApprovalFlow:
    """Return the flow that a filing is pinned to: what was left for its unit at opening, else the campaign's own."""
    return load_flow(audit.load_artifact(session, filing.flow_digest or campaign.flow_digest))


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
        body={"outcome": outcome, "version": version, **body},
    )


def _only_sql_can_tell(
    session: Session, filing: Filing, flow: ApprovalFlow, command: FilingCommand
) -> Refused | None:
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
        left = len(repository.open_tasks(session, ENGINE, filing_id=filing.id, kinds=RECORD_TASKS))
        if left:
            return Refused("record_tasks_open", f"该单位还有 {left} 条记录待认定或待补正；办结后再通过")
    return None


def _year_of(session: Session, filing: Filing) -> int:
    return repository.campaign(session, ENGINE, filing.campaign_id).year


def _write(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    flow: ApprovalFlow,
    state: FilingState,
    now: datetime,
) -> None:
    """Store a filing's new state, move its counter, and open the tasks of whoever must act now."""
    repository.move_counter(session, campaign.id, filing.stage, state.stage)
    stays = (filing.stage, filing.level) == (state.stage, state.level)
    waiting = {
        task.role: task
        for task in repository.open_tasks(session, ENGINE, filing_id=filing.id, kinds=("unit",))
        if stays
    }
    filing.stage, filing.level, filing.version = state.stage, state.level, state.version
    filing.state = dump_state(state)
    session.add(filing)
    repository.close_tasks(session, filing.id, ("unit",), at=now, command_id=None, outcome=state.stage)
    if state.finished or state.stage == "filing":
        repository.close_tasks(session, filing.id, RECORD_TASKS, at=now, command_id=None, outcome=state.stage)
    if not stays:
        repository.close_tasks(
            session, filing.id, (ESCALATION,), at=now, command_id=None, outcome=state.stage
        )
    open_unit_tasks(session, filing, flow, state, now, waiting)


def open_unit_tasks(
    session: Session,
    filing: Filing,
    flow: ApprovalFlow,
    state: FilingState,
    now: datetime,
    waiting: Mapping[str, Task] | None = None,
) -> None:
    """Open one task for each role that a filing waits for; roles in `waiting` go on as they waited, by the same date."""
    if not waiting_roles(state, flow):
        return
    level = flow.level(state.level)
    rests = None
    if state.stage == "deciding" and level.days is not None:
        rests = due_after(session, filing.area, now, level.days)
    window = state.deadline if state.stage == "filing" else None
    for role in waiting_roles(state, flow):
        before = (waiting or {}).get(role)
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
                **_dates(before, window, rests, now),
            )
        )


def _dates(before: Task | None, window: datetime | None, rests: Due | None, now: datetime) -> dict[str, Any]:
    """Say since when a task waits and when it is due: as before where it waited already, else from now on."""
    if before is not None:
        kept = ("opened_at", "due_at", "due_since", "due_days", "due_provisional", "escalated_at")
        return {name: getattr(before, name) for name in kept} | ({"due_at": window} if window else {})
    if rests is None:
        return {"opened_at": now, "due_at": window}
    return {"opened_at": now, **rests.of_task()}


def _after(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    command: FilingCommand,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Write what an outcome entails beside the state: instants and messages."""
    if outcome == "submitted":
        filing.submitted_at = now
    elif outcome in ("approved", "refused"):
        filing.decided_at = now
    if outcome in ("approved", "refused", "returned", "extended"):
        subjects = {
            "approved": "审验通过",
            "refused": "不予通过",
            "returned": "退回补正",
            "extended": "申报延期",
        }
        repository.write_message(
            session,
            filing=filing,
            to_role="unit_clerk",
            subject=subjects[outcome],
            body={"campaign": campaign.title, "reason": command.reason},
            at=now,
            urgent=outcome in URGENT,
        )
    session.add(filing)
