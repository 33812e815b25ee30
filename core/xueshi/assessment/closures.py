"""The closed form turned into functions of the facts, once per pack: conditions, amounts, shares, words.

A condition gives True, False or None (unknown: a fact it reads is not stated). An amount gives hundredths of an
hour, exact (int or Fraction), or a `Stop`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from xueshi.hours import show_hours
from xueshi.regulations.sources import Reason
from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.words import RATE_UNITS, TWINS

Facts = dict[str, Any]
Number = int | Fraction
Condition = Callable[[Facts], bool | None]
_MISSING: Final[Any] = object()
_TOO_MANY: Final[Any] = object()
"""Stands for a quantity from which more would be taken than there is: nothing can be told by it."""
GRANTED = "granted"
"""The vocabulary's fact for hours that a verifier chooses within bounds (认定学时)."""


class Stop:
    """An amount that cannot be told, or is nothing: why, and which facts would help.

    `kind` is needs (facts missing), zero (nothing by this rule), refused, manual (somebody decides). `bounds` are the
    lowest and the highest amount between which a verifier chooses, where that is why.
    """

    __slots__ = ("bounds", "code", "detail", "facts", "kind")

    def __init__(
        self,
        kind: str,
        code: str,
        facts: tuple[str, ...] = (),
        detail: str = "",
        bounds: tuple[Number, Number] | None = None,
    ) -> None:
        self.bounds = bounds
        self.kind = kind
        self.code = code
        self.facts = facts
        self.detail = detail


Amount = Callable[[Facts], "Number | Stop"]
Word = Callable[[Facts], "str | Stop"]
Parts = Callable[[Facts], "tuple[int, ...] | Stop"]
WHOLE_YEAR = (10000,)
"""A spread that spreads nothing: all hours in their own year."""


def number(text: Any) -> Number:
    """Return a written number exactly: an int where it is whole."""
    value = Fraction(str(text))
    return value.numerator if value.denominator == 1 else value


def whole(value: Number) -> Number:
    """Return a fraction as an int where it is whole."""
    return value if type(value) is int or value.denominator != 1 else value.numerator


class Compiler:
    """Compiles the forms of one pack. `functions` are the Python hooks by name."""

    def __init__(self, facts: Mapping[str, Fact], functions: Mapping[str, Any]) -> None:
        self.facts = facts
        self.functions = functions
        self.less: tuple[str, ...] = ()
        """What is taken off days before a condition or table compares them, while an entry with `less` is compiled."""

    # Conditions

    def condition(self, form: list[Any] | None, absence: frozenset[str] = frozenset()) -> Condition:
        """Compile a condition; for the facts in `absence` not being stated is a value like others, so False."""
        constant = settled(form)
        if constant is not None or form is None:
            return lambda facts: constant
        head = form[0]
        if head == "test":
            return self._test(form[1], form[2], absence)
        if head == "not":
            inner = self.condition(form[1], absence)

            def negated(facts: Facts) -> bool | None:
                held = inner(facts)
                return None if held is None else not held

            return negated
        parts = [self.condition(part, absence) for part in form[1] if settled(part) is None]
        if len(parts) == 1:
            return parts[0]
        return _and(parts) if head == "and" else _or(parts)

    def _test(self, fact: str, matcher: Mapping[str, Any], absence: frozenset[str]) -> Condition:
        match = self.matcher(fact, matcher)
        if_absent: bool | None = (
            True
            if matcher.get("not_stated")
            else False
            if fact in absence or matcher.keys() <= {"stated"}
            else None
        )
        none = bool(matcher.get("none"))
        literal = bool(matcher.keys() & {"stated", "not_stated"})
        if fact in _HALVES and (not literal or (self.less and matcher.keys() & {"in", "bands"})):
            return self._of_days(self._days(fact, convert=not literal), match, none, if_absent)

        if isinstance(match, frozenset):
            values = match | {None} if none else match

            def simple(facts: Facts) -> bool | None:
                value = facts.get(fact, _MISSING)
                return if_absent if value is _MISSING else value in values

            return simple

        def test(facts: Facts) -> bool | None:
            value = facts.get(fact, _MISSING)
            if value is _MISSING:
                return if_absent
            return none if value is None else match(value)

        return test

    def _of_days(
        self,
        read: Callable[[Facts], Any],
        match: frozenset[Any] | Callable[[Any], bool],
        none: bool,
        if_absent: bool | None,
    ) -> Condition:
        """A condition on days or half-days: they are one quantity, read from whichever is stated."""

        def test(facts: Facts) -> bool | None:
            value = read(facts)
            if value is _MISSING:
                return if_absent
            if value is None or value is _TOO_MANY:
                return none if value is None else None
            return value in match if isinstance(match, frozenset) else match(value)

        return test

    def _days(self, fact: str, *, convert: bool) -> Callable[[Facts], Any]:
        """Return how days or half-days are read: converted where only the other is stated, less what is taken off.

        Not converted where `not_stated` stands beside: then it matters which of the two was stated.
        """
        less = self.less

        def read(facts: Facts) -> Any:
            value = _either(fact, facts) if convert else facts.get(fact, _MISSING)
            if not less or value is _MISSING or value is None:
                return value
            taken = less_quantity(less, fact, facts)
            return whole(value - taken) if taken <= value else _TOO_MANY

        return read

    def matcher(self, fact: str, matcher: Mapping[str, Any]) -> frozenset[Any] | Callable[[Any], bool]:
        """Compile what a stated value is compared with: a set of values, or a function where there are bands."""
        known = self.facts.get(fact)
        raw = matcher.get("in", [])
        values = (
            frozenset(number(value) for value in raw)
            if known is not None and known.type in ("count", "number")
            else frozenset(raw)
        )
        bands = [_band(band) for band in matcher.get("bands", [])]
        if matcher.get("stated"):
            return lambda value: True
        if matcher.get("in_window"):
            return lambda value: True
        if not bands:
            return values
        if len(bands) == 1:
            (only,) = bands
            return (lambda value: value in values or only(value)) if values else only
        return lambda value: value in values or any(band(value) for band in bands)

    def missing(self, form: Any, facts: Facts) -> tuple[str, ...]:
        """List the facts that a form reads and that are not stated, in the order of the form (slow path)."""
        return tuple(name for name in asked(form) if name not in facts)

    # Amounts, shares, caps, minimums: all numbers of hundredths (shares: of percent points)

    def amount(self, form: list[Any]) -> Amount:
        """Compile an amount of hours to hundredths."""
        head = form[0]
        if head == "fixed":
            constant = whole(number(form[1]) * 100)
            return lambda facts: constant
        if head == "percent":
            share = number(form[1])
            return lambda facts: share
        if head == "rate":
            return self._rate(form, number(form[1]))
        if head in ("stated", "stated_percent"):
            return self._stated(form[1], 100 if head == "stated" else 1)
        if head == "range":
            return _range(whole(number(form[1]) * 100), whole(number(form[2]) * 100), form[3])
        if head == "decided":
            return _decided
        if head == "none":
            return lambda facts: Stop("zero", "none_by_clause")
        if head == "unset":
            parameter = form[1]
            return lambda facts: Stop("needs", "unset", (), parameter)
        if head == "python":
            return self._python(form[1], form[2])
        if head == "any":
            return lambda facts: 1
        if head == "part":
            return self._part(Fraction(form[1], form[2]), form[3])
        return self._composed(form)

    def _part(self, share: Fraction, of: str) -> Amount:
        def part(facts: Facts) -> Number | Stop:
            minimum = facts["at_least"].get(of)
            if minimum is None:
                return Stop("needs", "unset", (), of)
            held = minimum(facts)
            return held if isinstance(held, Stop) else whole(held * share)

        return part

    def _composed(self, form: list[Any]) -> Amount:
        head = form[0]
        if head == "first":
            return _first([self.amount(part) for part in form[1]])
        if head == "when_stated":
            fact, inner = form[1], self.amount(form[2])
            return lambda facts: (
                inner(facts) if facts.get(fact) is not None else Stop("needs", "needs_fact", (fact,))
            )
        if head == "keyed":
            fact, cells = form[2], {key: self.amount(cell) for key, cell in form[3].items()}

            def keyed(facts: Facts) -> Number | Stop:
                value = facts.get(fact)
                if value is None:
                    return Stop("needs", "needs_fact", (fact,))
                cell = cells.get(str(value))
                return cell(facts) if cell is not None else Stop("needs", "unset", (), form[1])

            return keyed
        if head == "by_year":
            dated = [(int(year), self.amount(cell)) for year, cell in form[1]]
            before = self.amount(form[2])

            def by_year(facts: Facts) -> Number | Stop:
                held = before
                for year, cell in dated:
                    if year <= facts["year"]:
                        held = cell
                return held(facts)

            return by_year
        if head == "lookup":
            return self._lookup(form, self.amount)
        raise AssertionError(f"no such amount: {head}")

    def _lookup(
        self, form: list[Any], leaf: Callable[[list[Any]], Callable[[Facts], Any]]
    ) -> Callable[[Facts], Any]:
        fact = form[1]
        exact: dict[Any, Callable[[Facts], Any]] = {}
        tests: list[tuple[Callable[[Any], bool], Callable[[Facts], Any]]] = []
        for matcher, inner in form[2]:
            compiled = leaf(inner)
            match = self.matcher(fact, matcher)
            if isinstance(match, frozenset):
                for value in match | {None} if matcher.get("none") else match:
                    exact.setdefault(value, compiled)
            else:
                tests.append((match, compiled))
        absent = leaf(form[3]) if form[3] is not None else None
        otherwise = leaf(form[4]) if form[4] is not None else None
        then = self._then(form) if form[5] is not None else None

        read = self._days(fact, convert=absent is None) if fact in _HALVES else None
        less = self.less

        def lookup(facts: Facts) -> Any:
            value = facts.get(fact, _MISSING) if read is None else read(facts)
            if value is _TOO_MANY:
                return Stop("needs", "more_taken_than_there_is", (fact, *less))
            if value is _MISSING:
                return absent(facts) if absent is not None else Stop("needs", "needs_fact", (fact,))
            found = exact.get(value)
            if found is not None:
                return found(facts)
            if value is not None:
                for match, inner in tests:
                    if match(value):
                        return inner(facts)
                if then is not None and (held := then(value, facts)) is not None:
                    return held
            if otherwise is not None:
                return otherwise(facts)
            return Stop("zero", "not_in_table", (fact,), str(value))

        return lookup

    def _then(self, form: list[Any]) -> Callable[[Any, Facts], Any]:
        how, by, last = form[5]
        step = Fraction(by)
        last_form = next(
            inner
            for matcher, inner in form[2]
            if str(last) in [str(value) for value in matcher.get("in", [])]
        )
        rate = Fraction(last_form[1]) if last_form[0] in ("fixed", "percent", "rate") else Fraction(0)

        def further(value: Any, facts: Facts) -> Any:
            if value <= last:
                return None
            ranks = int(value - last)
            left = max(Fraction(0), rate - ranks * step) if how == "less" else rate * step**ranks
            if last_form[0] == "rate":
                return self._rate(last_form, left)(facts)
            return whole(left * 100) if last_form[0] == "fixed" else whole(left)

        return further

    def _stated(self, fact: str, times: int) -> Amount:
        def stated(facts: Facts) -> Number | Stop:
            value = facts.get(fact, _MISSING)
            if type(value) is int:
                return value * times
            if value is _MISSING:
                return Stop("needs", "needs_fact", (fact,))
            if value is None:
                return Stop("zero", "no_hours_stated", (fact,))
            if isinstance(value, tuple):
                return whole(sum(value) * times)
            if isinstance(value, dict):
                return whole(sum(value.values()) * times)
            result: Number = value * times
            return whole(result)

        return stated

    def _rate(self, form: list[Any], rate: Number) -> Amount:
        _, _, unit, per, partial, less = form
        fact, size = RATE_UNITS[unit]
        quantity = _quantity(fact, less)
        to_whole = partial == "whole"
        completed = unit in ("month", "half_year", "year")
        hundred = rate * 100
        divisor = per * size
        straight = divisor == 1 and type(hundred) is int

        def amount(facts: Facts) -> Number | Stop:
            count = quantity(facts)
            if straight and type(count) is int:
                return hundred * count
            if isinstance(count, Stop):
                return count
            if completed:
                count = int(count)
            if divisor != 1:
                count = (
                    count // divisor
                    if to_whole
                    else Fraction(count, divisor)
                    if type(count) is int
                    else count / divisor
                )
            elif to_whole:
                count = int(count)
            return whole(hundred * count)

        return amount

    def _python(self, name: str, reads: list[str]) -> Amount:
        function = self.functions.get(name)

        def hook(facts: Facts) -> Number | Stop:
            lacking = tuple(fact for fact in reads if fact not in facts)
            if lacking:
                return Stop("needs", "needs_fact", lacking)
            if function is None:
                return Stop("manual", f"hook.{name}", (), f"函数{name}未随规则包提供")
            value = function({fact: facts[fact] for fact in reads})
            if isinstance(value, Reason):
                return Stop("zero", f"hook.{value.code}", (), value.text)
            if type(value) is not int or value < 0:
                return Stop("manual", f"hook.{name}", (), f"函数{name}没有给出学时")
            return value

        return hook

    def parts(self, form: list[Any]) -> Parts:
        """Compile a spread to its shares in hundredths of a percent, year after year."""
        head = form[0]
        if head == "parts":
            shares = tuple(int(number(part) * 100) for part in form[1])
            return lambda facts: shares
        if head == "first":
            return _first([self.parts(part) for part in form[1]])
        if head == "lookup":
            return self._lookup(form, self.parts)
        return lambda facts: WHOLE_YEAR

    def word(self, form: list[Any]) -> Word:
        """Compile a category to its code."""
        head = form[0]
        if head == "word":
            constant = str(form[1])
            return lambda facts: constant
        if head == "first":
            return _first([self.word(part) for part in form[1]])
        if head == "lookup":
            return self._lookup(form, self.word)
        return lambda facts: Stop("zero", "none_by_clause")


def fixed(form: list[Any] | None) -> int | None:
    """Return the hundredths that an amount of hours is for every record; None where facts decide, or a share of one."""
    if form is None or form[0] != "fixed":
        return None
    held = whole(number(form[1]) * 100)
    return held if type(held) is int else None


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


def _and(parts: list[Condition]) -> Condition:
    def every(facts: Facts) -> bool | None:
        held: bool | None = True
        for part in parts:
            one = part(facts)
            if one is False:
                return False
            if one is None:
                held = None
        return held

    return every


def _or(parts: list[Condition]) -> Condition:
    def some(facts: Facts) -> bool | None:
        held: bool | None = False
        for part in parts:
            one = part(facts)
            if one:
                return True
            if one is None:
                held = None
        return held

    return some


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


def _first(parts: list[Callable[[Facts], Any]]) -> Callable[[Facts], Any]:
    def first(facts: Facts) -> Any:
        lacking: list[str] = []
        unset = None
        for part in parts:
            held = part(facts)
            if not isinstance(held, Stop) or held.kind != "needs":
                return held
            lacking.extend(held.facts)
            unset = held if held.code == "unset" else unset
        if not lacking and unset is not None:
            return unset
        return Stop("needs", "needs_fact", tuple(dict.fromkeys(lacking)))

    return first


def _range(low: Number, high: Number, undecided: str | None) -> Amount:
    def choose(facts: Facts) -> Number | Stop:
        granted = facts.get(GRANTED)
        if granted is None:
            if undecided in ("lower", "higher"):
                return low if undecided == "lower" else high
            return Stop("manual", "no_decision_in_range", (GRANTED,), bounds, (low, high))
        hours: Number = whole(granted * 100)
        if low <= hours <= high:
            return hours
        return Stop("refused", "outside_range", (GRANTED,), bounds, (low, high))

    bounds = f"{show_hours(int(low))}至{show_hours(int(high))}"
    return choose


def _decided(facts: Facts) -> Number | Stop:
    decision = facts.get("decision", _MISSING)
    if decision is False:
        return Stop("zero", "no_decision", ("decision",))
    granted = facts.get(GRANTED)
    if granted is not None and decision is True:
        result: Number = whole(granted * 100)
        return result
    return Stop("manual", "no_decision", ("decision",) if decision is not True else (GRANTED,))


_HALVES: dict[str, tuple[str, Fraction]] = {
    "days": ("half_days", Fraction(2)),
    "half_days": ("days", Fraction(1, 2)),
}


def _either(fact: str, facts: Facts) -> Any:
    """Return what is stated of a quantity; days and half-days are one, read from whichever is stated."""
    value = facts.get(fact, _MISSING)
    if value is _MISSING and fact in _HALVES:
        other, halves = _HALVES[fact]
        if facts.get(other) is not None:
            return whole(Fraction(facts[other]) / halves)
    return value


def _quantity(fact: str, less: Iterable[str]) -> Amount:
    """The quantity a rate reads, less the facts subtracted; days and half-days convert into each other."""
    minus = tuple(less)

    if not minus and fact not in _HALVES:

        def plain(facts: Facts) -> Number | Stop:
            value = facts.get(fact, _MISSING)
            if value is _MISSING:
                return Stop("needs", "needs_fact", (fact,))
            return Stop("zero", "no_hours_stated", (fact,)) if value is None else value

        return plain

    def net(facts: Facts) -> Number | Stop:
        value = _either(fact, facts)
        if value is _MISSING:
            return Stop("needs", "needs_fact", (fact,))
        if value is None:
            return Stop("zero", "no_hours_stated", (fact,))
        taken = less_quantity(minus, fact, facts)
        if taken > value:
            return Stop("needs", "more_taken_than_there_is", (fact, *minus))
        return whole(value - taken)

    return net


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
