"""Alternatives of a year (`any_of`, `all_of`), nested to any depth, out of yearly requirements and windows of years."""

from __future__ import annotations

from collections.abc import Mapping

from xueshi.assessment.conditions import Facts, asked
from xueshi.assessment.program import Program, Requirement
from xueshi.assessment.types import RequirementResult, WindowResult, YearFigures
from xueshi.assessment.window_judging import judge_window


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
    ) -> None:
        self.compiled, self.facts, self.results, self.figures = compiled, facts, results, figures
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
        self.windows[one.id] = found
        met = found.met
        lacking = _lacking(one, self.facts) if met is None and not found.missing_years else ()
        years = found.missing_years if met is None else ()
        return _plain(one, met, lacking, years)

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
