"""Campaigns, their counters and the openings planned for coming years. The frame that opened the session commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, update
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.campaigns.tables import (
    Campaign,
    Counter,
    Filing,
    PlannedOpening,
)
from xueshi.errors import NotFoundError

UNDER_WAY = ("closing", "sealed", "printed")
"""Stages that pass by themselves, without an officer."""


def campaigns(session: Session, scope: Scope) -> list[Campaign]:
    """Return the campaigns of the scope's areas, newest year first."""
    query = (
        select(Campaign)
        .where(scope.area_clause(Campaign.area))
        .order_by(col(Campaign.year).desc(), col(Campaign.public_id))
    )
    return list(session.exec(query).all())


def campaign(session: Session, scope: Scope, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """Return a campaign (locked for this transaction where asked); raises NotFoundError outside the scope."""
    found = session.get(Campaign, campaign_id, with_for_update=lock or None)
    if found is None or not scope.allows(found.area):
        raise NotFoundError("找不到这次年度验证，或不在您的管理范围；用 xueshi campaign list 查看")
    return found


def campaign_by_public_id(session: Session, scope: Scope, public_id: str) -> Campaign:
    """Return a campaign by `campaign:{region}:{area}:{year}:{n}`; raises NotFoundError outside the scope."""
    found = session.exec(select(Campaign).where(Campaign.public_id == public_id)).first()
    if found is None or not scope.allows(found.area):
        raise NotFoundError(f"找不到年度验证 {public_id}，或不在您的管理范围；用 xueshi campaign list 查看")
    return found


def count_campaigns(session: Session, region: str, area: str, year: int) -> int:
    """Return how many campaigns an area had for a year, whatever their stage."""
    query = select(func.count()).where(
        Campaign.region == region, Campaign.area == area, Campaign.year == year
    )
    return session.exec(query).one()


def campaign_of_notice(session: Session, area: str, year: int, notice_digest: str) -> UUID | None:
    """Return the campaign that an area opened for a year by exactly this notice."""
    query = select(Campaign.id).where(
        Campaign.area == area,
        Campaign.year == year,
        Campaign.notice_digest == notice_digest,
    )
    return session.exec(query).first()


def campaign_of_unit(
    session: Session, scope: Scope, unit_id: UUID, year: int
) -> tuple[Campaign, Filing] | None:
    """Return the latest campaign of a year in which a unit files or filed, whatever its stage, with its latest filing."""
    query = (
        select(Campaign, Filing)
        .join(Filing, col(Filing.campaign_id) == col(Campaign.id))
        .where(
            Filing.unit_id == unit_id,
            Campaign.year == year,
            scope.clause(Filing.area, Filing.sector, Filing.unit_id),
        )
        .order_by(col(Campaign.n).desc(), col(Campaign.id).desc(), col(Filing.round).desc())
    )
    found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def unstarted_campaigns(session: Session) -> list[UUID]:
    """Return campaigns whose workflow was not started yet: stored, but the server was away."""
    return list(session.exec(select(Campaign.id).where(col(Campaign.workflow_started).is_(False))).all())


def counters(session: Session, scope: Scope, campaign_id: UUID) -> dict[str, int]:
    """Return the number of filings by stage."""
    campaign(session, scope, campaign_id)
    rows = session.exec(select(Counter).where(Counter.campaign_id == campaign_id)).all()
    return {row.stage: row.filings for row in rows if row.filings}


def move_counter(
    session: Session, campaign_id: UUID, before: str | None, after: str, number: int = 1
) -> None:
    """Move filings from one stage's counter to another's, in the transaction of the effect."""
    if before == after:
        return
    changes = {after: number} if before is None else {before: -number, after: number}
    change = case(changes, value=col(Counter.stage))
    changed = session.execute(
        update(Counter)
        .where(col(Counter.campaign_id) == campaign_id, col(Counter.stage).in_(changes))
        .values(filings=col(Counter.filings) + change)
    )
    if changed.rowcount < len(changes):  # type: ignore[attr-defined]  # a DML result has a row count
        # A stage that none was in before: once for each campaign and stage.
        there = session.exec(select(Counter.stage).where(Counter.campaign_id == campaign_id)).all()
        session.add_all(
            Counter(campaign_id=campaign_id, stage=stage, filings=by)
            for stage, by in changes.items()
            if stage not in there
        )
        session.flush()


def planned_openings(
    session: Session, scope: Scope, *, state: str | None = None, until: datetime | None = None
) -> list[PlannedOpening]:
    """Return openings planned in a scope's areas, earliest first, optionally of a state or due by a real instant."""
    query = (
        select(PlannedOpening)
        .where(scope.area_clause(PlannedOpening.area))
        .order_by(col(PlannedOpening.opens_at), col(PlannedOpening.id))
    )
    if state is not None:
        query = query.where(PlannedOpening.state == state)
    if until is not None:
        query = query.where(PlannedOpening.opens_at <= until)
    return list(session.exec(query).all())


def planned_opening(
    session: Session, scope: Scope, planned_id: UUID, *, lock: bool = False
) -> PlannedOpening:
    """Return a planned opening; raises NotFoundError outside the scope."""
    query = select(PlannedOpening).where(PlannedOpening.id == planned_id)
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None or not scope.allows(found.area):
        raise NotFoundError("找不到这项定时开启，或不在您的管理范围；用 xueshi campaign schedule list 查看")
    return found
