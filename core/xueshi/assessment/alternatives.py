"""Alternatives of a year (`any_of`, `all_of`), nested to any depth, out of yearly requirements and windows of years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from xueshi.assessment.conditions import Facts, asked
from xueshi.assessment.presumed import Doubt, Might
from xueshi.assessment.program import Program, Requirement
from xueshi.assessment.types import RequirementResult, WindowResult, YearFigures
from xueshi.assessment.window_judging import judge_window


class OwnYear(NamedTuple):
    """What the year that is judged may still bring: a record waits, a sum lacks a factor, facts are not stated."""

    waiting: bool
    unset: frozenset[str]
    might: Mapping[str, Might]


class Alternatives:
    """Judges the alternatives of one year; a window is looked at only where the verdict still rests on it.

    `results` are the yearly requirements that bind the person, `deemed` what a record satisfies, `open_deemed` what it
    would satisfy but for facts that are not stated, `figures` those of the year itself and of the other years at hand.
    """

    def __init__(
        self,
        compiled: Program,
        facts: Facts,
        results: Mapping[str, RequirementResult],
        deemed: Mapping[str, str],
        open_deemed: Mapping[str, tuple[str, ...]],
        figures: Mapping[int, YearFigures],
        own: OwnYear,
    ) -> None:
        self.compiled, self.facts, self.results, self.figures = compiled, facts, results, figures
        self.own = own
        self.doubts: dict[str, tuple[Doubt, ...]] = {}
        """Windows that would be reached but for facts of records that are not stated."""
        self.deemed, self.open_deemed = deemed, open_deemed
        self.judged: dict[str, RequirementResult | None] = {}
        self.windows: dict[str, WindowResult] = {}

    def result(self, name: str) -> RequirementResult | None:
        """Judge a requirement by its id; None where it does not bind the person."""
        if name in self.results:
            return self.results[name]
        if name not in self.judged:
            one = self.compiled.by_id[name]
            if one.any_of or one.all_of:
                self.judged[name] = self._alternatives(one)
            else:
                self.judged[name] = self._window(one) if one.over is not None else None
        return self.judged[name]

    def _window(self, one: Requirement) -> RequirementResult | None:
        year = int(self.facts["year"])
        found = judge_window(self.compiled, one, self.facts, year, self.figures)
        if found is None:
            return None
        lacking: tuple[str, ...] = ()
        if found.met is False and self._may_bring(one, found):
            found = replace(found, met=None, sum_met=None)
            lacking = tuple(
                dict.fromkeys(name for doubt in self.doubts.get(one.id, ()) for name in doubt.facts)
            )
        self.windows[one.id] = found
        years = tuple(sorted((*found.missing_years, *found.untold)))
        if found.met is None and not (years or lacking):
            lacking = self._lacking(one)
        result = _plain(one, found.met, lacking, years if found.met is None else ())
        if years or not found.minimums:
            return result
        # In the figures of its years together; of several categories that which lacks most.
        short = found.shortfall
        of = max(found.minimums, key=lambda key: short.get(key, 0))
        label = one.name or self.compiled.pack.labels.get(of, of)
        figures = (found.minimums[of], found.sums.get(of, 0), short.get(of, 0))
        return result._replace(of=of, label=label, minimum=figures[0], total=figures[1], shortfall=figures[2])

    def _lacking(self, one: Requirement) -> tuple[str, ...]:
        """List the facts that a window waits for: its own, and those of the yearly minimums that it adds up."""
        of_parts = [
            name
            for part in (*one.average_of, *one.sum_of, *one.every)
            if (yearly := self.results.get(part)) is not None and yearly.met is None
            for name in yearly.facts
        ]
        return tuple(dict.fromkeys((*_lacking(one, self.facts), *of_parts)))

    def _may_bring(self, one: Requirement, found: WindowResult) -> bool:
        """Tell whether the year itself may still bring what its window lacks; no adverse verdict rests on what waits."""
        held = [self.figures[number] for number in found.years if number in self.figures]
        short = found.shortfall
        if not short or any(
            entry.met.get(self.compiled.scopes[name]) is False for name in one.every for entry in held
        ):
            return False
        if self.own.waiting or not self.own.unset.isdisjoint(short):
            return True
        gains = [self.own.might.get(of) for of in short]
        if any(gain is None or gain.hours < hours for gain, hours in zip(gains, short.values(), strict=True)):
            return False
        self.doubts[one.id] = tuple(doubt for gain in gains if gain is not None for doubt in gain.doubts)
        return True

    def _alternatives(self, one: Requirement) -> RequirementResult | None:
        bound = one.when.holds(self.facts)
        if bound is False:
            return None
        if bound is None:
            return _plain(one, None, self.compiled.compiler.missing(one.when_form, self.facts), ())
        parts, met = self._parts(one)
        if not parts:
            return None
        by = ""
        if one.any_of and met:
            first = next(part for part in parts if part.met)
            by = first.by if first.by and not first.parts else first.rule
        lacking = [name for part in parts if part.met is None for name in part.facts]
        years = sorted({year for part in parts if part.met is None for year in part.years})
        if met is not True and one.id in self.deemed:
            met, by = True, self.deemed[one.id]
        elif met is False and one.id in self.open_deemed:
            met, lacking = None, [*lacking, *self.open_deemed[one.id]]
        shown = self._shown(one, parts)
        short = 0 if met or shown is None else shown.shortfall
        return RequirementResult(
            one.id,
            one.rule,
            one.regulation,
            one.clause,
            shown.of if shown else one.of,
            one.name or (shown.label if shown else one.label),
            shown.minimum if shown else None,
            shown.total if shown else 0,
            short,
            met,
            tuple(dict.fromkeys(lacking)) if met is None else (),
            by,
            tuple(part.id for part in parts),
            tuple(years) if met is None else (),
        )

    def _parts(self, one: Requirement) -> tuple[list[RequirementResult], bool | None]:
        """Judge the parts in the order of the text, those that look at other years only where the year itself leaves it open."""
        names = one.any_of or one.all_of
        settling = bool(one.any_of)
        found: dict[str, RequirementResult] = {}
        for later in (False, True):
            for name in names:
                if (name in self.compiled.rests_on_years) is later and (
                    part := self.result(name)
                ) is not None:
                    found[name] = part
            if any(part.met is settling for part in found.values()):
                break
        parts = [found[name] for name in dict.fromkeys(names) if name in found]
        verdicts = [part.met for part in parts]
        met = settling if settling in verdicts else None if None in verdicts else not settling
        return parts, met

    def _shown(self, one: Requirement, parts: list[RequirementResult]) -> RequirementResult | None:
        """Choose the part whose figures are shown: of the year itself before others, of hours before counts.

        Of a choice the nearest, of what must all hold the farthest; one that waits for a fact where none has figures.
        """
        by_id = self.compiled.by_id
        counts = {entry.code for entry in self.compiled.sums if entry.count is not None}
        if one.all_of:
            # What is met already would say that nothing is short.
            parts = [part for part in parts if part.met is False] or parts
        direct = [part for part in parts if not part.parts and by_id[part.id].over is None] or parts
        held = [part for part in direct if part.of not in counts] or direct
        choose = min if one.any_of else max
        figured = [part for part in held if part.minimum is not None]
        return choose(figured or held[:1], key=lambda part: part.shortfall, default=None)


def _plain(
    one: Requirement, met: bool | None, lacking: tuple[str, ...], years: tuple[int, ...]
) -> RequirementResult:
    return RequirementResult(
        one.id,
        one.rule,
        one.regulation,
        one.clause,
        one.of,
        one.name or one.label,
        None,
        0,
        0,
        met,
        lacking,
        "",
        (*one.any_of, *one.all_of),
        years,
    )


def _lacking(one: Requirement, facts: Facts) -> tuple[str, ...]:
    """List the facts that a window reads and that are not stated."""
    over = one.over or {}
    span = (f"person.{over['window']}",) if over.get("window") in ("term", "cycle") else ()
    since = (str(over["fact"]),) if over.get("window") == "since" else ()
    names = (*asked(one.when_form), *span, *since, *asked(over.get("years")), *asked(one.form))
    return tuple(dict.fromkeys(name for name in names if name not in facts))
