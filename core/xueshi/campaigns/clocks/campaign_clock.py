"""The clock of a stored campaign, and of the data folder, by which records filed without a campaign are dated."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import CampaignClock
from xueshi.campaigns.rows import campaign_rows, clock_rows
from xueshi.campaigns.tables import Campaign


def latest_instant(session: Session, scope: Scope, real: datetime) -> datetime:
    """Return what time it is where several campaigns may run: the latest clock among those not archived, or the folder's."""
    running = [one for one in campaign_rows.campaigns(session, scope) if one.stage != "archived"]
    return max((campaign_now(session, one, real) for one in running), default=folder_now(session, real))


def campaign_now(session: Session, campaign: Campaign, real: datetime) -> datetime:
    """Return the campaign instant that belongs to a real instant."""
    if not campaign.standing:
        return CampaignClock(standing=False, anchor=real).now(real)
    return CampaignClock(standing=True, anchor=clock_rows.last_anchor(session, campaign.id).campaign).now(
        real
    )


def folder_now(session: Session, real: datetime) -> datetime:
    """Return the folder's instant that belongs to a real instant: the real one unless the folder's clock stands."""
    anchor = clock_rows.last_folder_anchor(session)
    return real.astimezone(UTC) if anchor is None else anchor.instant


def folder_stands(session: Session) -> bool:
    """Tell whether this is a demo or rehearsal folder, whose clock stands still between steps."""
    return clock_rows.last_folder_anchor(session) is not None


def set_folder_clock(session: Session, to: datetime, real: datetime) -> None:
    """Let the folder's clock stand at an instant, or advance it; it never goes back: an earlier instant changes nothing."""
    anchor = clock_rows.last_folder_anchor(session)
    if anchor is None or to > anchor.instant:
        clock_rows.add_folder_anchor(session, 1 if anchor is None else anchor.seq + 1, real, to)
