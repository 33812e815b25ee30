"""A filing's state as it is stored: with it move its counter and the tasks of whoever must act now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.office_calendar import due_after
from xueshi.campaigns.reminders.escalation import ESCALATION
from xueshi.campaigns.rows import (
    campaign_rows,
    letter_rows,
    task_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import (
    FilingState,
    Signature,
    assessed,
    register_changed,
    waiting_roles,
)
from xueshi.machines.stored_state import dump_state, load_state
from xueshi.real_clock import real_now

ENGINE = Scope.everything()
RECORD_TASKS = ("record", "discretion", "attention")
"""Tasks of a campaign on one record of a unit's filing, not on the unit."""


def changed(filing: Filing) -> bool:
    """Tell whether a filing's register was handed in anew since it was last approved."""
    return filing.input_version != filing.approved_input


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
    before = filing.stage or None
    filing.stage, filing.level, filing.version = state.stage, state.level, state.version
    filing.state = dump_state(state)
    session.add(filing)
    campaign_rows.move_counter(session, campaign.id, before, state.stage)
    if not moved and not state.finished:
        _keep_tasks(session, filing, flow, state, now)
        return
    over = ("unit", ESCALATION, *(RECORD_TASKS if state.finished or state.stage == "filing" else ()))
    task_rows.close_tasks(session, filing.id, over, at=now, command_id=None, outcome=state.stage)
    open_unit_tasks(session, filing, flow, state, now)


def void_signatures(
    session: Session, campaign: Campaign, filing: Filing, now: datetime, why: str = ""
) -> tuple[Signature, ...]:
    """Note that another register stands at a filing's unit than its signers saw; returns the signatures that are void.

    Whoever signed is told at once, and `why` where it is no other workbook, and has his task again; the filing itself
    stays where it is.
    """
    before = load_state(filing.state, filing.maker)
    write_state(session, campaign, filing, flow_of(session, campaign, filing), register_changed(before), now)
    for signature in before.signatures:
        letter_rows.write_message(
            session,
            filing=filing,
            to_role=signature.role,
            subject="登记已变动，原签署作废，请重新签署",
            body={"campaign": campaign.title, **({"reason": why} if why else {})},
            at=now,
            urgent=True,
        )
    return before.signatures


def finish_assessment(session: Session, campaign: Campaign, filing: Filing) -> FilingState:
    """Hand an assessed filing, locked by the caller, to the next level and open its tasks; a repeat changes nothing."""
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
            task_rows.task_of(
                filing,
                "unit",
                role,
                now,
                level=level.id,
                body={"name": level.name, "clause": level.clause, "version": state.version},
                returned=state.stage == "filing" and state.returns > 0,
                **({"due_at": window} if rests is None else rests.of_task()),
            )
        )


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
