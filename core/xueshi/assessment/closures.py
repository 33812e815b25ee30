"""The closed form turned into functions of the facts, once per pack: conditions, amounts, shares, words.

A condition gives True, False or None (unknown: a fact it reads is not stated). An amount gives hundredths of an
hour, exact (int or Fraction), or a `Stop`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from sys import intern
from typing import Any

from xueshi.assessment.conditions import (
    HALVES,
    MISSING,
    TOO_MANY,
    Condition,
    Days,
    Facts,
    Number,
    asked,
    condition_of,
    either,
    less_quantity,
    matcher_of,
    number,
    whole,
)
from xueshi.hours import show_hours
from xueshi.regulations.sources import Reason
from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.wording import condition_text, of_kind
from xueshi.regulations.words import COMPLETED, RATE_UNITS

NO_FACTOR = "no_factor"
"""Why an amount cannot be told: what one of its unit is worth in hours is not set."""
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


class Compiler:
    """Compiles the forms of one pack. `functions` are the Python hooks by name."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        functions: Mapping[str, Any],
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self.facts = facts
        self.functions = functions
        self.kinds = kinds or {}
        self.less: tuple[str, ...] = ()
        """What is taken off days before a condition or table compares them, while an entry with `less` is compiled."""

    def condition(self, form: list[Any] | None, absence: frozenset[str] = frozenset()) -> Condition:
        """Compile a condition; for the facts in `absence` not being stated is a value like others, so False."""
        return condition_of(form, self.facts, self.less, absence)

    def said(self, form: list[Any] | None, kind: str, *, wanted: bool) -> str:
        """Say a condition as it holds or fails for records of a kind; the kind itself only where nothing else is asked."""
        own = condition_text(of_kind(form, kind), self.facts, wanted=wanted)
        return own or condition_text(form, self.facts, wanted=wanted, kinds=self.kinds)

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
        if head == "by_factor":
            return _by_factor(self.amount(form[1]), form[2])
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
            if form[2][0] == "keyed" and not form[2][3]:
                return inner
            return lambda facts: (
                inner(facts) if facts.get(fact) is not None else Stop("needs", "needs_fact", (fact,))
            )
        if head == "keyed":
            fact, cells = form[2], {key: self.amount(cell) for key, cell in form[3].items()}
            if not cells:
                # Nothing is set for anybody: the fact by which it would be looked up is not asked for.
                return lambda facts: Stop("needs", "unset", (), form[1])

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
        fact = intern(form[1])
        exact: dict[Any, Callable[[Facts], Any]] = {}
        tests: list[tuple[Callable[[Any], bool], Callable[[Facts], Any]]] = []
        for matcher, inner in form[2]:
            compiled = leaf(inner)
            match = matcher_of(self.facts.get(fact), matcher)
            if isinstance(match, frozenset):
                for value in match | {None} if matcher.get("none") else match:
                    exact.setdefault(value, compiled)
            else:
                tests.append((match, compiled))
        absent = leaf(form[3]) if form[3] is not None else None
        otherwise = leaf(form[4]) if form[4] is not None else None
        then = self._then(form) if form[5] is not None else None

        less = self.less
        days = Days(fact, less, absent is None) if fact in HALVES else None

        def lookup(facts: Facts) -> Any:
            value = facts.get(fact, MISSING) if days is None else days.read(facts)
            if value is TOO_MANY:
                return Stop("needs", "more_taken_than_there_is", (fact, *less))
            if value is MISSING:
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
        fact = intern(fact)

        def stated(facts: Facts) -> Number | Stop:
            value = facts.get(fact, MISSING)
            if type(value) is int:
                return value * times
            if value is MISSING:
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
        completed = unit in COMPLETED
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


def _first(parts: list[Callable[[Facts], Any]]) -> Callable[[Facts], Any]:
    def first(facts: Facts) -> Any:
        lacking: list[str] = []
        unset = None
        factor = None
        for part in parts:
            held = part(facts)
            if not isinstance(held, Stop) or held.kind != "needs":
                return held
            lacking.extend(held.facts)
            unset = held if held.code == "unset" else unset
            factor = held if held.code == NO_FACTOR else factor
        if factor is not None:
            # What is stated could be reckoned but for a factor: nothing else need be asked for.
            return factor
        if not lacking and unset is not None:
            return unset
        return Stop("needs", "needs_fact", tuple(dict.fromkeys(lacking)))

    return first


def _by_factor(factor: Amount, fact: str) -> Amount:
    """So much for each of what is stated, by a factor that an authority sets; until it has, nothing can be told."""
    quantity = _quantity(fact, ())

    def times(facts: Facts) -> Number | Stop:
        count = quantity(facts)
        if isinstance(count, Stop):
            return count
        each = factor(facts)
        if isinstance(each, Stop):
            return Stop("needs", NO_FACTOR, (), each.detail)
        return whole(Fraction(each) * count)

    return times


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
    decision = facts.get("decision", MISSING)
    if decision is False:
        return Stop("zero", "no_decision", ("decision",))
    granted = facts.get(GRANTED)
    if granted is not None and decision is True:
        result: Number = whole(granted * 100)
        return result
    return Stop("manual", "no_decision", ("decision",) if decision is not True else (GRANTED,))


def _quantity(fact: str, less: Iterable[str]) -> Amount:
    """The quantity a rate reads, less the facts subtracted; days and half-days convert into each other."""
    minus = tuple(less)

    if not minus and fact not in HALVES:

        def plain(facts: Facts) -> Number | Stop:
            value = facts.get(fact, MISSING)
            if value is MISSING:
                return Stop("needs", "needs_fact", (fact,))
            return Stop("zero", "no_hours_stated", (fact,)) if value is None else value

        return plain

    def net(facts: Facts) -> Number | Stop:
        value = either(fact, facts)
        if value is MISSING:
            return Stop("needs", "needs_fact", (fact,))
        if value is None:
            return Stop("zero", "no_hours_stated", (fact,))
        taken = less_quantity(minus, fact, facts)
        if taken > value:
            return Stop("needs", "more_taken_than_there_is", (fact, *minus))
        return whole(value - taken)

    return net
