"""Alternatives of a year (`any_of`, `all_of`), nested to any depth, out of yearly requirements and windows of years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import NamedTuple

from xueshi.assessment.conditions import Facts, asked
from xueshi.assessment.presumed import Doubt, Might
from xueshi.assessment.program import Program, Requirement
from xueshi.assessment.types import RequirementResult, WindowResult, YearFigures
from xueshi.assessment.window_judging import judge_window, judge_years, kept_by_readings

AT_ONCE = 256
"""Answers to what is not stated that are gone through to tell whether a choice binds a person whatever they are."""


class OwnYear(NamedTuple):
    """What the year that is judged may still bring: a record waits, a sum lacks a factor, facts are not stated."""

    waiting: bool
    unset: frozenset[str]
    might: Mapping[str, Might]


class Alternatives:
    """Judges the alternatives of one year; a window is looked at only where the verdict still rests on it.

    `results` are the yearly requirements that bind the person, `failing` those of which it is not known whether they do
    and that would certainly fail, `deemed` what a record satisfies, `open_deemed` what it would satisfy but for facts
    that are not stated, `figures` those of the year itself and of the other years at hand.
    """

    def __init__(
        self,
        compiled: Program,
        facts: Facts,
        results: Mapping[str, RequirementResult],
        failing: Mapping[str, RequirementResult],
        deemed: Mapping[str, str],
        open_deemed: Mapping[str, tuple[str, ...]],
        figures: Mapping[int, YearFigures],
        own: OwnYear,
    ) -> None:
        self.compiled, self.facts, self.results, self.figures = compiled, facts, results, figures
        self.own, self.year = own, int(facts["year"])
        self.doubts: dict[str, tuple[Doubt, ...]] = {}
        """Windows that would be reached but for facts of records that are not stated."""
        self.deemed, self.open_deemed = deemed, open_deemed
        self.judged: dict[str, RequirementResult | None] = {}
        self.windows: dict[str, WindowResult] = {}
        self.readings: dict[str, None] = {}
        """Readings by which a requirement does not bind the person."""
        self.failing = dict(failing)
        self.failing_windows: dict[str, WindowResult] = {}
        self.far: set[str] = set()
        """What hours of this year alone cannot make: another year fails, an event must happen, it is not open to the person."""
        self.counts = {entry.code for entry in compiled.sums if entry.count is not None}

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

    def rested_on(self) -> dict[str, None]:
        """Return the readings behind what was judged, and those by which something does not bind the person."""
        judged = [*self.windows, *(name for name, result in self.judged.items() if result)]
        found = [reading for name in judged for reading in self.compiled.by_id[name].readings]
        return dict.fromkeys([*found, *self.readings])

    def _binds(self, one: Requirement) -> bool | None:
        bound = one.when.holds(self.facts)
        if bound is False:
            self.readings.update(dict.fromkeys(kept_by_readings(one, self.facts)))
        return bound

    def _window(self, one: Requirement) -> RequirementResult | None:
        bound = self._binds(one)
        if bound is False:
            return None
        result, found = self._judged_window(
            one, judge_years(self.compiled, one, self.facts, self.year, self.figures)
        )
        if bound is None:
            if result.met is False:
                self.failing[one.id], self.failing_windows[one.id] = result, found
            waiting = judge_window(self.compiled, one, self.facts, self.year, self.figures)
            assert waiting is not None
            self.doubts.pop(one.id, None)
            result, found = _plain(one, None, _lacking(one, self.facts), ()), waiting
        self.windows[one.id] = found
        return result

    def _judged_window(self, one: Requirement, found: WindowResult) -> tuple[RequirementResult, WindowResult]:
        """Judge a window as one that binds the person."""
        lacking: tuple[str, ...] = ()
        short = self._short(one, found)
        if found.met is False and self._may_bring(one, short):
            found = replace(found, met=None, sum_met=None)
            lacking = tuple(
                dict.fromkeys(name for doubt in self.doubts.get(one.id, ()) for name in doubt.facts)
            )
        if not short:
            self.far.add(one.id)
        years = tuple(sorted((*found.missing_years, *found.untold)))
        if found.met is None and not (years or lacking):
            lacking = self._lacking(one)
        result = _plain(one, found.met, lacking, years if found.met is None else ())
        if result.met is not True and one.id in self.deemed:
            result = result._replace(met=True, facts=(), years=(), by=self.deemed[one.id])
        elif result.met is False and one.id in self.open_deemed:
            result = result._replace(met=None, facts=self.open_deemed[one.id])
        each = found.each if self.year in found.years else {}
        if years or not (found.minimums or each):
            return result, found
        # In the figures of its years together; of several categories that which lacks most.
        lacks = short if short else found.shortfall
        of = max(found.minimums or each, key=lambda key: lacks.get(key, 0))
        label = one.name or self.compiled.pack.labels.get(of, of)
        minimum, total = found.minimums.get(of, 0), found.sums.get(of, 0)
        if not found.minimums:  # of the year itself: what earlier years lack nobody can make up in it
            minimum, total = each[of], self.figures[self.year].totals.get(of, 0)
        lacks_now = 0 if result.met else lacks.get(of, 0)
        return result._replace(of=of, label=label, minimum=minimum, total=total, shortfall=lacks_now), found

    def _short(self, one: Requirement, found: WindowResult) -> dict[str, int]:
        """Return what hours of the year itself would have to bring; nothing where another year fails by itself."""
        others = [
            self.figures[number] for number in found.years if number in self.figures and number != self.year
        ]
        if self.year not in found.years or any(number != self.year for number in found.short_years):
            return {}
        if any(entry.met.get(self.compiled.scopes[name]) is False for name in one.every for entry in others):
            return {}
        short = dict(found.shortfall)
        if found.short_years:
            own = self.figures[self.year].totals
            short |= {key: minimum - own.get(key, 0) for key, minimum in found.each.items()}
        return short

    def _lacking(self, one: Requirement) -> tuple[str, ...]:
        """List the facts that a window waits for: its own, and those of the yearly minimums that it adds up."""
        of_parts = [
            name
            for part in (*one.average_of, *one.sum_of, *one.every)
            if (yearly := self.results.get(part)) is not None and yearly.met is None
            for name in yearly.facts
        ]
        return tuple(dict.fromkeys((*_lacking(one, self.facts), *of_parts)))

    def _may_bring(self, one: Requirement, short: Mapping[str, int]) -> bool:
        """Tell whether the year itself may still bring what its window lacks; no adverse verdict rests on what waits."""
        own = self.figures.get(self.year)
        if not short or (
            own is not None and any(own.met.get(self.compiled.scopes[name]) is False for name in one.every)
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
        bound = self._binds(one)
        if bound is False:
            return None
        parts, met = self._parts(one)
        result = self._put_together(one, parts, met) if parts or met is False else None
        if bound:
            if result is not None and result.met is None and one.any_of and self._all_failing(parts):
                # Whether anything of it binds the person is not known; if so, it fails.
                failed = [self._failed(part) for part in parts]
                self.failing[one.id] = self._put_together(one, failed, False)
            return result
        if result is not None and (result.met is False or (one.any_of and self._all_failing(parts))):
            self.failing[one.id] = result._replace(met=False, facts=(), years=())
        return _plain(one, None, self.compiled.compiler.missing(one.when_form, self.facts), ())

    def _put_together(
        self, one: Requirement, parts: list[RequirementResult], met: bool | None
    ) -> RequirementResult:
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
        self._note_far(one, parts)
        shown = self._shown(one, parts, met)
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
        """Judge the parts in the order of the text, those that look at other years only where the year itself leaves it open.

        Of what somebody may choose (`any_of`), what all its parts must hold (`all_of`) is open only to whom all of them
        bind: the `when` of a part is a condition of it. A part that would fail is no help, whether or not it binds.
        """
        names = one.any_of or one.all_of
        settling = bool(one.any_of)
        chosen = bool(one.all_of) and one.id in self.compiled.chosen
        closed = False
        found: dict[str, RequirementResult] = {}
        for later in (False, True):
            for name in names:
                if (name in self.compiled.rests_on_years) is not later:
                    continue
                part = self.result(name)
                if part is None:
                    closed = closed or chosen
                else:
                    found[name] = self._failed(part) if chosen else part
            if closed or any(part.met is settling for part in found.values()):
                break
        parts = [found[name] for name in dict.fromkeys(names) if name in found]
        if one.any_of and not self._all_failing(parts):
            parts = [self._failed(part) for part in parts]
        verdicts = [part.met for part in parts]
        met = settling if settling in verdicts else None if None in verdicts else not settling
        return parts, False if closed else met

    def _all_failing(self, parts: list[RequirementResult]) -> bool:
        """Tell whether all would fail that bind the person, and it is not known whether any does."""
        if not all(part.id in self.failing for part in parts):
            return False
        ones = [self.compiled.by_id[part.id] for part in parts]
        known = self.compiled.facts
        missing = [name for name in self._whens(ones) if name not in self.facts]
        finite = {"yes_no": (True, False)}
        values = [finite.get(known[name].type) or tuple(known[name].values) for name in missing]
        if not all(values) or prod(map(len, values)) > AT_ONCE:
            return True
        answers = (dict(zip(missing, told, strict=True)) for told in product(*values))
        return not all(any(self._bound(one, {**self.facts, **told}) for one in ones) for told in answers)

    def _whens(self, ones: list[Requirement]) -> dict[str, None]:
        """List the facts by which it is told whether something of a choice binds a person."""
        found: dict[str, None] = {}
        for one in ones:
            found |= dict.fromkeys(asked(one.when_form))
            found |= self._whens([self.compiled.by_id[name] for name in one.any_of])
        return found

    def _bound(self, one: Requirement, facts: Facts) -> bool:
        if one.when.holds(facts) is not True:
            return False
        return not one.any_of or any(self._bound(self.compiled.by_id[name], facts) for name in one.any_of)

    def _failed(self, part: RequirementResult) -> RequirementResult:
        """Return a part as failed where it would be, if it binds the person at all."""
        if part.id in self.failing_windows:
            self.windows[part.id] = self.failing_windows[part.id]
        return self.failing.get(part.id, part)

    def _note_far(self, one: Requirement, parts: list[RequirementResult]) -> None:
        """Note alternatives that hours alone cannot make, or of which it is not known what they lack."""
        if one.any_of:
            far = not any(self._by_hours(part) for part in parts)
        else:
            looked_at = {part.id for part in parts} >= set(one.all_of)
            far = not looked_at or not all(self._by_hours(part) for part in parts if part.met is not True)
        if far:
            self.far.add(one.id)

    def _by_hours(self, part: RequirementResult) -> bool:
        figured = part.minimum is not None and part.shortfall > 0
        return figured and part.of not in self.counts and part.id not in self.far

    def _shown(
        self, one: Requirement, parts: list[RequirementResult], met: bool | None
    ) -> RequirementResult | None:
        """Choose the part whose figures are shown.

        Of a choice that is not met that to which the fewest hours lack, the year itself before others where as many do:
        an event that nobody plans (a count), or an earlier year that fails, is no cure while hours are one. Where
        hours are none, or it is met: of the year itself before others, of hours before counts. Of what must all hold the
        farthest; one that waits for a fact where none has figures.
        """
        near = [part for part in parts if self._by_hours(part)]
        if one.any_of and met is not True and near:
            return min(near, key=lambda part: (part.shortfall, part.id in self.compiled.rests_on_years))
        by_id = self.compiled.by_id
        if one.all_of:
            # What is met already would say that nothing is short.
            parts = [part for part in parts if part.met is False] or parts
        direct = [part for part in parts if not part.parts and by_id[part.id].over is None]
        if not direct or (one.all_of and met is not True):
            direct = parts
        held = [part for part in direct if part.of not in self.counts] or direct
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
