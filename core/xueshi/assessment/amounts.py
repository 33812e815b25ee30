"""Steps 7 to 11 for one record: amount, cap of a day, share, rounding, add-on, cap of an event."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from xueshi.assessment.closures import GRANTED, Stop
from xueshi.assessment.conditions import Number, less_quantity
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Row
from xueshi.assessment.reasons import hours_text, reason
from xueshi.assessment.run import Run, rounded
from xueshi.regulations.words import TWINS

KEPT = 1024
"""How many sentences are kept for a row; a law of stated hours has as many as people state."""


def amount(run: Run, one: Judged, row: Row) -> None:
    """Steps 7 to 11: amount, day cap, share, rounding, add-on, event cap."""
    facts = one.facts
    exact = row.fixed if row.fixed is not None else row.hours(facts)
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
        share = row.share(facts)
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
        cap = row.event_cap(facts)
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
    if hours == 0 and not one.code:
        # A quantity below one unit, or none: the clause is applied and gives nothing.
        one.settle(row, "uncredited", "none_by_clause", credited(row, 0))
    elif not one.code:
        one.text = credited(row, hours)


def credited(row: Row, hours: int) -> str:
    """Return the sentence of hours given in full: the commonest one, so each is written once for a row."""
    text = row.credits.get(hours)
    if text is None:
        if len(row.credits) >= KEPT:
            row.credits.clear()
        text = row.credits[hours] = reason("credited", clause=row.clause, after=hours_text(hours))
    return text


def capped_by_day(run: Run, one: Judged, row: Row, exact: Any) -> Any:
    """The cap of a day: within the daily list (over all records where it carries dates), else cap × days."""
    facts = one.facts
    assert row.day_cap is not None
    cap = row.day_cap(facts)
    if isinstance(cap, Stop):
        return cap
    listed = facts.get("daily_hours")
    limited: Number = 0
    if row.from_list and listed is not None:
        if isinstance(listed, dict):
            for day, hours in sorted(listed.items()):
                used = run.day_used.get((row.item.id, day), 0)
                granted = min(hours * 100, max(0, cap - used))
                run.day_used[(row.item.id, day)] = used + granted
                limited += granted
        else:
            limited = sum(min(hours * 100, cap) for hours in listed)
    else:
        if isinstance(exact, Stop):
            return exact
        days = facts.get("days")
        if days is None and facts.get("half_days") is not None:
            days = Fraction(facts["half_days"]) / 2
        if days is None:
            return Stop("needs", "needs_fact", ("days",))
        limited = cap * (days - less_quantity(row.less, "days", facts) if row.less else days)
        if exact <= limited:
            return exact
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
        run.note(one, 7, row, ("daily_hours", "days"), before, after, "cap_day", one.text)
    return limited


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
        exact = extra.hours(facts)
        if isinstance(exact, Stop):
            if exact.kind == "zero":
                return 0
            run.stopped(one, extra, exact, 10)
            return None
        if extra.share is not None:
            share = extra.share(facts)
            if isinstance(share, Stop):
                run.stopped(one, extra, share, 10)
                return None
            exact = exact * Fraction(share) / 100
        added = rounded(exact)
        one.rules = (*one.rules, extra.rule)
        run.note(one, 10, extra, extra.reads, hours, hours + added)
        return added
    return 0
