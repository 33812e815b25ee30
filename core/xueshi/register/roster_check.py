"""A workbook beside the register: who has left the unit already, who stood in it before and is missing now.

A cell can be right and yet contradict what is registered. Nobody is brought back, and nobody's time at the unit is
ended, without a word of the unit: whoever was there is listed (he stays, 留任) or listed with 离开日期.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.register.identity import KeyRing, mask_identity, normal
from xueshi.register.intake_vocabulary import LEFT, PEOPLE, RECORDS
from xueshi.register.rows import people_rows, standing_rows
from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.rows.standing_rows import TRANSFERRED
from xueshi.register.sheets import CheckedWorkbook, UnitRegister, letters
from xueshi.register.tables import Employment, EmploymentSource, Person

SHOWN = 10
ENTRY = "入职日期"
NUMBER = "身份证号"


@dataclass(frozen=True)
class RosterFault:
    """Something of a workbook that contradicts the register: of which person, in which column, why, what to do."""

    person: NewPerson
    heading: str
    cause: str
    repair: str


@dataclass
class Comparison:
    """What the register says to a workbook of a unit."""

    faults: list[RosterFault] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Who stood in the unit's register before and is neither listed nor said to have left, as shown to an officer."""
    withdrawn: list[str] = field(default_factory=list)
    """Who stood in the workbook that is replaced only: he goes with it."""
    came_by_act: list[str] = field(default_factory=list)
    """Who came to the unit by a transfer in the year and is not listed: he stays."""


@dataclass(frozen=True)
class RosterOf:
    """Whose workbook is looked at: unit, year with its first and last day, and the workbooks that it replaces."""

    unit_id: UUID
    year: int
    first: date
    last: date
    replaces: tuple[UUID, ...] = ()


def compare(
    session: Session,
    keys: KeyRing,
    of: RosterOf,
    people: Sequence[NewPerson],
    listed: Iterable[NewPerson] | None = None,
    *,
    whole: bool = True,
) -> Comparison:
    """Compare the people of a workbook with the register of its unit.

    `listed` are all whom the workbook names, also those who are not taken in. `whole` is False where it is added to
    what stands: then nobody is missing.
    """
    held = _Held(session, of)
    known = people_rows.people_by_identity(
        session, keys, [one.identity_number for one in (*people, *(listed or ()))]
    )
    found = Comparison(_misnamed(session, known, people, held.of_person))
    wrong = {fault.person.row for fault in found.faults}
    for new in people:
        if new.row in wrong:
            continue
        person = known.get(normal(new.identity_number))
        own = held.of_person.get(person.id, []) if person else []
        fault = _fault(held, of, new, own)
        if fault is not None:
            found.faults.append(fault)
    if whole:
        _tell_missing(session, keys, held, of, {person.id for person in known.values()}, found)
    return found


def first_comparison(session: Session, keys: KeyRing, people: Sequence[NewPerson]) -> Comparison:
    """Compare the people of a unit's first workbook ever with whom the register knows from other units."""
    known = people_rows.people_by_identity(session, keys, [one.identity_number for one in people])
    return Comparison(_misnamed(session, known, people, ()))


def _misnamed(
    session: Session, known: Mapping[str, Person], people: Sequence[NewPerson], own: Container[UUID]
) -> list[RosterFault]:
    """Name who comes from another unit under another name: most likely the number is somebody else's.

    A unit may correct the names of its own people. What he is called elsewhere is not told: the number may be wrong.
    """
    others = []
    for new in people:
        person = known.get(normal(new.identity_number))
        if person is not None and person.name != new.name and person.id not in own:
            others.append((new, person.id))
    elsewhere = standing_rows.ever_employed(session, [person_id for _, person_id in others])
    return [
        RosterFault(
            new,
            NUMBER,
            f"{mask_identity(new.identity_number)} 在其他单位在册，姓名不是“{new.name}”",
            "请核对身份证号和姓名；此人确已改名的，先照在册的姓名登记，再更换本单位的工作簿改正姓名",
        )
        for new, person_id in others
        if person_id in elsewhere
    ]


class _Held:
    """All times at a unit with their sources, as they stand once the replaced workbooks are taken back."""

    def __init__(self, session: Session, of: RosterOf) -> None:
        self.replaces = set(of.replaces)
        self.of_person: dict[UUID, list[Employment]] = {}
        for one in standing_rows.employments_of_unit(session, of.unit_id):
            self.of_person.setdefault(one.person_id, []).append(one)
        self._sources = standing_rows.employment_sources(session, of.unit_id)

    def until(self, one: Employment) -> date | None:
        """Return the last day, unless only a replaced workbook says it."""
        return None if one.ended_by in self.replaces else one.until

    def sources(self, one: Employment) -> list[EmploymentSource]:
        """Return what else says an employment."""
        return [source for source in self._sources.get(one.id, []) if source.batch_id not in self.replaces]

    def since(self, one: Employment) -> date:
        """Return the first day that remains, as the other sources say it."""
        return standing_rows.first_day(one, self.sources(one))

    def stands(self, one: Employment) -> bool:
        """Tell whether something else than the replaced workbooks says an employment, or its end."""
        return bool(self.sources(one)) or not self._sources.get(one.id) or self.until(one) is not None


def _fault(held: _Held, of: RosterOf, new: NewPerson, own: Sequence[Employment]) -> RosterFault | None:
    standing = [one for one in own if held.stands(one)]
    lasting = next((one for one in standing if held.until(one) is None), None)
    if lasting is not None:
        return _end_refused(held, of, new, lasting)
    ended = max(standing, key=_end, default=None)
    until = None if ended is None else held.until(ended)
    if ended is None or until is None:
        if new.left is None or new.left >= new.employed_since:
            return None
        cause = f"此人不在册，离开日期 {new.left} 在本年度之前"
        return RosterFault(new, LEFT, cause, "请填写入职日期；本年度不在本单位的，请删去此行")
    if new.left == until or (new.left is None and until >= of.last):
        return None
    if new.left is not None and new.employed_since <= until:
        return RosterFault(
            new, LEFT, f"在册已于 {until} 离开，表中为 {new.left}", "请核对离开日期，照在册的日期填写"
        )
    if new.since_stated and new.employed_since > until:
        return None
    return RosterFault(
        new,
        NUMBER,
        f"{mask_identity(new.identity_number)} {_gone(ended, until)}",
        f"请删去此行，其学时记录随人；原在本单位的学习须更正的，请在“{LEFT}”填写 {until}；"
        f"又回到本单位的，请在“{ENTRY}”填写回来的日期",
    )


def _end_refused(held: _Held, of: RosterOf, new: NewPerson, lasting: Employment) -> RosterFault | None:
    """Say why the last day that a workbook states cannot be: the person came later, or stands in a later register."""
    if new.left is None:
        return None
    sources = held.sources(lasting)
    stated = [new.employed_since] if new.since_stated else []
    since = min([*stated, held.since(lasting)])
    if new.left < since:
        return RosterFault(new, LEFT, f"{new.left} 早于在册的入职日期 {since}", "请核对离开日期和入职日期")
    later = max((one.year for one in sources if one.batch_id is not None), default=of.year)
    if later > of.year:
        return RosterFault(
            new,
            LEFT,
            f"此人在 {later} 年度的登记中仍在本单位",
            f"请核对离开日期；确已离开的，请先更正 {later} 年度的登记",
        )
    return None


def _gone(ended: Employment, until: date) -> str:
    if ended.ended_as == TRANSFERRED:
        return f"已于 {until + timedelta(days=1)} 由本单位转出"
    return f"已于 {until} 离开本单位" + ("" if ended.ended_as else "（在册）")


def _end(one: Employment) -> date:
    return one.until or date.max


def _tell_missing(
    session: Session,
    keys: KeyRing,
    held: _Held,
    of: RosterOf,
    listed: Collection[UUID],
    found: Comparison,
) -> None:
    """Sort whoever worked at the unit on the last day of the year and is not listed."""
    absent: dict[UUID, list[str]] = {}
    for person_id, own in held.of_person.items():
        if person_id in listed:
            continue
        stays = [
            one
            for one in own
            if held.stands(one) and held.since(one) <= of.last and (held.until(one) or date.max) >= of.last
        ]
        if stays:
            by_act = all(_came_by_act(held, of, one) for one in stays)
            absent[person_id] = found.came_by_act if by_act else found.missing
        elif any(one.since <= of.last and (one.until or date.max) >= of.last for one in own):
            absent[person_id] = found.withdrawn
    shown = people_rows.shown_people(session, Scope.everything(), keys, absent)
    for person_id, sort in sorted(absent.items(), key=lambda one: shown[one[0]].name):
        sort.append(f"{shown[person_id].name}（{shown[person_id].identity}）")


def _came_by_act(held: _Held, of: RosterOf, one: Employment) -> bool:
    sources = held.sources(one)
    return held.since(one) >= of.first and bool(sources) and all(source.command_id for source in sources)


def contradict(
    checked: CheckedWorkbook, register: UnitRegister, found: Comparison, *, valid_only: bool
) -> None:
    """Note in a checked workbook what the register says to it: problems at their cells, and what an officer should know.

    Where the valid people only are taken, a missing person goes on as registered: that is told, and refuses nothing.
    """
    for fault in found.faults:
        cell = f"{letters(checked.places.get(fault.heading, 0))}{fault.person.row}"
        checked.add(PEOPLE, cell, f"{fault.heading}：{fault.cause}", fault.repair)
        checked.rejected.setdefault(RECORDS, set()).update(one.position for one in fault.person.records)
        register.sound = [one for one in register.sound if one is not fault.person]
    checked.rejected_people = len(checked.rejected.get(PEOPLE, ()))
    if found.missing and valid_only:
        checked.notes.append(
            f"此前在册、本次没有列入的照旧在册：{names(found.missing)}；请补交或写明离开日期"
        )
    elif found.missing:
        checked.add(
            PEOPLE,
            "",
            f"{register.unit.name}此前在册的人员没有列入：{names(found.missing)}",
            f"仍在本单位的，请照常列入（留任）；已离开的，也请列入并在“{LEFT}”填写在本单位的最后一天，"
            "或先用 xueshi records leave 办理",
        )
    if found.withdrawn:
        checked.notes.append(
            f"{register.unit.name}原登记有而本次没有列入的，随原登记一并撤下：{names(found.withdrawn)}"
        )
    if found.came_by_act:
        checked.notes.append(
            f"{register.unit.name}本年度转入、没有列入的，仍在册并计入本单位：{names(found.came_by_act)}"
        )


def names(people: Sequence[str]) -> str:
    """Return some people in words: the first ten, and how many more."""
    more = f"等 {len(people)} 人" if len(people) > SHOWN else f"（共 {len(people)} 人）"
    return "、".join(people[:SHOWN]) + more
