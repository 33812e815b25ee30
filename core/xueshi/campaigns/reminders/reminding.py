"""What a civil day brings by itself: escalations where the rule says so, then the digests that tell of them.

On the real clock the daily schedule asks for it; on a standing clock `advance` does, one day after another, for the days
passed on the way. Both go through the same functions, each of them idempotent by clock and civil day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.access.roles import PERSON
from xueshi.access.rows import addressee_rows
from xueshi.access.rows.addressee_rows import Holder
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.reminders import digests
from xueshi.campaigns.reminders.digests import DigestDay
from xueshi.campaigns.reminders.escalation import escalate, escalate_overdue, escalating
from xueshi.campaigns.rows import clock_rows, task_rows
from xueshi.campaigns.rows.clock_rows import REAL_CLOCK
from xueshi.campaigns.tables import Campaign
from xueshi.messages import repository as messages
from xueshi.real_clock import real_now

PAGE = 200
"""Accounts whose digests are written in one transaction."""
LONGEST_BREAK = 10
"""Days; no holiday with its weekends lasts longer."""
MOST_DAYS = timedelta(days=366)
"""A longer leap tells of its last year only: it happens in a rehearsal, inside one transaction."""
LOOK_AHEAD = timedelta(days=20)
"""Longer than the longest holiday with the working days that count as soon behind it."""


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
    accounts = addressee_rows.account_page(session, after, PAGE)
    written = digests.write_page(session, day, accounts)
    return PageWritten(written, accounts[-1] if len(accounts) == PAGE else None)


def end_day(session: Session, day: DigestDay) -> None:
    """Note that all digests of a day are written: the next ones begin where these ended."""
    digests.fold_news(session, day, real_now())
    task_rows.note_reminder_run(session, day.clock, day.day, day.until)


def days_passed(session: Session, campaign: Campaign, before: datetime, after: datetime) -> int:
    """Let every civil day that a standing clock passes bring what it brings; returns how many digests were written.

    Called in the transaction of `advance`, before the units look at their clock: nothing happened on the way, so that
    what stands now is what stood on each of those days.
    """
    written = 0
    clock = clock_rows.clock_of(campaign)
    overdue = escalating(session, clock, after)
    holders = addressee_rows.holders(session)
    day = civil_date(max(before, after - MOST_DAYS)) + timedelta(days=1)
    while start_of(day) <= after:
        passed = DigestDay(clock, day)
        escalate(session, overdue, passed.until)
        concerned = _concerned(session, passed, holders)
        if concerned is not None:
            for start in range(0, len(concerned), PAGE):
                written += digests.write_page(session, passed, concerned[start : start + PAGE])
            end_day(session, passed)
        day += timedelta(days=1)
    return written


def _concerned(session: Session, day: DigestDay, holders: Sequence[Holder]) -> list[UUID] | None:
    """Return the accounts that may have a digest on a day, more rather than fewer; None on a quiet day.

    Most days of a long leap are quiet, and on the others most officers have no news: none is asked for in vain.
    """
    runs = task_rows.reminder_runs(session, day.clock, day.day, limit=LONGEST_BREAK)
    # Runs on days off told nothing, and which those are differs by area: look back as far as any break can last.
    since = runs[-1].until if runs else None
    news = task_rows.roles_with_news(session, day.clock, since, day.until, day.until + LOOK_AHEAD)
    waiting = messages.waiting_for_digest(session, day.campaign_id, day.until)
    if runs and not news and not waiting:
        return None
    of_bodies = {role for role, _ in news} | {one.to_role for one in waiting}
    concerned = news | {(one.to_role, one.to_unit) for one in waiting}
    return list(
        dict.fromkeys(
            one.account_id
            for one in holders
            if one.role in of_bodies
            and (one.unit_id is None or one.role == PERSON or (one.role, one.unit_id) in concerned)
        )
    )
