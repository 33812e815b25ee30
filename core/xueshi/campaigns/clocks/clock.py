"""The campaign clock: which instant it is for a campaign (architecture section 8, decision 8).

In production it is the real clock. In a demo or rehearsal folder it stands still between steps: only an `advance`
adds an anchor. Deadlines, papers, results and the ledger use this clock; audit and logs use real instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CIVIL_ZONE = ZoneInfo("Asia/Shanghai")
"""Dates of notices, papers and deadlines are civil dates in this zone."""


@dataclass(frozen=True)
class CampaignClock:
    """`standing` with the latest anchor's campaign instant, or the real clock."""

    standing: bool
    anchor: datetime
    """Campaign instant of the latest anchor (UTC)."""

    def now(self, real: datetime) -> datetime:
        """Return the campaign instant that belongs to a real instant."""
        return self.anchor if self.standing else real.astimezone(UTC)


def civil_date(instant: datetime) -> date:
    """Return the civil date of an instant."""
    return instant.astimezone(CIVIL_ZONE).date()


def start_of(day: date) -> datetime:
    """Return the first instant of a civil day, in UTC."""
    return datetime.combine(day, time(), CIVIL_ZONE).astimezone(UTC)


def show_deadline(instant: datetime) -> str:
    """Print a deadline as officers read it: a window that ends with its day as `2021-11-30 24:00`."""
    local = instant.astimezone(CIVIL_ZONE)
    if local.time() == time():
        return f"{local.date() - timedelta(days=1)} 24:00"
    return show_instant(instant)


def show_instant(instant: datetime) -> str:
    """Print an instant in civil time: `2021-11-30 09:05`."""
    return f"{instant.astimezone(CIVIL_ZONE):%Y-%m-%d %H:%M}"


def end_of(day: date) -> datetime:
    """Return the instant at which a deadline on `day` ends: 24:00 of the day, in UTC."""
    return start_of(day + timedelta(days=1))
