"""Categories, sums, minimums, ceilings, alternatives, deemed completion: the verdict of one year (steps 15 and 16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from xueshi.assessment.alternatives import Alternatives
from xueshi.assessment.closures import Facts, Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Deemed, Program, Requirement
from xueshi.assessment.reasons import labels, reason
from xueshi.assessment.types import OpenFact, RequirementResult, TraceNode, WindowResult, YearFigures

CREDITED = "credited"
OPEN = frozenset(("needs_fact", "manual"))
"""Verdicts of a record that still waits: for a fact, or for somebody's decision."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a year: verdict, totals in hundredths, counts, requirements, warnings, what is still to be told."""

    verdict: str
    totals: Mapping[str, int]
    counts: Mapping[str, int]
    requirements: tuple[RequirementResult, ...]
    warnings: tuple[str, ...]
    open: tuple[OpenFact, ...]
    parts: tuple[RequirementResult, ...] = ()
    windows: tuple[WindowResult, ...] = ()


def judge_requirements(
    compiled: Program,
    person: Facts,
    judged: list[Judged],
    nodes: list[TraceNode] | None,
    readings: dict[str, None],
    years: Mapping[int, YearFigures] | None = None,
) -> Verdict:
    """Judge all requirements of the year itself; those over several years that stand beside it are judged by `windows`.

    `years` are the figures of other years at hand: alternatives with a window of years as a part read them.
    """
    facts = dict(person)
    facts["at_least"] = compiled.minimums
    counts = count_sums(compiled, judged)
    totals = sum_totals(compiled, judged, facts, readings)
    waiting = not OPEN.isdisjoint([one.verdict for one in judged])
    deemed, doubtful = deemed_requirements(compiled, judged, readings)
    results: dict[str, RequirementResult] = {}
    warned: list[str] = []
    for one in compiled.yearly:
        if one.readings:
            readings.update(dict.fromkeys(one.readings))
        result = _judge(compiled, one, facts, totals, counts, waiting, deemed, doubtful)
        if one.effect == "warn":
            if result is not None and result.met is not True:
                warned.append(one.key)
            continue
        if result is not None:
            results[one.id] = result
    shown = [
        (one, results[one.id]) for one in compiled.yearly if one.id in results and one.id in compiled.shown
    ]
    windows: tuple[WindowResult, ...] = ()
    if compiled.alternatives:
        figures = _own_figures(compiled, facts, results, totals, counts, years or {})
        chosen = Alternatives(compiled, facts, results, deemed, _facts_of(doubtful), figures)
        for one in compiled.alternatives:
            if (found := chosen.result(one.id)) is not None:
                shown.append((one, found))
        windows = tuple(chosen.windows.values())
        rested = [name for name in (*chosen.judged, *chosen.windows) if chosen.judged.get(name) is not None]
        readings.update(dict.fromkeys(name for one in rested for name in compiled.by_id[one].readings))
    if nodes is not None:
        nodes.extend(_node(compiled, facts, one, result) for one, result in shown)
    ids = {one.id for one, _ in shown}
    verdicts = [result.met for _, result in shown]
    verdict = "not_met" if False in verdicts else "needs_fact" if None in verdicts else "met"
    return Verdict(
        verdict,
        totals,
        counts,
        tuple([result for _, result in shown]),
        tuple(warned),
        _open(compiled, shown, doubtful),
        tuple([result for name, result in results.items() if name not in ids]),
        windows,
    )


def _own_figures(
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


def _node(compiled: Program, facts: Facts, one: Requirement, result: RequirementResult) -> TraceNode:
    by = next((part for part in compiled.requirements if part.rule == result.by), None)
    return TraceNode(
        "",
        16,
        result.rule,
        result.regulation,
        result.clause,
        {name: facts[name] for name in one.reads if name in facts},
        (),
        one.readings,
        result.total,
        result.minimum,
        "" if result.met else "short",
        f"{result.label}，按{by.name or by.label}（{by.rule}）" if by is not None else result.label,
    )


def _open(
    compiled: Program, shown: list[tuple[Requirement, RequirementResult]], doubtful: Mapping[str, Doubt]
) -> tuple[OpenFact, ...]:
    """Say what the requirements wait for: facts of the person, of a record that may satisfy one, results of other years."""
    found: list[OpenFact] = []
    for _, result in shown:
        of_records = [doubtful[name] for name in (result.id, *result.parts) if name in doubtful]
        told = {name for doubt in of_records for name in doubt.facts}
        if result.met is None:
            found += [
                OpenFact(
                    doubt.record,
                    doubt.facts,
                    "needs_fact",
                    reason("needs_fact", detail=labels(doubt.facts, compiled.facts)),
                )
                for doubt in of_records
            ]
        if names := tuple(name for name in result.facts if name not in told):
            text = reason("needs_fact", detail=labels(names, compiled.facts))
            found.append(OpenFact("", names, "needs_fact", text))
        if result.years:
            text = reason("needs_years", name=result.label, years="、".join(map(str, result.years)))
            found.append(OpenFact("", (), "needs_years", text))
    return tuple(dict.fromkeys(found))


def sum_totals(
    compiled: Program, judged: list[Judged], facts: Facts, readings: dict[str, None]
) -> dict[str, int]:
    """Add the hours by category, by sum and in total; ceilings bound what a category gives to the total."""
    totals = dict.fromkeys(compiled.categories, 0)
    for one in judged:
        if one.hours:
            totals[one.category] = totals.get(one.category, 0) + one.hours
    given = dict(totals)
    for requirement in compiled.ceilings:
        assert requirement.ceiling is not None
        cap = requirement.ceiling(facts)
        if not isinstance(cap, Stop) and requirement.when(facts):
            readings.update(dict.fromkeys(requirement.readings))
            given[requirement.of] = min(given.get(requirement.of, 0), int(cap))
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
            and (entry.where is None or entry.where(one.facts))
        ]
        counts[entry.code] = (
            len({one.facts.get(entry.same) or one.record.id for one in held}) if entry.same else len(held)
        )
    return counts


@dataclass(frozen=True)
class Doubt:
    """A record that would satisfy a requirement, but for facts of it that are not stated."""

    record: str
    facts: tuple[str, ...]


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
            held = entry.when(one.facts)
            if held is False or not _recognised(compiled, one) or not _in_window(compiled, entry, one):
                continue
            if held is None:
                lacking = compiled.compiler.missing(entry.when_form, one.facts)
                for name in entry.meets:
                    doubtful.setdefault(name, Doubt(one.record.id, lacking))
                continue
            readings.update(dict.fromkeys(entry.readings))
            for name in entry.meets:
                met.setdefault(name, entry.rule)
    return met, {name: doubt for name, doubt in doubtful.items() if name not in met}


def _in_window(compiled: Program, entry: Deemed, one: Judged) -> bool:
    first, last = compiled.pack.year_window(one.facts["year"])
    return all(one.facts.get(name) is None or first <= one.facts[name] <= last for name in entry.dates)


def _recognised(compiled: Program, one: Judged) -> bool:
    return one.recognised or (one.verdict == "uncredited" and one.record.kind not in compiled.items)


def _facts_of(doubtful: Mapping[str, Doubt]) -> dict[str, tuple[str, ...]]:
    return {name: doubt.facts for name, doubt in doubtful.items()}


def _judge(
    compiled: Program,
    one: Requirement,
    facts: Facts,
    totals: Mapping[str, int],
    counts: Mapping[str, int],
    waiting: bool,
    deemed: Mapping[str, str],
    doubtful: Mapping[str, Doubt],
) -> RequirementResult | None:
    """Judge one requirement; None when it does not bind this person or is not in force."""
    bound = one.when(facts)
    if bound is False:
        return None
    counted = one.of in counts
    total = counts[one.of] * 100 if counted else totals.get(one.of, 0)
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
    held: Any = one.at_least(facts)
    if isinstance(held, Stop):
        if held.code == "unset":
            return None
        return RequirementResult(
            one.id, one.rule, one.regulation, one.clause, one.of, one.label, None, total, 0, None, held.facts
        )
    minimum = _rounded(held)
    short = max(0, minimum - total)
    by = deemed.get(one.id, "")
    doubt = doubtful.get(one.id) if short and not by else None
    met: bool | None = True if short == 0 or by else None if waiting or doubt else False
    return RequirementResult(
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
    )


def _rounded(exact: Any) -> int:
    return (
        exact
        if type(exact) is int
        else int((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))
    )
