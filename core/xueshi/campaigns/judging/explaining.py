"""The explanation of a stored result: the facts that were judged, under the pack that the campaign is pinned to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import YearExplanation, explain
from xueshi.assessment.program import program
from xueshi.assessment.types import PersonYearRequest, YearAssessment
from xueshi.assessment.verdict_words import VERDICT_SENTENCES
from xueshi.assessment.windows import YearFigures, with_windows
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.judging.stored_request import pending_from_json, request_from_json
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.rows.pinned_rows import pack_by
from xueshi.register.rows import unit_rows
from xueshi.regulations.pack import RulePack
from xueshi.regulations.published_text import PublishedText
from xueshi.results import repository as results
from xueshi.results.tables import YearResult


@dataclass(frozen=True)
class ExplainedResult:
    """A stored result explained: whose it is, in which unit and campaign, and the explanation."""

    person: str
    unit: str
    campaign: str
    revision: int
    judged_on: date
    """Civil day of the campaign's clock on which the year was judged."""
    sample: bool
    """True in a demo or rehearsal folder."""
    explanation: YearExplanation


def explain_result(
    session: Session, scope: Scope, result: YearResult, texts: Mapping[str, PublishedText] | None = None
) -> ExplainedResult:
    """Judge a stored result's facts again under its pinned pack and explain them.

    Requirements over several years take the person's stored results of the other years, each judged under its own
    pinned pack. `texts` are published texts that a bureau attached. `scope` is that of whoever asks. Raises RuleError where the rules could not be applied to the person.
    """
    request = request_from_json(result.request)
    contents = results.contents_of_records(session, result.id)
    if len(contents) == len(request.records):
        named = zip(request.records, contents, strict=True)
        request = request._replace(records=tuple(one._replace(name=content) for one, content in named))
    found = scope.of_engine()  # the result lies inside the scope; its campaign may span more
    person = results.judged_person(session, result.person_id)
    campaign = campaign_rows.campaign(session, found, result.campaign_id)
    pack = pack_by(session, result.pack_digest)
    judged = _judged(session, found, result, pack, request)
    laws = _laws_handed_on(session, found, result, pack, request)
    explanation = explain(pack, request, judged, texts, laws)
    waiting = len(pending_from_json(result.request))
    if waiting:
        # The stored verdict looked at them; what they may bring stands nowhere else.
        explanation = replace(
            explanation,
            verdict=result.verdict,
            verdict_text=VERDICT_SENTENCES[result.verdict],
            warnings=(*explanation.warnings, f"另有{waiting}条学时记录尚未认定，没有计入"),
        )
    return ExplainedResult(
        person.name if person else "",
        unit_rows.unit(session, found, result.unit_id).name,
        campaign.public_id,
        result.revision,
        civil_date(result.assessed_at),
        campaign.standing,
        explanation,
    )


def _laws_handed_on(
    session: Session, scope: Scope, result: YearResult, pack: RulePack, request: PersonYearRequest
) -> dict[str, RulePack]:
    """Return the pinned laws of the person's other years under which entries arose that this year has from them."""
    foreign = {one.regulation for one in request.earlier} - pack.data["clauses"].keys()
    found: dict[str, RulePack] = {}
    for one in results.years_of_person(session, scope, result.person_id) if foreign else ():
        if one.year < result.year and not foreign <= found.keys():
            law = pack_by(session, one.pack_digest)
            found |= dict.fromkeys(foreign & law.data["clauses"].keys(), law)
    return found


def _judged(
    session: Session, scope: Scope, result: YearResult, pack: RulePack, request: PersonYearRequest
) -> YearAssessment | None:
    """Judge the year with what its law asks of several; None where it asks nothing, so that nothing is read in vain."""
    if not any(one["over"] is not None for one in pack.requirements):
        return None
    if program(pack).rests_on_years:
        # The verdict rests on the years that stood beside it when it was given, not on what they are now.
        return with_windows(pack, request, evaluate(pack, request), request.years)
    others: dict[int, YearFigures] = {}
    for one in results.years_of_person(session, scope, result.person_id):
        if one.year == result.year or one.year in others:
            continue
        law = pack_by(session, one.pack_digest)
        judged = evaluate(law, request_from_json(one.request), trace=False)
        if judged.verdict != "not_judged":
            others[one.year] = YearFigures.of(judged)
    return with_windows(pack, request, evaluate(pack, request), others)
