"""Minimums, alternatives, deemed completion: the verdict of one year (step 16)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, final

from xueshi.assessment.alternatives import Alternatives, OwnYear
from xueshi.assessment.conditions import Facts
from xueshi.assessment.deeming import NOTHING_DEEMED, Deeming
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.presumed import Doubt, Might
from xueshi.assessment.program import Program, Requirement
from xueshi.assessment.reasons import labels, reason
from xueshi.assessment.run import rounded
from xueshi.assessment.sums import count_sums, figures_with_sums, sum_totals
from xueshi.assessment.trace import TraceNode
from xueshi.assessment.types import (
    OpenFact,
    RequirementResult,
    WindowResult,
    YearFigures,
    made,
)

NOTHING: Final[Mapping[str, Might]] = {}


@final
class Verdict:
    """The outcome of a year: verdict, totals in hundredths, counts, requirements, warnings, what is still to be told."""

    __slots__ = ("counts", "open", "parts", "requirements", "totals", "verdict", "warnings", "windows")

    def __init__(
        self,
        verdict: str,
        totals: Mapping[str, int],
        counts: Mapping[str, int],
        requirements: tuple[RequirementResult, ...],
        warnings: list[str],
        open_facts: tuple[OpenFact, ...],
        parts: tuple[RequirementResult, ...],
        windows: tuple[WindowResult, ...],
    ) -> None:
        self.verdict = verdict
        self.totals = totals
        self.counts = counts
        self.requirements = requirements
        self.warnings = warnings
        self.open = open_facts
        self.parts = parts
        self.windows = windows


def judge_requirements(
    compiled: Program,
    person: Facts,
    judged: list[Judged],
    nodes: list[TraceNode] | None,
    readings: dict[str, None],
    years: Mapping[int, YearFigures],
    waiting: frozenset[str] | None,
    deeming: Deeming = NOTHING_DEEMED,
    might: Mapping[str, Might] = NOTHING,
) -> Verdict:
    """Judge all requirements of the year itself; those over several years that stand beside it are judged by `windows`.

    `years` are the figures of other years at hand: alternatives with a window of years as a part read them. `waiting`
    are the categories and sums that records may still change which wait for a fact or a decision (None: any); `deeming`
    is what records satisfy instead of giving hours. `might` is what categories and sums could still gain by facts that
    are not stated: a requirement that is short of no more is open.
    """
    # A year with an open record never ends badly, also where it is certain that one of its requirements fails.
    open_records = waiting is None or bool(waiting)
    facts = {**person, "at_least": compiled.minimums}
    counts = count_sums(compiled, judged) if compiled.sums else {}
    unset: dict[str, str] = {}
    totals = sum_totals(compiled, judged, facts, readings, unset)
    deemed = deeming.met
    doubtful: dict[str, tuple[Doubt, ...]] = dict(deeming.doubtful)
    results: dict[str, RequirementResult] = {}
    failing: dict[str, RequirementResult] = {}
    shown: list[tuple[Requirement, RequirementResult]] = []
    warned: list[str] = []
    readings.update(dict.fromkeys(compiled.yearly_readings))
    for one in compiled.yearly:
        open_sum = waiting is None or one.of in waiting or one.of in unset
        result = _judge(compiled, one, facts, totals, counts, open_sum, deemed, doubtful, might)
        if one.effect == "warn":
            if result is not None and result.met is not True:
                warned.append(one.key)
        elif result is not None:
            results[one.id] = result
            if result.minimum is None and one.id in compiled.chosen:
                # Whether it binds is not known; where it would fail it is no alternative either way.
                given = (compiled, one, facts, totals, counts, open_sum, deemed, dict(doubtful), might)
                certain = _judge(*given, bound=True)
                failing.update({one.id: certain} if certain is not None and certain.met is False else {})
            if one.id in compiled.shown:
                shown.append((one, result))
    windows: tuple[WindowResult, ...] = ()
    if compiled.alternatives:
        figures = _with_own(compiled, facts, results, totals, counts, years)
        own = OwnYear(open_records, frozenset(unset), might)
        chosen = Alternatives(compiled, facts, results, failing, deemed, _facts_of(doubtful), figures, own)
        for one in compiled.alternatives:
            if (found := chosen.result(one.id)) is not None:
                shown.append((one, found))
        windows = tuple(chosen.windows.values())
        doubtful.update(chosen.doubts)
        readings.update(chosen.rested_on())
    verdict = "met"
    for one, result in shown:
        if nodes is not None:
            nodes.append(_node(compiled, one, result, facts))
        if result.met is False and not open_records:
            verdict = "not_met"
        elif result.met is not True and verdict == "met":
            verdict = "needs_fact"
    shown_results = tuple([result for _, result in shown])
    beside = len(results) > len(compiled.shown) or compiled.alternatives
    inner = [result for name, result in results.items() if name not in compiled.shown] if beside else ()
    # Of a year that fails by another requirement nothing need be asked: its verdict rests on no fact that is missing.
    silent = {doubt for one in might.values() for doubt in one.doubts} if verdict == "not_met" else set()
    lacking = _open(compiled, shown_results, windows, doubtful, silent)
    if unset:
        lacking += _without_factor(compiled, shown_results, unset)
    return Verdict(verdict, totals, counts, shown_results, warned, lacking, tuple(inner), windows)


def _with_own(
    compiled: Program,
    facts: Facts,
    results: Mapping[str, RequirementResult],
    totals: Mapping[str, int],
    counts: Mapping[str, int],
    years: Mapping[int, YearFigures],
) -> Mapping[int, YearFigures]:
    """Return the figures of the other years with those of the year itself, which no window may do without."""
    if not compiled.rests_on_years:
        return {}
    own = YearFigures(
        {**totals, **{code: count * 100 for code, count in counts.items()}},
        {one.of: one.minimum for one in results.values() if one.minimum is not None},
        # That nobody knows whether a minimum binds leaves the hours of the year as they are.
        {
            one.of: one.met
            for one in results.values()
            if one.minimum is not None or one.id in compiled.compared
        },
    )
    return {**figures_with_sums(compiled, years), int(facts["year"]): own}


def _open(
    compiled: Program,
    shown: tuple[RequirementResult, ...],
    windows: tuple[WindowResult, ...],
    doubtful: Mapping[str, tuple[Doubt, ...]],
    silent: Collection[Doubt],
) -> tuple[OpenFact, ...]:
    """Say what the requirements wait for: facts of the person, of a record that may satisfy one, results of other years.

    The doubts in `silent` are not asked about.
    """
    found: dict[OpenFact, None] = {}
    for result in shown:
        if not (result.facts or result.years):
            continue
        of_records = [doubt for name in (result.id, *result.parts) for doubt in doubtful.get(name, ())]
        told = {name for doubt in of_records for name in doubt.facts}
        rest = tuple([name for name in result.facts if name not in told])
        for record, names in (*(doubt for doubt in of_records if doubt not in silent), ("", rest)):
            if names:
                text = reason("needs_fact", detail=labels(names, compiled.facts))
                found[OpenFact(record, names, "needs_fact", text)] = None
        if result.years:
            text = reason("needs_years", name=result.label, years="、".join(map(str, result.years)))
            said = [one.text for one in windows if one.untold and set(one.untold) <= set(result.years)]
            if said:
                text = reason("needs_figures", name=result.label, detail=said[0])
            found[OpenFact("", (), "needs_years", text)] = None
    return tuple(found)


def _without_factor(
    compiled: Program, shown: tuple[RequirementResult, ...], unset: Mapping[str, str]
) -> tuple[OpenFact, ...]:
    """Say of each sum that a requirement waits for which factor nobody has set."""
    known = compiled.pack.data["parameters"]
    found: dict[OpenFact, None] = {}
    for result in shown:
        if result.met is None and result.of in unset:
            name = unset[result.of]
            label = known[name]["label"] if name in known else name
            text = reason("needs_factor", name=result.label, detail=label)
            found[OpenFact("", (), "needs_factor", text)] = None
    return tuple(found)


def _node(compiled: Program, one: Requirement, result: RequirementResult, facts: Facts) -> TraceNode:
    """Return the node of a requirement (step 16): its total before, its minimum after, and by which alternative."""
    by = next((part for part in compiled.requirements if part.rule == result.by), None) if result.by else None
    text = result.label if by is None else f"{result.label}，按{by.name or by.label}（{by.rule}）"
    code = "" if result.met else "short"
    return TraceNode("", 16, one, facts, one.reads, (), result.total, result.minimum, code, text)


def _facts_of(doubtful: Mapping[str, tuple[Doubt, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: _asked(doubts) for name, doubts in doubtful.items()}


def _asked(doubts: tuple[Doubt, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for doubt in doubts for name in doubt.facts]))


def _judge(
    compiled: Program,
    one: Requirement,
    facts: Facts,
    totals: dict[str, int],
    counts: dict[str, int],
    waiting: bool,
    deemed: Mapping[str, str],
    doubtful: dict[str, tuple[Doubt, ...]],
    might: Mapping[str, Might],
    *,
    bound: bool | None = None,
) -> RequirementResult | None:
    """Judge one requirement; None when it does not bind this person or is not in force.

    With `bound` it is judged as one that binds the person. What it could still gain by facts that are not stated goes to `doubtful` where it would suffice.
    """
    if bound is None:
        bound = one.when.holds(facts) if one.binds is None else one.binds
    if bound is False:
        return None
    total = counts[one.of] * 100 if one.of in counts else totals.get(one.of, 0)
    if bound is None:
        return RequirementResult(
            one.id,
            one.rule,
            one.regulation,
            one.clause,
            one.of,
            one.label,
            None,
            total,
            0,
            None,
            compiled.compiler.missing(one.when_form, facts),
        )
    if one.at_least is None:
        return (
            RequirementResult(
                one.id, one.rule, one.regulation, one.clause, one.of, one.label, None, total, 0, False
            )
            if one.effect == "warn"
            else None
        )
    held: Any = one.at_least.value(facts) if one.fixed is None else one.fixed
    if isinstance(held, Stop):
        if held.code == "unset":
            return None
        return RequirementResult(
            one.id, one.rule, one.regulation, one.clause, one.of, one.label, None, total, 0, None, held.facts
        )
    minimum = rounded(held)
    short = minimum - total if minimum > total else 0
    by = deemed.get(one.id, "")
    doubts: tuple[Doubt, ...] = ()
    if short and not by:
        doubts = doubtful.get(one.id, ())
        gain = might.get(one.of)
        if gain is not None and short <= gain.hours:
            doubts = doubtful[one.id] = (*doubts, *gain.doubts)
    met: bool | None = True if short == 0 or by else None if waiting or doubts else False
    return made(
        RequirementResult,
        (
            one.id,
            one.rule,
            one.regulation,
            one.clause,
            one.of,
            one.label,
            minimum,
            total,
            short,
            met,
            _asked(doubts) if doubts else (),
            by if short else "",
            (),
            (),
        ),
    )
