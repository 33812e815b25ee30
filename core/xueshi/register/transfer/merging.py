"""Merging a package into a folder: units by credit code, people by blind index, records by id; nothing is overwritten.

What stands stands: a row that is there already and differs is counted, not changed. The same package again changes
nothing. Records are taken for a unit's year only where the folder has none of it but such as the package has too:
otherwise one year's study would be counted from two sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, SQLModel

from xueshi.access.repository import Actor
from xueshi.errors import InputError, NotAllowedError
from xueshi.real_clock import real_now
from xueshi.register.disturbed import Changes, Disturbed, Span, Step
from xueshi.register.identity import KeyRing, normal
from xueshi.register.row_reading import identity_fault
from xueshi.register.tables import (
    Employment,
    ImportBatch,
    Person,
    StudyRecord,
    Title,
    Unit,
    UnitYearStatement,
)
from xueshi.register.transfer import repository
from xueshi.register.transfer.columns import IDENTITY, SETTLED, TABLES, columns_of, typed
from xueshi.register.transfer.package import Package
from xueshi.storage import new_id


@dataclass
class Merged:
    """What became of a package's rows by table, and for which unit and year records were taken in."""

    new: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    same: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    different: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    left_out: int = 0
    """Records of the package that do not count where they come from: undecided, refused or replaced."""
    records: set[UUID] = field(default_factory=set)
    """Records of the package that stand in the folder now, new or there before: what proofs may be attached to."""
    filed: dict[tuple[UUID, int], int] = field(default_factory=dict)
    """(unit, year) → people at the unit, where records were new."""
    disturbed: Disturbed = field(default_factory=Disturbed)
    """Whose time at a unit, or whose level, changed by it."""


def merge(
    session: Session, keys: KeyRing, actor: Actor, package: Package, *, file_name: str, digest: str
) -> Merged:
    """Merge a package in the caller's transaction. Raises InputError or NotAllowedError; then nothing may be committed."""
    if package.manifest.get("identity") != "clear":
        raise InputError("导出包中的身份证号已遮盖，无法对应到人；请由导出方加 --with-identity 重新导出")
    return _Merge(session, keys, actor, file_name, digest).run(package)


class _Merge:
    def __init__(self, session: Session, keys: KeyRing, actor: Actor, file_name: str, digest: str) -> None:
        self.session = session
        self.keys = keys
        self.actor = actor
        self.file_name = file_name
        self.digest = digest
        self.merged = Merged()
        self.units: dict[UUID, UUID] = {}
        self.people: dict[UUID, UUID] = {}
        self.areas: dict[UUID, str] = {}
        self.names: dict[UUID, str] = {}
        self.workers: dict[UUID, set[UUID]] = {}
        self.spans = Changes[tuple[UUID, UUID], Span]()
        self.steps = Changes[UUID, Step]()

    def run(self, package: Package) -> Merged:
        self._units(self._typed(package, "units"))
        self._people(package)
        self._employments(self._typed(package, "employments"))
        self._titles(self._typed(package, "titles"))
        self._records(self._typed(package, "records"))
        self._statements(self._typed(package, "statements"))
        self.merged.disturbed = Disturbed(self.spans.changed(), self.steps.changed())
        return self.merged

    def _typed(self, package: Package, name: str) -> list[dict[str, Any]]:
        rows = []
        for number, row in enumerate(package.rows(name), start=1):
            try:
                rows.append(typed(TABLES[name], row))
            except ValueError as error:
                raise InputError(f"{name}.json 第 {number} 条的栏目 {error} 写法不对；请重新导出") from error
        return rows

    def _units(self, rows: list[dict[str, Any]]) -> None:
        there = repository.units_by_code(self.session, [row["credit_code"] for row in rows])
        used = repository.ids_in_use(self.session, Unit, [row["id"] for row in rows])
        fresh = []
        for row in rows:
            known = there.get(row["credit_code"])
            unit_id = None if known is None else known.id
            if not self.actor.scope.allows(row["area"], row.get("sector"), unit_id):
                raise NotAllowedError(f"单位 {row['name']}（{row['area']}）不在您的管理范围；请由该地区导入")
            if known is None:
                own = {**row, "id": _free(row["id"], used)}
                fresh.append(own)
                unit_id = own["id"]
            elif (known.name, known.area) != (row["name"], row["area"]):
                raise InputError(
                    f"统一社会信用代码 {known.credit_code} 在册为“{known.name}”（{known.area}），"
                    f"包中为“{row['name']}”（{row['area']}）；请先核对是否同一单位"
                )
            self._count("units", Unit, row, known)
            self.units[row["id"]] = unit_id or row["id"]
            self.areas[self.units[row["id"]]] = row["area"]
            self.names[self.units[row["id"]]] = row["name"]
        repository.add(self.session, Unit, fresh)

    def _people(self, package: Package) -> None:
        rows: list[dict[str, Any]] = []
        for number, row in enumerate(package.rows("people"), start=1):
            identity = normal(str(row.pop(IDENTITY, "")))
            if identity_fault(identity) is not None:
                raise InputError(
                    f"people.json 第 {number} 条没有可用的身份证号，无法对应到人；请向导出方核对"
                )
            try:
                rows.append({**typed(Person, row), IDENTITY: identity})
            except ValueError as error:
                raise InputError(f"people.json 第 {number} 条的栏目 {error} 写法不对；请重新导出") from error
        there = repository.people_by_number(self.session, self.keys, [row[IDENTITY] for row in rows])
        used = repository.ids_in_use(self.session, Person, [row["id"] for row in rows])
        fresh = []
        for row in rows:
            identity = row.pop(IDENTITY)
            known = there.get(identity)
            if known is None:
                sealed = self.keys.seal(identity)
                own = {
                    **row,
                    "id": _free(row["id"], used),
                    "identity_index": self.keys.index_of(identity),
                    "identity_sealed": sealed.number,
                    "identity_key": sealed.key,
                    "identity_key_id": sealed.key_id,
                }
                fresh.append(own)
                self.people[row["id"]] = own["id"]
            else:
                self.people[row["id"]] = known.id
            self._count("people", Person, row, known)
        repository.add(self.session, Person, fresh)

    def _employments(self, rows: list[dict[str, Any]]) -> None:
        people = list(self.people.values())
        there: dict[tuple[UUID, UUID, date], Employment] = {
            (one.person_id, one.unit_id, one.since): one
            for one in repository.employments_of(self.session, people)
        }
        for one in there.values():
            self.spans.stood((one.unit_id, one.person_id), (one.since, one.until))
        used = repository.ids_in_use(self.session, Employment, [row["id"] for row in rows])
        fresh = []
        for row in self._moved("employments", rows):
            known = there.get((row["person_id"], row["unit_id"], row["since"]))
            self._count("employments", Employment, row, known)
            if row.get("until") is None:
                self.workers.setdefault(row["unit_id"], set()).add(row["person_id"])
            if known is None:
                fresh.append({**row, "id": _free(row["id"], used)})
                self.spans.added((row["unit_id"], row["person_id"]), (row["since"], row.get("until")))
        repository.add(self.session, Employment, fresh)

    def _titles(self, rows: list[dict[str, Any]]) -> None:
        people = list(self.people.values())
        there = {(one.person_id, one.since): one for one in repository.titles_of(self.session, people)}
        for one in there.values():
            self.steps.stood(one.person_id, (one.since, one.level))
        used = repository.ids_in_use(self.session, Title, [row["id"] for row in rows])
        fresh = []
        for row in self._moved("titles", rows):
            known = there.get((row["person_id"], row["since"]))
            self._count("titles", Title, row, known)
            if known is None:
                fresh.append({**row, "id": _free(row["id"], used)})
                self.steps.added(row["person_id"], (row["since"], row.get("level")))
        repository.add(self.session, Title, fresh)

    def _records(self, rows: list[dict[str, Any]]) -> None:
        there = repository.records_of_units(self.session, list(self.units.values()))
        given = {row["id"] for row in rows}
        foreign = {(one.unit_id, one.year) for one in there.values() if one.id not in given}
        elsewhere = repository.ids_in_use(self.session, StudyRecord, list(given)) - set(there)
        fresh: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
        for row in self._moved("records", rows):
            if row.get("stage", "registered") not in SETTLED:
                self.merged.left_out += 1
                continue
            known = there.get(row["id"])
            self._count("records", StudyRecord, row, known)
            self.merged.records.add(row["id"])
            if known is not None:
                continue
            key = (row["unit_id"], row["year"])
            if key in foreign or row["id"] in elsewhere:
                raise InputError(
                    f"单位 {self.names[row['unit_id']]} 的 {row['year']} 年度已有另外的登记，合并会重复计算；"
                    "请先核对以哪一份为准"
                )
            fresh.setdefault(key, []).append(row)
        for (unit_id, year), records in fresh.items():
            batch = self._batch(unit_id, year, records)
            repository.add(
                self.session,
                StudyRecord,
                [{**row, "batch_id": batch.id, "maker": batch.maker} for row in records],
            )
            self.merged.filed[unit_id, year] = batch.people

    def _statements(self, rows: list[dict[str, Any]]) -> None:
        """Take in what units stated for a year, where the folder has no other statement of the same matter."""
        there = repository.statements_of_units(self.session, list(self.units.values()))
        given = {row["id"] for row in rows}
        stated = {(one.unit_id, one.year, one.key) for one in there.values() if one.id not in given}
        used = repository.ids_in_use(self.session, UnitYearStatement, list(given)) - set(there)
        fresh = []
        for number, row in enumerate(rows, start=1):
            if row["unit_id"] not in self.units:
                raise InputError(f"statements.json 第 {number} 条指向包中没有的单位；请重新导出")
            own = {**row, "unit_id": self.units[row["unit_id"]]}
            if row["id"] not in there and (own["unit_id"], own["year"], own["key"]) in stated:
                self.merged.different["statements"] += 1
                continue
            self._count("statements", UnitYearStatement, own, there.get(row["id"]))
            if row["id"] not in there:
                maker = f"account:{self.actor.account_id}"
                fresh.append({**own, "id": _free(row["id"], used), "maker": maker})
        repository.add(self.session, UnitYearStatement, fresh)

    def _batch(self, unit_id: UUID, year: int, records: list[dict[str, Any]]) -> ImportBatch:
        now = real_now()
        batch = ImportBatch(
            id=new_id(),
            unit_id=unit_id,
            area=self.areas[unit_id],
            year=year,
            file_name=self.file_name,
            file_digest=self.digest,
            state="promoted",
            people=len(self.workers.get(unit_id, ())),
            records=len(records),
            maker=f"account:{self.actor.account_id}",
            handed_in_at=now,
            promoted_at=now,
        )
        self.session.add(batch)
        self.session.flush()
        return batch

    def _moved(self, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return rows with the ids that their unit and person have in this folder."""
        moved = []
        for number, row in enumerate(rows, start=1):
            try:
                own = {**row, "person_id": self.people[row["person_id"]]}
                if "unit_id" in row:
                    own["unit_id"] = self.units[row["unit_id"]]
            except KeyError as error:
                raise InputError(f"{name}.json 第 {number} 条指向包中没有的人员或单位；请重新导出") from error
            moved.append(own)
        return moved

    def _count(
        self, name: str, table: type[SQLModel], row: Mapping[str, Any], known: SQLModel | None
    ) -> None:
        if known is None:
            self.merged.new[name] += 1
            return
        compared = [column for column in columns_of(table) if column != "id" and column in row]
        equal = all(getattr(known, column) == row[column] for column in compared)
        (self.merged.same if equal else self.merged.different)[name] += 1


def _free(wanted: UUID, used: set[UUID]) -> UUID:
    """Return the id that a row had where it comes from, unless another row has it here."""
    return new_id() if wanted in used else wanted
