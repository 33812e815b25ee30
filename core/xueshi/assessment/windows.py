"""Verdicts over several years: average over a term, cycle, per-person window; each year under its own law."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xueshi.assessment.evaluate import evaluate, not_judged
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Program, program
from xueshi.assessment.sums import sum_totals, with_sums
from xueshi.assessment.types import (
    NOTHING,
    LedgerEntry,
    PersonYearRequest,
    RecordFacts,
    YearAssessment,
    YearFigures,
    with_kinds,
)
from xueshi.assessment.window_judging import judge_windows, readings_that_keep_windows
from xueshi.errors import RuleError
from xueshi.hours import show_hours
from xueshi.regulations.pack import RulePack


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
        asked = request._replace(earlier=(*request.earlier, *ledger), years={**figures, **request.years})
        assessment = evaluate(pack, asked, trace=trace)
        ledger.extend(with_kinds(request, assessment.ledger))
        ledger.extend(assessment.later)
        figures[request.year] = YearFigures.of(assessment)
        windows = judge_windows(pack, request.person, request.year, figures)
        judged[request.year] = assessment._replace(windows=(*assessment.windows, *windows))
    return judged


def with_windows(
    pack: RulePack,
    request: PersonYearRequest,
    assessment: YearAssessment,
    earlier: Mapping[int, YearFigures],
) -> YearAssessment:
    """Add to a judged year what its law asks of several years; `earlier` are the figures of other years.

    Where the year's own verdict rests on them the year is judged again; figures that the request brings itself go
    before `earlier`: on them the verdict was given.
    """
    if assessment.verdict == "not_judged":
        return assessment
    others = {**earlier, **request.years}
    if program(pack).rests_on_years and others != request.years:
        assessment = evaluate(pack, request._replace(years=others), trace=bool(assessment.trace))
    figures = {**others, request.year: YearFigures.of(assessment)}
    windows = (*assessment.windows, *judge_windows(pack, request.person, request.year, figures))
    judged = {one.id for one in windows}
    rested = [name for one in pack.requirements if one["id"] in judged for name in one["readings"]]
    rested += readings_that_keep_windows(pack, request.person, request.year)
    readings = tuple(dict.fromkeys([*assessment.readings, *rested]))
    return assessment._replace(windows=windows, readings=readings)


def figures_of_earlier(
    pack_of: Callable[[int], RulePack | None],
    request: PersonYearRequest,
    given: Mapping[int, Mapping[str, int]],
    asked_then: Mapping[int, Mapping[str, int]] = NOTHING,
) -> dict[int, YearFigures]:
    """Return the figures of the years before: totals as given for a year, else added up from the ledger in `earlier`.

    `given` is in hundredths by category or sum; sums all of whose categories are given are added up. The minimums of a year are those of its own law, which `pack_of` gives;
    where none is encoded (or it asks nothing of a category), those in `asked_then`, and without them what is asked by
    minimums stays open. Parts of a total that a ledger cannot tell (hours with a property), or that are not given, are
    left out, so that a window over them stays open. Raises RuleError where `asked_then` contradicts the law of a year.
    """
    own = pack_of(request.year)
    if own is not None:  # in whose words the figures are given
        given = {year: with_sums(program(own), totals, year) for year, totals in given.items()}
    years = dict.fromkeys([*given, *(entry.year for entry in request.earlier if entry.year is not None)])
    found: dict[int, YearFigures] = {}
    for year in sorted(one for one in years if one != request.year):
        pack = pack_of(year)
        stated = asked_then.get(year, {})
        if pack is None or not pack.serves(year):
            if year in given:
                found[year] = _figures(given[year], stated)
            continue
        blank = request._replace(year=year, records=(), earlier=(), years={})
        asked = YearFigures.of(evaluate(pack, blank, trace=False)).minimums
        for key, minimum in stated.items():
            if asked.get(key, minimum) != minimum:
                raise RuleError(
                    f"{year}年度{pack.labels.get(key, key)}的最低要求，{pack.id}规定为{show_hours(asked[key])}学时，"
                    f"不是{show_hours(minimum)}学时；请删去years中该年度minimum里的{key}"
                )
        entries = [entry for entry in request.earlier if entry.year == year and entry.hours]
        totals = dict(given[year]) if year in given else _added(program(pack), entries, year)
        found[year] = _figures(totals, {**stated, **asked})
    return found


def _figures(totals: Mapping[str, int], minimums: Mapping[str, int]) -> YearFigures:
    """Compare what a year came to with its minimums, as far as it is told."""
    met = {key: totals[key] >= minimum for key, minimum in minimums.items() if key in totals}
    return YearFigures(dict(totals), dict(minimums), met)


def _added(compiled: Program, entries: Sequence[LedgerEntry], year: int) -> dict[str, int]:
    judged: list[Judged] = []
    for entry in entries:
        one = Judged(RecordFacts(entry.record, "other", {}), {})
        one.hours, one.category = entry.hours, entry.category
        judged.append(one)
    unset: dict[str, str] = {}
    totals = sum_totals(compiled, judged, {"at_least": compiled.minimums, "year": year}, {}, unset)
    untold = {one.code for one in compiled.sums if one.where is not None} | unset.keys()
    return {key: hours for key, hours in totals.items() if key not in untold}


__all__ = ["YearFigures", "evaluate_years", "figures_of_earlier", "judge_windows", "with_windows"]
