"""What hours add up to: categories, sums, counts, ceilings, the total (step 15)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from xueshi.assessment.conditions import Facts
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Program, Sum
from xueshi.assessment.run import rounded
from xueshi.assessment.types import YearFigures


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


def with_sums(compiled: Program, stated: Mapping[str, int], year: int) -> dict[str, int]:
    """Return stated figures of a year (hundredths) with the sums that they tell: all whose categories are among them.

    A sum that is stated itself stays as it is; hours with a property, counts and the total no categories tell.
    """
    totals = dict(stated)
    facts = {"at_least": compiled.minimums, "year": year}
    for entry in compiled.sums:
        if entry.code in totals or not entry.of or entry.where is not None or entry.count is not None:
            continue
        if all(code in totals for code in entry.of):
            parts = [_converted(compiled, entry, code, totals[code], facts) for code in entry.of]
            hours = [part for part in parts if isinstance(part, int)]
            if len(hours) == len(parts):
                totals[entry.code] = sum(hours)
    return totals


def figures_with_sums(compiled: Program, figures: Mapping[int, YearFigures]) -> dict[int, YearFigures]:
    """Return the figures of years with the sums of this law that they tell; one with an open part stays open."""
    parts = {entry.code: entry.of for entry in compiled.sums}
    found: dict[int, YearFigures] = {}
    for year, entry in figures.items():
        totals = with_sums(compiled, entry.totals, year)
        added = [code for code in totals if code not in entry.totals]
        waits = {
            code: None
            for code in added
            if any(part in entry.met and entry.met[part] is None for part in parts[code])
        }
        found[year] = YearFigures(totals, entry.minimums, {**entry.met, **waits}) if added else entry
    return found


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
