"""Records that nobody has decided yet: they give no hours, and no adverse verdict rests on them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack

NOT_VERIFIED = "records_not_verified"
"""Warning: records filed for the year wait for their verifier and are not counted."""


def verdict_with_undecided(
    pack: RulePack, request: PersonYearRequest, assessment: YearAssessment, undecided: Sequence[RecordFacts]
) -> str:
    """Return the verdict of a year beside which undecided records wait: `not_met` only if they could not change it.

    As with a missing fact (rule language 3.1), what somebody else has still to decide is not counted against anybody.
    """
    if assessment.verdict != "not_met" or not undecided:
        return assessment.verdict
    try:
        with_them = evaluate(pack, request._replace(records=(*request.records, *undecided)), trace=False)
    except RuleError:
        # Whether such a record can be judged at all is its verifier's question, not an answer here.
        return "needs_fact"
    return "not_met" if with_them.verdict == "not_met" else "needs_fact"
