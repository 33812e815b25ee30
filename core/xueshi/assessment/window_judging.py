"""One requirement over several years, judged from the figures of its years: sums, averages, every year by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from xueshi.assessment.conditions import Facts
from xueshi.assessment.facts import type_person
from xueshi.assessment.formulas import Stop
from xueshi.assessment.program import Program, Requirement, program
from xueshi.assessment.reasons import labels
from xueshi.assessment.sums import figures_with_sums
from xueshi.assessment.types import WindowResult, YearFigures
from xueshi.regulations.pack import RulePack


def judge_windows(
    pack: RulePack, person: Mapping[str, Any], year: int, figures: Mapping[int, YearFigures]
) -> tuple[WindowResult, ...]:
    """Judge every requirement of a pack that looks at several years, as of one year.

    Those on which the year's own verdict rests (a part of alternatives with a yearly one) are judged there.
    """
    compiled = program(pack)
    facts = _facts(compiled, person, year)
    figures = figures_with_sums(compiled, figures)
    results: dict[str, WindowResult] = {}
    failing: set[str] = set()
    for one in compiled.requirements:
        if one.over is not None:
            found = judge_window(compiled, one, facts, year, figures)
            if found is not None:
                results[one.id] = found
                if found.met is None and one.when.holds(facts) is None:
                    certain = judge_years(compiled, one, facts, year, figures)
                    if certain.met is False:
                        failing.add(one.id)
    for one in compiled.window_alternatives:
        names = one.any_of or one.all_of
        parts = [results[name] for name in names if name in results]
        chosen = bool(one.all_of) and one.id in compiled.chosen
        closed = chosen and len(parts) < len(names)
        bound = one.when.holds(facts)
        if bound is False or not (parts or closed):
            continue
        # What would fail is no help, whether or not it binds the person, where something else of it does.
        fails = failing if chosen or (one.any_of and any(part.id not in failing for part in parts)) else set()
        verdicts = [False if part.id in fails else part.met for part in parts] + [False] * closed
        if one.any_of:
            met = True if True in verdicts else None if None in verdicts else False
        else:
            met = False if False in verdicts else None if None in verdicts else True
        years = tuple(sorted({number for part in parts for number in part.years}))
        text = "、".join(part.rule for part in parts)
        if bound is None:
            if met is False:
                failing.add(one.id)
            met, text = None, _lacking(compiled, one, facts)
        elif one.any_of and met is None and all(part.id in failing for part in parts):
            failing.add(one.id)
        results[one.id] = WindowResult(
            one.id, one.rule, one.regulation, one.clause, years, {}, {}, {}, None, met, (), text
        )
    inner = {name for one in compiled.window_alternatives for name in (*one.any_of, *one.all_of)}
    inner |= compiled.year_parts
    alone = {one.id for one in compiled.requirements if one.alone}
    return tuple(result for name, result in results.items() if name not in inner and name in alone)


def _facts(compiled: Program, person: Mapping[str, Any], year: int) -> dict[str, Any]:
    typed = type_person(person, compiled.types, compiled.pack.year_window(year)[1])
    return {**typed, "year": year, "at_least": compiled.minimums}


def readings_that_keep_windows(pack: RulePack, person: Mapping[str, Any], year: int) -> tuple[str, ...]:
    """List the readings by whose answer a requirement over several years that stands beside the year does not bind."""
    compiled = program(pack)
    windows = {one.id for one in compiled.requirements if one.over is not None} - compiled.year_parts
    beside = [
        one
        for one in (*map(compiled.by_id.__getitem__, windows), *compiled.window_alternatives)
        if one.otherwise
    ]
    if not beside:
        return ()
    facts = _facts(compiled, person, year)
    unbound = [one for one in beside if one.when.holds(facts) is False]
    return tuple(sorted({reading for one in unbound for reading in kept_by_readings(one, facts)}))


def judge_window(
    compiled: Program, one: Requirement, facts: Facts, year: int, figures: Mapping[int, YearFigures]
) -> WindowResult | None:
    """Judge one requirement over several years; None where it does not bind the person."""
    bound = one.when.holds(facts)
    if bound is False:
        return None
    if bound is None:
        text = _lacking(compiled, one, facts)
        return WindowResult(
            one.id, one.rule, one.regulation, one.clause, (), {}, {}, {}, None, None, (), text
        )
    return judge_years(compiled, one, facts, year, figures)


def _lacking(compiled: Program, one: Requirement, facts: Facts) -> str:
    return f"还需补充：{labels(compiled.compiler.missing(one.when_form, facts), compiled.facts)}"


def _years(compiled: Program, one: Requirement, facts: Facts, year: int) -> range | str:
    """Return the years of the window, or why they cannot be told."""
    over = one.over
    assert over is not None
    kind = over["window"]
    limit = None
    if over.get("years") is not None:
        held = compiled.compiler.amount(over["years"]).value(facts)
        if isinstance(held, Stop):
            return "还需补充：" + "、".join(
                compiled.facts[name].label for name in held.facts if name in compiled.facts
            )
        limit = int(held) // 100
    if kind in ("term", "cycle"):
        fact = compiled.facts[f"person.{kind}"]
        span = facts.get(fact.name)
        if span is None:
            return f"还需补充：{fact.label}"
        length = span[1] - span[0] + 1
        if limit is not None and length != limit:
            return f"须更正{fact.label}（应为{limit}年，所填{span[0]}至{span[1]}年度为{length}年）"
        return range(span[0], span[1] + 1)
    if kind == "last":
        return range(year - (limit or 1) + 1, year + 1)
    if kind == "before":
        return range(year - (limit or 1), year)
    since = facts.get(over["fact"])
    if not isinstance(since, date):
        return f"还需补充：{compiled.facts[over['fact']].label}"
    first = compiled.pack.year_of(since)
    return range(max(first, year - limit + 1) if limit else first, year + 1)


def kept_by_readings(one: Requirement, facts: Facts) -> tuple[str, ...]:
    """List the readings by whose answer a requirement does not bind the person: by another one it would, or might."""
    return tuple(reading for reading, when in one.otherwise if when.holds(facts) is not False)


def judge_years(
    compiled: Program, one: Requirement, facts: Facts, year: int, figures: Mapping[int, YearFigures]
) -> WindowResult:
    """Judge a requirement over several years as one that binds the person."""
    years = _years(compiled, one, facts, year)
    if isinstance(years, str):
        return WindowResult(
            one.id, one.rule, one.regulation, one.clause, (), {}, {}, {}, None, None, (), years
        )
    missing = tuple(number for number in years if number not in figures)
    held = {number: figures[number] for number in years if number in figures}
    keys = dict.fromkeys(key for entry in held.values() for key in entry.totals)
    sums = {key: sum(entry.totals.get(key, 0) for entry in held.values()) for key in keys}
    average = {key: (2 * total + len(held)) // (2 * len(held)) for key, total in sums.items()} if held else {}
    judged = [compiled.scopes[name] for name in (one.average_of or one.sum_of)]
    told = {key for key in judged if all(key in entry.minimums for entry in held.values())}
    minimums = {key: sum(entry.minimums[key] for entry in held.values()) for key in judged if key in told}
    open_minimum = len(minimums) < len(set(judged))
    each: dict[str, int] = {}
    if one.at_least is not None:
        minimum = one.at_least.value(facts)
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
        if one.each:
            each = {one.of: int(minimum)}
        else:
            minimums[one.of] = int(minimum) * (len(years) if one.averaged else 1)
    untold, text = _untold(compiled, one, held, missing)
    sum_met: bool | None = (
        all(sums.get(key, 0) >= minimum for key, minimum in minimums.items()) if minimums else None
    )
    if sum_met is False and any(
        key in entry.met and entry.met[key] is None for key in minimums for entry in held.values()
    ):
        # A year that waits for a record or a fact may still bring what is short.
        sum_met, open_minimum = None, True
    yearly: list[bool | None] = [
        entry.met.get(compiled.scopes[name]) for name in one.every for entry in held.values()
    ]
    by_itself = {
        number: _reaches(entry, key, minimum) for key, minimum in each.items() for number, entry in held.items()
        if key in entry.totals
    }  # fmt: skip
    yearly += by_itself.values()
    short_years = tuple(number for number, reached in by_itself.items() if reached is False)
    verdicts = [*([sum_met] if sum_met is not None else []), *yearly]
    met: bool | None = False if False in verdicts else None if None in verdicts or open_minimum else True
    if missing or untold:
        # A year that is not judged can only leave the window open, or unmet where a judged year of `every` failed.
        met = False if False in yearly else None
        sum_met, average = None, {}
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
        text if met is None else "",
        untold,
        each,
        short_years,
    )


def _reaches(entry: YearFigures, key: str, minimum: int) -> bool | None:
    """Tell whether a year reaches a number by itself; None where something in it waits that may still bring it."""
    if entry.totals[key] >= minimum:
        return True
    return None if key in entry.met and entry.met[key] is None else False


def _untold(
    compiled: Program, one: Requirement, held: Mapping[int, YearFigures], missing: tuple[int, ...]
) -> tuple[tuple[int, ...], str]:
    """Return the years that are at hand and do not tell what is asked of them, and in Chinese all that is wanted.

    What a year does not tell is never 0: its hours of a category or sum, or its minimum where the text asks by that.
    Without such a year the text is empty: that years are missing is said by the years.
    """
    by_minimum = dict.fromkeys(compiled.scopes[name] for name in (*one.average_of, *one.sum_of, *one.every))
    own = {one.of: None} if one.at_least is not None else {}
    wanted: dict[str, list[int]] = {}
    labels = compiled.pack.labels
    for number, entry in held.items():
        for key in {**by_minimum, **own}:
            if key not in entry.totals:
                label = labels.get(key, key)
                said = label if label.endswith("学时") else f"{label}的学时"
                wanted.setdefault(said, []).append(number)
        for key in by_minimum:
            # Where it has a verdict, that year waits for something of its own.
            if key not in entry.minimums and key not in entry.met:
                wanted.setdefault(f"{labels.get(key, key)}的最低要求", []).append(number)
    untold = tuple(sorted({number for years in wanted.values() for number in years}))
    if not untold:
        return (), ""
    lacking = [f"{'、'.join(map(str, missing))}年度的结果"] if missing else []
    lacking += [f"{'、'.join(map(str, years))}年度{what}" for what, years in wanted.items()]
    return untold, f"还需要{'、'.join(lacking)}"
