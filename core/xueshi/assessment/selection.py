"""Steps 3 to 6 for one record: the item, the statistics year, the row, the gates; and the category."""

from __future__ import annotations

from typing import Final

from xueshi.assessment import periods
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Item, Row
from xueshi.assessment.reasons import reason
from xueshi.assessment.run import Run

DAYS: Final = ("days",)
TOO_MANY: Final = "more_taken_than_there_is"
"""Why a condition whose facts are all stated cannot be told: more days are taken off than there are."""


def item(run: Run, one: Judged) -> Item | None:
    """Step 3: the item that takes the record; none gives `not_of_item`, `removed`, or `no_rule` where none is of the kind."""
    facts, kind = one.facts, one.kind
    unknown: Item | None = None
    for item in one.kind_rules.items:
        held = item.always or item.when.holds(facts)
        if held:
            if item.when_reads:
                run.note(one, 3, item, item.when_reads, None, None)
            return item
        if held is None and unknown is None:
            unknown = item
    if unknown is not None:
        names = run.compiled.compiler.missing(unknown.when_form, facts)
        run.lacking(one, unknown, 3, names or DAYS, "needs_fact" if names else TOO_MANY)
        return None
    for removed in one.kind_rules.removed:
        if removed.when.holds(facts) is not False:
            run.rests_on(removed.readings)
            one.verdict, one.code = "uncredited", "removed"
            one.regulation, one.clause = removed.regulation, removed.clause
            one.text = reason("removed", name=removed.name, by=removed.regulation, clause=removed.clause)
            run.note(one, 3, removed, (), None, 0, "removed", one.text)
            return None
    items = one.kind_rules.items
    if items:
        _of_none(run, one, items)
        return None
    pack = run.compiled.pack
    one.verdict, one.code = "uncredited", "no_rule"
    one.regulation = pack.id
    one.text = reason("no_rule", kind=pack.kinds[kind], regulation=pack.title)
    run.note(one, 3, run.compiled.no_rule, ("kind",), None, 0, "no_rule", one.text)
    return None


def _of_none(run: Run, one: Judged, items: tuple[Item, ...]) -> None:
    """Settle a record of a kind that items are for, none of which takes it: the clause stands with what fails of it."""
    said = [
        reason(
            "not_of_item", name=item.name, clause=item.clause, detail=item.unmet, also="也" if place else ""
        )
        for place, item in enumerate(items)
    ]
    for item in items:
        run.rests_on(item.readings)
    first = items[0]
    one.settle(first, "uncredited", "not_of_item", "；".join(said))
    one.rules = ()
    for item in items:
        run.note(one, 3, item, item.when_reads, None, 0, one.code, one.text)


def row(run: Run, one: Judged, item: Item) -> Row | None:
    """Step 5: the first row that holds; where it cannot be told, a failing gate of the item still decides."""
    facts = one.facts
    for row in item.rows:
        held = row.always or row.when.holds(facts)
        if held:
            if row.when_reads:
                run.note(one, 5, row, row.when_reads, None, None, "", row.name)
            return row
        if held is None:
            for gate in item.gates:
                if gate.test.holds(facts) is (not gate.wanted):
                    one.settle(
                        item,
                        "uncredited",
                        gate.code,
                        reason(gate.code, clause=item.clause, detail=gate.text),
                    )
                    run.note(one, 6, item, gate.reads, None, 0, one.code, one.text)
                    return None
            names = run.compiled.compiler.missing(row.when_form, facts)
            run.lacking(one, row, 5, names or (*DAYS, *row.less), "needs_fact" if names else TOO_MANY)
            return None
    for row in item.rows:
        if row.when_asked is not None and row.when_asked.holds(facts) is None:
            # No row takes it as it is; this one might, were a fact stated whose absence others take for a value.
            run.lacking(one, row, 5, run.compiled.compiler.missing(row.when_form, facts) or DAYS)
            return None
    names = tuple(dict.fromkeys(name for row in item.rows for name in row.when_reads))
    read = run.phrases(names, facts)
    one.settle(
        item,
        "uncredited",
        "no_row",
        reason("no_row", name=item.name, clause=item.clause, read=read or "未填写"),
    )
    one.rules = ()
    run.note(one, 5, item, names, None, 0, one.code, one.text)
    return None


def attribute(run: Run, one: Judged, row: Row) -> None:
    """Steps 4 and 15: the statistics year by the deciding date, else the year under which the record was entered.

    A record that makes up for a year belongs to that year: whether it may was asked when it was filed.
    The category is read with it, early, so that a record of no hours has a category too.
    """
    facts = one.facts
    if one.year is None:
        one.year = run.year
    for name in row.dated:
        day = facts.get(name)
        if day is not None:
            one.day = day
            text = ""
            if one.makeup:
                text = reason("makeup", year=one.year)
            else:
                one.year = run.compiled.pack.year_of(day)
            run.note(one, 4, row, row.dated, None, None, "", text)
            break
    if row.periodic:
        periods.attribute(run, one, row)
    if row.only_category:
        one.category = row.only_category
        return
    held = row.category.value(facts)
    if isinstance(held, Stop):
        one.category_lacks = held.facts or ("category",)
        run.default_category(one)
    else:
        one.category = held


def gates(run: Run, one: Judged, row: Row) -> bool:
    """Step 6: conditions and exclusions; the first that fails gives the reason, a missing condition is asked."""
    if not row.gates:
        return True
    facts = one.facts
    lacking: tuple[str, ...] = ()
    presumed: tuple[str, ...] = ()
    for test, wanted, gate in row.checks:
        held = test.holds(facts)
        if held is wanted:
            continue
        if held is None:
            # Where it asks for one fact, that one is not stated (or days are, of which more are taken off).
            absent = gate.asks
            if len(absent) != 1 or absent[0] in facts:
                absent = tuple([name for name in absent if name not in facts])
            if not absent:
                run.lacking(one, row, 6, (*DAYS, *row.less), TOO_MANY)
                return False
            if wanted:
                lacking = joined(lacking, absent)
            else:
                presumed = joined(presumed, absent)
            continue
        one.settle(row, "uncredited", gate.code, reason(gate.code, clause=row.clause, detail=gate.text))
        run.note(one, 6, row, gate.reads, None, 0, one.code, one.text)
        return False
    if lacking:
        run.lacking(one, row, 6, lacking)
        return False
    run.note(one, 6, row, row.gate_reads, None, None, "", "", presumed)
    return True


def joined(names: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Add names that are not there yet."""
    return (*names, *[name for name in more if name not in names]) if names else more
