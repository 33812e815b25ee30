"""What a verifier may choose: the bounds of an amount that the text leaves between two figures, and what holds otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from xueshi.assessment.evaluate import Evaluation
from xueshi.assessment.facts import LARGEST
from xueshi.assessment.formulas import GRANTED, Stop
from xueshi.assessment.program import program
from xueshi.assessment.run import rounded
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.regulations.pack import RulePack


@dataclass(frozen=True)
class Choice:
    """Lowest and highest amount (hundredths), the clause, and what holds where nobody chooses; None: somebody must."""

    low: int
    high: int
    clause: str
    default: int | None


def choice_of(pack: RulePack, request: PersonYearRequest, record: RecordFacts) -> Choice | None:
    """Return what a verifier may choose for a record; None where the text leaves nothing to choose, or no rule takes it.

    Raises RuleError as `evaluate` does.
    """
    run = Evaluation(program(pack), request, trace=False)
    one = run.taken_up(record)
    one.facts.pop(GRANTED, None)
    facts = one.facts
    run.judge(one)
    row = one.row
    if row is None:
        return None
    beyond = row.hours.value({**facts, GRANTED: LARGEST})
    if not isinstance(beyond, Stop) or beyond.bounds is None:
        return None
    held = row.hours.value(facts)
    low, high = beyond.bounds
    return Choice(rounded(low), rounded(high), row.clause, None if isinstance(held, Stop) else rounded(held))
