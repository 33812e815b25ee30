"""What a clause gives, as objects made once per pack: hours, shares, limits, minimums, categories, spreads.

Asked of the facts of a record or a person, a formula gives hundredths of an hour (a share: percent points), exact (int
or Fraction), or the code of a category, or the shares of a spread; or a `Stop`. Objects of one method rather than
functions within functions: compiled to machine code they are called directly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from sys import intern
from typing import Any, Final, final

from xueshi.assessment.conditions import (
    HALVES,
    MISSING,
    TOO_MANY,
    Days,
    Facts,
    Number,
    either,
    less_quantity,
    whole,
)
from xueshi.hours import show_hours
from xueshi.regulations.sources import Reason

NO_FACTOR: Final = "no_factor"
"""Why an amount cannot be told: what one of its unit is worth in hours is not set."""
GRANTED: Final = "granted"
"""The vocabulary's fact for hours that a verifier chooses within bounds (认定学时)."""


@final
class Stop:
    """An amount that cannot be told, or is nothing: why, and which facts would help. Nobody changes it once it is made.

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


class Formula:
    """What a clause gives by the facts."""

    __slots__ = ()

    def value(self, facts: Facts) -> Any:
        """Return what it gives, or a Stop."""
        raise NotImplementedError


@final
class Constant(Formula):
    """The same for all: an amount, a category, the shares of a spread, or why there is nothing."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def value(self, facts: Facts) -> Any:  # noqa: ARG002 - asked like the others
        """Return it."""
        return self.held


@final
class Quantity(Formula):
    """A quantity as it is stated, in its own unit."""

    __slots__ = ("empty", "fact", "lacking")

    def __init__(self, fact: str) -> None:
        self.fact = intern(fact)
        self.lacking = Stop("needs", "needs_fact", (fact,))
        self.empty = Stop("zero", "no_hours_stated", (fact,))

    def value(self, facts: Facts) -> Any:
        """Return what is stated."""
        value = facts.get(self.fact, MISSING)
        if value is MISSING:
            return self.lacking
        return self.empty if value is None else value


@final
class NetQuantity(Formula):
    """A quantity less what is taken off it; days and half-days are converted into each other."""

    __slots__ = ("empty", "fact", "lacking", "less", "too_much")

    def __init__(self, fact: str, less: tuple[str, ...]) -> None:
        self.fact = intern(fact)
        self.less = less
        self.lacking = Stop("needs", "needs_fact", (fact,))
        self.empty = Stop("zero", "no_hours_stated", (fact,))
        self.too_much = Stop("needs", "more_taken_than_there_is", (fact, *less))

    def value(self, facts: Facts) -> Any:
        """Return what is left."""
        value = either(self.fact, facts)
        if value is MISSING:
            return self.lacking
        if value is None:
            return self.empty
        taken = less_quantity(self.less, self.fact, facts)
        return self.too_much if taken > value else whole(value - taken)


def quantity(fact: str, less: tuple[str, ...]) -> Formula:
    """Make the quantity that a rate reads, less the facts subtracted."""
    return Quantity(fact) if not less and fact not in HALVES else NetQuantity(fact, less)


@final
class Rate(Formula):
    """So many hours for so many of a quantity; where it is to be whole, what is begun counts nothing.

    `completed`: of months only whole ones count; `by_days`: what is beyond them counts by its days; `upward`: how a part
    of a unit is counted up, empty where it is not.
    """

    __slots__ = ("by_days", "completed", "divisor", "hundred", "quantity", "straight", "to_whole", "upward")

    def __init__(
        self,
        rate: Number,
        quantity: Formula,
        divisor: int,
        *,
        to_whole: bool,
        completed: bool,
        by_days: bool,
        upward: str = "",
    ) -> None:
        self.quantity = quantity
        self.upward = upward
        self.hundred = rate * 100
        self.divisor = divisor
        self.to_whole = to_whole
        self.completed = completed
        self.by_days = by_days
        self.straight = divisor == 1 and type(self.hundred) is int

    def value(self, facts: Facts) -> Any:
        """Return the hundredths."""
        count = self.quantity.value(facts)
        if self.straight and type(count) is int:
            return self.hundred * count
        if isinstance(count, Stop):
            return count
        if self.upward:
            return whole(self.hundred * counted_up(Fraction(count) / self.divisor, self.upward))
        if self.completed:
            count = int(count)
        elif self.by_days:
            count = to_the_day(count)
        divisor = self.divisor
        if divisor != 1:
            count = (
                count // divisor
                if self.to_whole
                else Fraction(count, divisor)
                if type(count) is int
                else count / divisor
            )
        elif self.to_whole:
            count = int(count)
        return whole(self.hundred * count)


def counted_up(units: Number, upward: str) -> Number:
    """Return units with their part counted up: `up` to a whole one, `up_to_half` to the next half, `as_half` to just half of one."""
    if upward == "up":
        return -(-units // 1)
    if upward == "up_to_half":
        return Fraction(-(-units * 2 // 1), 2)
    full = units // 1
    return full if units == full else full + Fraction(1, 2)


def to_the_day(months: Number) -> Number:
    """Return months as whole ones and days, each a 30th: what two decimals say of a part is so many days, a begun one in full."""
    rest = months - int(months)
    return int(months) + Fraction(-(-rest * 30 // 1), 30) if rest else months


@final
class Stated(Formula):
    """The hours as they are stated, in one number or day by day; `times` makes hundredths of them.

    `upward` counts the part of an hour up, of each day by itself.
    """

    __slots__ = ("empty", "fact", "lacking", "times", "upward")

    def __init__(self, fact: str, times: int, upward: str = "") -> None:
        self.upward = upward
        self.fact = intern(fact)
        self.times = times
        self.lacking = Stop("needs", "needs_fact", (fact,))
        self.empty = Stop("zero", "no_hours_stated", (fact,))

    def value(self, facts: Facts) -> Any:
        """Return what is stated."""
        value = facts.get(self.fact, MISSING)
        if type(value) is int:
            return value * self.times
        if value is MISSING:
            return self.lacking
        if value is None:
            return self.empty
        if isinstance(value, tuple | dict):
            total: Number = 0
            for hours in value.values() if isinstance(value, dict) else value:
                total += counted_up(hours, self.upward) if self.upward else hours
            return whole(total * self.times)
        return whole(value * self.times)


@final
class ByFactor(Formula):
    """So much for each of what is stated, by a factor that an authority sets; until it has, nothing can be told."""

    __slots__ = ("factor", "quantity")

    def __init__(self, factor: Formula, quantity: Formula) -> None:
        self.factor = factor
        self.quantity = quantity

    def value(self, facts: Facts) -> Any:
        """Multiply."""
        count = self.quantity.value(facts)
        if isinstance(count, Stop):
            return count
        each = self.factor.value(facts)
        if isinstance(each, Stop):
            return Stop("needs", NO_FACTOR, (), each.detail)
        return whole(Fraction(each) * count)


@final
class Chosen(Formula):
    """Hours that a verifier chooses between two bounds; `undecided` says which of them holds until he does."""

    __slots__ = ("high", "low", "outside", "undecided")

    def __init__(self, low: Number, high: Number, undecided: str | None) -> None:
        self.low = low
        self.high = high
        text = f"{show_hours(int(low))}至{show_hours(int(high))}"
        bounds = (low, high)
        self.outside = Stop("refused", "outside_range", (GRANTED,), text, bounds)
        self.undecided: Any = Stop("manual", "no_decision_in_range", (GRANTED,), text, bounds)
        if undecided in ("lower", "higher"):
            self.undecided = low if undecided == "lower" else high

    def value(self, facts: Facts) -> Any:
        """Return what was chosen."""
        granted = facts.get(GRANTED)
        if granted is None:
            return self.undecided
        hours: Number = whole(granted * 100)
        return hours if self.low <= hours <= self.high else self.outside


@final
class Decided(Formula):
    """Hours that an authority decides for each record."""

    __slots__ = ()

    def value(self, facts: Facts) -> Any:
        """Return what was decided."""
        decision = facts.get("decision", MISSING)
        if decision is False:
            return Stop("zero", "no_decision", ("decision",))
        granted = facts.get(GRANTED)
        if granted is not None and decision is True:
            return whole(granted * 100)
        return Stop("manual", "no_decision", ("decision",) if decision is not True else (GRANTED,))


@final
class Hook(Formula):
    """Hours by a function of the plugin, of the facts that it says it reads."""

    __slots__ = ("function", "name", "reads")

    def __init__(self, name: str, function: Callable[[Facts], Any] | None, reads: list[str]) -> None:
        self.name = name
        self.function = function
        self.reads = reads

    def value(self, facts: Facts) -> Any:
        """Call it; what is no whole number of hundredths goes to an officer."""
        name = self.name
        lacking = tuple([fact for fact in self.reads if fact not in facts])
        if lacking:
            return Stop("needs", "needs_fact", lacking)
        if self.function is None:
            return Stop("manual", f"hook.{name}", (), f"函数{name}未随规则包提供")
        value = self.function({fact: facts[fact] for fact in self.reads})
        if isinstance(value, Reason):
            return Stop("zero", f"hook.{value.code}", (), value.text)
        if type(value) is not int or value < 0:
            return Stop("manual", f"hook.{name}", (), f"函数{name}没有给出学时")
        return value


@final
class PartOfMinimum(Formula):
    """A share of another requirement's minimum."""

    __slots__ = ("of", "share")

    def __init__(self, share: Fraction, of: str) -> None:
        self.share = share
        self.of = of

    def value(self, facts: Facts) -> Any:
        """Return the share of what the other gives for the same person."""
        minimum = facts["at_least"].get(self.of)
        if minimum is None:
            return Stop("needs", "unset", (), self.of)
        held = minimum.value(facts)
        return held if isinstance(held, Stop) else whole(held * self.share)


@final
class WhenStated(Formula):
    """A formula that waits for a fact."""

    __slots__ = ("fact", "inner", "lacking")

    def __init__(self, fact: str, inner: Formula) -> None:
        self.fact = intern(fact)
        self.inner = inner
        self.lacking = Stop("needs", "needs_fact", (fact,))

    def value(self, facts: Facts) -> Any:
        """Ask the inner one where the fact is stated."""
        return self.inner.value(facts) if facts.get(self.fact) is not None else self.lacking


@final
class Keyed(Formula):
    """A parameter with a value of its own for each value of a fact."""

    __slots__ = ("cells", "fact", "lacking", "unset")

    def __init__(self, parameter: str, fact: str, cells: Mapping[str, Formula]) -> None:
        self.fact = intern(fact)
        self.cells = dict(cells)
        self.lacking = Stop("needs", "needs_fact", (fact,))
        self.unset = Stop("needs", "unset", (), parameter)

    def value(self, facts: Facts) -> Any:
        """Look the value up."""
        value = facts.get(self.fact)
        if value is None:
            return self.lacking
        cell = self.cells.get(str(value))
        return cell.value(facts) if cell is not None else self.unset


@final
class ByYear(Formula):
    """What holds from some year on."""

    __slots__ = ("before", "dated")

    def __init__(self, dated: list[tuple[int, Formula]], before: Formula) -> None:
        self.dated = dated
        self.before = before

    def value(self, facts: Facts) -> Any:
        """Ask the latest that has begun."""
        held = self.before
        for year, cell in self.dated:
            if year <= facts["year"]:
                held = cell
        return held.value(facts)


@final
class First(Formula):
    """The first of several that can be told; where none can, all that is lacking."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Formula]) -> None:
        self.parts = parts

    def value(self, facts: Facts) -> Any:
        """Ask one after the other."""
        lacking: list[str] = []
        unset = None
        factor = None
        for part in self.parts:
            held = part.value(facts)
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


@final
class Beyond:
    """What the ranks behind the last row of a table have: that row's rate, changed by a step with each."""

    __slots__ = ("how", "last", "made", "rate", "step")

    def __init__(
        self, how: str, step: Fraction, last: Number, rate: Fraction, made: Callable[[Number], Formula]
    ) -> None:
        self.how = how
        self.step = step
        self.last = last
        self.rate = rate
        self.made = made
        """Makes the formula of a row with another rate."""

    def of(self, rank: Number, facts: Facts) -> Any:
        """Return what a rank has; None for one that the table itself holds."""
        if rank <= self.last:
            return None
        ranks = int(rank - self.last)
        left = (
            max(Fraction(0), self.rate - ranks * self.step)
            if self.how == "less"
            else self.rate * self.step**ranks
        )
        return self.made(left).value(facts)


@final
class Lookup(Formula):
    """A table: by the value of a fact, then by bands, then further ranks, then for the rest."""

    __slots__ = ("absent", "days", "exact", "fact", "lacking", "otherwise", "tests", "then", "too_many")

    def __init__(
        self,
        fact: str,
        days: Days | None,
        exact: dict[Any, Formula],
        tests: list[tuple[Callable[[Any], bool], Formula]],
        absent: Formula | None,
        otherwise: Formula | None,
        then: Beyond | None,
        less: tuple[str, ...],
    ) -> None:
        self.fact = intern(fact)
        self.days = days
        self.exact = exact
        self.tests = tests
        self.absent = absent
        self.otherwise = otherwise
        self.then = then
        self.lacking = Stop("needs", "needs_fact", (fact,))
        self.too_many = Stop("needs", "more_taken_than_there_is", (fact, *less))

    def value(self, facts: Facts) -> Any:
        """Look the fact up."""
        days = self.days
        value = facts.get(self.fact, MISSING) if days is None else days.read(facts)
        if value is TOO_MANY:
            return self.too_many
        if value is MISSING:
            absent = self.absent
            return absent.value(facts) if absent is not None else self.lacking
        found = self.exact.get(value)
        if found is not None:
            return found.value(facts)
        if value is not None:
            for match, inner in self.tests:
                if match(value):
                    return inner.value(facts)
            then = self.then
            if then is not None and (held := then.of(value, facts)) is not None:
                return held
        otherwise = self.otherwise
        if otherwise is not None:
            return otherwise.value(facts)
        return Stop("zero", "not_in_table", (self.fact,), str(value))
