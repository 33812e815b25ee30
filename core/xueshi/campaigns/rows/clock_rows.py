"""Anchors of the campaign clocks and the days that an office works. The frame that opened the session commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from xueshi.access.scope import area_prefix
from xueshi.campaigns.tables import (
    CalendarEntry,
    Campaign,
    ClockAnchor,
    Command,
    Effect,
    FolderAnchor,
    Task,
)

DATED_FOR_REAL = ("report", "received_report", "trusted_key")
"""Targets of acts that bear the real date in every folder: they do not tell by which clock it runs."""
REAL_CLOCK = "real"
"""The name of the clock of every campaign that does not stand still."""


def last_anchor(session: Session, campaign_id: UUID) -> ClockAnchor:
    """Return the latest step of a campaign's clock."""
    query = (
        select(ClockAnchor)
        .where(ClockAnchor.campaign_id == campaign_id)
        .order_by(col(ClockAnchor.seq).desc())
    )
    return session.exec(query.limit(1)).one()


def last_folder_anchor(session: Session) -> FolderAnchor | None:
    """Return the latest step of the folder's clock; None where it runs on real time."""
    return session.exec(select(FolderAnchor).order_by(col(FolderAnchor.seq).desc()).limit(1)).first()


def add_folder_anchor(session: Session, seq: int, real: datetime, instant: datetime) -> None:
    """Add a step to the folder's clock."""
    session.add(FolderAnchor(seq=seq, real=real, instant=instant))
    session.flush()


def runs_on_real_time(session: Session) -> bool:
    """Tell whether something was done in this folder on the real clock: a campaign without standing clock, a record."""
    real = select(Campaign.id).where(col(Campaign.standing).is_(False)).limit(1)
    filed = (
        select(Effect.command_id)
        .join(Command, col(Command.id) == Effect.command_id)
        .where(col(Effect.campaign_id).is_(None), col(Command.target_kind).not_in(DATED_FOR_REAL))
        .limit(1)
    )
    return session.exec(real).first() is not None or session.exec(filed).first() is not None


def calendar_entries(session: Session, area: str) -> list[CalendarEntry]:
    """Return the entries that hold for an area: of the widest area first, each area's in the order of entering."""
    around = {area, f"{area[:4]}00", f"{area[:2]}0000"}
    found = session.exec(select(CalendarEntry).where(col(CalendarEntry.area).in_(around))).all()
    return sorted(found, key=lambda entry: (len(area_prefix(entry.area)), entry.id))


def clock_of(campaign: Campaign) -> str:
    """Return the name of a campaign's clock: its own where it stands, else the real one."""
    return str(campaign.id) if campaign.standing else REAL_CLOCK


def only_rehearsals(session: Session) -> bool:
    """Tell whether a data folder has known demos or rehearsals only: nothing of it may be mailed."""
    kinds = set(session.exec(select(Campaign.standing).distinct()).all())
    return kinds == {True}


def _of_clock(clock: str) -> ColumnElement[bool]:
    """SQL condition: tasks that live by a clock."""
    if clock != REAL_CLOCK:
        return col(Task.campaign_id) == UUID(clock)
    standing = select(Campaign.id).where(col(Campaign.standing))
    return or_(col(Task.campaign_id).is_(None), col(Task.campaign_id).not_in(standing))
