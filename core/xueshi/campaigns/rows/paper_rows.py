"""Papers of a campaign that could not be set (表卡未能打印): a task names each until it is printed. The frame commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.tables import Filing, Task

PAPER = "paper"
"""Kind of the task that a paper which could not be printed leaves."""
PRINTS = "bureau"
"""The role that sees to it: the authority that runs the verification and hands out its papers."""


def left_out(
    session: Session, scope: Scope, campaign_id: UUID, *, filing_id: UUID | None = None
) -> list[Task]:
    """Return the tasks of a campaign's papers that are not printed, oldest first."""
    return task_rows.open_tasks(session, scope, campaign_id=campaign_id, filing_id=filing_id, kinds=(PAPER,))


def whose(task: Task) -> tuple[str, UUID]:
    """Return of which kind a paper that was left out is, and whom it is about."""
    return task.body["paper"], UUID(task.body["subject"])


def note_left_out(
    session: Session, filing: Filing, *, paper: str, subject_id: UUID, trouble: str, now: datetime
) -> None:
    """Note that one paper of a filing could not be set; `trouble` says which and why, without a word of it."""
    session.add(
        task_rows.task_of(
            filing,
            PAPER,
            PRINTS,
            now,
            person_id=None if subject_id == filing.unit_id else subject_id,
            body={"paper": paper, "subject": str(subject_id), "trouble": trouble},
        )
    )


def note_settled(
    session: Session,
    campaign_id: UUID,
    task_ids: Iterable[UUID],
    issued: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
) -> None:
    """End the tasks of papers that were printed since, or whose place another paper took; audited with what was issued."""
    for task in left_out(session, Scope.everything(), campaign_id):
        if task.id in task_ids:
            task.closed_at, task.outcome = now, "issued"
            session.add(task)
    if issued:
        body = {"papers": [str(one) for one in issued]}
        audit.append(session, actor=actor, verb="papers_issued", target=f"campaign:{campaign_id}", body=body)
