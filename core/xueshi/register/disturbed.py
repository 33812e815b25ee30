"""What an entry into the register changed of people's time at units and of their levels, and for whom that matters on a day.

Pure: it knows no table. Whoever enters a workbook, a package or an act notes what stood and what stands; whoever guards
a year that is under review asks whose year is another one by it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar
from uuid import UUID

Span = tuple[date, date | None]
"""First and last day at a unit; None while it lasts."""
Step = tuple[date, str | None]
"""First day of a title and its level."""
Key = TypeVar("Key", bound=Hashable)
Entry = TypeVar("Entry", Span, Step)


class Changes(Generic[Key, Entry]):
    """What stood and what stands after an entry, by key; `changed` gives the keys for which these differ."""

    def __init__(self) -> None:
        self._before: dict[Key, list[Entry]] = {}
        self._after: dict[Key, list[Entry]] = {}

    def stood(self, key: Key, entry: Entry) -> None:
        """Note what stood before and goes on standing."""
        self._before.setdefault(key, []).append(entry)
        self._after.setdefault(key, []).append(entry)

    def added(self, key: Key, entry: Entry) -> None:
        """Note what is new."""
        self._after.setdefault(key, []).append(entry)

    def stands(self, after: Iterable[tuple[Key, Entry]]) -> None:
        """Note all that stands afterwards, in place of what was noted."""
        self._after = {}
        for key, entry in after:
            self.added(key, entry)

    def changed(self) -> dict[Key, tuple[tuple[Entry, ...], tuple[Entry, ...]]]:
        """Return key → before and after, each by its first day, where they differ."""
        found = {}
        for key in self._before.keys() | self._after.keys():
            before, after = (
                tuple(sorted(entries.get(key, ()), key=_first_day)) for entries in (self._before, self._after)
            )
            if before != after:
                found[key] = (before, after)
        return found


def _first_day(entry: Entry) -> date:
    return entry[0]


@dataclass(frozen=True)
class Disturbed:
    """Whose time at a unit, or whose level, an entry changed: before and after."""

    employments: Mapping[tuple[UUID, UUID], tuple[tuple[Span, ...], tuple[Span, ...]]] = field(
        default_factory=dict
    )
    """(unit, person) → spans before and after; only where they differ."""
    titles: Mapping[UUID, tuple[tuple[Step, ...], tuple[Step, ...]]] = field(default_factory=dict)
    """Person → titles before and after; only where levels or days differ."""

    def at(self, unit_id: UUID, titled: Collection[UUID], last: date, read_on: date) -> set[UUID]:
        """Return who would be judged otherwise at a unit: employed on the last day of a year, level of `read_on`.

        `titled` are the people of `titles` who work at the unit.
        """
        moved = {
            person
            for (at_unit, person), (before, after) in self.employments.items()
            if at_unit == unit_id and _lasts_on(before, last) != _lasts_on(after, last)
        }
        return moved | {
            person
            for person, (steps, now) in self.titles.items()
            if person in titled and _level_on(steps, read_on) != _level_on(now, read_on)
        }


def _lasts_on(spans: Sequence[Span], day: date) -> bool:
    return any(since <= day and (until is None or day <= until) for since, until in spans)


def _level_on(steps: Sequence[Step], day: date) -> str | None:
    return next((level for since, level in sorted(steps, reverse=True, key=_first_day) if since <= day), None)
