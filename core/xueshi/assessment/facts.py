"""Typing of facts: from what a table, JSON or a case hands in to exact values; bad values are refused with a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from sys import intern
from typing import Any, Final

from xueshi.errors import RuleError
from xueshi.regulations.vocabulary import Fact

LARGEST: Final = 10_000_000
"""Bound of every number handed in, so that any product of a rule stays a 64-bit integer."""

Typed = dict[str, Any]
Converter = Callable[[Any], Any]


class _BadValueError(ValueError):
    """A value that its fact does not take; the message says what it takes."""


def _yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("yes", "true", "是"):
        return True
    if isinstance(value, str) and value.lower() in ("no", "false", "否"):
        return False
    raise _BadValueError("应为是或否")


def exact(value: Any) -> int | Fraction:
    """Return a number with at most two decimals as an int where it is whole, else as a fraction; ValueError otherwise."""
    if type(value) is int:
        if 0 <= value <= LARGEST:
            return value
        number: int | Fraction = value
    elif isinstance(value, Fraction):
        number = value
    elif isinstance(value, str | Decimal):
        try:
            decimal = Decimal(value)
        except InvalidOperation as error:
            raise _BadValueError("应为数字") from error
        if not decimal.is_finite():
            raise _BadValueError("应为数字")
        if decimal * 100 != (decimal * 100).to_integral_value():
            raise _BadValueError("最多两位小数")
        number = Fraction(decimal)
        if number.denominator == 1:
            number = number.numerator
    elif isinstance(value, float):
        raise _BadValueError("小数请按文本或十进制数提交，如“9.5”")
    else:
        raise _BadValueError("应为数字")
    if not 0 <= number <= LARGEST:
        raise _BadValueError(f"应在0至{LARGEST}之间")
    return number


def _count(value: Any) -> int:
    number = exact(value)
    if type(number) is int:
        return number
    raise _BadValueError("应为整数")


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise _BadValueError("应为日期，如2021-05-10") from error
    raise _BadValueError("应为日期，如2021-05-10")


def _identity(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise _BadValueError("应为名称或编号")


def _list(value: Any) -> tuple[int | Fraction, ...] | dict[date, int | Fraction]:
    if isinstance(value, Mapping):
        return {_date(day): exact(hours) for day, hours in value.items()}
    if isinstance(value, list | tuple):
        return tuple(exact(hours) for hours in value)
    raise _BadValueError("应为每日学时的列表")


def _years(value: Any) -> tuple[int, int]:
    if isinstance(value, list | tuple) and len(value) == 2:
        first, last = _count(value[0]), _count(value[1])
        if first <= last:
            return first, last
    raise _BadValueError("应为起止年度，如[2012, 2013]")


def _word(values: Mapping[str, str]) -> Converter:
    if not values:
        # A word whose values no rule file lists is read by no rule: any text may stand.
        return _identity
    known = frozenset(values)

    def convert(value: Any) -> str:
        if isinstance(value, str) and value in known:
            return value
        raise _BadValueError("应为：" + "、".join(f"{code}（{label}）" for code, label in values.items()))

    return convert


def _within(fact: Fact, convert: Converter) -> Converter:
    """Refuse numbers (of a list: of each day) outside the range of their fact."""
    if fact.range is None:
        return convert
    least, most = fact.range

    def bounded(value: Any) -> Any:
        held = convert(value)
        each = held.values() if isinstance(held, dict) else held if isinstance(held, tuple) else (held,)
        if all(least <= one <= most for one in each):
            return held
        raise _BadValueError(f"应在{least}至{most}{fact.unit}之间")

    return bounded


_CONVERTERS: dict[str, Converter] = {
    "yes_no": _yes_no,
    "count": _count,
    "number": exact,
    "date": _date,
    "id": _identity,
    "list": _list,
    "years": _years,
}


@dataclass(frozen=True, slots=True)
class FactTypes:
    """The facts of a pack and what types them, made once per pack.

    `yes_no`, `numbers` and `words` hold what stands as it comes: nearly every cell, so nearly none is converted.
    """

    facts: Mapping[str, Fact]
    converters: Mapping[str, Converter]
    yes_no: frozenset[str]
    numbers: dict[str, int]
    """The most that may be stated of each number."""

    from_one: frozenset[str]
    """The numbers that cannot be 0."""

    words: dict[str, frozenset[str]]
    texts: frozenset[str]
    """What any text is a value of: identities, and words whose values nobody lists."""

    @staticmethod
    def of(facts: Mapping[str, Fact]) -> FactTypes:
        """Make the types of a pack's facts."""
        return FactTypes(
            facts,
            {
                name: _word(fact.values) if fact.type == "word" else _within(fact, _CONVERTERS[fact.type])
                for name, fact in facts.items()
            },
            frozenset([intern(name) for name, fact in facts.items() if fact.type == "yes_no"]),
            {
                intern(name): fact.range[1] if fact.range is not None else LARGEST
                for name, fact in facts.items()
                if fact.type in ("count", "number")
            },
            frozenset([intern(name) for name, fact in facts.items() if fact.range and fact.range[0] > 0]),
            {
                intern(name): frozenset([intern(value) for value in fact.values])
                for name, fact in facts.items()
                if fact.type == "word"
            },
            frozenset(
                [
                    intern(name)
                    for name, fact in facts.items()
                    if fact.type == "id" or (fact.type == "word" and not fact.values)
                ]
            ),
        )


_NO_WORDS: Final[frozenset[str]] = frozenset()
_LISTS: Final = (list, tuple, dict)


def type_facts(raw: Mapping[str, Any], types: FactTypes, beside: Typed, record: str | None) -> Typed:
    """Type the facts of one record (None: of the person) and return them laid over those `beside`.

    None stays (stated as none), the empty text or list is a blank cell (not stated). Raises RuleError naming the record, the
    fact and what it takes.
    """
    cells: dict[str, Any] = raw if isinstance(raw, dict) else dict(raw)
    typed = cells.copy()
    typed.update(beside)
    if len(typed) != len(cells) + len(beside):
        # What a record itself states of the person or the year goes before.
        typed.update(cells)
    yes_no, numbers, words, texts, from_one = (
        types.yes_no, types.numbers, types.words, types.texts, types.from_one,
    )  # fmt: skip
    for name, value in cells.items():
        kind = type(value)
        if kind is bool:
            stands = name in yes_no
        elif kind is str:
            stands = value in words.get(name, _NO_WORDS) or (name in texts and value != "")
        elif kind is int:
            number: int = value
            # Of some facts there is no nothing (a rank of 0).
            stands = 0 <= number <= numbers.get(name, -1) and (number > 0 or name not in from_one)
        else:
            stands = False
        if stands or value is None:
            continue
        if value != "" and not (isinstance(value, _LISTS) and not value):
            typed[name] = _converted(name, value, types, "本人" if record is None else f"记录{record}")
        elif name in beside:
            typed[name] = beside[name]
        else:
            del typed[name]
    return typed


def _converted(name: str, value: Any, types: FactTypes, owner: str) -> Any:
    convert = types.converters.get(name)
    if convert is None:
        raise RuleError(f"{owner}：没有名为“{name}”的事实。请使用词表中的名称，或在规则文件的facts中增加")
    try:
        return convert(value)
    except _BadValueError as error:
        raise RuleError(
            f"{owner}：{types.facts[name].label}（{name}）的值“{value}”不可读，{error}。请更正后重新提交"
        ) from error


def type_person(raw: Mapping[str, Any], types: FactTypes, as_of: date) -> Typed:
    """Type the facts of the person (names without `person.`) as they stood on a day; dated ones are `[(from, value), …]`."""
    flat: dict[str, Any] = {}
    for name, value in raw.items():
        full = name if name.startswith("person.") else f"person.{name}"
        if full not in types.converters:
            raise RuleError(f"本人：没有名为“{name}”的事实。请使用词表中的名称，或在规则文件的facts中增加")
        if types.facts[full].type != "years" and isinstance(value, list | tuple):
            held = [(_as_date(entry), inner) for entry, inner in _pairs(name, value)]
            past = [(day, inner) for day, inner in held if day <= as_of]
            if past:
                flat[full] = max(past, key=lambda pair: pair[0])[1]
        else:
            flat[full] = value
    return type_facts({name: value for name, value in flat.items() if value is not None}, types, {}, None)


def _pairs(name: str, value: list[Any] | tuple[Any, ...]) -> list[tuple[Any, Any]]:
    pairs: list[tuple[Any, Any]] = []
    for entry in value:
        if isinstance(entry, Mapping) and {"from", "value"} <= set(entry):
            pairs.append((entry["from"], entry["value"]))
        elif isinstance(entry, list | tuple) and len(entry) == 2:
            pairs.append((entry[0], entry[1]))
        else:
            raise RuleError(
                f"本人：“{name}”随时间变化的，应逐段写明起始日期和值，"
                f'如[["2010-01-01", "junior"], ["2014-06-30", "intermediate"]]；“{entry}”不是这样写的。请更正后重新提交'
            )
    return pairs


def _as_date(value: Any) -> date:
    try:
        return _date(value)
    except _BadValueError as error:
        raise RuleError(f"本人：起始日期“{value}”不可读，{error}") from error


def months_between(start: date, end: date) -> Fraction:
    """Reckon months from the dates, both in: whole months and the days left over as a part of 30 (two decimals)."""
    last = date.fromordinal(end.toordinal() + 1)
    whole = (last.year - start.year) * 12 + last.month - start.month
    if last.day < start.day:
        whole -= 1
    year, month = start.year + (start.month - 1 + whole) // 12, (start.month - 1 + whole) % 12 + 1
    anchor = date(year, month, min(start.day, _days(year, month)))
    rest = min(Fraction(last.toordinal() - anchor.toordinal(), 30), Fraction(99, 100))
    return whole + Fraction(int(rest * 100), 100) if rest > 0 else Fraction(whole)


def _days(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following.toordinal() - date(year, month, 1).toordinal()
