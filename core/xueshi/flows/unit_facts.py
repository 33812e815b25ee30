"""What a registered unit is, as far as flows ask: read from its row."""

from __future__ import annotations

from xueshi.flows.routing import UnitFacts
from xueshi.register.tables import Unit
from xueshi.register.unit_kinds import has_department


def facts_of(unit: Unit) -> UnitFacts:
    """Return by what a flow routes a registered unit; where nobody said it, a sector means an industry department."""
    return UnitFacts(unit.kind, has_department(unit.has_department, unit.sector), unit.sector)
