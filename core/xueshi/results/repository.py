"""Queries on year results, ledgers and seals. Everything is inserted, nothing is updated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.canonical import digest_of_json
from xueshi.register.tables import Person, StudyRecord
from xueshi.results.tables import EndedSeal, LedgerRow, SealedResult, YearResult
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


def judged_persons(session: Session, people: Sequence[UUID]) -> dict[UUID, Person]:
    """Return the people of some results by id."""
    found: dict[UUID, Person] = {}
    for start in range(0, len(people), BATCH):
        query = select(Person).where(col(Person.id).in_(people[start : start + BATCH]))
        found |= {row.id: row for row in session.exec(query)}
    return found


def _not_ended() -> ColumnElement[bool]:
    return col(SealedResult.id).not_in(select(EndedSeal.seal_id))


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
