"""A correct register workbook of a real instrument, and one-line ways to spoil it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.workbook import IntakeVocabulary, write_workbook
from xueshi.registry import load
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import make_units, read_samples


class WorkbookRig:
    """The vocabulary of the sampled region, a unit with a few people, and its workbook."""

    def __init__(self, folder: Path, people: int = 4, seed: int = 3) -> None:
        registry = load()
        region, files = sampled_region(registry)
        samples = read_samples(files, region)
        notice = next(one for one in registry.ask(region).notices(samples.year) if one.id == samples.notice)
        self.region, self.area, self.year = region, notice.area, notice.year
        pack = registry.pack_for(self.area, self.year)
        self.vocabulary = IntakeVocabulary.from_pack(pack, self.year)
        made = make_units(
            samples,
            area=self.area,
            window=pack.year_window(self.year),
            units=1,
            people=people,
            seed=seed,
        )
        self.unit: NewUnit = made[0].unit
        self.people: tuple[NewPerson, ...] = made[0].people
        self.folder = folder

    def write(self, name: str = "unit.xlsx") -> Path:
        path = self.folder / name
        write_workbook(path, self.vocabulary, self.unit, self.people)
        return path

    def spoiled(self, change: Callable[[Any], None], name: str = "spoiled.xlsx") -> Path:
        """Return a copy after `change(book)`."""
        path = self.write(name)
        book = load_workbook(path)
        change(book)
        book.save(path)
        return path

    def with_cell(self, sheet: str, heading: str, value: object, row: int = 2) -> Path:
        """Return a copy with one cell changed, named by its heading."""

        def change(book: Any) -> None:
            place = [cell.value for cell in book[sheet][1]].index(heading) + 1
            book[sheet].cell(row, place).value = value

        return self.spoiled(change)
