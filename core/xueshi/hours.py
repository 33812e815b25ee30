"""Hours (学时) as integers in hundredths: the one way an amount of study is held, added and printed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NewType

Hours = NewType("Hours", int)
"""An amount of study in hundredths of an hour: `Hours(960)` is 9.6 学时. Never a float."""

ZERO = Hours(0)


def whole(hours: int) -> Hours:
    """Return `hours` whole hours as hundredths: `whole(80)` is `Hours(8000)`."""
    return Hours(hours * 100)


def rounded(exact: Fraction) -> Hours:
    """Round an exact number of hours to hundredths, half up: the only rounding of the product (rule language 3.3)."""
    scaled = exact * 100
    return Hours((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator))


def parse_hours(text: str) -> Hours:
    """Read `"9.6"` or `"80"`; raises ValueError for anything else, more than two decimals included."""
    value = Decimal(text.strip())
    if not value.is_finite():
        raise ValueError(f"not a number of hours: {text!r}")
    hundredths = value * 100
    if hundredths != hundredths.to_integral_value():
        raise ValueError(f"more than two decimals: {text!r}")
    return Hours(int(hundredths))


def show_hours(hours: int) -> str:
    """Print hundredths as an officer writes them: 8000 → `80`, 960 → `9.6`, -50 → `-0.5`."""
    sign = "-" if hours < 0 else ""
    units, rest = divmod(abs(hours), 100)
    return f"{sign}{units}" if not rest else f"{sign}{units}.{rest:02d}".rstrip("0")
