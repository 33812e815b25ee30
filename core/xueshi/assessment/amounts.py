"""Steps 7 to 11 for one record: amount, cap of a day, share, rounding, add-on, cap of an event."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from xueshi.assessment import periods
from xueshi.assessment.conditions import MISSING, Facts, Number, either, less_quantity
from xueshi.assessment.formulas import GRANTED, Stop, counted_up
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Row
from xueshi.assessment.reasons import hours_text, reason
from xueshi.assessment.run import Run, rounded
from xueshi.regulations.amount_words import UNIT_WORDS
from xueshi.regulations.daily import DAILY
from xueshi.regulations.words import COMPLETED, RATE_UNITS, TWINS, each_time, rates

ONE_UNIT: Final = {"month": "一个月", "half_year": "半年", "year": "一年", "half_day": "半天"}
"""One unit of what a text counts by, where a number and a word would not say it well."""
KEPT = 1024
"""How many sentences are kept for a row; a law of stated hours has as many as people state."""


def amount(run: Run, one: Judged, row: Row) -> None:
    """Steps 7 to 11: amount, day cap, share, rounding, add-on, event cap."""
    facts = one.facts
    exact = row.fixed if row.fixed is not None else row.hours.value(facts)
    if row.by_months:
        exact = periods.amount(run, one, row, exact)
    if row.day_cap is not None and not (isinstance(exact, Stop) and exact.kind != "needs"):
        exact = capped_by_day(run, one, row, exact)
    if isinstance(exact, Stop):
        run.stopped(one, row, exact, 7)
        return
    hours = exact if type(exact) is int else rounded(exact)
    if run.nodes is not None:
        code, text = "", ""
        presumed: tuple[str, ...] = ()
        if row.less:
            presumed = tuple(
                [name for name in row.less if name not in facts and TWINS.get(name) not in facts]
            )
        if row.ranged and facts.get(GRANTED) is None:
            code, text = "undecided", "未作认定，按口径取定"
        run.note(one, 7, row, row.hours_reads, None, hours, code, text, presumed)
    if row.share is not None:
        share = row.share.value(facts)
        if isinstance(share, Stop):
            run.stopped(one, row, share, 8)
            return
        before = hours
        exact = (
            Fraction(exact * share, 100)
            if type(exact) is int and type(share) is int
            else Fraction(exact) * Fraction(share) / 100
        )
        if share == 0:
            read = run.phrases(row.share_reads, facts)
            one.settle(row, "uncredited", "share_zero", reason("share_zero", clause=row.clause, detail=read))
            run.note(one, 8, row, row.share_reads, before, 0, one.code, one.text)
            return
        hours = rounded(exact)
        run.note(one, 8, row, row.share_reads, before, hours)
    if row.plus:
        added = add_on(run, one, row, hours)
        if added is None:
            return
        hours += added
    if row.event_cap is not None:
        cap = row.event_cap.value(facts)
        if isinstance(cap, Stop):
            run.stopped(one, row, cap, 11)
            return
        limit = rounded(cap)
        if hours > limit:
            one.reduce(
                limit,
                "cap_event",
                reason(
                    "cap_event",
                    name=row.name,
                    clause=row.clause,
                    each=each_time((one.kind,)),
                    cap=hours_text(limit),
                    before=hours_text(hours),
                    after=hours_text(limit),
                ),
            )
            run.note(one, 11, row, (), hours, limit, "cap_event", one.text)
            hours = limit
    one.hours = hours
    if one.category_lacks:
        run.lacking(one, row, 15, one.category_lacks)
        return
    if hours and not one.code and not row.periodic:
        one.text = credited(row, hours)
    else:
        _tell(run, one, row, hours)


def _tell(run: Run, one: Judged, row: Row, hours: int) -> None:
    """Say by which clause a record has its hours, where no limit has said it already."""
    if hours == 0 and not one.code:
        # A quantity below one unit, or none: the clause is applied and gives nothing.
        one.settle(row, "uncredited", "none_by_clause", _nothing(run, one, row))
    elif not one.code:
        one.text = credited(row, hours)
    if one.over_years:
        one.text = reason("part_of_period", year=one.year, text=one.text)


def _nothing(run: Run, one: Judged, row: Row) -> str:
    """Say why a clause that is applied gives nothing: less than one of what it counts by, where that is why."""
    for _, _, unit, per, *_ in rates(row.hours_form):
        name = RATE_UNITS[unit][0]
        held = either(name, one.facts)
        if held is MISSING or held is None:
            continue
        if 0 < held < per * RATE_UNITS[unit][1]:
            least = "month" if unit in COMPLETED and _gives(row, {**one.facts, name: 1}) else unit
            word = ONE_UNIT.get(least) or f"{per}{UNIT_WORDS[unit]}"
            return reason(
                "below_one_unit",
                read=run.phrases(_as_stated(name, one), one.facts),
                clause=row.clause,
                unit=word,
            )
    return credited(row, 0)


def _gives(row: Row, facts: Facts) -> bool:
    """Tell whether a row gives hours for these facts: of a rate by half-years, one whole month may be a sixth."""
    exact = row.hours.value(facts)
    return not isinstance(exact, Stop) and exact > 0


def _as_stated(name: str, one: Judged) -> tuple[str, ...]:
    """Name what was stated of a quantity: the dates where months were reckoned from them, the twin where only it is."""
    if name in one.stated:
        return (name,)
    if name == "months":
        return ("start", "end", "months")
    return (TWINS.get(name, name),)


def credited(row: Row, hours: int) -> str:
    """Return the sentence of hours given in full: the commonest one, so each is written once for a row."""
    text = row.credits.get(hours)
    if text is None:
        if len(row.credits) >= KEPT:
            row.credits.clear()
        text = row.credits[hours] = reason("credited", clause=row.clause, after=hours_text(hours))
    return text


def capped_by_day(run: Run, one: Judged, row: Row, exact: Any) -> Any:
    """The cap of a day: over all records of the item where the day can be told, else cap × days of the record."""
    facts = one.facts
    assert row.day_cap is not None
    cap = row.day_cap.value(facts)
    if isinstance(cap, Stop):
        return cap
    listed = facts.get(DAILY) if row.from_list else None
    if listed is not None:
        if row.day_by_day:
            listed = _counted_up(listed, row.day_by_day)
        limited = _listed(run, row, cap, _by_date(listed, facts))
    else:
        if isinstance(exact, Stop):
            return exact
        limit = _of_days(run, one, row, cap, exact)
        if isinstance(limit, Stop) or exact <= limit:
            return exact if not isinstance(limit, Stop) else limit
        limited = limit
    if not isinstance(exact, Stop) and limited < exact:
        before, after = rounded(exact), rounded(limited)
        one.reduce(
            after,
            "cap_day",
            reason(
                "cap_day",
                name=row.name,
                clause=row.clause,
                before=hours_text(before),
                after=hours_text(after),
            ),
        )
        run.note(one, 7, row, (DAILY, "days"), before, after, "cap_day", one.text)
    return limited


def _counted_up(
    listed: tuple[Number, ...] | dict[date, Number], upward: str
) -> tuple[Number, ...] | dict[date, Number]:
    """Count the part of an hour up, of each listed day by itself."""
    if isinstance(listed, dict):
        return {day: counted_up(hours, upward) for day, hours in listed.items()}
    return tuple(counted_up(hours, upward) for hours in listed)


def _listed(run: Run, row: Row, cap: Number, listed: tuple[Number, ...] | dict[date, Number]) -> Number:
    """Cap what is listed day by day; where the days are known, what other records used of a day is taken off."""
    if isinstance(listed, tuple):
        return sum(min(hours * 100, cap) for hours in listed)
    return sum(_used(run, row, day, cap, hours * 100) for day, hours in sorted(listed.items()))


def _used(run: Run, row: Row, day: date, cap: Number, hours: Number) -> Number:
    """Return what a day's cap leaves of some hours, and note it as used."""
    key = (row.item.id, day)
    used = run.day_used.get(key, 0)
    granted: Number = min(hours, max(0, cap - used))
    run.day_used[key] = used + granted
    return granted


def _by_date(listed: Any, facts: Facts) -> tuple[Number, ...] | dict[date, Number]:
    """Give a list of days its dates, where start and end are as many days."""
    end = facts.get("end")
    if isinstance(listed, dict) or end is None:
        return listed  # type: ignore[no-any-return]
    start = facts.get("start") or (end if len(listed) == 1 else None)
    if start is None or (end - start).days + 1 != len(listed):
        return listed  # type: ignore[no-any-return]
    return {start + timedelta(days=place): hours for place, hours in enumerate(listed)}


def _of_days(run: Run, one: Judged, row: Row, cap: Number, exact: Number) -> Number | Stop:
    """Return what the cap allows a record without a list: of one day what others left of it, else cap × days."""
    facts = one.facts
    days = facts.get("days")
    if days is None and facts.get("half_days") is not None:
        days = Fraction(facts["half_days"]) / 2
    day = _one_day(facts, days)
    if days is None:
        if day is None:
            return Stop("needs", "needs_fact", ("days",))
        days = 1
    left = days - less_quantity(row.less, "days", facts) if row.less else days
    limit: Number = cap * (-(-left // 1) if row.begun else left)
    return limit if day is None else _used(run, row, day, cap, min(exact, limit))


def _one_day(facts: Facts, days: Number | None) -> date | None:
    """Return the day of a record that is of one day only."""
    end: date | None = facts.get("end")
    if end is None or (days is not None and days > 1):
        return None
    start = facts.get("start")
    return end if start == end or (start is None and days is not None) else None


def add_on(run: Run, one: Judged, row: Row, hours: int) -> int | None:
    """Step 10: the first add-on that holds; None when it cannot be told."""
    facts = one.facts
    for extra in row.plus:
        held = extra.when.holds(facts)
        if held is False:
            continue
        run.rests_on(extra.readings)
        if held is None:
            run.lacking(one, extra, 10, run.compiled.compiler.missing(extra.when_form, facts))
            return None
        lacking: list[str] = []
        for gate in extra.gates:
            passed = gate.test.holds(facts)
            if passed is (not gate.wanted):
                run.note(
                    one,
                    10,
                    extra,
                    gate.reads,
                    hours,
                    hours,
                    gate.code,
                    reason(gate.code, clause=extra.clause, detail=gate.text),
                )
                return 0
            if passed is None and gate.wanted:
                lacking.extend(name for name in gate.asks if name not in facts)
        if lacking:
            run.lacking(one, extra, 10, tuple(dict.fromkeys(lacking)))
            return None
        exact = extra.hours.value(facts)
        if isinstance(exact, Stop):
            if exact.kind == "zero":
                return 0
            run.stopped(one, extra, exact, 10)
            return None
        if extra.share is not None:
            share = extra.share.value(facts)
            if isinstance(share, Stop):
                run.stopped(one, extra, share, 10)
                return None
            exact = exact * Fraction(share) / 100
        added = rounded(exact)
        one.added, one.added_by = added, extra.id
        one.rules = (*one.rules, extra.rule)
        run.note(one, 10, extra, extra.reads, hours, hours + added)
        return added
    return 0
