"""Who a jurisdiction is: frozen values that a plugin returns for the identity hook points.

Source of the shapes: `jurisdiction.yaml` of a plugin. Law itself is in `xueshi.regulations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class YearSpan:
    """Statistics years `first` to `last`, both in; `last` is None while open."""

    first: int
    last: int | None = None

    def __contains__(self, year: object) -> bool:
        """Tell whether a statistics year lies in the span."""
        return isinstance(year, int) and self.first <= year and (self.last is None or year <= self.last)

    def __str__(self) -> str:
        return f"{self.first}–{self.last if self.last is not None else ''}"


@dataclass(frozen=True)
class Area:
    """An administrative area (GB/T 2260) and the bodies that act in it, by role (`hrss`, `exam_centre`, …)."""

    code: str
    name: str
    bodies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Instrument:
    """One legal instrument a jurisdiction knows; `file` is None while it is listed but not encoded."""

    id: str
    title: str
    number: str
    years: YearSpan
    file: str | None = None


@dataclass(frozen=True)
class AppliesLine:
    """In `area` (and its subareas), for `years` (and `sector`), the instrument `use` applies, by `clause`."""

    area: str
    years: YearSpan
    use: str
    clause: str
    sector: str | None = None


@dataclass(frozen=True)
class Jurisdiction:
    """A jurisdiction: code (the entry point's name), Chinese name, areas, instruments, which applies when."""

    code: str
    name: str
    areas: tuple[Area, ...]
    instruments: tuple[Instrument, ...]
    applies: tuple[AppliesLine, ...]
    parent: str | None = None
    """Code of the jurisdiction whose templates are inherited (city → province)."""

    def area(self, code: str) -> Area | None:
        """Return the area itself or the nearest listed area that contains it."""
        for prefix in area_ancestry(code):
            for area in self.areas:
                if area.code == prefix:
                    return area
        return None


def area_ancestry(code: str) -> tuple[str, ...]:
    """Return the area and what contains it: district, city, province: `990102` → `990102, 990100, 990000`."""
    chain = (code, code[:4] + "00", code[:2] + "0000")
    return tuple(dict.fromkeys(chain))


def area_contains(outer: str, inner: str) -> bool:
    """Tell whether area `inner` is `outer` or lies in it (GB/T 2260 codes)."""
    return outer in area_ancestry(inner)
