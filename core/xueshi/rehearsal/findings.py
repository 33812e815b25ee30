"""What a rehearsal found, as plain figures: messages by day, load of officers, expected failures, what would stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class DayLoad:
    """One civil day of a rehearsal."""

    day: date
    messages: int
    """Messages written that day."""
    settled: Mapping[str, int]
    """Login of an officer → tasks settled that day."""
    waiting: int
    """Tasks of area bodies that wait at the end of the day."""


@dataclass(frozen=True)
class Stop:
    """Something that would stop the campaign or a part of it, and what to do."""

    what: str
    where: str
    cure: str


@dataclass(frozen=True)
class Rehearsed:
    """The outcome of one run under one deadline."""

    deadline: date
    units: int
    people: int
    days: Sequence[DayLoad]
    verdicts: Mapping[str, Mapping[str, int]]
    """Verdict → title level (`""` without) → people."""
    shortfalls: Mapping[str, int]
    """Category of a requirement not reached → people."""
    questions: int
    """Records that only a person can settle: left open by the simulated officers."""
    returned: int
    not_filed: int
    refused: int
    undecided: int
    """Units that were still not decided when the rehearsal gave up."""
    last_decision: date | None
    stops: Sequence[Stop] = field(default_factory=tuple)

    @property
    def messages(self) -> int:
        """All messages of the run."""
        return sum(day.messages for day in self.days)

    @property
    def busiest(self) -> tuple[date, str, int] | None:
        """The officer's day with most settled tasks: day, login, number."""
        loads = [(number, day.day, login) for day in self.days for login, number in day.settled.items()]
        if not loads:
            return None
        number, day, login = max(loads, key=lambda load: (load[0], -load[1].toordinal(), load[2]))
        return day, login, number

    @property
    def longest_queue(self) -> tuple[date, int] | None:
        """The day on which most tasks waited at its end; None where every day ended with nothing waiting."""
        worst = max(self.days, key=lambda day: day.waiting, default=None)
        return None if worst is None or not worst.waiting else (worst.day, worst.waiting)

    def load_of(self) -> dict[str, tuple[int, int]]:
        """Return login → (tasks settled in all, most on one day)."""
        loads: dict[str, tuple[int, int]] = {}
        for day in self.days:
            for login, number in day.settled.items():
                total, most = loads.get(login, (0, 0))
                loads[login] = (total + number, max(most, number))
        return loads
