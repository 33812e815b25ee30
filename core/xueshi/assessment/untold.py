"""What a record that still waits could change: no adverse verdict rests on it, and none is held up by what it cannot touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from xueshi.assessment.conditions import Facts
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Group, KindRules, Program, Row
from xueshi.regulations.wording import of_kind, settled


class Reach(NamedTuple):
    """What any record of a kind could touch: items, groups, categories; `tabled` are rows whose category a table tells."""

    items: frozenset[str]
    groups: frozenset[Group]
    categories: frozenset[str]
    tabled: tuple[Row, ...]


def open_codes(
    compiled: Program, waiting: Sequence[Judged], judged: Sequence[Judged]
) -> frozenset[str] | None:
    """Return the categories, sums and the total that may still change, whatever the open records turn out to be.

    None: any requirement may. It is an upper bound, taken from what is stated only: every row of every item of a record's
    kind is thought possible, with every category that its table knows, unless all that the table reads is stated. Records
    act on others within one item (limits of a day and of a year) and within one group (one work, a shared limit); so the
    categories of all that is tied to an open record in this way, at any remove, may change too. The total may, and
    whatever is summed by a property or counted.
    """
    codes = {"total"}
    items: set[str] = set()
    groups: set[Group] = set()
    for one in waiting:
        reach = _reach(compiled, one.kind_rules, one.kind)
        if reach is None:
            return None
        codes |= reach.categories
        items |= reach.items
        groups |= reach.groups
        for row in reach.tabled:
            held = _categories(row, one.facts)
            if held is None:
                return None
            codes |= held
    left = [one for one in judged if one.row is not None]
    tied = True
    while tied:
        tied = False
        for one in left:
            assert one.row is not None
            if one.row.item.id in items or not groups.isdisjoint(one.groups):
                codes.add(one.category)
                items.add(one.row.item.id)
                groups.update(one.groups)
                left.remove(one)
                tied = True
                break
    for entry in compiled.sums:
        if entry.where is not None or entry.count is not None or not codes.isdisjoint(entry.of):
            codes.add(entry.code)
    return frozenset(codes)


def _reach(compiled: Program, rules: KindRules, kind: str) -> Reach | None:
    """Return what any record of a kind could touch, kept with the rules of the kind; None where it may be anything."""
    if rules.reach is None:
        rows = [row for item in rules.items for row in item.rows]
        tables = {str(row.category_form): row for row in rows if not row.only_category}
        deeming = any(settled(of_kind(entry.when_form, kind)) is not False for entry in compiled.deemed)
        rules.reach = deeming or Reach(
            frozenset(item.id for item in rules.items),
            frozenset(group for row in rows for group in row.groups),
            frozenset(row.only_category for row in rows if row.only_category),
            tuple(tables.values()),
        )
    return rules.reach if isinstance(rules.reach, Reach) else None


def _categories(row: Row, facts: Facts) -> set[str] | None:
    """Return the categories that a record may still come to under a row; None where they cannot be listed."""
    if all(name in facts for name in row.category_reads):
        held = row.category.value(facts)
        return None if isinstance(held, Stop) else {held}
    return _listed(row.category_form)


def _listed(form: Any) -> set[str] | None:
    """Return every category that a form can give; None where it holds something else than words and tables of them."""
    if form is None:
        return set()
    if form[0] == "word":
        return {form[1]}
    if form[0] == "first":
        parts = form[1]
    elif form[0] == "lookup" and form[5] is None:
        parts = [value for _, value in form[2]] + [form[3], form[4]]
    else:
        return None
    found: set[str] = set()
    for part in parts:
        held = _listed(part)
        if held is None:
            return None
        found |= held
    return found
