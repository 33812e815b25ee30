"""Changes of a rule file that no case could notice: the rows of the item are chosen as before, whatever is stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from xueshi.assessment.conditions import Facts, number
from xueshi.assessment.program import Item, Program, program
from xueshi.regulations.pack import RulePack
from xueshi.regulations.words import TWINS

MOST = 20_000
"""How many situations are looked at; an item with more is left to the author."""

_ABSENT = object()


def same_rows(sound: RulePack, changed: RulePack, rule: str) -> bool:
    """Tell whether the item of a row chooses among its rows as before, for every situation that they tell apart.

    Exact, not a sample: conditions compare facts with values and bands, so one value of every piece between two
    bounds stands for the piece. False also where that cannot be said: a reading decides, or there are too many.
    """
    before, after = _items(program(sound), rule), _items(program(changed), rule)
    if not before or before.keys() != after.keys():
        return False
    return all(_same(sound, before[kind], after[kind]) for kind in before)


def _items(compiled: Program, rule: str) -> dict[str, Item]:
    """Return the item that has the row (or is the rule), by the kinds of record that it takes."""
    return {
        kind: item
        for kind, items in compiled.items.items()
        for item in items
        if rule == item.id or any(row.id == rule for row in item.rows)
    }


def _same(pack: RulePack, before: Item, after: Item) -> bool:
    forms = [row.when_form for item in (before, after) for row in item.rows]
    if [row.id for row in before.rows] != [row.id for row in after.rows] or _chosen_by_reading(forms):
        return False
    pieces = _pieces(pack, forms)
    if pieces is None:
        return False
    names = list(pieces)
    for values in product(*pieces.values()):
        facts = {name: value for name, value in zip(names, values, strict=True) if value is not _ABSENT}
        if _choice(before, facts) != _choice(after, facts):
            return False
    return True


def _choice(item: Item, facts: Facts) -> tuple[int, bool]:
    """Return the first row that holds, or of which it cannot be told whether it does (False); -1 for none."""
    for place, row in enumerate(item.rows):
        held = row.always or row.when.holds(facts)
        if held is not False:
            return place, held is True
    return -1, True


def _pieces(pack: RulePack, forms: Sequence[Any]) -> dict[str, list[Any]] | None:
    """Return for each fact the values to look at: every word, every bound and what lies between; absent; stated as none."""
    found: dict[str, list[Any]] = {}
    bounds: dict[str, set[Fraction]] = {}
    for name, matcher in _tests(forms):
        listed = [value for value in matcher.get("in", ()) if not isinstance(value, bool)]
        ends = [end for band in matcher.get("bands", ()) for end in (band[0], band[2]) if end is not None]
        fact = pack.facts.get(name)
        if fact is None or fact.type not in ("yes_no", "word", "count", "number") or name in TWINS:
            return None
        if fact.type in ("count", "number"):
            bounds.setdefault(name, set()).update(Fraction(number(one)) for one in (*listed, *ends))
        found.setdefault(name, [True, False] if fact.type == "yes_no" else list(fact.values))
    for name, ends_of in bounds.items():
        step = Fraction(1) if pack.facts[name].type == "count" else Fraction(1, 100)
        found[name] = sorted(
            {end + shift for end in ends_of for shift in (-step, 0, step) if end + shift >= 0}
        )
    values = {name: [*held, None, _ABSENT] for name, held in found.items()}
    size = 1
    for held in values.values():
        size *= len(held)
    return values if size <= MOST else None


def _tests(form: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(form, list | tuple):
        if len(form) == 3 and form[0] == "test" and isinstance(form[2], dict):
            yield form[1], form[2]
            return
        for part in form:
            yield from _tests(part)


def _chosen_by_reading(form: Any) -> bool:
    return isinstance(form, list) and (
        form[:1] == ["option"] or any(_chosen_by_reading(part) for part in form)
    )
