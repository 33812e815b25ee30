"""One person, eight records, CZ2024, full trace: Xueshi beside OpenFisca-Core and zen-engine, in one interleaved run.

`make bench`, or `.venv-bench/bin/python benchmarks/beside_peers.py [REPEATS]`. All three get the same facts and must
give the same hours, totals and verdict before anything is timed. Two figures: with all set-up done before, and with all
set-up counted (rule files read, checked and compiled, simulation or decision made, one person judged). A peer says less
than we do: no sentence for the reader, no list of what is missing, no reading named, no citation for each step.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import psutil
from peers.cz2024_openfisca import OpenFisca
from peers.cz2024_zen import Zen
from person_year import RECORDS, Times, interleaved, machine

from xueshi.assessment import program
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.registry import load
from xueshi.regulations.pack import RulePack

YEAR = 2024
PERSON = [(f"r{number}", kind, facts) for number, (kind, facts) in enumerate(RECORDS, start=1)]
GOALS = {"OpenFisca-Core": 80, "zen-engine": 8}
SET_UPS = 15
"""Rounds with set-up counted: a tenth of a second each is enough for a median."""


class Xueshi:
    """Ourselves, asked like a peer."""

    name = "Xueshi"

    def __init__(self) -> None:
        # A pack compiled by an earlier round is not to be found again.
        program._PROGRAMS.clear()
        self.pack = load().pack_of("CZ2024")

    def judge(self, year: int, records: list[tuple[str, str, Mapping[str, Any]]]) -> YearAssessment:
        """Judge one year with the full trace."""
        rows = tuple(RecordFacts(name, kind, facts) for name, kind, facts in records)
        return evaluate(self.pack, PersonYearRequest(self.pack.area, year, {}, rows, ()), trace=True)

    def outcome(self, found: YearAssessment) -> tuple[bool, dict[str, float], dict[str, float]]:
        """Return verdict, totals by category and hours by record, in hours."""
        totals = {code: hundredths / 100 for code, hundredths in found.totals.items()}
        return found.verdict == "met", totals, {entry.record: entry.hours / 100 for entry in found.ledger}


class XueshiPinned(Xueshi):
    """Ourselves from the pinned pack, as a campaign sets up: the files were read and checked when it was pinned."""

    name = "Xueshi, pinned"
    body = load().pack_of("CZ2024").to_bytes()

    def __init__(self) -> None:
        program._PROGRAMS.clear()
        self.pack = RulePack.from_bytes(self.body)


ENGINES = (Xueshi, OpenFisca, Zen)


class OpenFiscaAnew(OpenFisca):
    """OpenFisca with a new simulation for each person, as its own web interface asks it; shown beside, not judged by."""

    name = "OpenFisca, anew"

    def judge(self, year: int, records: list[tuple[str, str, Mapping[str, Any]]]) -> Any:
        """Judge one year in a simulation made for it."""
        self.simulations.clear()
        return super().judge(year, records)


def show(title: str, taken: Mapping[str, Times]) -> None:
    """Print the figures of one kind: medians of both clocks, the middle half, how much slower than ours."""
    print(f"\n{title}")
    print(f"  {'':16}{'median µs':>12}{'middle half':>22}{'× ours':>9}{'processor µs':>15}{'× ours':>9}")
    wall, cpu = (statistics.median(times) for times in taken[Xueshi.name])
    for name, times in taken.items():
        low, middle, high = statistics.quantiles(times.wall, n=4)
        processor = statistics.median(times.cpu)
        half = f"{low:.0f} to {high:.0f}"
        print(
            f"  {name:16}{middle:12.0f}{half:>22}{middle / wall:9.2f}{processor:15.0f}{processor / cpu:9.2f}"
        )


def main() -> int:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    engines = [engine() for engine in ENGINES]
    outcomes = [engine.outcome(engine.judge(YEAR, PERSON)) for engine in engines]
    if any(outcome != outcomes[0] for outcome in outcomes[1:]):
        for engine, outcome in zip(engines, outcomes, strict=True):
            print(f"{engine.name}: {outcome}", file=sys.stderr)
        print("the engines do not agree: nothing was timed", file=sys.stderr)
        return 1
    stolen = psutil.cpu_times().steal
    asked = [*engines, OpenFiscaAnew()]
    warm = interleaved({one.name: lambda one=one: one.judge(YEAR, PERSON) for one in asked}, repeats)
    anew = (Xueshi, XueshiPinned, OpenFisca, Zen)
    cold = interleaved(
        {one.name: lambda one=one: one().judge(YEAR, PERSON) for one in anew}, SET_UPS, block=1
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("openfisca-core", "zen-engine", "numpy"))
    print(f"CZ2024, one person, {len(PERSON)} records, full trace. {machine()}; {versions}")
    print(
        f"repeats {repeats} ({SET_UPS} with set-up), interleaved; steal {psutil.cpu_times().steal - stolen:.2f} s"
    )
    show("Set-up done before, for all:", warm)
    for name, goal in GOALS.items():
        # By the processor's time: on a busy machine a long call waits for others, a short one does not.
        reached = statistics.median(warm[name].cpu) / statistics.median(warm[Xueshi.name].cpu)
        verdict = "reached" if reached >= goal else "missed"
        print(f"  goal: {name} at least {goal} times slower: {verdict} ({reached:.1f})")
    show("Set-up counted, for all:", cold)
    return 0


if __name__ == "__main__":
    sys.exit(main())
