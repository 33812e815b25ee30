"""The small words of the language as pure functions: numbers, amounts, bands, shares, years, days (rule language 2.1).

Each returns the closed form (JSON-able lists) or None when the text is no such word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

RATE_UNITS: dict[str, tuple[str, int]] = {
    # unit → (fact that holds the quantity, how many of the fact make one unit)
    "day": ("days", 1),
    "half_day": ("half_days", 1),
    "hour": ("hours", 1),
    "clock_hour": ("hours", 1),
    "credit": ("credits", 1),
    "course": ("courses", 1),
    "subject": ("subjects", 1),
    "item": ("items", 1),
    "character": ("characters", 1),
    "month": ("months", 1),
    "half_year": ("months", 6),
    "year": ("months", 12),
}
"""Units of `8 per day`; the conversions of quantities are closed (rule language 3.3)."""

COMPLETED = frozenset(("month", "half_year", "year"))
"""Units of which only whole months count, unless a part of a month is to count by its days (`partial: by_days`)."""

UPWARD = ("up", "up_to_half", "as_half")
"""What counts a part of a unit up: a begun unit counts in full, a begun half in full, any part counts as half of one."""

PARTS = ("prorate", "whole", "by_days", *UPWARD)
"""What a part of a unit gives: its share, nothing, (of months) so much for each day beyond the whole months, or more than its share."""

TWINS = {
    "days": "half_days",
    "half_days": "days",
    "travel_days": "travel_half_days",
    "travel_half_days": "travel_days",
}
"""Facts that state one quantity in two units: where only the other is stated, it is converted (rule language 3.3)."""

PLURALS = {
    "credits": "credit",
    "characters": "character",
    "days": "day",
    "hours": "hour",
    "clock_hours": "clock_hour",
    "months": "month",
    "half_days": "half_day",
    "courses": "course",
    "subjects": "subject",
    "items": "item",
}
WHOLE_ONLY = ("course", "subject", "item")
"""Units that come whole by nature: `defaults.partial` never matters for them."""

DECIDERS = {
    "unit": "用人单位", "hrss": "人力资源社会保障部门", "industry_dept": "行业主管部门", "department": "主管部门",
    "verifier": "认定人", "training_body": "施教机构", "title_review": "职称评审组织",
}  # fmt: skip
"""Who may decide what a rule file leaves to a person (`who` of `manual`), with the Chinese word."""

NUMBER = r"\d+(?:\.\d{1,2})?"
_NUMBER = re.compile(rf"^{NUMBER}$")
_RATE = re.compile(rf"^({NUMBER}) per (?:(\d+) )?([a-z_]+)$")
_TIMES = re.compile(r"^([A-Za-z_]\w*) per ([a-z_]+)$")
_RANGE = re.compile(rf"^({NUMBER}) to ({NUMBER})$")
_BAND = re.compile(rf"^(upto|below|over|from) ({NUMBER})$")
_BOTH_ENDS = re.compile(rf"^(over|from) ({NUMBER}) (upto|below) ({NUMBER})$")
_PERCENT = re.compile(rf"^({NUMBER})%$")
_THEN = re.compile(rf"^(?:-({NUMBER})(%)?|x({NUMBER})(%)?)$")
_RECKONED = re.compile(rf"^({NUMBER})(% of| times) (\S.*)$")
_PART = re.compile(r"^(\d+)/(\d+) of (\S+)$")
_MONTH_DAY = re.compile(r"^(\d{2})-(\d{2})$")
_YEARS = re.compile(r"^(\d{4})(?: to (\d{4}|open))?$")
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Form = list[object]
"""A node of the closed form: an operator and its operands, JSON-able."""


def number(text: str) -> Fraction | None:
    """Read a number with at most two decimals; None for anything else."""
    return Fraction(Decimal(text)) if _NUMBER.match(text) else None


MEASURES = {"book": "每部", "paper": "每篇", "project": "每项", "patent": "每项", "award": "每项"}


def each_time(kinds: Iterable[str]) -> str:
    """Say of what the limit of one record is: `每部`, `每篇`; of several sorts, and of what is attended, `每次`."""
    said = {MEASURES.get(kind, "每次") for kind in kinds}
    return said.pop() if len(said) == 1 else "每次"


def plain_hours(text: str) -> Form | None:
    """Read so many hours: `10`, or worked out from two figures of the text: `150% of 12`, `1.5 times 16`.

    What is worked out keeps its way as a third part, in Chinese: `["fixed", "18", "12的150%"]`.
    """
    if _NUMBER.match(text):
        return ["fixed", text]
    match = _RECKONED.match(text)
    if match is None or not _NUMBER.match(match[3]):
        return None
    value = _reckoned(match, match[3])
    way = f"{match[3]}的{match[1]}%" if match[2] == "% of" else f"{match[3]}的{match[1]}倍"
    return ["fixed", value, way] if value is not None else None


def _reckoned(match: re.Match[str], of: str) -> str | None:
    """Work out a share or a multiple of a number; None where it is no number of two decimals."""
    value = Fraction(match[1]) / (100 if match[2] == "% of" else 1) * Fraction(of) * 100
    if value.denominator != 1:
        return None
    whole, rest = divmod(value.numerator, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def amount(text: str) -> Form | None:
    """Read an amount of hours without names: `10`, `8 per day`, `stated`, `10 to 15`, `decided`, `none`, `150% of 12`."""
    if fixed := plain_hours(text):
        return fixed
    if (way := _RECKONED.match(text)) and (of := _RATE.match(way[3])):
        value = _reckoned(way, of[1])
        return amount(f"{value}{way[3].removeprefix(of[1])}") if value is not None else None
    if match := _RATE.match(text):
        rate, count, unit = match.groups()
        unit = PLURALS.get(unit, unit)
        if unit not in RATE_UNITS or (count and unit != "character"):
            return None
        return ["rate", rate, unit, int(count or 1)]
    if match := _RANGE.match(text):
        low, high = match.groups()
        return ["range", low, high] if Fraction(low) < Fraction(high) else None
    if text in ("decided", "none"):
        return [text]
    if text == "stated":
        return ["stated", "declared_hours"]
    if text.startswith("stated in "):
        return ["stated", text.removeprefix("stated in ").strip()]
    return None


def times(text: str) -> tuple[str, str] | None:
    """Read `credit_hours per credit`, a parameter for each of a unit: the parameter and the unit."""
    match = _TIMES.match(text)
    unit = PLURALS.get(match[2], match[2]) if match else ""
    return (match[1], unit) if match and unit in RATE_UNITS else None


def cap(text: str) -> Form | None:
    """Read a limit: `20`, or `none` (as one branch of a reading: no limit then)."""
    return ["none"] if text == "none" else plain_hours(text)


def percent(text: str) -> Form | None:
    """Read a share: `20%`, `stated in fact`, or worked out of two figures of the text: `50% of 50%`."""
    if match := _PERCENT.match(text):
        return ["percent", match.group(1)] if Fraction(match.group(1)) <= 100 else None
    if (way := _RECKONED.match(text)) and (of := _PERCENT.match(way[3])):
        value = _reckoned(way, of[1])
        if value is None or Fraction(value) > 100:
            return None
        return ["percent", value, f"{way[3]}的{way[1]}%" if way[2] == "% of" else f"{way[3]}的{way[1]}倍"]
    if text.startswith("stated in "):
        return ["stated_percent", text.removeprefix("stated in ").strip()]
    return None


def further(text: str, shares: bool) -> Form | None:
    """Read `then` of a table: `-1`, `-20%`, `x80%`: so much less, points less, times, for each further rank.

    More than the rank before is no such word: a later author has no more than an earlier one.
    """
    match = _THEN.match(text)
    if not match:
        return None
    less, less_percent, times, times_percent = match.groups()
    if times is not None:
        factor = Fraction(times) / (100 if times_percent else 1)
        return ["times", str(factor)] if factor <= 1 else None
    if bool(less_percent) != shares:
        return None
    return ["less", less]


def band(text: str) -> Form | None:
    """Read a band as `[low, low included, high, high included]`; an open end is None.

    `over 3 below 6` is 超过3不满6: both ends in one band.
    """
    if match := _BOTH_ENDS.match(text):
        start, low, end, high = match.groups()
        return [low, start == "from", high, end == "upto"] if Fraction(low) < Fraction(high) else None
    if match := _BAND.match(text):
        word, value = match.groups()
        return {
            "upto": [None, False, value, True],
            "below": [None, False, value, False],
            "over": [value, False, None, False],
            "from": [value, True, None, False],
        }[word]
    if match := _RANGE.match(text):
        return (
            [match.group(1), True, match.group(2), True]
            if Fraction(match.group(1)) <= Fraction(match.group(2))
            else None
        )
    return None


def band_words(form: Form) -> str:
    """Say a band in Chinese: `不超过3`, `超过2000`, `3至6`, `超过3且不满6`."""
    low, low_in, high, high_in = form
    if low is not None and high is not None and low_in and high_in:
        return f"{low}至{high}"
    said = []
    if low is not None:
        said.append(f"不少于{low}" if low_in else f"超过{low}")
    if high is not None:
        said.append(f"不超过{high}" if high_in else f"不满{high}")
    return "且".join(said)


def minimum(text: str) -> Form | None:
    """Read a minimum: `90`, `1/3 of R1`, `any`, `none` (for one value: nothing is asked)."""
    if text == "none":
        return ["fixed", "0", "不另要求"]
    if fixed := plain_hours(text):
        return fixed
    if text == "any":
        return ["any"]
    if match := _PART.match(text):
        top, bottom, of = match.groups()
        return ["part", int(top), int(bottom), of] if int(bottom) and int(top) <= int(bottom) else None
    return None


def month_day(text: str) -> Form | None:
    """Read a day of every year, `11-01`, as `["day", 11, 1]`; `02-29` is none."""
    match = _MONTH_DAY.match(text)
    if not match:
        return None
    month, day = int(match.group(1)), int(match.group(2))
    every_year = 1 <= month <= 12 and 1 <= day <= LONGEST_MONTHS[month - 1] and (month, day) != (2, 29)
    return ["day", month, day] if every_year else None


def years(text: str) -> tuple[int, int | None] | None:
    """Read `2011 to 2023`, `2024 to open` or `2024`: first and last statistics year, None while open."""
    match = _YEARS.match(text)
    if not match:
        return None
    first, last = int(match.group(1)), match.group(2)
    end = first if last is None else None if last == "open" else int(last)
    return (first, end) if end is None or end >= first else None


def is_date(text: str) -> bool:
    """Tell whether the text is a day of the calendar written 2007-11-20."""
    match = _DATE.match(text)
    if not match:
        return False
    month, day = int(match.group(2)), int(match.group(3))
    return 1 <= month <= 12 and 1 <= day <= LONGEST_MONTHS[month - 1]


def split(text: str) -> list[str]:
    """Split a list written in one word, `ministerial, provincial`; Chinese commas too."""
    return [part.strip() for part in re.split(r"[,，]", text) if part.strip()]


def rates(form: object) -> Iterator[list[Any]]:
    """Go through the rates of an amount, in its order: `["rate", number, unit, per, partial, less]`."""
    if isinstance(form, list):
        if form[:1] == ["rate"]:
            yield form
            return
        for part in form:
            yield from rates(part)
