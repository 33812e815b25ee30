"""Conditions of the closed form as objects, made once per pack: asked of a record's facts they hold, fail or are unknown.

Objects of one method rather than functions within functions: compiled to machine code they are called directly. Names
and words are interned, so that a fact is found by what it is before it is compared letter by letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from sys import intern
from typing import Any, Final, final

from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.words import TWINS

Facts = dict[str, Any]
Number = int | Fraction
Matcher = frozenset[Any] | Callable[[Any], bool]
"""What a stated value is compared with: a set of values, or a function where there are bands."""

Window = Callable[[int], tuple[date, date]]
"""Gives the first and the last day of a statistics year."""

MISSING: Final[Any] = object()
TOO_MANY: Final[Any] = object()
"""Stands for a quantity from which more would be taken than there is: nothing can be told by it."""

HALVES: Final[dict[str, tuple[str, Fraction]]] = {
    "days": ("half_days", Fraction(2)),
    "half_days": ("days", Fraction(1, 2)),
}


def number(text: Any) -> Number:
    """Return a written number exactly: an int where it is whole."""
    value = Fraction(str(text))
    return value.numerator if value.denominator == 1 else value


def whole(value: Number) -> Number:
    """Return a fraction as an int where it is whole."""
    return value if type(value) is int or value.denominator != 1 else value.numerator


class Condition:
    """A condition on the facts of a record or a person."""

    __slots__ = ()

    def holds(self, facts: Facts) -> bool | None:
        """Return True, False, or None: unknown, because a fact it reads is not stated."""
        raise NotImplementedError


@final
class Settled(Condition):
    """What the options of the readings alone decide."""

    __slots__ = ("held",)

    def __init__(self, held: bool) -> None:
        self.held = held

    def holds(self, facts: Facts) -> bool | None:  # noqa: ARG002 - asked like the others
        """Return what is settled."""
        return self.held


@final
class Among(Condition):
    """A fact that is one of some values; `if_absent` is what holds where it is not stated."""

    __slots__ = ("fact", "if_absent", "values")

    def __init__(self, fact: str, values: frozenset[Any], if_absent: bool | None) -> None:
        self.fact = intern(fact)
        self.values = values
        self.if_absent = if_absent

    def holds(self, facts: Facts) -> bool | None:
        """Look the value up."""
        value = facts.get(self.fact, MISSING)
        return self.if_absent if value is MISSING else value in self.values


@final
class Matching(Condition):
    """A fact that a function of its value decides; `none` is what holds where it is stated as none."""

    __slots__ = ("fact", "if_absent", "match", "none")

    def __init__(self, fact: str, match: Callable[[Any], bool], none: bool, if_absent: bool | None) -> None:
        self.fact = intern(fact)
        self.match = match
        self.none = none
        self.if_absent = if_absent

    def holds(self, facts: Facts) -> bool | None:
        """Match the value."""
        value = facts.get(self.fact, MISSING)
        if value is MISSING:
            return self.if_absent
        return self.none if value is None else self.match(value)


@final
class OfDays(Condition):
    """A condition on days or half-days: they are one quantity, read from whichever is stated."""

    __slots__ = ("days", "if_absent", "match", "none")

    def __init__(self, days: Days, match: Matcher, none: bool, if_absent: bool | None) -> None:
        self.days = days
        self.match = match
        self.none = none
        self.if_absent = if_absent

    def holds(self, facts: Facts) -> bool | None:
        """Match the days; unknown where more are taken off than there are."""
        value = self.days.read(facts)
        if value is MISSING:
            return self.if_absent
        if value is None or value is TOO_MANY:
            return self.none if value is None else None
        match = self.match
        return value in match if isinstance(match, frozenset) else match(value)


@final
class InYear(Condition):
    """A day that lies in the statistics year that is judged; one that nobody stated, or stated as none, does not.

    `also` is what the same test lets hold beside it (a value, `none`, `not_stated`), where it names more.
    """

    __slots__ = ("also", "fact", "window")

    def __init__(self, fact: str, window: Window, also: Condition | None) -> None:
        self.fact = intern(fact)
        self.window = window
        self.also = also

    def holds(self, facts: Facts) -> bool | None:
        """Look where the day lies."""
        day = facts.get(self.fact, MISSING)
        if day is not MISSING and day is not None:
            first, last = self.window(facts["year"])
            if first <= day <= last:
                return True
        elif day is MISSING and self.also is None:
            return None
        return self.also is not None and self.also.holds(facts)


@final
class Negated(Condition):
    """The contrary; what is unknown stays so."""

    __slots__ = ("inner",)

    def __init__(self, inner: Condition) -> None:
        self.inner = inner

    def holds(self, facts: Facts) -> bool | None:
        """Turn it round."""
        held = self.inner.holds(facts)
        return None if held is None else not held


@final
class Every(Condition):
    """All of several; one that fails decides."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Condition]) -> None:
        self.parts = parts

    def holds(self, facts: Facts) -> bool | None:
        """Ask one after the other."""
        held: bool | None = True
        for part in self.parts:
            one = part.holds(facts)
            if one is False:
                return False
            if one is None:
                held = None
        return held


@final
class Some(Condition):
    """One of several; one that holds decides."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Condition]) -> None:
        self.parts = parts

    def holds(self, facts: Facts) -> bool | None:
        """Ask one after the other."""
        held: bool | None = False
        for part in self.parts:
            one = part.holds(facts)
            if one is True:
                return True
            if one is None:
                held = None
        return held


@final
class Days:
    """How days or half-days are read: converted where only the other is stated, less what is taken off.

    Not converted where `not_stated` stands beside: then it matters which of the two was stated.
    """

    __slots__ = ("convert", "fact", "less")

    def __init__(self, fact: str, less: tuple[str, ...], convert: bool) -> None:
        self.fact = fact
        self.less = less
        self.convert = convert

    def read(self, facts: Facts) -> Any:
        """Return the quantity, None where it is stated as none, MISSING or TOO_MANY."""
        value = either(self.fact, facts) if self.convert else facts.get(self.fact, MISSING)
        if not self.less or value is MISSING or value is None:
            return value
        taken = less_quantity(self.less, self.fact, facts)
        return whole(value - taken) if taken <= value else TOO_MANY


def either(fact: str, facts: Facts) -> Any:
    """Return what is stated of a quantity; days and half-days are one, read from whichever is stated."""
    value = facts.get(fact, MISSING)
    if value is MISSING and fact in HALVES:
        other, halves = HALVES[fact]
        if facts.get(other) is not None:
            return whole(Fraction(facts[other]) / halves)
    return value


def less_quantity(less: Iterable[str], fact: str, facts: Facts) -> Number:
    """Return what is subtracted, in the unit of `fact` (days or half-days); what is not stated subtracts nothing.

    Days on the way that are stated in the other unit only are converted; a stated fact is never subtracted twice,
    also where `less` lists both units.
    """
    stated = dict.fromkeys(name if facts.get(name) is not None else TWINS.get(name, name) for name in less)
    taken: Number = 0
    for name in stated:
        value: Number | None = facts.get(name)
        if value is None:
            continue
        if fact == "half_days" and "half" not in name:
            value = value * 2
        elif fact == "days" and "half" in name:
            value = Fraction(value) / 2
        taken += value
    return taken


def condition_of(
    form: list[Any] | None,
    known: Mapping[str, Fact],
    less: tuple[str, ...],
    absence: frozenset[str],
    window: Window,
) -> Condition:
    """Make a condition of its form; for the facts in `absence` not being stated is a value like others, so False.

    `known` are the facts of the pack, `less` what is taken off days before they are compared, `window` gives the days
    of a statistics year.
    """
    constant = settled(form)
    if constant is not None:
        return Settled(constant)
    assert form is not None
    head = form[0]
    if head == "test":
        return _test(form[1], form[2], known, less, absence, window)
    if head == "not":
        return Negated(condition_of(form[1], known, less, absence, window))
    parts = [condition_of(part, known, less, absence, window) for part in form[1] if settled(part) is None]
    if len(parts) == 1:
        return parts[0]
    return Every(parts) if head == "and" else Some(parts)


def _test(
    fact: str,
    matcher: Mapping[str, Any],
    known: Mapping[str, Fact],
    less: tuple[str, ...],
    absence: frozenset[str],
    window: Window,
) -> Condition:
    if matcher.get("in_window"):
        rest = {word: value for word, value in matcher.items() if word != "in_window"}
        return InYear(fact, window, _test(fact, rest, known, less, absence, window) if rest else None)
    match = matcher_of(known.get(fact), matcher)
    if_absent: bool | None = (
        True
        if matcher.get("not_stated")
        else False
        if fact in absence or matcher.keys() <= {"stated"}
        else None
    )
    none = bool(matcher.get("none"))
    literal = bool(matcher.keys() & {"stated", "not_stated"})
    if fact in HALVES and (not literal or (less and matcher.keys() & {"in", "bands"})):
        return OfDays(Days(fact, less, not literal), match, none, if_absent)
    if isinstance(match, frozenset):
        return Among(fact, match | {None} if none else match, if_absent)
    return Matching(fact, match, none, if_absent)


def matcher_of(known: Fact | None, matcher: Mapping[str, Any]) -> Matcher:
    """Make what a stated value is compared with."""
    raw = matcher.get("in", [])
    values = (
        frozenset([number(value) for value in raw])
        if known is not None and known.type in ("count", "number")
        else frozenset([intern(value) if type(value) is str else value for value in raw])
    )
    bands = [_band(band) for band in matcher.get("bands", [])]
    if matcher.get("stated"):
        return lambda value: True
    if not bands:
        return values
    if len(bands) == 1:
        (only,) = bands
        return (lambda value: value in values or only(value)) if values else only
    return lambda value: value in values or any(band(value) for band in bands)


def _band(band: list[Any]) -> Callable[[Any], bool]:
    low = None if band[0] is None else number(band[0])
    high = None if band[2] is None else number(band[2])
    low_in, high_in = bool(band[1]), bool(band[3])
    if high is None and low is not None:
        return (lambda value: value >= low) if low_in else (lambda value: value > low)
    if low is None and high is not None:
        return (lambda value: value <= high) if high_in else (lambda value: value < high)

    def inside(value: Any) -> bool:
        if low is not None and (value < low or (value == low and not low_in)):
            return False
        return not (high is not None and (value > high or (value == high and not high_in)))

    return inside


def settled(form: list[Any] | None) -> bool | None:
    """Tell what a condition is for every record, by the options of the readings alone; None where facts decide."""
    if form is None:
        return True
    head: str = form[0]
    if head in ("const", "option"):
        return bool(form[-1])
    if head == "not":
        inner = settled(form[1])
        return None if inner is None else not inner
    if head in ("and", "or"):
        parts = [settled(part) for part in form[1]]
        if (head == "or") in parts:
            return head == "or"
        return None if None in parts else head == "and"
    return None


def readings_in(form: object) -> list[str]:
    """List the readings whose options stand in a condition."""
    if not isinstance(form, list):
        return []
    if form[:1] == ["option"]:
        return [str(form[1])]
    return [name for part in form for name in readings_in(part)]


def with_other_answer(form: Any, reading: str) -> Any:
    """Return a condition as it would be were a reading answered otherwise."""
    if not isinstance(form, list):
        return form
    if form[:2] == ["option", reading]:
        return ["option", reading, not form[-1]]
    return [with_other_answer(part, reading) for part in form]


def asked(form: Any) -> tuple[str, ...]:
    """List the facts that a form asks for, in its order; one whose absence is a value is not asked for."""
    found: list[str] = []
    _asked(form, found)
    return tuple(dict.fromkeys(found))


def _asked(form: Any, found: list[str]) -> None:
    if isinstance(form, list) and form:
        if form[0] in ("test", "lookup", "when_stated", "stated", "stated_percent") and isinstance(
            form[1], str
        ):
            tolerant = form[0] == "test" and (form[2].get("not_stated") or form[2].get("stated"))
            if not tolerant:
                found.append(form[1])
        for part in form:
            _asked(part, found)
