"""What employments and titles stand on: the workbooks and acts that say them. The frame that opened the session commits.

An employment stands while a workbook of any year lists the person, or an act began it. Taking back a workbook takes
back only what nothing else says. A row without sources is one of which nobody knows any more where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from xueshi.register.disturbed import Changes, Span, Step
from xueshi.register.rows.shared import Values, chunks, insert_rows
from xueshi.register.tables import Employment, EmploymentSource, Person, Title, TitleSource
from xueshi.storage import new_id

TRANSFERRED, LEFT = "transferred", "left"


def employments_of_unit(session: Session, unit_id: UUID) -> list[Employment]:
    """Return all times at a unit, ended ones too."""
    return list(session.exec(select(Employment).where(Employment.unit_id == unit_id)))


def employment_sources(session: Session, unit_id: UUID) -> dict[UUID, list[EmploymentSource]]:
    """Return employment → its sources, for all times at a unit."""
    query = (
        select(EmploymentSource)
        .join(Employment, col(Employment.id) == col(EmploymentSource.employment_id))
        .where(Employment.unit_id == unit_id)
    )
    found: dict[UUID, list[EmploymentSource]] = {}
    for one in session.exec(query):
        found.setdefault(one.employment_id, []).append(one)
    return found


def first_day(employment: Employment, sources: Sequence[EmploymentSource]) -> date:
    """Return the first day at a unit as its sources say it: of an act that began it, else the earliest of all.

    A workbook that lists whoever was transferred to the unit with an earlier day speaks of another unit.
    """
    began = [one for one in sources if one.command_id not in (None, employment.ended_by)]
    return min((one.since for one in began or sources), default=employment.since)


def units_of_people(session: Session, people: Sequence[UUID]) -> set[UUID]:
    """Return the units at which some people work or worked."""
    found: set[UUID] = set()
    for chunk in chunks(people):
        query = select(Employment.unit_id).where(col(Employment.person_id).in_(chunk)).distinct()
        found.update(session.exec(query))
    return found


def ever_employed(session: Session, people: Sequence[UUID]) -> set[UUID]:
    """Return which of some people work or worked at any unit."""
    found: set[UUID] = set()
    for chunk in chunks(people):
        found.update(session.exec(select(Employment.person_id).where(col(Employment.person_id).in_(chunk))))
    return found


def people_at(session: Session, unit_id: UUID, people: Sequence[UUID], day: date) -> set[UUID]:
    """Return which of some people work at a unit on a day."""
    found: set[UUID] = set()
    for chunk in chunks(people):
        query = select(Employment.person_id).where(
            Employment.unit_id == unit_id,
            col(Employment.person_id).in_(chunk),
            col(Employment.since) <= day,
            or_(col(Employment.until).is_(None), col(Employment.until) >= day),
        )
        found.update(session.exec(query))
    return found


def names_of(session: Session, people: Sequence[UUID]) -> list[str]:
    """Return the names of some people, for an officer who enters them."""
    return sorted(session.exec(select(Person.name).where(col(Person.id).in_(people))))


def listed_after(session: Session, employment: Employment, year: int) -> int | None:
    """Return the latest year, after a given one, of which a workbook lists an employment; None where there is none."""
    query = (
        select(EmploymentSource.year)
        .where(
            EmploymentSource.employment_id == employment.id,
            col(EmploymentSource.batch_id).is_not(None),
            EmploymentSource.year > year,
        )
        .order_by(col(EmploymentSource.year).desc())
    )
    return session.exec(query.limit(1)).first()


def last_unit(session: Session, person_id: UUID) -> UUID:
    """Return the unit at which a person's time ended last, or goes on."""
    query = (
        select(Employment)
        .where(Employment.person_id == person_id)
        .order_by(col(Employment.until).is_(None), col(Employment.until))
    )
    return list(session.exec(query))[-1].unit_id


def last_left(session: Session, person_id: UUID, unit_id: UUID) -> Employment | None:
    """Return a person's last time at a unit, where it was an act that said that he left."""
    query = (
        select(Employment)
        .where(Employment.person_id == person_id, Employment.unit_id == unit_id)
        .order_by(col(Employment.until).desc())
    )
    last = session.exec(query.limit(1)).first()
    if last is None or last.ended_as != LEFT:
        return None
    by_act = select(EmploymentSource.id).where(
        EmploymentSource.employment_id == last.id, EmploymentSource.command_id == last.ended_by
    )
    return None if session.exec(by_act).first() is None else last


def end(session: Session, employment: Employment, command_id: UUID, until: date, how: str) -> None:
    """Let an act end an employment, `TRANSFERRED` or `LEFT`; it says thereby that the person was there until then."""
    employment.until, employment.ended_as, employment.ended_by = until, how, command_id
    session.add(employment)
    said_by_act(session, employment, command_id, until.year)


def go_on(session: Session, employment: Employment) -> None:
    """Let a time at a unit that was ended go on as if it had not been."""
    employment.until, employment.ended_as, employment.ended_by = None, "", None
    session.add(employment)


def take_out(session: Session, employments: Sequence[Employment]) -> None:
    """Remove times at a unit with what they stand on: the act that began them was a mistake."""
    for chunk in chunks([employment.id for employment in employments]):
        session.execute(
            delete(EmploymentSource)
            .where(col(EmploymentSource.employment_id).in_(chunk))
            .execution_options(synchronize_session=False)
        )
    for employment in employments:
        session.delete(employment)


def said_by_act(session: Session, employment: Employment, command_id: UUID, year: int) -> None:
    """Note that an act says an employment: it began or ended it, and no workbook takes it back any more."""
    session.add(
        EmploymentSource(
            id=new_id(),
            employment_id=employment.id,
            command_id=command_id,
            year=year,
            since=employment.since,
            post=employment.post,
            order_in_unit=employment.order_in_unit,
        )
    )


def title_said_by_act(session: Session, title: Title, command_id: UUID, year: int) -> None:
    """Note that an act of some year says a title: what workbooks of earlier years call it counts no more."""
    session.add(
        TitleSource(
            id=new_id(),
            title_id=title.id,
            command_id=command_id,
            year=year,
            name=title.name,
            level=title.level,
        )
    )


class UnitStanding:
    """All times at a unit with what they stand on, while a workbook is entered: taken back, said anew, settled."""

    def __init__(self, session: Session, unit_id: UUID) -> None:
        self.session = session
        self.unit_id = unit_id
        self.held = {one.id: one for one in employments_of_unit(session, unit_id)}
        self.by_person: dict[UUID, list[Employment]] = {}
        for one in self.held.values():
            self.by_person.setdefault(one.person_id, []).append(one)
        self.sources = employment_sources(session, unit_id)
        self._spans = Changes[tuple[UUID, UUID], Span]()
        for one in self.held.values():
            self._spans.stood((unit_id, one.person_id), (one.since, one.until))
        self._moved: set[UUID] = set()
        self._fresh: list[Values] = []
        self._said: list[Values] = []

    def take_back(self, batches: Sequence[UUID]) -> None:
        """Take back what some workbooks say: their sources, and the ends that they stated."""
        for own in self.sources.values():
            self._moved.update(one.employment_id for one in own if one.batch_id in batches)
            own[:] = [one for one in own if one.batch_id not in batches]
        self.session.execute(
            delete(EmploymentSource)
            .where(col(EmploymentSource.batch_id).in_(batches))
            .execution_options(synchronize_session=False)
        )
        for one in self.held.values():
            if one.ended_by in batches:
                one.until, one.ended_as, one.ended_by = None, "", None

    def gone(self) -> set[UUID]:
        """Return who worked at the unit and does so no more."""
        lasting = {one.person_id for one in self.held.values() if one.until is None}
        return {one.person_id for one in self.held.values()} - lasting

    def say(self, batch_id: UUID, year: int, area: str, person_id: UUID, row: Values) -> None:
        """Enter what a workbook says of a person: `since`, `post`, `order_in_unit`, and `left` (None while he stays)."""
        said = {name: row[name] for name in ("since", "post", "order_in_unit")}
        employment = self._of(person_id, row["since"])
        if employment is None:
            ended = {"until": row["left"], "ended_as": LEFT, "ended_by": batch_id} if row["left"] else {}
            of = {"id": new_id(), "person_id": person_id, "unit_id": self.unit_id, "area": area}
            self._fresh.append({**of, **said, **ended})
            employment_id: UUID = self._fresh[-1]["id"]
        else:
            employment_id = employment.id
            if not self.sources.get(employment_id) and employment_id not in self._moved:
                self._keep_unknown(employment)
            if row["left"] and employment.until is None:
                employment.until, employment.ended_as, employment.ended_by = row["left"], LEFT, batch_id
        source = {"id": new_id(), "employment_id": employment_id, "batch_id": batch_id, "year": year, **said}
        self._said.append(source)
        if employment is not None:
            self._moved.add(employment_id)
            self.sources.setdefault(employment_id, []).append(EmploymentSource(**source))

    def settle(self) -> dict[tuple[UUID, UUID], tuple[tuple[Span, ...], tuple[Span, ...]]]:
        """Write it: what nothing says any more goes, the rest says what its sources say. Returns whose spans changed."""
        for employment_id in self._moved:
            employment, sources = self.held[employment_id], self.sources.get(employment_id, [])
            if sources:
                self._as_said(employment, sources)
                self.session.add(employment)
            elif employment.until is None:
                self.session.delete(employment)
                del self.held[employment_id]
            # What something else ended is ended: it stays, for the days before.
        self.session.flush()
        insert_rows(self.session, Employment, self._fresh)
        insert_rows(self.session, EmploymentSource, self._said)
        self._spans.stands(self._standing())
        return self._spans.changed()

    def _standing(self) -> Iterator[tuple[tuple[UUID, UUID], Span]]:
        for one in self.held.values():
            yield (self.unit_id, one.person_id), (one.since, one.until)
        for row in self._fresh:
            yield (self.unit_id, row["person_id"]), (row["since"], row.get("until"))

    def _of(self, person_id: UUID, since: date) -> Employment | None:
        """Return the time at the unit that a workbook speaks of: the lasting one, else an ended one that it falls into."""
        own = sorted(self.by_person.get(person_id, ()), key=lambda one: one.since)
        lasting = [one for one in own if one.until is None]
        within = [one for one in own if one.until is not None and since <= one.until]
        return next(reversed([*within, *lasting]), None)

    def _keep_unknown(self, employment: Employment) -> None:
        """Say of a row without sources that it stood before: what this workbook adds may be taken back, not the row."""
        stood: Values = {"id": new_id(), "employment_id": employment.id, "since": employment.since}
        stood |= {"post": employment.post, "order_in_unit": employment.order_in_unit}
        self._said.append(stood)
        self.sources.setdefault(employment.id, []).append(EmploymentSource(**stood))

    def _as_said(self, employment: Employment, sources: Sequence[EmploymentSource]) -> None:
        newest = max(sources, key=lambda one: (one.year, one.id))
        employment.post, employment.order_in_unit = newest.post, newest.order_in_unit
        since = first_day(employment, sources)
        taken = {one.since for one in self.by_person[employment.person_id] if one is not employment}
        if since not in taken and (employment.until is None or since <= employment.until):
            employment.since = since


class TitleStanding:
    """The titles of some people with what they stand on, while a workbook is entered."""

    def __init__(self, session: Session, people: Sequence[UUID], batches: Sequence[UUID]) -> None:
        self.session = session
        taken = self._said_by(batches)
        self.held: dict[UUID, Title] = {}
        for chunk in chunks(sorted({*people, *(one.person_id for one in taken)})):
            self.held |= {
                one.id: one for one in session.exec(select(Title).where(col(Title.person_id).in_(chunk)))
            }
        self.by_day = {(one.person_id, one.since): one for one in self.held.values()}
        self._steps = Changes[UUID, Step]()
        for one in self.held.values():
            self._steps.stood(one.person_id, (one.since, one.level))
        self.sources: dict[UUID, list[TitleSource]] = {}
        for chunk in chunks(list(self.held)):
            for source in session.exec(select(TitleSource).where(col(TitleSource.title_id).in_(chunk))):
                self.sources.setdefault(source.title_id, []).append(source)
        self._moved = {one.id for one in taken}
        self._fresh: list[Values] = []
        self._said: list[Values] = []
        self._take_back(batches)

    def say(self, batch_id: UUID, year: int, person_id: UUID, since: date, named: Values) -> None:
        """Enter what a workbook says of a person's title: `name` and `level` from a day on."""
        title = self.by_day.get((person_id, since))
        if title is None:
            self._fresh.append({"id": new_id(), "person_id": person_id, "since": since, **named})
            title_id: UUID = self._fresh[-1]["id"]
        else:
            title_id = title.id
            if not self.sources.get(title_id) and title_id not in self._moved:
                stood: Values = {
                    "id": new_id(),
                    "title_id": title_id,
                    "name": title.name,
                    "level": title.level,
                }
                self._said.append(stood)
                self.sources.setdefault(title_id, []).append(TitleSource(**stood))
        source = {"id": new_id(), "title_id": title_id, "batch_id": batch_id, "year": year, **named}
        self._said.append(source)
        if title is not None:
            self._moved.add(title_id)
            self.sources.setdefault(title_id, []).append(TitleSource(**source))

    def settle(self) -> dict[UUID, tuple[tuple[Step, ...], tuple[Step, ...]]]:
        """Write it: a title that nothing says any more goes, the others say what their latest source says."""
        for title_id in self._moved:
            title, sources = self.held[title_id], self.sources.get(title_id, [])
            if not sources:
                self.session.delete(title)
                del self.held[title_id]
                continue
            newest = max(sources, key=lambda one: (one.year, one.id))
            title.name, title.level = newest.name, newest.level
            self.session.add(title)
        self.session.flush()
        insert_rows(self.session, Title, self._fresh)
        insert_rows(self.session, TitleSource, self._said)
        self._steps.stands(self._standing())
        return self._steps.changed()

    def _standing(self) -> Iterator[tuple[UUID, Step]]:
        for one in self.held.values():
            yield one.person_id, (one.since, one.level)
        for row in self._fresh:
            yield row["person_id"], (row["since"], row["level"])

    def _said_by(self, batches: Sequence[UUID]) -> list[Title]:
        if not batches:
            return []
        query = (
            select(Title)
            .join(TitleSource, col(TitleSource.title_id) == col(Title.id))
            .where(col(TitleSource.batch_id).in_(batches))
        )
        return list({one.id: one for one in self.session.exec(query)}.values())

    def _take_back(self, batches: Sequence[UUID]) -> None:
        if not batches:
            return
        for own in self.sources.values():
            own[:] = [one for one in own if one.batch_id not in batches]
        self.session.execute(
            delete(TitleSource)
            .where(col(TitleSource.batch_id).in_(batches))
            .execution_options(synchronize_session=False)
        )
