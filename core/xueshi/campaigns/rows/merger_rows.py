"""Units that went up in others (并入), and units that are no more. The frame that opened the session commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.campaigns.tables import Campaign, Effect, Filing


@dataclass(frozen=True)
class Merger:
    """A dissolved unit whose people went to another."""

    filing_id: UUID
    unit_id: UUID
    into: UUID
    day: date
    """The people's first day at the other unit."""
    files_there: bool
    """The other unit files for them in this year; false where they are sealed already where they were."""
    records: tuple[UUID, ...]
    """The undecided records that went along."""


def mergers(session: Session, year: int) -> list[Merger]:
    """Return the units whose filing of a year's campaigns stands dissolved into another, oldest first."""
    query = (
        select(Effect, Filing)
        .join(Filing, col(Filing.id) == col(Effect.target_id))
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(Filing.stage == "dissolved", Campaign.year == year, Effect.outcome == "dissolved")
        .order_by(col(Effect.command_id))
    )
    # Of a unit that was brought back and dissolved again the last time counts.
    last = {filing.id: (effect, filing) for effect, filing in session.exec(query)}
    return [
        Merger(
            filing.id,
            filing.unit_id,
            UUID(effect.body["into"]),
            date.fromisoformat(effect.body["day"]),
            bool(effect.body["files_there"]),
            tuple(UUID(one) for one in effect.body["records"]),
        )
        for effect, filing in last.values()
        if "into" in effect.body
    ]


def merger_of(session: Session, filing_id: UUID, year: int) -> Merger | None:
    """Return what became of a dissolved filing's people; None where they went nowhere, or it is not dissolved."""
    return next((one for one in mergers(session, year) if one.filing_id == filing_id), None)


def merged_units(session: Session, year: int, unit_id: UUID) -> list[UUID]:
    """Return the units for whose people a unit files in a year, those that came by way of another included."""
    gone = [one for one in mergers(session, year) if one.files_there]
    found: list[UUID] = []
    waiting = [unit_id]
    while waiting:
        into = waiting.pop()
        came = [one.unit_id for one in gone if one.into == into and one.unit_id not in (*found, unit_id)]
        found += came
        waiting += came
    return found


def ended_units(session: Session) -> set[UUID]:
    """Return the units that are no more: in the last year of which they have a filing, the last one stands dissolved."""
    dissolved = select(Filing.unit_id).where(Filing.stage == "dissolved")
    query = (
        select(Filing.unit_id, Filing.stage)
        .join(Campaign, col(Campaign.id) == col(Filing.campaign_id))
        .where(col(Filing.unit_id).in_(dissolved))
        .order_by(col(Campaign.year), col(Filing.round), col(Filing.id))
    )
    last: dict[UUID, str] = dict(session.exec(query).all())
    return {unit_id for unit_id, stage in last.items() if stage == "dissolved"}
