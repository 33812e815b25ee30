"""Queries on year results, ledgers and seals. Everything is inserted, nothing is updated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.canonical import digest_of_json
from xueshi.register.tables import Person, StudyRecord
from xueshi.results.seals import seal_digest
from xueshi.results.tables import EndedSeal, LedgerRow, SealedResult, SealedWords, YearResult
from xueshi.storage import new_id

BATCH = 500
"""Keys asked for in one query: below every database's limit of parameters."""


@dataclass(frozen=True)
class LedgerLine:
    """One ledger entry to store; hours in hundredths, None while a fact is missing."""

    record_id: UUID | None
    year: int | None
    part: int | None
    rules: str
    regulation: str
    clause: str
    category: str
    hours: int | None
    claimed: int | None
    verdict: str
    code: str
    text: str
    inputs_hash: str


@dataclass(frozen=True)
class Judgement:
    """One person's judged year, ready to store."""

    person_id: UUID
    level: str | None
    verdict: str
    totals: dict[str, int]
    shortfalls: dict[str, int]
    warnings: list[str]
    open_records: list[dict[str, Any]]
    request: dict[str, Any]
    ledger: Sequence[LedgerLine] = field(default_factory=tuple)
    handed_on: Sequence[dict[str, Any]] = field(default_factory=tuple)
    """Entries that later years read, each with the record it stands for."""


@dataclass(frozen=True)
class JudgedUnder:
    """What a batch of judgements has in common."""

    campaign_id: UUID
    unit_id: UUID
    area: str
    year: int
    pack_digest: str
    assessed_at: datetime
    input_version: int = 0
    """Which register of the unit was judged, counted as they were handed in."""


def save(session: Session, under: JudgedUnder, judgements: Iterable[Judgement]) -> int:
    """Store judgements whose input is new; returns how many. The same input again changes nothing."""
    wanted = {(one.person_id, _input_digest(one, under)): one for one in judgements}
    people = {person_id for person_id, _ in wanted}
    rows = session.exec(
        select(YearResult.person_id, YearResult.input_digest, YearResult.revision).where(
            YearResult.campaign_id == under.campaign_id,
            YearResult.unit_id == under.unit_id,
            col(YearResult.person_id).in_(people),
        )
    ).all()
    latest: dict[UUID, tuple[int, str]] = {}
    for person_id, digest, revision in rows:
        if person_id not in latest or revision > latest[person_id][0]:
            latest[person_id] = (revision, digest)
    results: list[dict[str, Any]] = []
    ledger: list[dict[str, Any]] = []
    for (person_id, digest), judgement in wanted.items():
        if latest.get(person_id, (0, ""))[1] == digest:
            continue
        result_id = new_id()
        results.append(
            {
                "id": result_id,
                "campaign_id": under.campaign_id,
                "unit_id": under.unit_id,
                "person_id": person_id,
                "area": under.area,
                "year": under.year,
                "revision": latest.get(person_id, (0, ""))[0] + 1,
                "level": judgement.level,
                "verdict": judgement.verdict,
                "totals": judgement.totals,
                "shortfalls": judgement.shortfalls,
                "warnings": judgement.warnings,
                "open_records": judgement.open_records,
                "request": judgement.request,
                "handed_on": list(judgement.handed_on) or None,
                "pack_digest": under.pack_digest,
                "input_digest": digest,
                "assessed_at": under.assessed_at,
            }
        )
        ledger.extend(
            {"result_id": result_id, "seq": seq, **line.__dict__}
            for seq, line in enumerate(judgement.ledger, start=1)
        )
    if results:
        session.execute(insert(YearResult), results)
    if ledger:
        session.execute(insert(LedgerRow), ledger)
    return len(results)


def _input_digest(judgement: Judgement, under: JudgedUnder) -> str:
    """Digest what a result rests on: facts, pack, the rows judged, and the register where it was handed in again."""
    rows = [str(line.record_id) for line in judgement.ledger]
    # Only from the second register on, so that the digests of all others stay what they were.
    again = [under.input_version] if under.input_version > 1 else []
    return digest_of_json([judgement.request, under.pack_digest, rows, *again])


def latest_of_unit(
    session: Session, scope: Scope, campaign_id: UUID, unit_id: UUID
) -> dict[UUID, YearResult]:
    """Return each person's latest result in a unit's filing."""
    newest = (
        select(YearResult.person_id, func.max(YearResult.revision).label("revision"))
        .where(YearResult.campaign_id == campaign_id, YearResult.unit_id == unit_id)
        .group_by(col(YearResult.person_id))
        .subquery()
    )
    query = (
        select(YearResult)
        .join(
            newest,
            (col(YearResult.person_id) == newest.c.person_id)
            & (col(YearResult.revision) == newest.c.revision),
        )
        .where(
            YearResult.campaign_id == campaign_id,
            YearResult.unit_id == unit_id,
            scope.clause(YearResult.area, None, YearResult.unit_id, YearResult.person_id),
        )
    )
    return {row.person_id: row for row in session.exec(query).all()}


def ledgers(session: Session, result_ids: Sequence[UUID]) -> dict[UUID, list[LedgerRow]]:
    """Return the ledgers of some results, in order."""
    found: dict[UUID, list[LedgerRow]] = {result_id: [] for result_id in result_ids}
    query = (
        select(LedgerRow)
        .where(col(LedgerRow.result_id).in_(result_ids))
        .order_by(col(LedgerRow.result_id), col(LedgerRow.seq))
    )
    for row in session.exec(query).all():
        found[row.result_id].append(row)
    return found


def seal(session: Session, rows: Sequence[SealedResult]) -> None:
    """Write seals; each person's once per campaign and unit."""
    session.add_all(rows)
    session.flush()


def keep_words(session: Session, words: Mapping[UUID, bytes]) -> None:
    """Write the encrypted words of some seals (seal → words), beside them and once."""
    session.add_all(SealedWords(seal_id=seal_id, body=body) for seal_id, body in words.items())
    session.flush()


def words_of(session: Session, seal_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return seal → its encrypted words; seals of an older engine have none."""
    found: dict[UUID, bytes] = {}
    for start in range(0, len(seal_ids), BATCH):
        query = select(SealedWords).where(col(SealedWords.seal_id).in_(seal_ids[start : start + BATCH]))
        found |= {row.seal_id: row.body for row in session.exec(query)}
    return found


def judged_persons(session: Session, people: Sequence[UUID]) -> dict[UUID, Person]:
    """Return the people of some results by id."""
    found: dict[UUID, Person] = {}
    for start in range(0, len(people), BATCH):
        query = select(Person).where(col(Person.id).in_(people[start : start + BATCH]))
        found |= {row.id: row for row in session.exec(query)}
    return found


def sealed_of_unit(session: Session, campaign_id: UUID, unit_id: UUID) -> list[SealedResult]:
    """Return a unit's sealed results that count, by position: of each person the seal of the latest round.

    Whom a later round no longer judged has none.
    """
    query = (
        select(SealedResult)
        .where(SealedResult.campaign_id == campaign_id, SealedResult.unit_id == unit_id, _not_ended())
        .order_by(col(SealedResult.round), col(SealedResult.position))
    )
    newest = {row.person_id: row for row in session.exec(query).all()}
    return sorted(newest.values(), key=lambda row: row.position)


def sealed_results(session: Session, campaign_id: UUID) -> list[tuple[SealedResult, YearResult]]:
    """Return the sealed results of a campaign that count, with what they seal, by position.

    Superseded ones are out, and those of whom a later round of the unit no longer judged.
    """
    query = (
        select(SealedResult, YearResult)
        .join(YearResult, col(YearResult.id) == col(SealedResult.result_id))
        .where(SealedResult.campaign_id == campaign_id, _not_ended())
        .order_by(col(SealedResult.round), col(SealedResult.position))
    )
    newest = {
        (seal_row.unit_id, seal_row.person_id): (seal_row, result)
        for seal_row, result in session.exec(query).all()
    }
    return sorted(newest.values(), key=lambda pair: pair[0].position)


def last_seal_of_round(session: Session, campaign_id: UUID, unit_id: UUID, round_: int) -> UUID | None:
    """Return the seal that a round of a unit wrote last, whether it counts still or not; None where it wrote none."""
    query = (
        select(SealedResult.id)
        .where(
            SealedResult.campaign_id == campaign_id,
            SealedResult.unit_id == unit_id,
            SealedResult.round == round_,
        )
        .order_by(col(SealedResult.id).desc())
    )
    return session.exec(query.limit(1)).first()


def end_seals(
    session: Session, campaign_id: UUID, unit_id: UUID, people: Iterable[UUID], *, by: UUID, at: datetime
) -> int:
    """End all seals of some people at a unit: the filing `by` judged its unit without them. Returns how many people.

    All of a person's, the superseded ones too, so that none of them comes to count again.
    """
    wanted = set(people)
    query = select(SealedResult).where(
        SealedResult.campaign_id == campaign_id, SealedResult.unit_id == unit_id, _not_ended()
    )
    ended = [row for row in session.exec(query) if row.person_id in wanted]
    session.add_all(EndedSeal(seal_id=row.id, filing_id=by, ended_at=at) for row in ended)
    session.flush()
    return len({row.person_id for row in ended})


def ended_people(session: Session, campaign_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return (unit, person) of whoever was sealed at a unit and counts there no more."""
    query = select(SealedResult.unit_id, SealedResult.person_id).where(
        SealedResult.campaign_id == campaign_id
    )
    return set(session.exec(query)) - set(session.exec(query.where(_not_ended())))


def _not_ended() -> ColumnElement[bool]:
    return col(SealedResult.id).not_in(select(EndedSeal.seal_id))


def is_sealed(session: Session, campaign_id: UUID) -> bool:
    """Tell whether anything of a campaign is sealed."""
    query = select(SealedResult.id).where(SealedResult.campaign_id == campaign_id).limit(1)
    return session.exec(query).first() is not None


def superseded(session: Session, seals: Iterable[SealedResult]) -> dict[UUID, SealedResult]:
    """Return seal id → the seal whose place it took, for those that took one's place."""
    wanted = {row.supersedes: row.id for row in seals if row.supersedes is not None}
    query = select(SealedResult).where(col(SealedResult.id).in_(list(wanted)))
    return {wanted[row.id]: row for row in session.exec(query).all()}


@dataclass(frozen=True)
class SealedYear:
    """What a person's seal says, and its ledger on the register's present rows."""

    seal: SealedResult
    result: YearResult
    ledger: list[LedgerRow]

    @property
    def records(self) -> list[UUID]:
        """The records that the result rests on, in the order of its ledger."""
        return list(dict.fromkeys(line.record_id for line in self.ledger if line.record_id is not None))


def sealed_years(
    session: Session, campaign_id: UUID, unit_id: UUID, seals: Iterable[SealedResult]
) -> dict[UUID, SealedYear]:
    """Return person → what his seal seals.

    A register handed in again in a later round has new rows for what it changed. Who was not sealed anew in it has a
    later revision that says the same: it is taken, since its ledger names the rows that are there.
    """
    wanted = list(seals)
    sealed = results_by_id(session, [one.result_id for one in wanted])
    latest = latest_of_unit(session, Scope.everything(), campaign_id, unit_id)
    lines = ledgers(session, [*sealed, *(result.id for result in latest.values())])
    years = {}
    for one in wanted:
        newer = latest.get(one.person_id)
        same = newer is not None and seal_digest(newer, lines[newer.id]) == one.digest
        result = newer if newer is not None and same else sealed[one.result_id]
        years[one.person_id] = SealedYear(one, result, lines[result.id])
    return years


def handed_on(
    session: Session, people: Sequence[UUID], *, before: int
) -> dict[UUID, dict[int, list[dict[str, Any]]]]:
    """Return person → former year → the ledger entries that the newest sealed result of that year hands on."""
    return {
        person_id: {year: row.handed_on for year, row in by_year.items() if year < before and row.handed_on}
        for person_id, by_year in sealed_of_people(session, people, apart=before).items()
    }


def sealed_of_people(
    session: Session, people: Sequence[UUID], *, apart: int
) -> dict[UUID, dict[int, YearResult]]:
    """Return person → year → the newest sealed result of that year, of every year but `apart`."""
    newest: dict[UUID, dict[int, YearResult]] = {}
    for start in range(0, len(people), BATCH):
        query = (
            select(YearResult)
            .join(SealedResult, col(SealedResult.result_id) == col(YearResult.id))
            .where(
                col(YearResult.person_id).in_(people[start : start + BATCH]),
                YearResult.year != apart,
                _not_ended(),
            )
            .order_by(col(SealedResult.sealed_at), col(SealedResult.id))
        )
        for row in session.exec(query):
            newest.setdefault(row.person_id, {})[row.year] = row
    return newest


def last_position(session: Session, campaign_id: UUID) -> int:
    """Return the highest position given so far in a campaign; 0 before the first."""
    query = select(func.coalesce(func.max(SealedResult.position), 0)).where(
        SealedResult.campaign_id == campaign_id
    )
    return int(session.exec(query).one())


def results_by_id(session: Session, result_ids: Sequence[UUID]) -> dict[UUID, YearResult]:
    """Return results by id."""
    query = select(YearResult).where(col(YearResult.id).in_(result_ids))
    return {row.id: row for row in session.exec(query).all()}


def years_of_person(session: Session, scope: Scope, person_id: UUID) -> list[YearResult]:
    """Return a person's latest result of every campaign and unit inside the scope, newest year first.

    One whose seal ended says nothing any more: his unit was judged anew without him.
    """
    query = (
        select(YearResult)
        .where(
            YearResult.person_id == person_id,
            scope.clause(YearResult.area, None, YearResult.unit_id, YearResult.person_id),
        )
        .order_by(col(YearResult.year).desc(), col(YearResult.revision).desc())
    )
    newest: dict[tuple[UUID, UUID], YearResult] = {}
    for row in session.exec(query):
        newest.setdefault((row.campaign_id, row.unit_id), row)
    ended = select(SealedResult.result_id).where(SealedResult.person_id == person_id, ~_not_ended())
    over = set(session.exec(ended))
    return [row for row in newest.values() if row.id not in over]


def judged_person(session: Session, person_id: UUID) -> Person | None:
    """Return the person of a result; None when there is no such person."""
    return session.get(Person, person_id)


def contents_of_records(session: Session, result_id: UUID) -> list[str]:
    """Return what the unit wrote of each record of a result (学习内容), in the order in which they were judged."""
    query = (
        select(StudyRecord.content)
        .join(LedgerRow, col(LedgerRow.record_id) == col(StudyRecord.id))
        .where(LedgerRow.result_id == result_id, or_(col(LedgerRow.part).is_(None), col(LedgerRow.part) <= 1))
        .order_by(col(LedgerRow.seq))
    )
    return list(session.exec(query))
