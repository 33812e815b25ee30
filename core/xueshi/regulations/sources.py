"""The text of a rule file and where it came from; what a plugin hands to the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegulationSource:
    """One YAML text with the path that messages name."""

    path: str
    text: str


@dataclass(frozen=True)
class BureauOverlay:
    """An overlay that a bureau published: for an area and what lies in it, for the statistics years from `first` on."""

    id: str
    area: str
    of: str
    """Id of the instrument whose readings and parameters it sets."""
    decided: str
    """Day of the decision, written 2021-03-01."""
    first: int
    last: int | None
    """None while open."""
    source: RegulationSource

    def serves(self, year: int | None) -> bool:
        """Tell whether it holds in a statistics year; without one, whether it ever does."""
        return year is None or (self.first <= year and (self.last is None or year <= self.last))


@dataclass(frozen=True)
class Reason:
    """What a Python hour function gives instead of hours: a code and a sentence in Chinese for the ledger."""

    code: str
    text: str
