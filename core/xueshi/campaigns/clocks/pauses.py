"""What a campaign's pauses do to a date: one that had not ended when a pause began ends later by its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from xueshi.campaigns.rows import command_rows
from xueshi.campaigns.tables import Campaign


@dataclass(frozen=True)
class Pause:
    """A pause of a campaign, in campaign instants; `until` and `by` (by how much it moved dates) None while it lasts."""

    since: datetime
    until: datetime | None = None
    by: timedelta | None = None


def pauses_of(session: Session, campaign: Campaign) -> list[Pause]:
    """Return the pauses of a campaign, oldest first; the last one may last still."""
    found: list[Pause] = []
    for effect in command_rows.effects_on(session, campaign.id, ("paused", "resumed")):
        if effect.outcome == "paused":
            found.append(Pause(effect.campaign_at))
        else:
            by = timedelta(days=int(effect.body["days"]))
            found[-1] = Pause(found[-1].since, effect.campaign_at, by)
    return found


def moved_by(pauses: Sequence[Pause], opened: datetime, due: datetime) -> datetime:
    """Return a date that began to run at an instant, moved by the pauses that ended since and had not found it over."""
    for one in pauses:
        if one.until is not None and one.by is not None and opened < one.until and one.since < due:
            due += one.by
    return due


def stands_still(pauses: Sequence[Pause], due: datetime) -> bool:
    """Tell whether a pause lasts that began before a date ended: it does not run out until the pause is over."""
    return any(one.until is None and one.since < due for one in pauses)
