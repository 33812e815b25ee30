"""The closed form turned into objects once per pack: conditions, amounts, shares, words, spreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from xueshi.assessment.conditions import (
    HALVES,
    Condition,
    Days,
    Facts,
    Number,
    Window,
    asked,
    condition_of,
    matcher_of,
    number,
    whole,
)
from xueshi.assessment.formulas import (
    Beyond,
    ByFactor,
    ByYear,
    Chosen,
    Constant,
    Decided,
    First,
    Formula,
    Hook,
    Keyed,
    Lookup,
    PartOfMinimum,
    Rate,
    Stated,
    Stop,
    WhenStated,
    quantity,
)
from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.wording import condition_text, of_kind
from xueshi.regulations.words import COMPLETED, RATE_UNITS, UPWARD

WHOLE_YEAR = (10000,)
"""A spread that spreads nothing: all hours in their own year."""


class Compiler:
    """Compiles the forms of one pack. `functions` are the Python hooks by name, `window` gives the days of a year."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        functions: Mapping[str, Any],
        kinds: Mapping[str, str],
        window: Window,
    ) -> None:
        self.facts = facts
        self.functions = functions
        self.kinds = kinds
        self.window = window
        self.less: tuple[str, ...] = ()
        """What is taken off days before a condition or table compares them, while an entry with `less` is compiled."""

    def condition(self, form: list[Any] | None, absence: frozenset[str] = frozenset()) -> Condition:
        """Compile a condition; for the facts in `absence` not being stated is a value like others, so False."""
        return condition_of(form, self.facts, self.less, absence, self.window)

    def said(self, form: list[Any] | None, kind: str, *, wanted: bool) -> str:
        """Say a condition as it holds or fails for records of a kind; the kind itself only where nothing else is asked."""
        own = condition_text(of_kind(form, kind), self.facts, wanted=wanted)
        return own or condition_text(form, self.facts, wanted=wanted, kinds=self.kinds)

    def missing(self, form: Any, facts: Facts) -> tuple[str, ...]:
        """List the facts that a form reads and that are not stated, in the order of the form (slow path)."""
        return tuple(name for name in asked(form) if name not in facts)

    # Amounts, shares, caps, minimums: all numbers of hundredths (shares: of percent points)

    def amount(self, form: list[Any]) -> Formula:
        """Compile an amount of hours to hundredths."""
        head = form[0]
        if head == "fixed":
            return Constant(whole(number(form[1]) * 100))
        if head == "percent":
            return Constant(number(form[1]))
        if head == "rate":
            return _rate(form, number(form[1]))
        if head in ("stated", "stated_percent"):
            return Stated(form[1], 100 if head == "stated" else 1, form[2] if len(form) > 2 else "")
        if head == "range":
            return Chosen(whole(number(form[1]) * 100), whole(number(form[2]) * 100), form[3])
        if head == "decided":
            return Decided()
        if head == "none":
            return Constant(Stop("zero", "none_by_clause"))
        if head == "unset":
            return Constant(Stop("needs", "unset", (), form[1]))
        if head == "by_factor":
            return ByFactor(self.amount(form[1]), quantity(form[2], ()))
        if head == "python":
            return Hook(form[1], self.functions.get(form[1]), form[2])
        if head == "any":
            return Constant(1)
        if head == "part":
            return PartOfMinimum(Fraction(form[1], form[2]), form[3])
        return self._composed(form)

    def _composed(self, form: list[Any]) -> Formula:
        head = form[0]
        if head == "first":
            return First([self.amount(part) for part in form[1]])
        if head == "when_stated":
            inner = self.amount(form[2])
            return inner if form[2][0] == "keyed" and not form[2][3] else WhenStated(form[1], inner)
        if head == "keyed":
            cells = {key: self.amount(cell) for key, cell in form[3].items()}
            # Where nothing is set for anybody, the fact by which it would be looked up is not asked for.
            return Keyed(form[1], form[2], cells) if cells else Constant(Stop("needs", "unset", (), form[1]))
        if head == "by_year":
            return ByYear([(int(year), self.amount(cell)) for year, cell in form[1]], self.amount(form[2]))
        if head == "lookup":
            return self._lookup(form, self.amount)
        raise AssertionError(f"no such amount: {head}")

    def _lookup(self, form: list[Any], leaf: Callable[[list[Any]], Formula]) -> Formula:
        fact = form[1]
        exact: dict[Any, Formula] = {}
        tests: list[tuple[Callable[[Any], bool], Formula]] = []
        for matcher, inner in form[2]:
            compiled = leaf(inner)
            match = matcher_of(self.facts.get(fact), matcher)
            if isinstance(match, frozenset):
                for value in match | {None} if matcher.get("none") else match:
                    exact.setdefault(value, compiled)
            else:
                tests.append((match, compiled))
        absent = leaf(form[3]) if form[3] is not None else None
        return Lookup(
            fact,
            Days(fact, self.less, absent is None) if fact in HALVES else None,
            exact,
            tests,
            absent,
            leaf(form[4]) if form[4] is not None else None,
            _beyond(form) if form[5] is not None else None,
            self.less,
        )

    def parts(self, form: list[Any]) -> Formula:
        """Compile a spread to its shares in hundredths of a percent, year after year."""
        head = form[0]
        if head == "parts":
            return Constant(tuple([int(number(part) * 100) for part in form[1]]))
        if head == "first":
            return First([self.parts(part) for part in form[1]])
        if head == "lookup":
            return self._lookup(form, self.parts)
        return Constant(WHOLE_YEAR)

    def word(self, form: list[Any]) -> Formula:
        """Compile a category to its code."""
        head = form[0]
        if head == "word":
            return Constant(str(form[1]))
        if head == "first":
            return First([self.word(part) for part in form[1]])
        if head == "lookup":
            return self._lookup(form, self.word)
        return Constant(Stop("zero", "none_by_clause"))


def _rate(form: list[Any], rate: Number) -> Formula:
    _, _, unit, per, partial, less = form
    fact, size = RATE_UNITS[unit]
    return Rate(
        rate,
        quantity(fact, tuple(less)),
        per * size,
        to_whole=partial == "whole",
        completed=unit in COMPLETED and partial != "by_days",
        by_days=partial == "by_days",
        upward=partial if partial in UPWARD else "",
    )


def _beyond(form: list[Any]) -> Beyond:
    """What the ranks behind the last row have: its rate, changed by a step with each."""
    how, by, last = form[5]
    row = next(
        inner for matcher, inner in form[2] if str(last) in [str(value) for value in matcher.get("in", [])]
    )
    rate = Fraction(row[1]) if row[0] in ("fixed", "percent", "rate") else Fraction(0)

    def made(left: Number) -> Formula:
        if row[0] == "rate":
            return _rate(row, left)
        return Constant(whole(left * 100) if row[0] == "fixed" else whole(left))

    return Beyond(how, Fraction(by), last, rate, made)


def fixed(form: list[Any] | None) -> int | None:
    """Return the hundredths that an amount of hours is for every record; None where facts decide, or a share of one."""
    if form is None or form[0] != "fixed":
        return None
    held = whole(number(form[1]) * 100)
    return held if type(held) is int else None
