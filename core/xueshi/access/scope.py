"""Scope: which areas, sectors and units an account may see or decide. First argument of every repository function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true

from xueshi.jurisdictions import area_contains


@dataclass(frozen=True)
class Scope:
    """Areas (with all they contain) ∩ sectors ∩ units; None for sectors or units means no restriction.

    With `people` it is a professional's own: only what is about these people, wherever they work; nothing else counts.
    """

    areas: tuple[str, ...]
    sectors: tuple[str, ...] | None = None
    units: tuple[UUID, ...] | None = None
    people: tuple[UUID, ...] | None = None

    @classmethod
    def everything(cls) -> Scope:
        """The scope of the engine itself (activities, checks); never given to an account."""
        return cls(areas=("*",))

    def of_engine(self) -> Scope:
        """Widen to everything, for what belongs to a row that was already found inside this scope."""
        return Scope.everything()

    def allows(
        self, area: str, sector: str | None = None, unit: UUID | None = None, person: UUID | None = None
    ) -> bool:
        """Tell whether a row of this area, sector and unit, about this person, lies in the scope."""
        if self.people is not None:
            return person is not None and person in self.people
        in_area = "*" in self.areas or any(area_contains(outer, area) for outer in self.areas)
        in_sector = self.sectors is None or sector in self.sectors
        in_unit = self.units is None or unit in self.units
        return in_area and in_sector and in_unit

    def area_clause(self, column: Any) -> ColumnElement[bool]:
        """SQL condition on an area column; the same answer as `allows`."""
        if self.people is not None:
            return false()
        if "*" in self.areas:
            return true()
        return or_(false(), *(column.startswith(area_prefix(area), autoescape=True) for area in self.areas))

    def clause(
        self, area: Any, sector: Any | None = None, unit: Any | None = None, person: Any | None = None
    ) -> ColumnElement[bool]:
        """SQL condition on a table's columns of area, sector, unit, person; a restricted one without column hides all."""
        if self.people is not None:
            return person.in_(self.people) if person is not None else false()
        parts: list[ColumnElement[bool]] = [self.area_clause(area)]
        if self.sectors is not None:
            parts.append(sector.in_(self.sectors) if sector is not None else false())
        if self.units is not None:
            parts.append(unit.in_(self.units) if unit is not None else false())
        return and_(*parts)


def area_prefix(code: str) -> str:
    """What the codes of an area and all it contains begin with (GB/T 2260): `990000` → `99`, `990100` → `9901`."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code
