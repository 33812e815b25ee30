"""A register without any campaign: two units of an area, people of every level, every kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import start_of
from xueshi.register.rows import roster_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, NewRecord, RosterOwner
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.tables import ImportBatch
from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.settings import Settings
from xueshi.storage import new_id, transaction
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
BUREAU = "bureau"
LEVELS = ("senior", "intermediate", "junior", None)
ORGANISERS = ("hrss", "industry_dept", "unit", "base", "society")
CODES = ("12990100000000001X", "12990100000000002X")


class StudyRig:
    """A data folder of one region's bureau with people and their records of a year."""

    def __init__(
        self,
        folder: Path,
        area: str,
        first: date,
        year: int,
        codes: Sequence[str] = CODES,
        people: int | None = None,
    ) -> None:
        self.place = Workplace(settings=Settings(data=folder))
        self.engine = self.place.engine
        self.area, self.first, self.year = area, first, year
        self.kinds = tuple(engine_vocabulary().kinds)
        with transaction(self.engine) as session:
            access.add_accounts(session, ENGINE, [NewAccount(BUREAU, "局", "bureau", area)])
            units = [NewUnit(code, f"示例{number}院", area) for number, code in enumerate(codes, 1)]
            self.units = unit_rows.add_units(session, ENGINE, units)
            clerk = NewAccount("clerk", "经办", "unit_clerk", area, None, self.units[codes[0]])
            access.add_accounts(session, ENGINE, [clerk])
        for number, code in enumerate(codes):
            self.enter(code, [self.person(number * 100 + one) for one in range(people or len(self.kinds))])

    def person(self, number: int, records: Sequence[NewRecord] | None = None) -> NewPerson:
        """A person of one level with two records: one of the kinds by turns, and a class that many attended."""
        kind = self.kinds[number % len(self.kinds)]
        own = (
            records if records is not None else (self.record(1, kind, number), self.record(2, "training", 0))
        )
        level = LEVELS[number % len(LEVELS)]
        return NewPerson(
            identity_number=f"99010119800101{number:04d}",
            name=f"示例{number:03d}",
            sex="女",
            order_in_unit=number + 1,
            employed_since=date(self.year - 5, 1, 1),
            title="工程师" if level else "",
            level=level,
            title_since=date(self.year - 4, 1, 1) if level else None,
            records=tuple(own),
        )

    def record(self, position: int, kind: str, number: int, day: int = 30) -> NewRecord:
        """A record that ended `day` days after the year began."""
        end = self.first + timedelta(days=day)
        return NewRecord(
            position=position,
            kind=kind,
            facts={
                "hours_stated": True,
                "declared_hours": 8,
                "hours": 8,
                "passed": True,
                "days": 1,
                "approved": True,
                "organiser": ORGANISERS[number % len(ORGANISERS)],
                "content": "public" if number % 3 == 0 else "professional",
            },
            content=f"示例课程{number % 7}",
            form="远程培训" if number % 2 else "考察",
            start=end,
            end=end,
        )

    def enter(self, code: str, people: Sequence[NewPerson]) -> None:
        """Enter a unit's people, as an import does."""
        with transaction(self.engine) as session:
            batch = ImportBatch(
                id=new_id(),
                unit_id=self.units[code],
                area=self.area,
                year=self.year,
                file_name="test.xlsx",
                file_digest=str(new_id()),
                state="promoted",
                maker="account:test",
                handed_in_at=start_of(self.first),
            )
            session.add(batch)
            session.flush()
            owner = RosterOwner(self.units[code], self.area, self.year, batch.id, "account:test")
            roster_rows.enter_roster(session, self.place.keys, owner, people)
