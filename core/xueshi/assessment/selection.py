"""Steps 3 to 6 for one record: the item, the statistics year, the row, the gates; and the category."""

from __future__ import annotations

from xueshi.assessment.closures import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Item, Row
from xueshi.assessment.reasons import reason
from xueshi.assessment.run import NO_FACTS, Run
from xueshi.assessment.types import TraceNode

DAYS = ("days",)
TOO_MANY = "more_taken_than_there_is"
"""Why a condition whose facts are all stated cannot be told: more days are taken off than there are."""


def item(run: Run, one: Judged) -> Item | None:
    """Step 3: the item that takes the kind; none gives `no_rule`, or `removed`."""
    facts, kind = one.facts, one.record.kind
    unknown: Item | None = None
    for item in run.compiled.items.get(kind, ()):
        held = item.when_form is None or item.when(facts)
        if held:
            if item.when_reads:
                run.note(one.record.id, 3, item, item.when_reads, facts, None, None)
            return item
        if held is None and unknown is None:
            unknown = item
    if unknown is not None:
        names = run.compiled.compiler.missing(unknown.when_form, facts)
        run.lacking(one, unknown, 3, names or DAYS, "needs_fact" if names else TOO_MANY)
        return None
    for removed in run.compiled.removed.get(kind, ()):
        if removed.when(facts) is not False:
            run.readings.update(dict.fromkeys(removed.readings))
            one.verdict, one.code = "uncredited", "removed"
            one.regulation, one.clause = removed.by, removed.clause
            one.text = reason("removed", name=removed.name, by=removed.by, clause=removed.clause)
            if run.nodes is not None:
                run.nodes.append(
                    TraceNode(
                        one.record.id,
                        3,
                        removed.rule,
                        removed.by,
                        removed.clause,
                        NO_FACTS,
                        (),
                        removed.readings,
                        None,
                        0,
                        "removed",
                        one.text,
                    )
                )
            return None
    pack = run.compiled.pack
    one.verdict, one.code = "uncredited", "no_rule"
    one.regulation = pack.id
    one.text = reason("no_rule", kind=pack.kinds[kind], regulation=pack.title)
    if run.nodes is not None:
        run.nodes.append(
            TraceNode(one.record.id, 3, "", pack.id, "", {"kind": kind}, (), (), None, 0, "no_rule", one.text)
        )
    return None


def row(run: Run, one: Judged, item: Item) -> Row | None:
    """Step 5: the first row that holds; where it cannot be told, a failing gate of the item still decides."""
    facts = one.facts
    for row in item.rows:
        held = row.when_form is None or row.when(facts)
        if held:
            if run.nodes is not None and row.when_reads:
                run.note(one.record.id, 5, row, row.when_reads, facts, None, None, "", row.name)
            return row
        if held is None:
            for gate in item.gates:
                if gate.test(facts) is (not gate.wanted):
                    one.settle(
                        item,
                        "uncredited",
                        gate.code,
                        reason(gate.code, clause=item.clause, detail=gate.text),
                    )
                    run.note(one.record.id, 6, item, gate.reads, facts, None, 0, one.code, one.text)
                    return None
            names = run.compiled.compiler.missing(row.when_form, facts)
            run.lacking(one, row, 5, names or (*DAYS, *row.less), "needs_fact" if names else TOO_MANY)
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
    run.note(one.record.id, 5, item, names, facts, None, 0, one.code, one.text)
    return None


def attribute(run: Run, one: Judged, row: Row) -> None:
    """Steps 4 and 15: the statistics year by the deciding date, else the year under which the record was entered.

    The category is read with it, early, so that a record of no hours has a category too.
    """
    facts = one.facts
    for name in row.dated:
        day = facts.get(name)
        if day is not None:
            one.day = day
            one.year = run.compiled.pack.year_of(day)
            run.note(one.record.id, 4, row, row.dated, facts, None, None)
            break
    else:
        one.year = one.record.year if one.record.year is not None else run.year
    held = row.only_category or row.category(facts)
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
    lacking: list[str] = []
    presumed: list[str] = []
    for gate in row.gates:
        held = gate.test(facts)
        if held is gate.wanted:
            continue
        if held is None:
            for name in gate.asks:
                if name not in facts:
                    (lacking if gate.wanted else presumed).append(name)
            if all(name in facts for name in gate.asks):
                run.lacking(one, row, 6, (*DAYS, *row.less), TOO_MANY)
                return False
            continue
        one.settle(row, "uncredited", gate.code, reason(gate.code, clause=row.clause, detail=gate.text))
        run.note(one.record.id, 6, row, gate.reads, facts, None, 0, one.code, one.text)
        return False
    if lacking:
        run.lacking(one, row, 6, tuple(dict.fromkeys(lacking)))
        return False
    if run.nodes is not None:
        run.note(
            one.record.id,
            6,
            row,
            row.gate_reads,
            facts,
            None,
            None,
            "",
            "",
            tuple(dict.fromkeys(presumed)) if presumed else (),
        )
    return True
