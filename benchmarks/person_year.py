"""One person, eight records, judged over and over: median microseconds with and without the trace, interleaved.

`.venv/bin/python benchmarks/person_year.py [INSTRUMENT …] [REPEATS]`
"""

from __future__ import annotations

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import psutil

from xueshi.assessment import evaluate as evaluate_module
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.registry import load

LAWS = ("CZ2024", "CQ2007", "WZ2017")
RECORDS = (
    ("public_course", {"courses": 1, "passed": True, "trained": True, "study_complete": True}),
    (
        "training",
        {"hours": 32, "hours_stated": True, "days": 5, "organiser": "industry_dept", "passed": True},
    ),
    ("conference", {"level": "provincial", "paper": True, "characters": 2500, "days": 2}),
    ("teaching", {"hours": 4, "invited": True}),
    (
        "paper",
        {"level": "national", "characters": 5000, "rank": 1, "role": "first", "cn": True, "work": "W1"},
    ),
    ("book", {"characters": 100000, "rank": 2, "role": "first", "work": "W2"}),
    ("project", {"level": "provincial", "part": "main", "rank": 2, "role": "main", "closed": True}),
    ("exam", {"subjects": 1, "items": 1, "passed": True, "exam_level": "intermediate"}),
)


class Times(NamedTuple):
    """What a call took, in microseconds, block by block: by the clock on the wall and of the processor."""

    wall: list[float]
    cpu: list[float]


def interleaved(
    calls: Mapping[str, Callable[[], object]], repeats: int, block: int = 100
) -> dict[str, Times]:
    """Time each call `repeats` times, taking turns by blocks: a noisy moment hits all alike.

    A block is a bureau's way of asking, person after person, and is timed as one: to read both clocks takes a
    microsecond, which would be a part of a call of twenty and none of a call of two thousand. A hundred calls: after the turn of
    another the processor's caches are its own, and a short call would be measured while it fills them anew, a long one not.
    The processor's time leaves
    out what other programs took meanwhile. What was made before is out of the collector's sight, so that no call pays for
    the heap of another.
    """
    taken = {name: Times([], []) for name in calls}
    gc.collect()
    gc.freeze()
    for _ in range(max(1, repeats // block)):
        for name, call in calls.items():
            times = taken[name]
            processor, began = time.process_time_ns(), time.perf_counter_ns()
            for _ in range(block):
                call()
            times.wall.append((time.perf_counter_ns() - began) / 1000 / block)
            times.cpu.append((time.process_time_ns() - processor) / 1000 / block)
    gc.unfreeze()
    return taken


def machine() -> str:
    """Name the machine and the Python that measure, and whether our interpreter is compiled (`make compiled`)."""
    ours = "pure Python" if str(evaluate_module.__file__).endswith(".py") else "compiled"
    return f"Xueshi {ours}; {psutil.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def measure(instrument: str, repeats: int) -> None:
    """Judge the person under one instrument, with and without the trace, and print the medians."""
    pack = load().pack_of(instrument)
    known = pack.facts
    records = tuple(
        RecordFacts(f"r{number}", kind, {name: value for name, value in facts.items() if name in known})
        for number, (kind, facts) in enumerate(RECORDS, start=1)
    )
    first, last = pack.data["instrument"]["years"]
    request = PersonYearRequest(pack.area, last or max(first, 2024), {"level": "intermediate"}, records, ())
    stolen = psutil.cpu_times().steal
    found = interleaved(
        {
            "full trace": lambda: evaluate(pack, request, trace=True),
            "without trace": lambda: evaluate(pack, request, trace=False),
        },
        repeats,
    )
    stolen = psutil.cpu_times().steal - stolen
    print(f"{instrument}, {len(records)} records, {repeats} repeats, steal {stolen:.2f} s. {machine()}")
    for name, times in found.items():
        print(
            f"{name}: {statistics.median(times.wall):.0f} µs (median), {statistics.median(times.cpu):.0f} µs of processor"
        )


def main() -> None:
    repeats = next((int(word) for word in sys.argv[1:] if word.isdigit()), 5000)
    for instrument in [word for word in sys.argv[1:] if not word.isdigit()] or LAWS:
        measure(instrument, repeats)


if __name__ == "__main__":
    main()
