"""Which records a condition takes, as far as it can be told before anything runs: overlap, inclusion, missing values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from xueshi.regulations.vocabulary import Fact, Vocabulary
from xueshi.regulations.words import Form

Matcher = dict[str, Any]
Zone = dict[str, Matcher]
"""A conjunction: fact → what it must match."""

_FLAGS = ("none", "not_stated", "stated", "in_window")


def zones(form: Form | None, vocabulary: Vocabulary, *, negated: bool = False) -> list[Zone]:
    """Return a condition as alternatives of conjunctions; a part that cannot be told constrains nothing."""
    if form is None:
        return [{}] if not negated else []
    head: Any = form[0]
    if head in ("const", "option"):
        return [{}] if bool(form[-1]) != negated else []
    if head == "not":
        return zones(form[1], vocabulary, negated=not negated)  # type: ignore[arg-type]
    if head == "test":
        return _test(str(form[1]), form[2], vocabulary, negated)  # type: ignore[arg-type]
    parts: Any = form[1]
    if (head == "and") != negated:
        combined: list[Zone] = [{}]
        for part in parts:
            combined = [
                merged
                for left in combined
                for right in zones(part, vocabulary, negated=negated)
                if (merged := _both(left, right)) is not None
            ]
        return combined
    return [zone for part in parts for zone in zones(part, vocabulary, negated=negated)]


def _test(fact: str, matcher: Matcher, vocabulary: Vocabulary, negated: bool) -> list[Zone]:
    if not negated:
        return [{fact: matcher}]
    known: Fact | None = vocabulary.facts.get(fact)
    values = set(matcher.get("in", []))
    if known is None or matcher.get("bands") or any(matcher.get(flag) for flag in _FLAGS):
        return [{}]
    if known.type == "yes_no":
        return [{fact: {"in": [value for value in (True, False) if value not in values]}}]
    if known.type == "word":
        return [{fact: {"in": [value for value in known.values if value not in values]}}]
    return [{}]


def _both(left: Zone, right: Zone) -> Zone | None:
    merged = dict(left)
    for fact, matcher in right.items():
        if fact in merged:
            if apart(merged[fact], matcher):
                return None
            if includes(merged[fact], matcher):
                merged[fact] = matcher
        else:
            merged[fact] = matcher
    return merged


def overlap(a: list[Zone], b: list[Zone]) -> bool:
    """Tell whether some record may lie in both."""
    return any(
        all(fact not in right or not apart(matcher, right[fact]) for fact, matcher in left.items())
        for left in a
        for right in b
    )


def covers(a: list[Zone], b: list[Zone]) -> bool:
    """Tell whether every record of `b` surely lies in one alternative of `a`."""
    return all(
        any(
            all(fact in inner and includes(matcher, inner[fact]) for fact, matcher in outer.items())
            for outer in a
        )
        for inner in b
    )


def apart(a: Matcher, b: Matcher) -> bool:
    """Tell whether two matchers of one fact have no value in common."""
    if a.get("stated") or b.get("stated"):
        other = b if a.get("stated") else a
        return not any(other.get(word) for word in ("in", "bands", "stated", "in_window"))
    if any(a.get(flag) and b.get(flag) for flag in _FLAGS):
        return False
    if set(map(str, a.get("in", []))) & set(map(str, b.get("in", []))):
        return False
    for one, other in ((a, b), (b, a)):
        if any(_inside(value, band) for value in one.get("in", []) for band in other.get("bands", [])):
            return False
    return not any(_bands_meet(x, y) for x in a.get("bands", []) for y in b.get("bands", []))


def includes(a: Matcher, b: Matcher) -> bool:
    """Tell whether every value of `b` is one of `a`."""
    if any(b.get(flag) and not a.get(flag) for flag in _FLAGS):
        return False
    if a.get("stated"):
        return not (b.get("none") or b.get("not_stated"))
    values = set(map(str, a.get("in", [])))
    bands = a.get("bands", [])
    if any(
        str(value) not in values and not any(_inside(value, band) for band in bands)
        for value in b.get("in", [])
    ):
        return False
    return all(any(_band_in(inner, outer) for outer in bands) for inner in b.get("bands", []))


def _bounds(band: Form) -> tuple[tuple[Fraction, int] | None, tuple[Fraction, int] | None]:
    low: Any = band[0]
    high: Any = band[2]
    return (None if low is None else (Fraction(low), 0 if band[1] else 1)), (
        None if high is None else (Fraction(high), 0 if band[3] else -1)
    )


def _inside(value: object, band: Form) -> bool:
    try:
        number = (Fraction(str(value)), 0)
    except ValueError:
        return False
    low, high = _bounds(band)
    return (low is None or low <= number) and (high is None or number <= high)


def _bands_meet(a: Form, b: Form) -> bool:
    (low_a, high_a), (low_b, high_b) = _bounds(a), _bounds(b)
    return (high_a is None or low_b is None or low_b <= high_a) and (
        high_b is None or low_a is None or low_a <= high_b
    )


def _band_in(inner: Form, outer: Form) -> bool:
    (low_i, high_i), (low_o, high_o) = _bounds(inner), _bounds(outer)
    return (low_o is None or (low_i is not None and low_o <= low_i)) and (
        high_o is None or (high_i is not None and high_i <= high_o)
    )
