"""Escalation (督办): where the flow says so, a task long overdue is brought before another role, once.

The escalation is a task of its own kind: it shows, it blocks nothing, and it closes by itself when what it watches
moves on or gets a later date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import end_of
from xueshi.campaigns.clocks.office_calendar import calendar_of, last_day_of
from xueshi.campaigns.clocks.working_days import WorkCalendar, working_day_after
from xueshi.campaigns.rows import campaign_rows, task_rows
from xueshi.campaigns.rows.pinned_rows import flow_by
from xueshi.campaigns.tables import Task
from xueshi.flows.flow import ApprovalFlow, Escalation
from xueshi.real_clock import real_now
from xueshi.storage import new_id

ENGINE = Scope.everything()
ESCALATION = "escalation"


@dataclass(frozen=True)
class Escalating:
    """An overdue task with what its flow says of it, and the instant from which its escalation is due."""

    task: Task
    level_name: str
    rule: Escalation
    at: datetime


def escalate_overdue(session: Session, clock: str, now: datetime) -> int:
    """Bring the tasks of a clock that are overdue for long enough before the role that their flow names; returns how many.

    `now` is the clock's instant. A repeat brings nothing twice: each task is marked.
    """
    return escalate(session, escalating(session, clock, now), now)


def escalating(session: Session, clock: str, until: datetime) -> list[Escalating]:
    """Return the tasks of a clock whose escalation falls due by an instant, where nothing else happens until then.

    Found once for a whole leap of a standing clock: asked day by day, an overdue task would be looked at on every day.
    """
    calendars: dict[str, WorkCalendar] = {}
    flows: dict[str, ApprovalFlow] = {}
    found = []
    for task, flow_digest in task_rows.overdue_tasks(session, clock, until):
        if flow_digest not in flows:
            flows[flow_digest] = flow_by(session, flow_digest)
        level = next((one for one in flows[flow_digest].levels if one.id == task.level), None)
        if level is None or level.escalate is None or task.due_at is None:
            continue
        if task.area not in calendars:
            calendars[task.area] = calendar_of(session, task.area)
        last = working_day_after(calendars[task.area], last_day_of(task.due_at), level.escalate.after_days)
        if end_of(last.day) <= until:
            found.append(Escalating(task, level.name, level.escalate, end_of(last.day)))
    return found


def escalate(session: Session, found: Sequence[Escalating], now: datetime) -> int:
    """Raise the escalations that are due at an instant and were not raised yet; returns how many."""
    raised = 0
    for one in found:
        task = one.task
        if one.at > now or task.escalated_at is not None:
            continue
        task.escalated_at = now
        session.add(task)
        if any(watching.level == task.level for watching in _watching(session, task)):
            continue  # another signer of the same level was late as well: one escalation says so
        session.add(_escalation(task, one.level_name, one.rule, now))
        session.flush()
        audit.append(
            session,
            actor="engine",
            verb="escalate",
            target=f"task:{task.id}",
            body={
                "to_role": one.rule.to_role,
                "due_at": None if task.due_at is None else task.due_at.isoformat(),
            },
        )
        raised += 1
    return raised


def take_back(session: Session, task: Task) -> None:
    """Close the escalation of a task that got a later date: it may fall due again."""
    if task.escalated_at is None or task.due_at is None or task.due_at <= task.escalated_at:
        return
    if task.campaign_id is None:
        return
    campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
    now = campaign_now(session, campaign, real_now())
    for watching in _watching(session, task):
        if watching.level == task.level:
            watching.closed_at, watching.outcome = now, "due_later"
            session.add(watching)
    task.escalated_at = None
    session.add(task)


def _watching(session: Session, task: Task) -> list[Task]:
    return task_rows.open_tasks(session, ENGINE, filing_id=task.filing_id, kinds=(ESCALATION,))


def _escalation(task: Task, level_name: str, rule: Escalation, now: datetime) -> Task:
    return Task(
        id=new_id(),
        campaign_id=task.campaign_id,
        filing_id=task.filing_id,
        unit_id=task.unit_id,
        area=task.area,
        sector=task.sector,
        kind=ESCALATION,
        role=rule.to_role,
        level=task.level,
        body={
            "name": level_name,
            "clause": rule.clause,
            "text": f"“{level_name}”超期未办，请督促办理；该单位离开本环节后本事项自动办结",
        },
        # With the end of the day that was the last: the digest of the day that begins now tells of it.
        opened_at=now - timedelta(microseconds=1),
    )
