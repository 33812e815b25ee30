"""Runs the CZ2024 cases through each peer and prints `N of N`: `.venv-bench/bin/python benchmarks/peers/check.py`.

The golden cases must all pass (hours of each record, totals, verdict, shortfall); exit 1 otherwise. Of our own cases
those under default readings are run too, for the reader: a peer knows no open record, so a case of missing facts is
left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from cz2024_openfisca import OpenFisca
from cz2024_zen import Zen, files

CASES = Path(__file__).resolve().parents[2] / "plugins/changzhou/xueshi_changzhou/cases"
MINIMUMS = {"public": 30, "professional": 60, "total": 90}


def plain(value: Any) -> Any:
    """Return a fact as JSON has it: dates as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def differences(peer: Any, case: Mapping[str, Any]) -> list[str]:
    """Return where a peer's answer differs from a case."""
    records = [
        (one["id"], one["kind"], {name: plain(value) for name, value in one["facts"].items()})
        for one in case["records"]
    ]
    met, totals, hours = peer.outcome(peer.judge(case["year"], records))
    found = [
        f"{one['id']}: {hours[one['id']]} instead of {one['hours']}"
        for one in case["records"]
        if round(hours[one["id"]] * 100) != round(one["hours"] * 100)
    ]
    for code, expected in case["totals"].items():
        if round(totals[code] * 100) != round(expected * 100):
            found.append(f"{code}: {totals[code]} instead of {expected}")
    short = {code: least - totals[code] for code, least in MINIMUMS.items() if totals[code] < least}
    if {code: round(value * 100) for code, value in short.items()} != {
        code: round(value * 100) for code, value in case["shortfall"].items()
    }:
        found.append(f"shortfall: {short} instead of {case['shortfall']}")
    if met != case["met"]:
        found.append(f"met: {met} instead of {case['met']}")
    return found


def cases(name: str) -> Iterable[Mapping[str, Any]]:
    """Return the cases of a file that stand under default readings."""
    whole = yaml.safe_load((CASES / name).read_text("utf-8"))
    return [case for case in whole["cases"] if not case.get("config")]


def main() -> int:
    failed = 0
    for path, text in files().items():
        if path.read_text("utf-8") != text:
            print(f"{path.name} is not what cz2024_zen.py writes: run it")
            failed += 1
    for peer in (Zen(), OpenFisca()):
        for name, binding in (("changzhou-2024.yaml", True), ("cz2024-limits.yaml", False)):
            passed = 0
            listed = list(cases(name))
            for case in listed:
                found = differences(peer, case)
                passed += not found
                for one in found:
                    print(f"{peer.name} {case['id']} {one}")
                failed += bool(found) and binding
            print(f"{peer.name}: {passed} of {len(listed)} cases of {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
