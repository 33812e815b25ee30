"""What a year might still come to where a rule takes the absence of a fact for a value: no adverse verdict rests on it.

`content: [professional, not_stated]` gives hours to a category because nobody stated the content. Where a requirement is
short of no more than such hours would bring, were the fact stated, it is open and the fact is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from xueshi.assessment.conditions import Facts
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Program
from xueshi.assessment.sums import count_sums, sum_totals
from xueshi.assessment.types import WAITING, RecordFacts
from xueshi.regulations.vocabulary import Fact

MUCH: Final = 10_000_000
"""Hundredths of an hour that nobody is short of: stands for hours that are not known."""


class Doubt(NamedTuple):
    """A record that would satisfy a requirement, or more of it, but for facts of it that are not stated."""

    record: str
    facts: tuple[str, ...]


class Might(NamedTuple):
    """What a category or sum might gain: so many hundredths (of counts too), by these records."""

    hours: int
    doubts: tuple[Doubt, ...]


def might_gain(
    compiled: Program,
    person: Facts,
    records: Mapping[str, RecordFacts],
    judged: Sequence[Judged],
    judge: Callable[[RecordFacts], Judged],
) -> dict[str, Might]:
    """Return, by category, sum and total, what would be gained at most if the facts were stated that rules do without.

    `judge` judges one record by itself. Values are tried one fact at a time. Where under a value another row of the same
    item would hold, and wait for what it reads, any hours are thinkable; where another item would, nothing is known of
    them, and nothing is reckoned with.
    """
    found: dict[str, Might] = {}
    facts = {**person, "at_least": compiled.minimums}
    by_property = any(entry.where is not None for entry in compiled.sums)
    for one in judged:
        absent = [name for name in one.kind_rules.presumes if name not in one.facts]
        if not absent or one.id not in records or one.verdict in ("refused", "other_year"):
            continue
        record = records[one.id]
        alone = judge(record)
        base = _brings(compiled, facts, alone)
        most: dict[str, int] = {}
        asked: dict[str, dict[str, None]] = {}
        for name in absent:
            for value in _values(compiled.facts[name]):
                other = judge(record._replace(facts={**record.facts, name: value}))
                if other.verdict in WAITING:
                    if other.row is None or alone.row is None or other.row.item is not alone.row.item:
                        continue
                    other.hours = MUCH
                if not by_property and _same(alone, other):
                    continue
                # What acts across records took from it, it would take again.
                bound = one.hours + max(0, other.hours - alone.hours)
                for of, brought in _brings(compiled, facts, other).items():
                    gain = brought - base.get(of, 0)
                    gain = gain if of in compiled.counted else min(gain, bound)
                    if gain > 0:
                        most[of] = max(gain, most.get(of, 0))
                        asked.setdefault(of, {})[name] = None
        for of, gain in most.items():
            before = found.get(of, Might(0, ()))
            found[of] = Might(before.hours + gain, (*before.doubts, Doubt(one.id, tuple(asked[of]))))
    return found


def _values(fact: Fact) -> Iterator[Any]:
    """The values a fact may be stated with, where they are a closed few."""
    if fact.type == "yes_no":
        yield from (True, False)
    elif fact.type == "word":
        yield from fact.values


def _same(alone: Judged, other: Judged) -> bool:
    """Tell whether a record counts as before, whatever its sums are."""
    return (
        other.row is alone.row
        and other.hours == alone.hours
        and other.category == alone.category
        and other.year == alone.year
    )


def _brings(compiled: Program, facts: Facts, one: Judged) -> dict[str, int]:
    """Return what a record by itself brings to every category, sum and count (in hundredths), in the year that is judged."""
    if one.year != facts["year"]:
        return {}
    brought = sum_totals(compiled, [one], facts, {}, {})
    if compiled.counted:
        brought.update({code: count * 100 for code, count in count_sums(compiled, [one]).items()})
    return brought
