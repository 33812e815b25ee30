"""Categories, sums, minimums, ceilings, alternatives, deemed completion: the verdict of one year (steps 15 and 16)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from xueshi.assessment.across import NOT_COUNTED
from xueshi.assessment.closures import Facts, Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Program, Requirement
from xueshi.assessment.reasons import labels, reason
from xueshi.assessment.run import rounded
from xueshi.assessment.types import OpenFact, RequirementResult, TraceNode, made

CREDITED = "credited"
OPEN: Final = frozenset(("needs_fact", "manual"))
"""Verdicts of a record that still waits: for a fact, or for somebody's decision."""


class Verdict(NamedTuple):
    """The outcome of a year: verdict, totals in hundredths, counts, requirements, warnings, what is still to be told."""

    verdict: str
    totals: Mapping[str, int]
    counts: Mapping[str, int]
    requirements: tuple[RequirementResult, ...]
    warnings: tuple[str, ...]
    open: tuple[OpenFact, ...]


def judge_requirements(
    compiled: Program,
    person: Facts,
    judged: list[Judged],
    nodes: list[TraceNode] | None,
    readings: dict[str, None],
) -> Verdict:
    """Judge all requirements of the year itself (those over several years are judged by `windows`)."""
    facts = dict(person)
    facts["at_least"] = compiled.minimums
    counts = count_sums(compiled, judged) if compiled.sums else {}
    totals = sum_totals(compiled, judged, facts, readings)
    waiting = bool([one for one in judged if one.verdict in OPEN])
    deemed = deemed_requirements(compiled, judged, readings) if compiled.deemed else {}
    results: dict[str, RequirementResult] = {}
    shown: list[tuple[Requirement, RequirementResult]] = []
    warned: list[str] = []
    readings.update(compiled.yearly_readings)
    for one in compiled.yearly:
        result = _judge(compiled, one, facts, totals, counts, waiting, deemed)
        if one.effect == "warn":
            if result is not None and result.met is not True:
                warned.append(one.key)
        elif result is not None:
            results[one.id] = result
            if one.id in compiled.shown:
                shown.append((one, result))
    for one in compiled.alternatives:
        if any(name in results for name in (*one.any_of, *one.all_of)):
            readings.update(dict.fromkeys(one.readings))
            shown.append((one, _alternatives(one, results)))
    lacking: dict[OpenFact, None] = {}
    verdict = "met"
    for one, result in shown:
        if nodes is not None:
            nodes.append(_node(one, result, facts))
        if result.facts:
            detail = labels(result.facts, compiled.facts)
            lacking[OpenFact("", result.facts, "needs_fact", reason("needs_fact", detail=detail))] = None
        if result.met is False:
            verdict = "not_met"
        elif result.met is None and verdict == "met":
            verdict = "needs_fact"
    shown_results = tuple([result for _, result in shown])
    return Verdict(verdict, totals, counts, shown_results, tuple(warned), tuple(lacking))


def _node(one: Requirement, result: RequirementResult, facts: Facts) -> TraceNode:
    """Return the node of a requirement (step 16): its total before, its minimum after."""
    return made(
        TraceNode,
        (
            "",
            16,
            result.rule,
            result.regulation,
            result.clause,
            {name: facts[name] for name in one.reads if name in facts} if one.reads else {},
            (),
            one.readings,
            result.total,
            result.minimum,
            "" if result.met else "short",
            result.label,
        ),
    )


def sum_totals(
    compiled: Program, judged: list[Judged], facts: Facts, readings: dict[str, None]
) -> dict[str, int]:
    """Add the hours by category, by sum and in total; ceilings bound what a category gives to the total."""
    totals = dict.fromkeys(compiled.categories, 0)
    for one in judged:
        if one.hours:
            totals[one.category] = totals.get(one.category, 0) + one.hours
    given = dict(totals) if compiled.ceilings else totals
    for requirement in compiled.ceilings:
        assert requirement.ceiling is not None
        cap = requirement.ceiling(facts)
        if not isinstance(cap, Stop) and requirement.when(facts):
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
            held = [one for one in judged if one.hours and entry.where(one.facts)]
            totals[entry.code] = sum(one.hours for one in held)
        else:
            totals[entry.code] = sum(
                _converted(compiled, entry.convert, code, totals.get(code, 0)) for code in entry.of
            )
        readings.update(dict.fromkeys(entry.readings))
    totals.setdefault("total", total)
    return totals


def _converted(compiled: Program, convert: Mapping[str, str], code: str, amount: int) -> int:
    unit = compiled.units.get(code, "hour")
    if unit == "hour" or unit not in convert:
        return amount
    return int(Fraction(convert[unit]) * amount)


def count_sums(compiled: Program, judged: list[Judged]) -> dict[str, int]:
    """Count credited records with different identity, for sums that count."""
    counts: dict[str, int] = {}
    for entry in compiled.sums:
        if entry.count is None:
            continue
        held = [
            one
            for one in judged
            if one.hours
            and one.row is not None
            and one.row.ids & entry.count
            and (entry.where is None or entry.where(one.facts))
        ]
        counts[entry.code] = (
            len({one.facts.get(entry.same) or one.record.id for one in held}) if entry.same else len(held)
        )
    return counts


def deemed_requirements(compiled: Program, judged: list[Judged], readings: dict[str, None]) -> dict[str, str]:
    """Return the requirements that a record satisfies instead of giving hours: requirement id → deeming rule."""
    met: dict[str, str] = {}
    for entry in compiled.deemed:
        for one in judged:
            if not _recognised(one) or entry.when(one.facts) is not True:
                continue
            year = one.facts["year"]
            first, last = compiled.pack.year_window(year)
            if all(one.facts.get(name) is None or first <= one.facts[name] <= last for name in entry.dates):
                readings.update(dict.fromkeys(entry.readings))
                for name in entry.meets:
                    met.setdefault(name, entry.rule)
    return met


def _recognised(one: Judged) -> bool:
    """Tell whether a record may satisfy a requirement: not refused, not waiting, not turned down by its own rule."""
    return one.verdict not in NOT_COUNTED and not one.code.startswith(("needs.", "except."))


def _judge(
    compiled: Program,
    one: Requirement,
    facts: Facts,
    totals: Mapping[str, int],
    counts: Mapping[str, int],
    waiting: bool,
    deemed: Mapping[str, str],
) -> RequirementResult | None:
    """Judge one requirement; None when it does not bind this person or is not in force."""
    bound = one.when(facts) if one.binds is None else one.binds
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
    held: Any = one.at_least(facts) if one.fixed is None else one.fixed
    if isinstance(held, Stop):
        if held.code == "unset":
            return None
        return RequirementResult(
            one.id, one.rule, one.regulation, one.clause, one.of, one.label, None, total, 0, None, held.facts
        )
    minimum = rounded(held)
    short = minimum - total if minimum > total else 0
    by = deemed.get(one.id, "")
    met: bool | None = True if short == 0 or by else None if waiting else False
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
            (),
            by if short else "",
        ),
    )


def _alternatives(one: Requirement, results: Mapping[str, RequirementResult]) -> RequirementResult:
    """Judge `any_of` and `all_of` over requirements that are not judged by themselves."""
    parts = [results[name] for name in (one.any_of or one.all_of) if name in results]
    verdicts = [part.met for part in parts]
    met: bool | None
    if one.any_of:
        met = True if any(verdict is True for verdict in verdicts) else None if None in verdicts else False
        by = next((part.rule for part in parts if part.met), "")
        short = 0 if met else min((part.shortfall for part in parts), default=0)
    else:
        met = False if False in verdicts else None if None in verdicts else True
        by, short = "", sum(part.shortfall for part in parts)
    best = min(parts, key=lambda part: part.shortfall, default=None)
    minimum = best.minimum if best is not None else None
    lacking = tuple(dict.fromkeys(name for part in parts for name in part.facts)) if met is None else ()
    return RequirementResult(
        one.id,
        one.rule,
        one.regulation,
        one.clause,
        best.of if best else one.of,
        one.name or (best.label if best else one.label),
        minimum,
        best.total if best else 0,
        short,
        met,
        lacking,
        by,
    )
