"""What a civil day brings by itself: escalations where the rule says so, then the digests that tell of them.

On the real clock the daily schedule asks for it; on a standing clock `advance` does, one day after another, for the days
passed on the way. Both go through the same functions, each of them idempotent by clock and civil day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.campaigns import digests, repository
from xueshi.campaigns.clock import civil_date, start_of
from xueshi.campaigns.digests import DigestDay
from xueshi.campaigns.escalation import escalate_overdue
from xueshi.campaigns.repository import REAL_CLOCK
from xueshi.campaigns.tables import Campaign

PAGE = 200
"""Accounts whose digests are written in one transaction."""


@dataclass(frozen=True)
class PageWritten:
    """How many digests a page wrote, and the account after which the next begins (None: it was the last)."""

    digests: int
    after: UUID | None


def begin_day(session: Session, at: datetime) -> DigestDay:
    """Begin the real clock's civil day of an instant: escalate what is overdue as the day begins, and note the day."""
    day = DigestDay(REAL_CLOCK, civil_date(at))
    escalate_overdue(session, day.clock, day.until)
    return day


def write_digests(session: Session, day: DigestDay, after: UUID | None) -> PageWritten:
    """Write the digests of one page of accounts."""
    accounts = access.account_page(session, after, PAGE)
    written = digests.write_page(session, day, accounts)
    return PageWritten(written, accounts[-1] if len(accounts) == PAGE else None)


def end_day(session: Session, day: DigestDay) -> None:
    """Note that all digests of a day are written: the next ones begin where these ended."""
    digests.fold_news(session, day, datetime.now(UTC))
    repository.note_reminder_run(session, day.clock, day.day, day.until)


def days_passed(session: Session, campaign: Campaign, before: datetime, after: datetime) -> int:
    """Let every civil day that a standing clock passes bring what it brings; returns how many digests were written.

    Called in the transaction of `advance`, before the units look at their clock: nothing happened on the way, so that
    what stands now is what stood on each of those days.
    """
    written = 0
    day = civil_date(before) + timedelta(days=1)
    while start_of(day) <= after:
        passed = DigestDay(repository.clock_of(campaign), day)
        escalate_overdue(session, passed.clock, passed.until)
        page = write_digests(session, passed, None)
        written += page.digests
        while page.after is not None:
            page = write_digests(session, passed, page.after)
            written += page.digests
        end_day(session, passed)
        day += timedelta(days=1)
    return written
