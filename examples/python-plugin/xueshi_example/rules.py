"""What the rule file cannot say: how the hours of a joint work are divided among its authors (示例办法 三(二))."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from xueshi import Reason

EACH: Final = 800
"""Hundredths of an hour for 10000 characters (每万字8学时)."""


def joint_work(facts: Mapping[str, Any]) -> int | Reason:
    """Give the first author half of a work's hours and the others equal parts of the rest; one author has them all.

    Reads `characters`, `authors` and `rank`, whole numbers, and nothing else; the engine asks only where all three are
    stated. Returns hundredths of an hour, rounded half up, or the reason why there are none.
    """
    characters, authors, rank = facts["characters"], facts["authors"], facts["rank"]
    if not 1 <= rank <= authors:
        return Reason("rank_of_authors", f"按三(二)，共{authors}名作者，没有第{rank}名，不计学时")
    whole = Fraction(EACH * characters, 10000)
    part = whole if authors == 1 else whole / 2 if rank == 1 else whole / 2 / (authors - 1)
    return int(part + Fraction(1, 2))
