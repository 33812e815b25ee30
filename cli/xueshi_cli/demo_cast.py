"""Everything a demo campaign needs before it opens: units, accounts, sample workbooks with and without mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from uuid import UUID

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.campaigns.opening.notice import Notice
from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow
from xueshi.register.rows import unit_rows
from xueshi.register.workbook import IntakeVocabulary, write_workbook
from xueshi.registry import Registry
from xueshi.storage import transaction
from xueshi_cli.acting import flow_of
from xueshi_cli.importing import import_workbook
from xueshi_cli.samples import SAMPLES, Samples, SampleUnit, changed, make_units, read_samples
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
BUREAU = "bureau"
MISTAKEN_EVERY = 8
"""One workbook in so many has mistakes when it is first handed in."""


@dataclass(frozen=True)
class Filer:
    """One unit of the demo: its accounts, its workbooks, and what befalls it."""

    unit_id: UUID
    clerk: str
    signers: tuple[str, ...]
    workbook: Path
    mistaken: Path | None = None
    corrected: Path | None = None
    returned: bool = False
    late: bool = False


@dataclass(frozen=True)
class Cast:
    """Who plays: the bureau, the body that verifies, the notice, and the units."""

    bureau: str
    verifier: str
    notice: Notice
    flow: ApprovalFlow
    vocabulary: IntakeVocabulary
    filers: tuple[Filer, ...]
    chosen_hours: int
    """What the verifier grants, in hours, where the text leaves a range."""

    def hand_in(self, place: Workplace, filer: Filer, workbook: Path) -> list[str]:
        """Import a unit's workbook as its clerk would; returns what is wrong with it, empty when it was taken in."""
        outcome = import_workbook(
            place,
            filer.clerk,
            workbook,
            year=self.notice.year,
            area=self.notice.area,
            vocabulary=self.vocabulary,
            replace=workbook == filer.corrected,
        )
        return [str(problem) for problem in outcome.problems]


def prepare(place: Workplace, units: int, people: int, seed: int) -> Cast:
    """Enter units and accounts into an empty data folder and write the units' workbooks."""
    region, folder = sampled_region(place.registry)
    samples = read_samples(folder, region)
    notice = _notice(place.registry, region, samples)
    flow = flow_of(place.registry, notice)
    pack = place.registry.pack_for(notice.area, notice.year)
    vocabulary = IntakeVocabulary.from_pack(pack, notice.year)
    made = make_units(
        samples,
        area=notice.area,
        window=pack.year_window(notice.year),
        units=units,
        people=people,
        seed=seed,
    )
    with transaction(place.engine) as session:
        unit_ids = unit_rows.add_units(session, ENGINE, [sample.unit for sample in made])
        access.add_accounts(session, ENGINE, list(_accounts(notice, flow, made, unit_ids)))
    workbooks = place.folder / "workbooks"
    workbooks.mkdir(parents=True, exist_ok=True)
    filers = tuple(
        _filer(workbooks, vocabulary, flow, number, sample, unit_ids[sample.unit.credit_code], units)
        for number, sample in enumerate(made, start=1)
    )
    verifier = next(level.signers[0].role for level in flow.levels if level.body == "area")
    return Cast(BUREAU, verifier, notice, flow, vocabulary, filers, samples.chosen_hours)


def sampled_region(registry: Registry) -> tuple[str, Traversable]:
    """Return the first jurisdiction whose plugin brings samples, and the folder of its files."""
    for code in registry.codes():
        folder = resources.files(registry.ask(code).package)
        if folder.joinpath(SAMPLES).is_file():
            return code, folder
    raise InputError(f"没有地区插件带有 {SAMPLES}；演示需要至少一个这样的插件")


def _notice(registry: Registry, region: str, samples: Samples) -> Notice:
    for notice in registry.ask(region).notices(samples.year):
        if notice.id == samples.notice:
            return notice
    raise InputError(f"{region}/{SAMPLES} 指定的通知 {samples.notice} 不在 notices/；请核对")


def _accounts(
    notice: Notice, flow: ApprovalFlow, made: Sequence[SampleUnit], unit_ids: dict[str, UUID]
) -> Iterator[NewAccount]:
    yield NewAccount(BUREAU, notice.issuer, "bureau", notice.area)
    for level in flow.levels:
        if level.body == "area":
            for signer in level.signers:
                yield NewAccount(signer.role, signer.name, signer.role, notice.area)
    for number, sample in enumerate(made, start=1):
        unit = unit_ids[sample.unit.credit_code]
        yield NewAccount(_clerk(number), f"{sample.unit.name}经办人", "unit_clerk", notice.area, None, unit)
        for level in flow.levels:
            if level.body == "unit":
                for signer in level.signers:
                    yield NewAccount(
                        _login(signer.role, number), signer.name, signer.role, notice.area, None, unit
                    )


def _filer(
    folder: Path,
    vocabulary: IntakeVocabulary,
    flow: ApprovalFlow,
    number: int,
    sample: SampleUnit,
    unit_id: UUID,
    units: int,
) -> Filer:
    """Write a unit's workbooks: the second unit is returned, the last is late, some have mistakes at first."""
    filer = Filer(
        unit_id=unit_id,
        clerk=_clerk(number),
        signers=tuple(
            _login(signer.role, number)
            for level in flow.levels
            if level.body == "unit"
            for signer in level.signers
        ),
        workbook=folder / f"{number:02d}-{sample.unit.name}.xlsx",
        returned=number == 2,
        late=number == units,
    )
    write_workbook(filer.workbook, vocabulary, sample.unit, sample.people)
    if filer.returned:
        filer = replace(filer, corrected=folder / f"{number:02d}-{sample.unit.name}-改正.xlsx")
        write_workbook(folder / filer.corrected.name, vocabulary, sample.unit, changed(sample).people)  # type: ignore[union-attr]
    if number % MISTAKEN_EVERY == 3 and not filer.late:
        mistaken = folder / f"{number:02d}-{sample.unit.name}-有误.xlsx"
        spoil(filer.workbook, mistaken)
        filer = replace(filer, mistaken=mistaken)
    return filer


def spoil(workbook: Path, target: Path) -> None:
    """Write a copy of a workbook with three mistakes that units really make: a digit, a date, a kind."""
    book = load_workbook(workbook)
    people, records = book["人员"], book["学习记录"]
    number = _below(people, "身份证号")
    number.value = f"{number.value[:-1]}{'1' if number.value[-1] != '1' else '2'}"
    if records.max_row > _below(records, "开始日期").row:
        _below(records, "开始日期").value = "2031-02-30"
        _below(records, "类别").value = "公需课"
    book.save(target)


def _below(sheet: Worksheet, heading: str) -> Any:
    """Return the first cell below a heading."""
    for row in range(1, 6):
        for column in range(1, sheet.max_column + 1):
            if str(sheet.cell(row, column).value or "").startswith(heading):
                return sheet.cell(row + 1, column)
    raise InputError(f"工作表“{sheet.title}”没有“{heading}”列")


def _clerk(number: int) -> str:
    return f"clerk.{number:02d}"


def _login(role: str, number: int) -> str:
    return f"{role}.{number:02d}"
