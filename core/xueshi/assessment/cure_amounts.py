"""How much of an activity fills a shortage: reckoned by the row's own formula, within its bands, limits and spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from xueshi.assessment.conditions import HALVES, Facts, whole
from xueshi.assessment.formulas import Stop
from xueshi.assessment.periods import LONGEST
from xueshi.assessment.program import Group, Program, Row
from xueshi.assessment.run import rounded
from xueshi.assessment.trace import plain_value
from xueshi.hours import show_hours
from xueshi.regulations.amount_words import UNIT_WORDS
from xueshi.regulations.words import COMPLETED, RATE_UNITS, UPWARD, WHOLE_ONLY

STEPS_OF: Final = {"day": Fraction(1, 2), "hour": Fraction(1, 2), "clock_hour": Fraction(1, 2)}
"""In what steps a quantity is told where parts count; others in ones."""
MOST: Final = 100
"""More records than anybody is advised to have."""
Span = tuple[Fraction, Fraction | None]
"""The least and the most of a quantity, both in; None: no end."""
Allowed = Callable[[Facts], bool]
"""Tells whether a record with these facts could still fall under the row."""


class Need(NamedTuple):
    """How much would do: in words, and as records that could be entered.

    `fills` are the hundredths that these records give at least, `fact` is what the row counts by (empty: it gives a
    fixed number for each record), `plan` has the quantity of that fact for each record ("" without one).
    """

    text: str = ""
    fills: int = 0
    fact: str = ""
    plan: tuple[str, ...] = ()


NOBODY_KNOWS: Final = Need()
"""The amount is somebody's decision, or any hours at all would do."""


def needed(
    compiled: Program, row: Row, form: Any, sought: int, aim: str, person: Facts, allowed: Allowed
) -> Need:
    """Say how much of what a row counts gives `sought` hundredths in the year; `aim` says in Chinese what they are for.

    `form` is the row in the closed form. Nothing is said where the hours are stated, chosen or decided for each record.
    """
    hours = row.hours_form
    if hours[0] not in ("fixed", "rate") or not isinstance(hours[1], str):
        return NOBODY_KNOWS
    share, told = _share(row, form)
    part, spread = _this_year(row, form)

    def award(facts: Facts) -> int:
        """What one record gives this year, in hundredths."""
        exact = row.hours.value({**person, **facts})
        if isinstance(exact, Stop):
            return 0
        given = rounded(Fraction(exact) * share)
        cap = row.event_cap.value({**person, **facts}) if row.event_cap is not None else None
        if cap is not None:
            given = 0 if isinstance(cap, Stop) else min(given, rounded(cap))
        return int(given * part)

    once = any(once_a_year(group) for group in row.groups)
    if hours[0] == "fixed":
        need = _of_records(award({}), sought, aim, once, spread)
    else:
        need = _of_quantity(
            _Counted(compiled, row, share * part, person, allowed, award), sought, aim, once, spread
        )
    return need._replace(text=need.text + told) if need.text else need


def once_a_year(group: Group) -> bool:
    """Tell whether of all records of a group one counts in a year, and the others not even in part."""
    return group.same == "year" and group.count in ("once", "highest") and group.again is None


def _of_records(each: int, sought: int, aim: str, once: bool, spread: str) -> Need:
    """Say how many records of a fixed number of hours it takes."""
    if not each:
        return NOBODY_KNOWS
    count = -(-sought // each)
    if once and count > 1:
        return Need(f"一年只计一项，本年可计{show_hours(each)}学时", each, "", ("",))
    if count > MOST:
        return NOBODY_KNOWS
    note = f"（每项本年{spread}{show_hours(each)}学时）" if spread else ""
    return Need(f"{aim}需{count}项{note}", sought, "", ("",) * count)


def _of_quantity(counted: _Counted, sought: int, aim: str, once: bool, note: str) -> Need:
    """Say how much of a quantity it takes, and in how many records where one cannot hold it."""
    if (alone := counted.least(sought)) is not None:
        return Need(f"{aim}需{counted.say(alone)}{note}", sought, counted.fact, (_text(alone),))
    best = counted.best()
    most = counted.gives(best) if best is not None else 0
    if best is None or not most:
        return NOBODY_KNOWS
    if once:
        return Need(f"一年只计一项，本年可计{show_hours(most)}学时", most, counted.fact, (_text(best),))
    full = -(-sought // most) - 1
    rest = counted.least(sought - full * most)
    if rest is None or full + 1 > MOST:
        return NOBODY_KNOWS
    if counted.unit in COMPLETED and full * best + rest > LONGEST:
        several = int(LONGEST // best)
        times = f"，分{several}次" if several > 1 else ""
        text = f"一年最多{LONGEST}个月，本年可计{show_hours(several * most)}学时{times}{note}"
        return Need(text, several * most, counted.fact, (_text(best),) * several)
    text = f"{aim}需{counted.say(full * best + rest)}，至少分{full + 1}次{note}"
    return Need(text, sought, counted.fact, (*(_text(best),) * full, _text(rest)))


class _Counted:
    """A row that gives so many hours for so many of a quantity: which quantities it takes, and what they give."""

    def __init__(
        self,
        compiled: Program,
        row: Row,
        scale: Fraction,
        person: Facts,
        allowed: Allowed,
        award: Callable[[Facts], int],
    ) -> None:
        _, rate, self.unit, self.per, partial, *_ = row.hours_form
        self.each: Fraction = Fraction(rate) * 100 * scale
        self.fact, self.units = RATE_UNITS[self.unit]
        self.to_whole = partial == "whole" or self.unit in WHOLE_ONLY
        self.award = award
        self.fine = (
            Fraction(1) if self.to_whole or self.unit in COMPLETED else STEPS_OF.get(self.unit, Fraction(1))
        )
        """The least by which the quantity can differ."""
        unit = Fraction(self.per * self.units)
        self.step = unit if self.to_whole else self.fine
        if partial in UPWARD:
            # Whoever has as much as is counted surely has what is counted.
            self.step = max(self.fine, unit if partial == "up" else unit / 2)
        known = compiled.facts.get(self.fact)
        end = Fraction(known.range[1]) if known is not None and known.range is not None else None
        if self.unit in COMPLETED:
            end = Fraction(LONGEST) if end is None else min(end, Fraction(LONGEST))
        self.spans = tuple(self._spans(row, end, lambda facts: allowed({**person, **facts})))

    def facts(self, quantity: Fraction) -> Facts:
        """Return the quantity as a record states it, days and half-days both: they are one."""
        found: Facts = {self.fact: whole(quantity)}
        if self.fact in HALVES:
            twin, times = HALVES[self.fact]
            found[twin] = whole(quantity * times)
        return found

    def gives(self, quantity: Fraction) -> int:
        """Return the hundredths of one record."""
        return self.award(self.facts(quantity))

    def _spans(self, row: Row, end: Fraction | None, allowed: Allowed) -> Iterator[Span]:
        """Yield the quantities that fall under the row, in order: between any two bounds they do or they do not."""
        bounds = sorted(
            {
                bound
                for one in row.item.rows
                for bound in self._bounds(
                    [one.when_form, one.item.when_form, *(gate.form for gate in one.gates)]
                )
            }
        )
        places: list[Span] = []
        low = self.fine
        for bound in bounds:
            if bound < low:
                continue
            below = (-(-bound // self.fine) - 1) * self.fine
            if below >= low:
                places.append((low, below))
            if bound % self.fine == 0:
                places.append((bound, bound))
            low = (bound // self.fine + 1) * self.fine
        places.append((low, None))
        for least, most in places:
            last = end if most is None else most if end is None else min(most, end)
            if (last is None or least <= last) and allowed(self.facts(least)):
                yield least, last

    def _bounds(self, form: Any) -> Iterator[Fraction]:
        """Yield every number with which a condition compares the quantity."""
        if not isinstance(form, list):
            return
        if form[:1] == ["test"]:
            times = {self.fact: Fraction(1)}
            if self.fact in HALVES:
                twin, more = HALVES[self.fact]
                times[twin] = 1 / more
            if form[1] in times:
                held = [bound for band in form[2].get("bands", ()) for bound in (band[0], band[2])]
                for bound in (*held, *form[2].get("in", ())):
                    if bound is not None:
                        yield Fraction(str(bound)) * times[form[1]]
            return
        for part in form:
            yield from self._bounds(part)

    def least(self, sought: int) -> Fraction | None:
        """Return the least quantity with which one record gives so much; None where none does."""
        if not self.each:
            return None
        near: Fraction = -(-(sought / self.each) * self.per * self.units // self.step) * self.step
        for low, high in self.spans:
            held = max(low, near)
            # A plain proportion says it; where the parts are rounded or do not come out even, a step more.
            for _ in range(3):
                if high is not None and held > high:
                    break
                if self.gives(held) >= sought:
                    return held
                held = (held // self.step + 1) * self.step
            if high is not None and low <= high < held and self.gives(high) >= sought:
                return high
        return None

    def best(self) -> Fraction | None:
        """Return the least quantity with which one record gives the most; None where there is no most."""
        found: Fraction | None = None
        for low, high in self.spans:
            far = high if high is not None else max(low, Fraction(10**6) * self.step)
            if found is None or self.gives(far) > self.gives(found):
                found = far
        return None if found is None else self.least(self.gives(found)) or found

    def say(self, quantity: Fraction) -> str:
        """Say a quantity in the units of the clause, or in those of the fact where they do not come out even."""
        units, rest = divmod(quantity, self.per * self.units)
        if self.to_whole and not rest:
            return f"{units * self.per}{UNIT_WORDS[self.unit]}"
        if self.unit in COMPLETED:
            return f"{_text(quantity)}个月"
        return f"{_text(quantity)}{UNIT_WORDS[self.unit]}"


def _text(quantity: Fraction) -> str:
    said = str(plain_value(quantity))
    return said.rstrip("0") if "." in said else said


def _share(row: Row, form: Any) -> tuple[Fraction, str]:
    """Return the largest share that a row may give, and in words that it was taken where it is not everybody's."""
    if row.share is None:
        return Fraction(1), ""
    fixed = row.share.value({})
    if not isinstance(fixed, Stop):
        return Fraction(fixed) / 100, ""
    largest = max(_percents(form["share"]), default=Fraction(0))
    return largest / 100, f"（所占份额为{plain_value(largest)}%时）"


def _this_year(row: Row, form: Any) -> tuple[Fraction, str]:
    """Return the part of the hours that is the first year's, and a word for it where the rest is of later years."""
    if row.spread is None:
        return Fraction(1), ""
    parts = row.spread.value({})
    if not isinstance(parts, Stop):
        first = Fraction(parts[0]) / 10000
    else:
        first = max(_first_parts(form["spread"]), default=Fraction(0)) / 100
    return first, "" if first == 1 else "至多计" if isinstance(parts, Stop) else "计"


def _first_parts(form: Any) -> Iterator[Fraction]:
    if isinstance(form, list):
        if form[:1] == ["parts"]:
            yield Fraction(form[1][0])
            return
        if form[:1] == ["none"]:
            yield Fraction(100)
            return
        for part in form:
            yield from _first_parts(part)


def _percents(form: Any) -> Iterator[Fraction]:
    if isinstance(form, list):
        if form[:1] == ["percent"]:
            yield Fraction(form[1])
            return
        for part in form:
            yield from _percents(part)
