"""A value that falls between two bands (W607): in the rows of an item, its add-ons, a table, or items of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.vocabulary import Vocabulary
from xueshi.regulations.zones import Zone, covers, zones

Bound = tuple[Fraction, int]
"""A place on the line of numbers: the value itself (0), just below it (-1), just above it (1)."""
Span = tuple[Bound | None, Bound | None]
LEAST: Bound = (Fraction(-1), 0)
"""Below every quantity that can be stated."""


def check_holes(
    data: dict[str, Any], lines: dict[str, tuple[str, int]], vocabulary: Vocabulary, findings: Findings
) -> None:
    """Add W607 for each value of a number that lies between two bands and in none of them: it would give nothing.

    A text that leaves the hole itself says so in the file: a row or key with `hours: none`, or `otherwise`.
    """
    told: set[tuple[str, str]] = set()

    def tell(entry: dict[str, Any], fact: str, hole: str, what: str) -> None:
        if (entry["id"], f"{fact} {hole}") in told:
            return
        told.add((entry["id"], f"{fact} {hole}"))
        file, line = lines[entry["id"]]
        findings.add(
            "W607",
            file,
            line,
            f"{entry['id']} ({entry['clause']}): {what} holds at {fact} {hole}, between two bands",
            "upto and over, or below and from; where the text leaves it out, a row or key with hours: none",
            entry["clause"],
        )

    for item in data["items"]:
        rows = item["rows"]
        for row, fact, hole in _between(rows, vocabulary):
            tell(row, fact, hole, "no row")
        for row in rows:
            for extra, fact, hole in _between(row["plus"], vocabulary):
                tell(extra, fact, hole, "no add-on")
        for row in (*rows, *(extra for one in rows for extra in one["plus"])):
            for word in ("hours", "share", "at_most", "spread", "category"):
                for fact, hole in _in_tables(row.get(word), vocabulary):
                    tell(row, fact, hole, f"no value of {word}")
    for kind in dict.fromkeys(kind for item in data["items"] for kind in item["kinds"]):
        held = [item for item in data["items"] if kind in item["kinds"]]
        for item, fact, hole in _between(held, vocabulary):
            tell(item, fact, hole, f"no item for {kind}")
    for one in data["requirements"]:
        for word in ("at_least", "at_most"):
            for fact, hole in _in_tables(one[word], vocabulary):
                tell(one, fact, hole, f"no value of {word}")


def _between(rows: list[dict[str, Any]], vocabulary: Vocabulary) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield (the row after the hole, fact, hole) where rows that differ in one number only leave something out."""
    held = [(row, zone) for row in rows for zone in zones(row["when"], vocabulary)]
    for place, (row, zone) in enumerate(held):
        for fact, matcher in zone.items():
            if not _counted(fact, vocabulary) or not matcher.get("bands"):
                continue
            rest: Zone = {name: other for name, other in zone.items() if name != fact}
            beside = [
                (other_place, other.get(fact))
                for other_place, (_, other) in enumerate(held)
                if covers([{name: one for name, one in other.items() if name != fact}], [rest])
            ]
            if any(other is None for _, other in beside):
                continue  # a row that does not ask for the number takes what the others leave
            if place != max(at for at, other in beside if other and other.get("bands")):
                continue  # told once, at the last of them
            matchers = [other for _, other in beside if other is not None]
            for hole in _holes(matchers, vocabulary.facts[fact].type == "count"):
                yield row, fact, hole


def _in_tables(form: Any, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield (fact, hole) of every table in a form that names bands and has no `otherwise`."""
    if isinstance(form, dict):
        for part in form.values():
            yield from _in_tables(part, vocabulary)
        return
    if not isinstance(form, list):
        return
    if form[:1] == ["lookup"] and form[4] is None and _counted(form[1], vocabulary):
        matchers = [matcher for matcher, _ in form[2]]
        if any(matcher.get("bands") for matcher in matchers):
            for hole in _holes(matchers, vocabulary.facts[form[1]].type == "count"):
                yield form[1], hole
    for part in form:
        yield from _in_tables(part, vocabulary)


def _counted(fact: str, vocabulary: Vocabulary) -> bool:
    return fact in vocabulary.facts and vocabulary.facts[fact].type in ("count", "number")


def _holes(matchers: list[dict[str, Any]], whole: bool) -> Iterator[str]:
    """Yield what lies between the bands and values of some matchers: `= 2000`, `over 3 below 6`."""
    if any(matcher.get(word) for matcher in matchers for word in ("stated", "unreadable")):
        return
    spans = [_span(band, whole) for matcher in matchers for band in matcher.get("bands", [])]
    spans += [
        ((Fraction(str(value)), 0), (Fraction(str(value)), 0))
        for matcher in matchers
        for value in matcher.get("in", [])
    ]
    spans.sort(key=lambda span: span[0] or LEAST)
    end: Bound | None = None
    for place, (low, high) in enumerate(spans):
        if place and end is not None and low is not None and low > _next(end, whole):
            yield _said(_next(end, whole), low, whole)
        if place and end is None:
            return  # the last one is open upwards
        end = high if not place or high is None or end is None else max(end, high)


def _span(band: list[Any], whole: bool) -> Span:
    low, low_in, high, high_in = band
    first = None if low is None else (Fraction(low), 0 if low_in else 1)
    last = None if high is None else (Fraction(high), 0 if high_in else -1)
    if not whole:
        return first, last
    return (
        None if first is None else (Fraction(-(-first[0] // 1) if low_in else first[0] // 1 + 1), 0),
        None if last is None else (Fraction(last[0] // 1 if high_in else -(-last[0] // 1) - 1), 0),
    )


def _next(end: Bound, whole: bool) -> Bound:
    """Return the first place after a bound: the next whole number, or what follows at once."""
    return (end[0] + 1, 0) if whole else (end[0], end[1] + 1)


def _said(first: Bound, low: Bound, whole: bool) -> str:
    """Say what lies from `first` up to, but not at, `low`."""
    if whole:
        last = low[0] - 1
        return f"= {first[0]}" if first[0] == last else f"{first[0]} to {last}"
    if first[0] == low[0]:
        return f"= {_number(first[0])}"
    start = f"over {_number(first[0])}" if first[1] > 0 else f"from {_number(first[0])}"
    return f"{start} {'upto' if low[1] > 0 else 'below'} {_number(low[0])}"


def _number(value: Fraction) -> str:
    return str(Decimal(value.numerator) / Decimal(value.denominator))
