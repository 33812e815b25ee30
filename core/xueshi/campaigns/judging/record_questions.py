"""What only a person can settle of a judged filing: a value in a range, a missing fact, a rule that stops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlmodel import Session

from xueshi.assessment.formulas import GRANTED
from xueshi.assessment.types import OpenFact
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.tables import Filing, Task

if TYPE_CHECKING:
    from xueshi.campaigns.judging.assessing import Judged


OTHER_YEARS = "其他年度取自本系统已封存的结果：尚未封存的请先封存，再退回单位重新提交；不在本系统的，请核实后存疑并写明当年情况"


@dataclass(frozen=True)
class Question:
    """One thing to settle: kind of task, whose, on which record, what is asked (facts, clause, bounds)."""

    kind: str
    person_id: UUID
    record_id: UUID | None
    body: dict[str, Any]

    def on_the_same(self, task: Task) -> bool:
        """Tell whether a task is about the same thing, whatever it asks of it."""
        return (task.kind, task.person_id, task.record_id) == (self.kind, self.person_id, self.record_id)

    def asks_the_same(self, task: Task) -> bool:
        """Tell whether a task asks exactly this."""
        return self.on_the_same(task) and task.body == self.body


def open_record_tasks(
    session: Session, filing: Filing, judged: Iterable[Judged], role: str, now: datetime
) -> None:
    """Open a task for everything that only a person can settle."""
    for question in questions(judged):
        _add_task(session, filing, role, now, question)


def ask_again(session: Session, filing: Filing, judged: Iterable[Judged], role: str, now: datetime) -> None:
    """Bring the tasks of a filing that was judged again to what is open now.

    A task on the same thing stays, with whoever has it, and asks what is to be asked by now. What was left open (存疑)
    since the filing was handed in is not asked again while the question is the same. The others close.
    """
    waiting = task_rows.tasks_of_filing(session, filing.id, RECORD_TASKS, open_only=True)
    left = [
        task
        for task in task_rows.tasks_of_filing(session, filing.id, RECORD_TASKS, outcome="left_open")
        if filing.submitted_at is None or task.opened_at >= filing.submitted_at
    ]
    # Exact ones first, so that of several questions on one record each keeps its own task.
    fresh = [question for question in questions(judged) if not _took(waiting, question.asks_the_same)]
    for question in fresh:
        held = _took(waiting, question.on_the_same)
        if held is not None:
            held.body = question.body
            session.add(held)
        elif _took(left, question.asks_the_same) is None:
            _add_task(session, filing, role, now, question)
    for task in waiting:
        task.closed_at, task.outcome = now, "judged_again"
        session.add(task)
    session.flush()


def _took(tasks: list[Task], fits: Callable[[Task], bool]) -> Task | None:
    """Take the first task that fits out of a list."""
    found = next((task for task in tasks if fits(task)), None)
    if found is not None:
        tasks.remove(found)
    return found


def questions(judged: Iterable[Judged]) -> Iterator[Question]:
    """Yield everything that only a person can settle of some judged people, in their order."""
    for one in judged:
        person_id = one.judgement.person_id
        if one.trouble:
            yield Question("attention", person_id, None, {"trouble": one.trouble})
        if one.undecided:
            text = f"有 {len(one.undecided)} 条学时记录尚未认定，认定后可能达标；请退回单位，待认定后再提交，或存疑留待补正"
            yield Question(
                "record", person_id, one.undecided[0].id, {"facts": [], "clause": "", "text": text}
            )
        if one.assessment is None:
            continue
        for open_ in one.assessment.open:
            facts: Sequence[str] = list(open_.facts)
            entry = next((line for line in one.assessment.ledger if line.record == open_.record), None)
            yield Question(
                "discretion" if GRANTED in facts else "record",
                person_id,
                one.record_ids.get(open_.record),
                {
                    "facts": facts,
                    "clause": entry.clause if entry else "",
                    "text": entry.text if entry else _asked(open_),
                },
            )


def _asked(open_: OpenFact) -> str:
    """Say what is open of a person; of other years also where they come from, since no fact of a record tells them."""
    return f"{open_.text}；{OTHER_YEARS}" if open_.code == "needs_years" else open_.text


def _add_task(session: Session, filing: Filing, role: str, now: datetime, question: Question) -> None:
    session.add(
        task_rows.task_of(
            filing,
            question.kind,
            role,
            now,
            person_id=question.person_id,
            record_id=question.record_id,
            body=question.body,
        )
    )
