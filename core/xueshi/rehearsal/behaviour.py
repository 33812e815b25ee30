"""How the people of a rehearsal behave: on which day a unit files, how much an officer settles a day. Pure, seeded.

No randomness: a unit's day follows from the seed and its code, so that two rehearsals of the same campaign are equal
and a moved deadline is the only thing that differs between two runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

IsWorkingDay = Callable[[date], bool]


@dataclass(frozen=True)
class Behaviour:
    """What is assumed; shares in percent."""

    decisions_per_day: int = 40
    """Tasks that one officer settles on a working day: a unit's decision and a record's question count one each."""
    late_percent: int = 3
    """Units that would come after the last day."""
    last_week_percent: int = 50
    """Units that come in the last week of the window; the others spread over the days before."""
    return_percent: int = 5
    """Units that are returned once and hand in again two working days later."""
    seed: int = 1

    def drawn(self, what: str, code: str) -> int:
        """Return 0 … 99, fixed by seed, question and unit."""
        return int(sha256(f"{self.seed}:{what}:{code}".encode()).hexdigest()[:12], 16) % 100

    def returned(self, code: str) -> bool:
        """Tell whether the verifier returns this unit once."""
        return self.drawn("return", code) < self.return_percent

    def filing_day(self, code: str, days: Sequence[date]) -> date:
        """Return the day on which a unit files, of the window's working days; after the last one for a late unit.

        A unit whose habit is known (it filed last year) does not ask here.
        """
        if self.drawn("late", code) < self.late_percent:
            return days[-1] + timedelta(days=1 + self.drawn("how late", code) // 10)
        last = days[-5:]
        early = days[:-5]
        chosen = last if not early or self.drawn("week", code) < self.last_week_percent else early
        return chosen[self.drawn("day", code) * len(chosen) // 100]


def working_days(first: date, last: date, is_working: IsWorkingDay) -> list[date]:
    """Return the working days from `first` to `last`, both included; the last day itself where there is none."""
    span = (last - first).days
    days = [first + timedelta(days=number) for number in range(span + 1)]
    return [day for day in days if is_working(day)] or [last]


def carried_over(share: int, days: Sequence[date]) -> date:
    """Return the day of a unit that filed at `share` hundredths of last year's window."""
    return days[min(len(days) - 1, share * len(days) // 100)]
