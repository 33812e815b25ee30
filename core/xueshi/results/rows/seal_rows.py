"""Seals: what counts of the judged years, what took its place, what later years read of it. Everything is inserted, nothing is updated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.results.repository import BATCH, _not_ended, latest_of_unit, ledgers, results_by_id
from xueshi.results.seals import seal_digest
from xueshi.results.tables import EndedSeal, LedgerRow, SealedResult, SealedWords, YearResult


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
