"""Verdicts over several years: average over a term, cycle, per-person window; each year under its own law."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from xueshi.assessment.closures import Facts, Stop
from xueshi.assessment.evaluate import evaluate, not_judged
from xueshi.assessment.facts import type_person
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Program, Requirement, program
from xueshi.assessment.requirements import sum_totals
from xueshi.assessment.types import (
    LedgerEntry,
    PersonYearRequest,
    RecordFacts,
    WindowResult,
    YearAssessment,
)
from xueshi.regulations.pack import RulePack


@dataclass(frozen=True)
class YearFigures:
    """What a window needs of one year: totals and minimums by category or sum (hundredths), and which were met."""

    totals: Mapping[str, int]
    minimums: Mapping[str, int]
    met: Mapping[str, bool | None]

    @staticmethod
    def of(assessment: YearAssessment) -> YearFigures:
        """Take the figures from a judged year."""
        bound = [result for result in assessment.requirements if result.minimum is not None]
        counts = {code: count * 100 for code, count in assessment.counts.items()}
        return YearFigures(
            {**assessment.totals, **counts},
            {result.of: result.minimum or 0 for result in bound},
            {result.of: result.met for result in assessment.requirements},
        )


def evaluate_years(
    packs: Mapping[int, RulePack],
    requests: Sequence[PersonYearRequest],
    *,
    known: Mapping[int, YearFigures] | None = None,
    trace: bool = True,
) -> dict[int, YearAssessment]:
    """Judge several years of one person, oldest first, each under its own pack; windows are judged at each year.

    Hours spread over years are carried from the year they arose in, also into a year under another instrument.
    `known` gives figures of years judged before. A year without pack is `not_judged` and leaves a gap.
    """
    figures: dict[int, YearFigures] = dict(known or {})
    ledger: list[LedgerEntry] = []
    judged: dict[int, YearAssessment] = {}
    for request in sorted(requests, key=lambda one: one.year):
        pack = packs.get(request.year)
        if pack is None:
            years = sorted(packs)
            judged[request.year] = not_judged(
                request,
                f"{request.year}年度没有可用的规定；已编入的年度是{'、'.join(str(year) for year in years) or '无'}",
            )
            continue
        assessment = evaluate(pack, replace(request, earlier=(*request.earlier, *ledger)), trace=trace)
        ledger.extend(assessment.ledger)
        ledger.extend(assessment.later)
        figures[request.year] = YearFigures.of(assessment)
        windows = judge_windows(pack, request.person, request.year, figures)
        judged[request.year] = replace(assessment, windows=windows)
    return judged


def with_windows(
    pack: RulePack,
    request: PersonYearRequest,
    assessment: YearAssessment,
    earlier: Mapping[int, YearFigures],
) -> YearAssessment:
    """Add to a judged year what its law asks of several years; `earlier` are the figures of other years."""
    if assessment.verdict == "not_judged":
        return assessment
    figures = {**earlier, request.year: YearFigures.of(assessment)}
    windows = judge_windows(pack, request.person, request.year, figures)
    judged = {one.id for one in windows}
    rested = [name for one in pack.requirements if one["id"] in judged for name in one["readings"]]
    readings = tuple(dict.fromkeys([*assessment.readings, *rested]))
    return replace(assessment, windows=windows, readings=readings)


def figures_of_earlier(
    pack_of: Callable[[int], RulePack | None],
    request: PersonYearRequest,
    given: Mapping[int, Mapping[str, int]],
) -> dict[int, YearFigures]:
    """Return the figures of the years before: totals as given for a year, else added up from the ledger in `earlier`.

    `given` is in hundredths by category or sum. The minimums of a year are those of its own law, which `pack_of` gives
    (None where none is encoded: the year stays a gap). Parts of a total that a ledger cannot tell (hours with a
    property) are left out, so that a window over them stays open.
    """
    years = dict.fromkeys([*given, *(entry.year for entry in request.earlier if entry.year is not None)])
    found: dict[int, YearFigures] = {}
    for year in sorted(one for one in years if one != request.year):
        pack = pack_of(year)
        if pack is None or not pack.serves(year):
            continue
        blank = replace(request, year=year, records=(), earlier=())
        asked = [one for one in evaluate(pack, blank, trace=False).requirements if one.minimum is not None]
        entries = [entry for entry in request.earlier if entry.year == year and entry.hours]
        totals = dict(given[year]) if year in given else _added(program(pack), entries)
        minimums = {one.of: one.minimum or 0 for one in asked if one.of in totals or year in given}
        met = {key: totals.get(key, 0) >= minimum for key, minimum in minimums.items()}
        found[year] = YearFigures(totals, minimums, met)
    return found


def _added(compiled: Program, entries: Sequence[LedgerEntry]) -> dict[str, int]:
    judged: list[Judged] = []
    for entry in entries:
        one = Judged(RecordFacts(entry.record, "other", {}), {})
        one.hours, one.category = entry.hours, entry.category
        judged.append(one)
    totals = sum_totals(compiled, judged, {"at_least": compiled.minimums}, {})
    untold = {one.code for one in compiled.sums if one.where is not None}
    return {key: hours for key, hours in totals.items() if key not in untold}


def judge_windows(
    pack: RulePack, person: Mapping[str, Any], year: int, figures: Mapping[int, YearFigures]
) -> tuple[WindowResult, ...]:
    """Judge every requirement of a pack that looks at several years, as of one year."""
    compiled = program(pack)
    facts = type_person(person, compiled.types, pack.year_window(year)[1])
    facts["year"] = year
    facts["at_least"] = compiled.minimums
    results: dict[str, WindowResult] = {}
    for one in compiled.requirements:
        if one.over is not None and one.when(facts) is not False:
            results[one.id] = _judge(compiled, one, facts, year, figures)
    inner: set[str] = set()
    for one in compiled.requirements:
        parts = [results[name] for name in (one.any_of or one.all_of) if name in results]
        if not parts:
            continue
        inner.update(part.id for part in parts)
        verdicts = [part.met for part in parts]
        if one.any_of:
            met = True if True in verdicts else None if None in verdicts else False
        else:
            met = False if False in verdicts else None if None in verdicts else True
        years = tuple(sorted({number for part in parts for number in part.years}))
        results[one.id] = WindowResult(
            one.id,
            one.rule,
            one.regulation,
            one.clause,
            years,
            {},
            {},
            {},
            None,
            met,
            (),
            "、".join(part.rule for part in parts),
        )
    alone = {one.id for one in compiled.requirements if one.alone}
    return tuple(result for name, result in results.items() if name not in inner and name in alone)


def _years(compiled: Program, one: Requirement, facts: Facts, year: int) -> range | str:
    """Return the years of the window, or why they cannot be told."""
    over = one.over
    assert over is not None
    kind = over["window"]
    if kind in ("term", "cycle"):
        span = facts.get(f"person.{kind}")
        if span is None:
            return f"还需补充：{compiled.facts[f'person.{kind}'].label}"
        return range(span[0], span[1] + 1)
    limit = None
    if over["years"] is not None:
        held = compiled.compiler.amount(over["years"])(facts)
        if isinstance(held, Stop):
            return "还需补充：" + "、".join(
                compiled.facts[name].label for name in held.facts if name in compiled.facts
            )
        limit = int(held) // 100
    if kind == "last":
        return range(year - (limit or 1) + 1, year + 1)
    since = facts.get(over["fact"])
    if not isinstance(since, date):
        return f"还需补充：{compiled.facts[over['fact']].label}"
    first = compiled.pack.year_of(since)
    return range(max(first, year - limit + 1) if limit else first, year + 1)


def _judge(
    compiled: Program, one: Requirement, facts: Facts, year: int, figures: Mapping[int, YearFigures]
) -> WindowResult:
    years = _years(compiled, one, facts, year)
    if isinstance(years, str):
        return WindowResult(
            one.id, one.rule, one.regulation, one.clause, (), {}, {}, {}, None, None, (), years
        )
    of = {entry.id: entry.of for entry in compiled.requirements}
    missing = tuple(number for number in years if number not in figures)
    held = [figures[number] for number in years if number in figures]
    keys = dict.fromkeys(key for entry in held for key in entry.totals)
    sums = {key: sum(entry.totals.get(key, 0) for entry in held) for key in keys}
    average = {key: (2 * total + len(held)) // (2 * len(held)) for key, total in sums.items()} if held else {}
    judged = [of[name] for name in (one.average_of or one.sum_of)]
    minimums = {key: sum(entry.minimums.get(key, 0) for entry in held) for key in judged}
    open_minimum = any(key not in entry.minimums for key in judged for entry in held)
    if one.at_least is not None:
        minimum = one.at_least(facts)
        if isinstance(minimum, Stop):
            return WindowResult(
                one.id,
                one.rule,
                one.regulation,
                one.clause,
                tuple(years),
                sums,
                {},
                average,
                None,
                None,
                missing,
                "还需补充："
                + "、".join(compiled.facts[name].label for name in minimum.facts if name in compiled.facts),
            )
        minimums[one.of] = int(minimum)
    sum_met: bool | None = (
        all(sums.get(key, 0) >= minimum for key, minimum in minimums.items()) if minimums else None
    )
    yearly: list[bool | None] = [entry.met.get(of[name]) for name in one.every for entry in held]
    verdicts = [*([sum_met] if sum_met is not None else []), *yearly]
    met: bool | None = False if False in verdicts else None if None in verdicts or open_minimum else True
    if missing:
        # A year that is not judged can only leave the window open, or unmet where a judged year of `every` failed.
        met = False if False in yearly else None
        sum_met = None
    return WindowResult(
        one.id,
        one.rule,
        one.regulation,
        one.clause,
        tuple(years),
        sums,
        minimums,
        average,
        sum_met,
        met,
        missing,
    )
