"""A bureau's workbook of many units: checked with 1,000 bad cells, marked, corrected by script, imported, read meanwhile.

`.venv/bin/python benchmarks/import_rows.py [RECORDS] [BAD] [UNITS]` — each step in a process of its own, so that its peak
of memory is its own; prints one line per step. Made-up people, seed 7.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import text

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.register.marking import mark_workbook
from xueshi.register.rows import unit_rows
from xueshi.register.sheets import UnitRegister, letters
from xueshi.register.workbook import IntakeVocabulary, RegisterBook, write_registers
from xueshi.registry import load
from xueshi.storage import reading, transaction
from xueshi_cli import importing
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import make_units, read_samples
from xueshi_cli.workplace import Workplace

SEED = 7
OFFICER = "bureau"
NUMBER = "身份证号"


class Bench:
    """The sampled region's words, and the files of one run."""

    def __init__(self, folder: Path) -> None:
        registry = load()
        region, files = sampled_region(registry)
        self.samples = read_samples(files, region)
        notice = next(
            one for one in registry.ask(region).notices(self.samples.year) if one.id == self.samples.notice
        )
        self.area, self.year = notice.area, notice.year
        self.pack = registry.pack_for(self.area, self.year)
        self.vocabulary = IntakeVocabulary.from_pack(self.pack, self.year)
        self.good, self.bad = folder / "good.xlsx", folder / "bad.xlsx"
        self.marked, self.corrected = folder / "marked.xlsx", folder / "corrected.xlsx"
        self.place = Workplace(folder / "data")

    def write(self, records: int, bad: int, units: int) -> dict[str, Any]:
        """Write the faultless workbook and its twin with `bad` bad cells, each in another row."""
        window = self.pack.year_window(self.year)
        # How many records a person has is drawn: make people until there are enough records.
        per_person = 500 / sum(
            len(person.records)
            for one in make_units(self.samples, area=self.area, window=window, units=1, people=500, seed=SEED)
            for person in one.people
        )
        made = make_units(
            self.samples,
            area=self.area,
            window=window,
            units=units,
            people=int(records * per_person) + 1,
            seed=SEED,
        )
        registers = [UnitRegister(one.unit, list(one.people)) for one in made]
        write_registers(self.good, self.vocabulary, registers)
        chance = random.Random(SEED)
        places = [
            (unit, person, place)
            for unit, one in enumerate(registers)
            for person, people in enumerate(one.people)
            for place in range(len(people.records))
        ]
        for unit, person, place in chance.sample(places, bad):
            one = registers[unit].people[person]
            spoiled = list(one.records)
            spoiled[place] = replace(spoiled[place], claimed=-abs(spoiled[place].claimed or 100))
            registers[unit].people[person] = replace(one, records=tuple(spoiled))
        write_registers(self.bad, self.vocabulary, registers)
        return {"people": sum(len(one.people) for one in registers), "records": len(places)}

    def check(self) -> dict[str, Any]:
        """Check the workbook with bad cells."""
        outcome = importing.check(self.place, self.bad, area=self.area, vocabulary=self.vocabulary)
        return {"problems": len(outcome.problems)}

    def mark(self) -> dict[str, Any]:
        """Check and mark it; `seconds` are those of marking alone."""
        outcome = importing.check(self.place, self.bad, area=self.area, vocabulary=self.vocabulary)
        began = time.perf_counter()
        mark_workbook(self.bad, outcome.problems, self.marked, self.vocabulary)
        return {"seconds": time.perf_counter() - began}

    def correct(self) -> dict[str, Any]:
        """Correct the marked workbook by script: each listed cell gets its amount without the sign."""
        source = CalamineWorkbook.from_path(str(self.marked))
        listed = {(row[0], row[1]) for row in source.get_sheet_by_name("问题清单").to_python()[1:]}
        with RegisterBook(self.corrected, self.vocabulary, row_by_row=True) as book:
            for name in ("单位", "人员", "学习记录"):
                rows = source.get_sheet_by_name(name).iter_rows()
                headings = [str(cell) for cell in next(rows)]
                sheet = book.sheet(name, headings)
                for number, row in enumerate(rows, start=2):
                    for column, value in enumerate(row):
                        wrong = (name, f"{letters(column)}{number}") in listed
                        amount = abs(value) if wrong and isinstance(value, float) else value
                        book.cell(sheet, number - 1, column, headings[column], amount)
        return {"cells": len(listed)}

    def take_in(self) -> dict[str, Any]:
        """Import the corrected workbook while another thread reads a page of the register over and over."""
        with transaction(self.place.engine) as session:
            access.add_accounts(session, Scope.everything(), [NewAccount(OFFICER, "局", "bureau", self.area)])
        samples: list[float] = []
        stop = threading.Event()
        reader = threading.Thread(target=self._read_pages, args=(samples, stop), daemon=True)
        reader.start()
        steps: dict[str, float] = {}
        began = time.perf_counter()

        def watch(step: str, _done: int, _of: int) -> None:
            steps[step] = time.perf_counter() - began

        outcome = importing.import_workbook(
            self.place,
            OFFICER,
            self.corrected,
            year=self.year,
            area=self.area,
            vocabulary=self.vocabulary,
            watch=watch,
        )
        steps["whole"] = time.perf_counter() - began
        stop.set()
        reader.join()
        if outcome.problems:
            raise SystemExit("\n".join(map(str, outcome.problems[:5])))
        ordered = sorted(samples)
        return {
            "people": sum(one.people for one in outcome.results),
            "records": sum(one.records for one in outcome.results),
            "until": steps,
            "pages": len(samples),
            "page_median_ms": statistics.median(ordered) * 1000,
            "page_p95_ms": ordered[int(len(ordered) * 0.95)] * 1000,
            "page_worst_ms": ordered[-1] * 1000,
        }

    def _read_pages(self, samples: list[float], stop: threading.Event) -> None:
        scope = Scope((self.area,))
        while not stop.is_set():
            began = time.perf_counter()
            with reading(self.place.engine) as session:
                unit_rows.units(session, scope)
                session.execute(text("SELECT name FROM person ORDER BY id LIMIT 50")).all()
            samples.append(time.perf_counter() - began)
            stop.wait(0.02)


STEPS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "check": Bench.check,
    "mark": Bench.mark,
    "correct": Bench.correct,
    "import": Bench.take_in,
}


def main() -> None:
    if len(sys.argv) > 3 and sys.argv[1] == "--step":
        step(sys.argv[2], Path(sys.argv[3]), [int(word) for word in sys.argv[4:]])
        return
    numbers = [int(word) for word in sys.argv[1:]]
    records, bad, units = (*numbers, *(100_000, 1_000, 100)[len(numbers) :])
    with tempfile.TemporaryDirectory() as folder:
        for name in ("write", *STEPS):
            command = [sys.executable, __file__, "--step", name, folder, str(records), str(bad), str(units)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
            print(done.stdout.strip(), flush=True)


def step(name: str, folder: Path, numbers: list[int]) -> None:
    """Run one step and print its figures."""
    bench = Bench(folder)
    began = time.perf_counter()
    found = bench.write(*numbers) if name == "write" else STEPS[name](bench)
    line = {"step": name, "seconds": time.perf_counter() - began, **found}
    line["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = {one.name: one.stat().st_size // 1024 for one in folder.glob("*.xlsx")}
    print(json.dumps({**line, "files_kb": size}, ensure_ascii=False, default=lambda value: round(value, 2)))


if __name__ == "__main__":
    main()
