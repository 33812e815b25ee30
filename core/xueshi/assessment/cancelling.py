"""A refusal that takes more than its record: the year's hours of named categories with it (`cancels`)."""

from __future__ import annotations

from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Refusal
from xueshi.assessment.reasons import hours_text, reason
from xueshi.assessment.run import Run
from xueshi.assessment.types import WAITING, LedgerEntry

STEP = 16


def cancel(run: Run, judged: list[Judged], entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """Take the hours of this year that a refused record costs; return the ledger (`entries`, one of each record) anew.

    Last of all: what a limit or another record of the same work had taken before stays taken. A record that still
    waits is refused too, for no answer could give it hours. Parts of later years stay: the text takes this year's.
    """
    for refused, refusal in run.cancelling:
        if _own_year(run, refused) != run.year:
            continue
        for place, one in enumerate(judged):
            if one.category not in refusal.cancels or one is refused:
                continue
            if one.hours or _waits_here(run, one):
                entries[place] = _taken(run, one, entries[place], refused.id, refusal)
    return entries


def _taken(run: Run, one: Judged, entry: LedgerEntry, other: str, refusal: Refusal) -> LedgerEntry:
    """Refuse one record, and say on whose account."""
    before = one.hours
    text = reason(
        "cancelled" if before else "cancelled_open",
        other=other, name=refusal.name or "不予认定", clause=refusal.clause, categories=refusal.cancelled,
        before=hours_text(before),
    )  # fmt: skip
    code = f"refused.{refusal.id}"
    one.rules = tuple(dict.fromkeys((*entry.rules, refusal.rule)))
    one.settle(refusal, "refused", code, text)
    one.open_facts = ()
    run.rests_on(refusal.readings)
    run.note(one, STEP, refusal, (), before, 0, code, text)
    return entry._replace(
        rules=one.rules, regulation=one.regulation, clause=one.clause, hours=0, verdict="refused", code=code, text=text
    )  # fmt: skip


def _waits_here(run: Run, one: Judged) -> bool:
    """Tell whether a record waits, of this year (or of none that is known) and surely of its category."""
    known = one.row is not None and not one.category_lacks
    return one.verdict in WAITING and known and one.year in (None, run.year)


def _own_year(run: Run, one: Judged) -> int:
    """Return the statistics year of a refused record: by the deciding date of its item, else the one it was entered under."""
    if not one.makeup:
        for item in one.kind_rules.items:
            if item.when.holds(one.facts) is False:
                continue
            for row in item.rows:
                days = [one.facts[name] for name in row.dated if one.facts.get(name) is not None]
                if days and row.when.holds(one.facts) is not False:
                    return run.compiled.pack.year_of(days[0])
    return one.year if one.year is not None else run.year
