"""Every installed jurisdiction passes the contract; no list of names stands here."""

from __future__ import annotations

from importlib.metadata import entry_points

from xueshi.registry import GROUP
from xueshi.testing import JurisdictionContract

CODES = sorted(entry_point.name for entry_point in entry_points(group=GROUP))

for _code in CODES:
    globals()[f"Test{_code.title()}"] = type(f"Test{_code.title()}", (JurisdictionContract,), {"code": _code})


def test_the_jurisdictions_of_the_repository_are_installed() -> None:
    assert len(CODES) >= 5
