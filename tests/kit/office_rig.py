"""A bureau that imports workbooks into a data folder: its account, a workbook rig, and imports in one call."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func
from sqlmodel import select
from workbook_rig import WorkbookRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.register.intake import Mode
from xueshi.register.tables import Employment, Person, StagingRow, StudyRecord, Unit
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.importing import ImportOutcome, import_workbook, rehearse_workbook
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
TABLES = (Unit, Person, Employment, StudyRecord, StagingRow)


class Office:
    """A data folder with a bureau's account, a workbook rig, and imports in one call."""

    def __init__(self, folder: Path, database: str) -> None:
        self.place = Workplace(settings=Settings(data=folder, database_url=database))
        self.books = WorkbookRig(folder)
        with transaction(self.place.engine) as session:
            access.add_accounts(
                session,
                ENGINE,
                [
                    NewAccount("bureau", "局", "bureau", self.books.area),
                    NewAccount("elsewhere", "外地", "bureau", "990100"),
                ],
            )

    def take_in(
        self,
        path: Path,
        officer: str = "bureau",
        *,
        replace: bool = False,
        mode: Mode = "first",
        valid_only: bool = False,
        dry: bool = False,
    ) -> ImportOutcome:
        """Import a workbook, or only look at it (`dry`)."""
        books = self.books
        if dry:
            return rehearse_workbook(
                self.place,
                officer,
                path,
                year=books.year,
                area=books.area,
                vocabulary=books.vocabulary,
                mode="replace" if replace else mode,
                valid_only=valid_only,
            )
        return import_workbook(
            self.place,
            officer,
            path,
            year=books.year,
            area=books.area,
            vocabulary=books.vocabulary,
            replace=replace,
            mode=mode,
            valid_only=valid_only,
        )

    def counts(self) -> dict[str, int]:
        with reading(self.place.engine) as session:
            return {
                table.__tablename__: session.exec(select(func.count()).select_from(table)).one()
                for table in TABLES
            }
