"""Categories, sums, minimums, ceilings, alternatives, deemed completion: the verdict of one year (steps 15 and 16)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple, final

from xueshi.assessment.alternatives import Alternatives
from xueshi.assessment.conditions import Facts
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Deemed, Program, Requirement, Sum
from xueshi.assessment.reasons import labels, reason
from xueshi.assessment.run import rounded
from xueshi.assessment.types import (
    OpenFact,
    RequirementResult,
    TraceNode,
    WindowResult,
    YearFigures,
    made,
)

OPEN: Final = frozenset(("needs_fact", "manual"))
"""Verdicts of a record that still waits: for a fact, or for somebody's decision."""


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


class Doubt(NamedTuple):
    """A record that would satisfy a requirement, but for facts of it that are not stated."""

    record: str
    facts: tuple[str, ...]


def judge_requirements(
    compiled: Program,
    person: Facts,
    judged: list[Judged],
    nodes: list[TraceNode] | None,
    readings: dict[str, None],
    years: Mapping[int, YearFigures],
    waiting: bool,
) -> Verdict:
    """Judge all requirements of the year itself; those over several years that stand beside it are judged by `windows`.

    `years` are the figures of other years at hand: alternatives with a window of years as a part read them. `waiting`
    tells that a record still waits for a fact or a decision.
    """
    facts = dict(person)
    facts["at_least"] = compiled.minimums
    counts = count_sums(compiled, judged) if compiled.sums else {}
    unset: dict[str, str] = {}
    totals = sum_totals(compiled, judged, facts, readings, unset)
    deemed: dict[str, str] = {}
    doubtful: dict[str, Doubt] = {}
    if compiled.deemed:
        deemed, doubtful = deemed_requirements(compiled, judged, readings)
    results: dict[str, RequirementResult] = {}
    shown: list[tuple[Requirement, RequirementResult]] = []
    warned: list[str] = []
    for name in compiled.yearly_readings:
        readings[name] = None
    for one in compiled.yearly:
        open_sum = waiting or one.of in unset
        result = _judge(compiled, one, facts, totals, counts, open_sum, deemed, doubtful)
        if one.effect == "warn":
            if result is not None and result.met is not True:
                warned.append(one.key)
        elif result is not None:
            results[one.id] = result
            if one.id in compiled.shown:
                shown.append((one, result))
    windows: tuple[WindowResult, ...] = ()
    if compiled.alternatives:
        figures = _with_own(compiled, facts, results, totals, counts, years)
        chosen = Alternatives(compiled, facts, results, deemed, _facts_of(doubtful), figures)
        for one in compiled.alternatives:
            if (found := chosen.result(one.id)) is not None:
                shown.append((one, found))
        windows = tuple(chosen.windows.values())
        for name in (*chosen.windows, *(name for name, judged_so in chosen.judged.items() if judged_so)):
            readings.update(dict.fromkeys(compiled.by_id[name].readings))
    verdict = "met"
    for one, result in shown:
        if nodes is not None:
            nodes.append(_node(compiled, one, result, facts))
        if result.met is False:
            verdict = "not_met"
        elif result.met is None and verdict == "met":
            verdict = "needs_fact"
    shown_results = tuple([result for _, result in shown])
    parts: tuple[RequirementResult, ...] = ()
    if len(results) > len(compiled.shown) or compiled.alternatives:
        parts = tuple([result for name, result in results.items() if name not in compiled.shown])
    lacking = _open(compiled, shown_results, doubtful)
    if unset:
        lacking += _without_factor(compiled, shown_results, unset)
    return Verdict(verdict, totals, counts, shown_results, warned, lacking, parts, windows)


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
        {one.of: one.met for one in results.values()},
    )
    return {**years, int(facts["year"]): own}


def _open(
    compiled: Program, shown: tuple[RequirementResult, ...], doubtful: Mapping[str, Doubt]
) -> tuple[OpenFact, ...]:
    """Say what the requirements wait for: facts of the person, of a record that may satisfy one, results of other years."""
    found: dict[OpenFact, None] = {}
    for result in shown:
        if not (result.facts or result.years):
            continue
        of_records = [doubtful[name] for name in (result.id, *result.parts) if name in doubtful]
        told = {name for doubt in of_records for name in doubt.facts}
        rest = tuple([name for name in result.facts if name not in told])
        for record, names in (*of_records, ("", rest)):
            if names:
                text = reason("needs_fact", detail=labels(names, compiled.facts))
                found[OpenFact(record, names, "needs_fact", text)] = None
        if result.years:
            text = reason("needs_years", name=result.label, years="、".join(map(str, result.years)))
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
    noted = ("", 16, one, facts, one.reads, (), result.total, result.minimum, code, text)
    return made(TraceNode, noted)


def sum_totals(
    compiled: Program,
    judged: list[Judged],
    facts: Facts,
    readings: dict[str, None],
    unset: dict[str, str],
) -> dict[str, int]:
    """Add the hours by category, by sum and in total; ceilings bound what a category gives to the total.

    A sum in which something could not be converted, because no factor is set, goes to `unset` with the parameter.
    """
    totals = compiled.no_hours.copy()
    for one in judged:
        if one.hours:
            totals[one.category] = totals.get(one.category, 0) + one.hours
    given = dict(totals) if compiled.ceilings else totals
    for requirement in compiled.ceilings:
        assert requirement.ceiling is not None
        cap = requirement.ceiling.value(facts)
        if not isinstance(cap, Stop) and requirement.when.holds(facts):
            readings.update(dict.fromkeys(requirement.readings))
            given[requirement.of] = min(given.get(requirement.of, 0), int(cap))
    if compiled.only_hours:
        total = sum(given.values())
    else:
        units = compiled.units
        total = sum(hours for code, hours in given.items() if units.get(code, "hour") == "hour")
    for entry in compiled.sums:
        if entry.count is not None:
            continue
        if entry.where is not None:
            held = [one for one in judged if one.hours and entry.where.holds(one.facts)]
            totals[entry.code] = sum(one.hours for one in held)
        else:
            parts = [_converted(compiled, entry, code, totals.get(code, 0), facts) for code in entry.of]
            totals[entry.code] = sum(part for part in parts if isinstance(part, int))
            open_parts = [part for part in parts if isinstance(part, Stop)]
            if open_parts or not unset.keys().isdisjoint(entry.of):
                unset[entry.code] = next(
                    (part.detail for part in open_parts), *(unset[code] for code in entry.of if code in unset)
                )
        readings.update(dict.fromkeys(entry.readings))
    totals.setdefault("total", total)
    return totals


def _converted(compiled: Program, entry: Sum, code: str, amount: int, facts: Facts) -> int | Stop:
    """Return what a category gives to a sum, in hundredths of an hour; a Stop where nobody has set the factor yet."""
    unit = compiled.units.get(code, "hour")
    if unit == "hour" or unit not in entry.convert or not amount:
        return amount
    factor = entry.convert[unit].value(facts)
    return factor if isinstance(factor, Stop) else rounded(Fraction(factor * amount, 100))


def count_sums(compiled: Program, judged: list[Judged]) -> dict[str, int]:
    """Count recognised records with different identity, for sums that count.

    Recognised is what has hours, and a record of a row that gives none by its clause (an absence, a visit).
    """
    counts: dict[str, int] = {}
    for entry in compiled.sums:
        if entry.count is None:
            continue
        held = [
            one
            for one in judged
            if one.row is not None
            and (
                one.hours
                or (one.recognised and one.verdict != "other_year" and one.row.hours_form[0] == "none")
            )
            and one.row.ids & entry.count
            and (entry.where is None or entry.where.holds(one.facts))
        ]
        counts[entry.code] = (
            len({one.facts.get(entry.same) or one.id for one in held}) if entry.same else len(held)
        )
    return counts


def deemed_requirements(
    compiled: Program, judged: list[Judged], readings: dict[str, None]
) -> tuple[dict[str, str], dict[str, Doubt]]:
    """Return the requirements that a record satisfies instead of giving hours: requirement id → deeming rule.

    Only a record that its own item recognises does so (credited, or of no hours by the clause), or one of a kind that
    no item takes. Where a fact of the condition is not stated, the second mapping holds requirement id → doubt.
    """
    met: dict[str, str] = {}
    doubtful: dict[str, Doubt] = {}
    for entry in compiled.deemed:
        for one in judged:
            held = entry.when.holds(one.facts)
            if held is False or not _recognised(compiled, one) or not _in_window(compiled, entry, one):
                continue
            if held is None:
                lacking = compiled.compiler.missing(entry.when_form, one.facts)
                for name in entry.meets:
                    doubtful.setdefault(name, Doubt(one.id, lacking))
                continue
            readings.update(dict.fromkeys(entry.readings))
            for name in entry.meets:
                met.setdefault(name, entry.rule)
    return met, {name: doubt for name, doubt in doubtful.items() if name not in met}


def _in_window(compiled: Program, entry: Deemed, one: Judged) -> bool:
    first, last = compiled.pack.year_window(one.facts["year"])
    return all(one.facts.get(name) is None or first <= one.facts[name] <= last for name in entry.dates)


def _recognised(compiled: Program, one: Judged) -> bool:
    return one.recognised or (one.verdict == "uncredited" and one.kind not in compiled.items)


def _facts_of(doubtful: Mapping[str, Doubt]) -> dict[str, tuple[str, ...]]:
    return {name: doubt.facts for name, doubt in doubtful.items()}


def _judge(
    compiled: Program,
    one: Requirement,
    facts: Facts,
    totals: dict[str, int],
    counts: dict[str, int],
    waiting: bool,
    deemed: dict[str, str],
    doubtful: dict[str, Doubt],
) -> RequirementResult | None:
    """Judge one requirement; None when it does not bind this person or is not in force."""
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
    doubt = doubtful.get(one.id) if short and not by else None
    met: bool | None = True if short == 0 or by else None if waiting or doubt else False
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
            doubt.facts if doubt else (),
            by if short else "",
            (),
            (),
        ),
    )
