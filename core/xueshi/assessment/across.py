"""What acts across a person's records: window, dedupe, spread, caps of a year (steps 12 to 14)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.reasons import hours_text, reason
from xueshi.assessment.run import Run, rounded
from xueshi.assessment.types import LedgerEntry

if TYPE_CHECKING:
    from xueshi.assessment.program import Cited, Group, Row

NOT_COUNTED: Final = frozenset(("refused", "needs_fact", "manual"))
"""Verdicts of a record to which nothing across records applies."""


def across_records(run: Run, judged: list[Judged], later: list[LedgerEntry]) -> None:
    """Apply steps 12 to 14 in place; parts of a spread that fall into later years go to `later`."""
    counted: list[Judged] = []
    this = run.year
    for one in judged:
        row = one.row
        if row is None or one.verdict in NOT_COUNTED:
            continue
        year = one.year
        spread = one.spread
        # What was earned before the law began is spread by no clause of it: an earlier law hands its parts on.
        if (
            year != this
            and year is not None
            and not (spread and run.compiled.first <= year <= this < year + len(spread))
        ):
            one.verdict = "other_year"
            one.code, one.text = "other_year", reason("other_year", year=year, this=this)
            run.note(one, 12, row, row.dated, one.hours, 0, one.code, one.text)
            one.hours = 0
        elif one.hours > 0 and one.verdict == "credited":
            counted.append(one)
    if not counted:
        return
    by_group: dict[Group, list[Judged]] = {}
    for one in counted:
        for group in one.groups:
            if one.within(group) is None:
                continue
            members = by_group.get(group)
            if members is None:
                by_group[group] = [one]
            else:
                members.append(one)
    for group in run.compiled.groups:
        if group.same is not None and group.count is not None:
            members = by_group.get(group)
            if members is not None:
                _dedupe(run, group, group.same, members)
    capped: list[Judged] = []
    for one in counted:
        row = one.row
        if row is not None and one.hours:
            if one.spread is not None and len(one.spread) > 1:
                _spread(run, one, row, one.spread, later)
            if row.year_cap is not None and one.hours:
                capped.append(one)
    if capped:
        _item_caps(run, capped)
    for group in run.compiled.groups:
        if group.year_cap is not None:
            members = [one for one in by_group.get(group, ()) if one.hours]
            members.sort(key=order)
            if members:
                _cap(run, members, group.year_cap.value(members[0].facts), group, group.name)


def order(one: Judged) -> tuple[date, str]:
    """Order of records: attribution date, then id; a record without date comes last."""
    return one.day or date.max, one.id


def _dedupe(run: Run, group: Group, name: str, members: list[Judged]) -> None:
    if len(members) == 1 and group.earlier_years == "full":
        # One record, and earlier years do not matter: nothing rests on the group.
        return
    run.rests_on(group.readings)
    if group.count == "each":
        return
    # An identity is a text, or the year itself.
    by_identity: dict[Any, list[Judged]] = {}
    for one in members:
        identity = one.facts.get(name)
        if identity is not None:
            same = by_identity.get(identity)
            if same is None:
                by_identity[identity] = [one]
            else:
                same.append(one)
        elif name not in one.facts:
            run.warnings.append("no_identity")
    earlier = bool(run.request.earlier)
    if len(by_identity) == len(members) and not earlier:
        # Every one a work of its own.
        return
    for identity, same in by_identity.items():
        if len(same) == 1 and not earlier:
            continue
        same.sort(key=order)
        keeper = same[0] if group.count == "once" else max(same, key=lambda one: one.within(group) or 0)
        how = "只计一次" if group.count == "once" else "只计最高一项"
        if group.again is not None:
            how = "第一次以外的按份额计" if group.count == "once" else "最高一项以外的按份额计"
        label = run.compiled.facts[name].label
        for one in same:
            if one is not keeper:
                before = one.hours
                left = _kept(run, group, one)
                if left is None:
                    continue
                if not left:
                    one.verdict = "uncredited"
                one.rules = (*one.rules, group.rule)
                one.reduce(
                    left,
                    "dedupe",
                    reason(
                        "dedupe",
                        other=keeper.id,
                        same=label,
                        clause=group.clause,
                        how=how,
                        before=hours_text(before),
                        after=hours_text(left),
                    ),
                )
                run.note(one, 13, group, (name,), before, left, "dedupe", one.text)
        if earlier:
            _earlier(run, group, keeper, f"{name}:{identity}", label)


def _earlier(run: Run, group: Group, one: Judged, identity: str, label: str) -> None:
    given = sum(
        entry.hours
        for entry in run.request.earlier
        if (entry.year is None or entry.year < run.year)
        and entry.same == identity
        and _is_of(group, entry, run.compiled.rules)
    )
    if not given or group.earlier_years == "full":
        return
    before = one.hours
    left = max(0, before - given) if group.earlier_years == "increase" else 0
    if group.again is not None:
        kept = _kept(run, group, one)
        if kept is None:
            return
        left = kept
    one.rules = (*one.rules, group.rule)
    one.reduce(
        left,
        "earlier_years",
        reason(
            "earlier_years",
            same=label,
            given=hours_text(given),
            clause=group.clause,
            before=hours_text(before),
            after=hours_text(left),
        ),
    )
    run.note(one, 13, group, (str(group.same),), before, left, "earlier_years", one.text)


def _kept(run: Run, group: Group, one: Judged) -> int | None:
    """Return what another record of the same work keeps: what is beside the group, and its share where the text leaves one.

    None where the share cannot be told: then the record waits.
    """
    within = one.within(group) or 0
    beside = one.hours - within
    if group.again is None:
        return beside
    share = group.again.value(one.facts)
    if isinstance(share, Stop):
        run.stopped(one, group, share, 13)
        return None
    return beside + rounded(Fraction(within * share, 100))


def _is_of(group: Group, entry: LedgerEntry, rules: frozenset[str]) -> bool:
    """Tell whether an entry of an earlier year, with the identity asked for, is of what a group holds together.

    Under this law by its rule. Under another, which calls its rules otherwise, by the kind of record; where that is not
    told, the same work is the same work: it counts once whatever the law was called at the time.
    """
    if entry.kind and entry.kind not in group.kinds:
        return False
    if any(rule.endswith(f"-{member}") for rule in entry.rules for member in group.of):
        return True
    return not any(rule in rules for rule in entry.rules)


def _spread(run: Run, one: Judged, row: Row, shares: tuple[int, ...], later: list[LedgerEntry]) -> None:
    index = run.year - (one.year if one.year is not None else run.year)
    if index and _handed_on(run, one, row, index + 1):
        return
    same = one.same()
    parts = [(2 * one.hours * share + 10000) // 20000 for share in shares[:-1]]
    parts.append(one.hours - sum(parts))
    before, one.hours, one.part = one.hours, parts[index], index + 1
    one.year = run.year
    for number, hours in enumerate(parts[index + 1 :], start=index + 2):
        text = reason("spread", clause=row.clause, part=number, after=hours_text(hours))
        later.append(
            LedgerEntry(
                one.id,
                run.year + number - one.part,
                number,
                one.rules,
                one.regulation,
                one.clause,
                one.category,
                hours,
                None,
                "credited",
                "",
                text,
                same,
            )
        )
    if not one.code:
        one.text = reason("spread", clause=row.clause, part=one.part, after=hours_text(one.hours))
    run.note(one, 14, row, row.dated, before, one.hours, "", one.text)


def _handed_on(run: Run, one: Judged, row: Row, part: int) -> bool:
    """Settle a record whose part of this year an earlier year hands on already: what was spread counts once.

    It is the same by its name, by its identity, or, where the law knows none, because the same rule hands on the same
    part. Where it has an identity that is not stated, whether it is another one is asked.
    """
    mine = one.same()
    for entry in run.request.earlier:
        if entry.year != run.year or entry.part != part or not entry.hours or row.rule not in entry.rules:
            continue
        known = next((group.same for group in one.groups if group.same), None)
        if entry.record != one.id:
            if mine is None and known is not None:
                run.lacking(one, row, 14, (known,))
                return True
            if mine is not None and entry.same is not None and mine != entry.same:
                continue
        before = one.hours
        text = reason("handed_on", clause=row.clause, part=part, given=hours_text(entry.hours))
        one.reduce(0, "earlier_years", text)
        run.note(one, 14, row, row.dated, before, 0, one.code, one.text)
        return True
    return False


def _item_caps(run: Run, members: list[Judged]) -> None:
    by_item: dict[str, list[Judged]] = {}
    for one in members:
        assert one.row is not None
        by_item.setdefault(one.row.year_cap_key, []).append(one)
    for same in by_item.values():
        same.sort(key=order)
        limits = [
            (one.row.year_cap.value(one.facts), one.row) for one in same if one.row and one.row.year_cap
        ]
        # Rows of one item may have limits of their own: the year as a whole has the largest of them.
        limit, row = max(limits, key=lambda pair: -1 if isinstance(pair[0], Stop) else pair[0])
        own = frozenset(held for value, held in limits if value == limit)
        _cap(run, same, limit, row, row.name, own)


def _cap(
    run: Run, members: list[Judged], cap: Any, where: Cited, name: str, own: frozenset[Row] = frozenset()
) -> None:
    """Grant a year's cap in the order of the records; a record whose own row (one of `own`) has the same limit cites that."""
    if isinstance(cap, Stop):
        for one in members:
            run.stopped(one, where, cap, 14)
        return
    run.rests_on(where.readings)
    left = int(cap)
    limit, called = where, name
    for one in members:
        if one.hours > left:
            before = one.hours
            where, name = (one.row, one.row.name) if one.row in own else (limit, called)
            if where.rule not in one.rules and where is not one.row:
                one.rules = (*one.rules, where.rule)
            one.reduce(
                left,
                "cap_year",
                reason(
                    "cap_year",
                    name=name or where.rule,
                    clause=where.clause,
                    cap=hours_text(int(cap)),
                    before=hours_text(before),
                    after=hours_text(left),
                ),
            )
            run.note(one, 14, where, (), before, left, "cap_year", one.text)
        left -= one.hours
