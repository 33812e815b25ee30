"""Would this planned activity count? The award of a planned record beside the year's other records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import RecordExplanation, RequirementExplanation, explain
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack


@dataclass(frozen=True)
class Precheck:
    """What a planned record would get: its ledger entry, the explanation, and what it changes in the year.

    `award` is exactly the entry that the same record gets once it is done and declared with the same facts beside the
    same other records. `gain` (hundredths) is what the year's total grows by: less than the award where another
    record loses (`others` lists those, before and after).
    """

    award: LedgerEntry
    explanation: RecordExplanation
    gain: int
    others: tuple[tuple[LedgerEntry, LedgerEntry], ...]
    verdict_before: str
    verdict_after: str
    requirements: tuple[RequirementExplanation, ...]

    @property
    def counts(self) -> bool:
        """Whether the activity would give hours in the year asked."""
        return self.award.hours > 0 and self.award.verdict in ("credited", "reduced")

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data; hours stay hundredths."""
        return {
            "counts": self.counts,
            "award": self.award.to_json(),
            "explanation": asdict(self.explanation),
            "gain": self.gain,
            "others": [{"before": one.to_json(), "after": then.to_json()} for one, then in self.others],
            "verdict_before": self.verdict_before,
            "verdict_after": self.verdict_after,
            "requirements": [asdict(one) for one in self.requirements],
        }


def precheck(pack: RulePack, request: PersonYearRequest, planned: RecordFacts) -> Precheck:
    """Judge a planned record beside the records of `request`, under the same engine that judges it later.

    Raises RuleError when the year has no law, when the id of the plan is taken, or as `evaluate` does.
    """
    if any(record.id == planned.id for record in request.records):
        raise RuleError(f"计划中的活动编号“{planned.id}”与已有记录相同，请换一个编号")
    before = evaluate(pack, request, trace=False)
    whole = request._replace(records=(*request.records, planned))
    after = evaluate(pack, whole)
    if after.verdict == "not_judged":
        raise RuleError(after.text)
    explained = explain(pack, whole, after)
    changed = tuple(
        (one, then)
        for one in before.ledger
        for then in after.ledger
        if then.record == one.record and then.part == one.part and then != one
    )
    return Precheck(
        after.entry(planned.id),
        next(one for one in explained.records if one.record == planned.id),
        after.totals["total"] - before.totals["total"],
        changed,
        before.verdict,
        after.verdict,
        explained.requirements,
    )
