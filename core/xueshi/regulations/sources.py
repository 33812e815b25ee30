"""The text of a rule file and where it came from; what a plugin hands to the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegulationSource:
    """One YAML text with the path that messages name."""

    path: str
    text: str


@dataclass(frozen=True)
class Reason:
    """What a Python hour function gives instead of hours: a code and a sentence in Chinese for the ledger."""

    code: str
    text: str
