"""The filings of units, round by round, and what was determined in them. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.campaigns.tables import (
    Campaign,
    Counter,
    Determination,
    Effect,
    Filing,
    FilingPerson,
)
from xueshi.errors import NotFoundError
from xueshi.register.tables import StudyRecord

NO_FILING = "找不到该单位的申报，或不在您的管理范围"


def filing(session: Session, scope: Scope, filing_id: UUID, *, lock: bool = False) -> Filing:
    """Return a filing (locked for this transaction where asked); raises NotFoundError outside the scope."""
    query = select(Filing).where(
        Filing.id == filing_id, scope.clause(Filing.area, Filing.sector, Filing.unit_id)
    )
    if lock:
        # What this session read before another transaction ended must not stand in for the locked row.
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(NO_FILING)
    return found


def filing_in_campaign(
    session: Session, scope: Scope, filing_id: UUID, *, lock: bool = False
) -> tuple[Filing, Campaign]:
    """Return a filing (locked where asked) with its campaign (never locked): what nearly every act on it asks.

    Raises NotFoundError outside the scope, which is the filing's: its campaign may be wider.
    """
    query = (
        select(Filing, Campaign)
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(Filing.id == filing_id, scope.clause(Filing.area, Filing.sector, Filing.unit_id))
    )
    if lock:
        query = query.with_for_update(of=Filing).execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(NO_FILING)
    return found[0], found[1]


def filings(
    session: Session,
    scope: Scope,
    campaign_id: UUID,
    *,
    stages: Sequence[str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Filing]:
    """Return filings of a campaign by position, from the one after `after`, optionally of some stages only."""
    query = (
        select(Filing)
        .where(
            Filing.campaign_id == campaign_id,
            Filing.position > after,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Filing.position), col(Filing.round))
    )
    if stages is not None:
        query = query.where(col(Filing.stage).in_(stages))
    return list(session.exec(query if limit is None else query.limit(limit)).all())


def rounds_of_unit(session: Session, scope: Scope, campaign_id: UUID, unit_id: UUID) -> list[Filing]:
    """Return a unit's filings in a campaign, first round first."""
    query = (
        select(Filing)
        .where(
            Filing.campaign_id == campaign_id,
            Filing.unit_id == unit_id,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Filing.round))
    )
    return list(session.exec(query).all())


def standing_filings(session: Session, scope: Scope, campaign_id: UUID) -> list[Filing]:
    """Return of every unit the filing that counts: its latest approved round, else its first; by position.

    A later round that was not approved leaves what was sealed before.
    """
    standing: dict[UUID, Filing] = {}
    for one in filings(session, scope, campaign_id):
        held = standing.get(one.unit_id)
        if held is None or (one.stage == "approved" and one.round > held.round):
            standing[one.unit_id] = one
    return sorted(standing.values(), key=lambda one: one.position)


def opened_by(session: Session, command_id: UUID) -> str:
    """Return the id of the filing that a command opened, as text; empty where it opened none."""
    made = session.get(Effect, command_id)
    return "" if made is None else str(made.body.get("filing", ""))


def last_filing_position(session: Session, campaign_id: UUID) -> int:
    """Return the highest place given to a filing of a campaign."""
    return int(
        session.exec(
            select(func.coalesce(func.max(Filing.position), 0)).where(Filing.campaign_id == campaign_id)
        ).one()
    )


def filing_ids(session: Session, campaign_id: UUID, stages: Sequence[str]) -> list[UUID]:
    """Return the ids of filings in some stages, by position; each is then locked by whoever changes it."""
    query = (
        select(Filing.id)
        .where(Filing.campaign_id == campaign_id, col(Filing.stage).in_(stages))
        .order_by(col(Filing.position))
    )
    return list(session.exec(query).all())


def note_started(session: Session, filing_ids: Sequence[UUID]) -> None:
    """Note that the workflows of some filings were started."""
    session.execute(update(Filing).where(col(Filing.id).in_(filing_ids)).values(started=True))


def count_filings(session: Session, campaign_id: UUID, stages: Sequence[str]) -> int:
    """Return how many filings are in some stages, from the counters."""
    query = select(func.coalesce(func.sum(Counter.filings), 0)).where(
        Counter.campaign_id == campaign_id, col(Counter.stage).in_(stages)
    )
    return int(session.exec(query).one())


def later_stages(session: Session, campaign_id: UUID) -> dict[str, int]:
    """Return how many filings of later rounds stand in each stage: the counters hold them beside those of the first."""
    query = (
        select(Filing.stage, func.count())
        .where(Filing.campaign_id == campaign_id, Filing.round > 1)
        .group_by(col(Filing.stage))
    )
    return dict(session.exec(query).all())


def waiting_in_later_years(session: Session, unit_id: UUID, year: int) -> list[Filing]:
    """Return a unit's filings that wait at the unit in open campaigns of later years, locked."""
    query = (
        select(Filing)
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(
            Filing.unit_id == unit_id,
            Filing.stage == "filing",
            Campaign.stage == "open",
            Campaign.year > year,
        )
        .order_by(col(Filing.id))
    )
    return list(session.exec(query.with_for_update(of=Filing)).all())


def open_elsewhere(
    session: Session, year: int, unit_id: UUID | None = None, *, but: UUID | None = None
) -> dict[UUID, Campaign]:
    """Return unit → the open campaign of a year in which it files: a unit files in one place (add-unit and opening alike).

    Of one unit only where it is named; `but` leaves a campaign out.
    """
    query = (
        select(Filing.unit_id, Campaign)
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(Campaign.year == year, Campaign.stage == "open")
        .order_by(col(Campaign.id))
    )
    if unit_id is not None:
        query = query.where(Filing.unit_id == unit_id)
    if but is not None:
        query = query.where(Campaign.id != but)
    return dict(session.exec(query).all())


def count_units(session: Session, campaign_id: UUID) -> int:
    """Return how many units a campaign has, whatever their rounds."""
    query = select(func.count(func.distinct(Filing.unit_id))).where(Filing.campaign_id == campaign_id)
    return session.exec(query).one()


def filings_of_year(
    session: Session, unit_ids: Sequence[UUID], year: int | None = None
) -> list[tuple[Campaign, Filing]]:
    """Return the filings of some units, of one year's campaigns or of all, the newest round of each first."""
    query = (
        select(Campaign, Filing)
        .join(Filing, col(Filing.campaign_id) == col(Campaign.id))
        .where(col(Filing.unit_id).in_(unit_ids))
        .order_by(col(Campaign.n).desc(), col(Filing.round).desc())
    )
    if year is not None:
        query = query.where(Campaign.year == year)
    return [(campaign, filing) for campaign, filing in session.exec(query)]


def note_judged(session: Session, filing_id: UUID, people: Sequence[UUID]) -> None:
    """Note with whom a filing was judged, in the unit's order; what an earlier judging noted gives way."""
    session.execute(delete(FilingPerson).where(col(FilingPerson.filing_id) == filing_id))
    rows = [
        {"filing_id": filing_id, "person_id": person_id, "place": place}
        for place, person_id in enumerate(people, start=1)
    ]
    if rows:
        session.execute(insert(FilingPerson), rows)


def judged_people(session: Session, filing_id: UUID) -> list[UUID]:
    """Return with whom a filing was last judged, in the unit's order; none where an older engine judged it."""
    query = (
        select(FilingPerson.person_id)
        .where(FilingPerson.filing_id == filing_id)
        .order_by(col(FilingPerson.place))
    )
    return list(session.exec(query))


def determinations(session: Session, filing: Filing) -> dict[UUID, dict[str, object]]:
    """Return the verifier's values by record and fact; the latest of each counts.

    A later round goes on from what was settled in the unit's rounds that were approved: the same record is not asked
    for twice. Only of the person for whose correction a round is opened everything is settled anew.
    """
    before = select(Filing.id).where(
        Filing.campaign_id == filing.campaign_id,
        Filing.unit_id == filing.unit_id,
        Filing.round < filing.round,
        Filing.stage == "approved",
    )
    carried: ColumnElement[bool] = col(Determination.filing_id).in_(before)
    if filing.only_person is not None:
        own = select(StudyRecord.id).where(StudyRecord.person_id == filing.only_person)
        carried = and_(carried, col(Determination.record_id).not_in(own))
    query = (
        select(Determination)
        .where(or_(col(Determination.filing_id) == filing.id, carried))
        .order_by(col(Determination.id))
    )
    values: dict[UUID, dict[str, object]] = {}
    for row in session.exec(query).all():
        values.setdefault(row.record_id, {})[row.fact] = row.value
    return values
