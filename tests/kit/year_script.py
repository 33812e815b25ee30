"""A scripted year of one region, read from its file: units, people, accounts, and events with what must come of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

STRAIGHT = ("on", "who", "act", "expect", "because")
"""Keys of every event; the others are its act's own. `because` says where the figures come from: for the reader."""


@dataclass(frozen=True)
class Event:
    """One line of a script: its number, day, who does what with which words, and what must come of it."""

    number: int
    on: date
    who: str
    act: str
    words: Mapping[str, Any]
    expect: Mapping[str, Any]

    def __str__(self) -> str:
        return f"event {self.number}, {self.on} {self.who} {self.act}"


@dataclass(frozen=True)
class Script:
    """A year of one region as data."""

    name: str
    area: str
    year: int
    units: Mapping[str, Mapping[str, Any]]
    people: Mapping[str, Mapping[str, Any]]
    accounts: Mapping[str, Mapping[str, Any]]
    events: tuple[Event, ...]
    left_open: Mapping[str, int]
    """Role → tasks that the script leaves open on purpose at its end."""

    def months(self) -> Iterator[tuple[str, list[Event]]]:
        """The events month by month, in the script's order."""
        grouped: dict[str, list[Event]] = {}
        for event in self.events:
            grouped.setdefault(f"{event.on:%Y-%m}", []).append(event)
        yield from grouped.items()


def read_script(file: Path) -> Script:
    """Read a script; its events must stand in the order of their days."""
    body = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    events = tuple(
        Event(
            number,
            one["on"],
            str(one.get("who", "engine")),
            one["act"],
            {key: value for key, value in one.items() if key not in STRAIGHT},
            one["expect"],
        )
        for number, one in enumerate(body["events"], start=1)
    )
    days = [event.on for event in events]
    assert days == sorted(days), f"{file.name}: events are out of order"
    return Script(
        file.stem,
        str(body["area"]),
        int(body["year"]),
        body["units"],
        body["people"],
        body["accounts"],
        events,
        body.get("left_open", {}),
    )
