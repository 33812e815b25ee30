"""The campaign clock of a stored campaign."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns import repository
from xueshi.campaigns.clock import CampaignClock
from xueshi.campaigns.tables import Campaign


def latest_instant(session: Session, scope: Scope, real: datetime) -> datetime:
    """Return what time it is where several campaigns may run: the latest clock among those not archived, or the real one."""
    running = [one for one in repository.campaigns(session, scope) if one.stage != "archived"]
    return max((campaign_now(session, one, real) for one in running), default=real)


def campaign_now(session: Session, campaign: Campaign, real: datetime) -> datetime:
    """Return the campaign instant that belongs to a real instant."""
    if not campaign.standing:
        return CampaignClock(standing=False, anchor=real).now(real)
    return CampaignClock(standing=True, anchor=repository.last_anchor(session, campaign.id).campaign).now(
        real
    )
