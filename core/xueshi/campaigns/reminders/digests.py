"""One digest per officer and civil day: what is new, what falls due, what is overdue, what came back, what happened.

Built from counts in SQL; names units, kinds, numbers and dates, never a person. An officer without news gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.access.rows import addressee_rows
from xueshi.access.rows.addressee_rows import Addressee
from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import end_of, show_deadline, start_of
from xueshi.campaigns.clocks.office_calendar import PROVISIONAL, calendar_of
from xueshi.campaigns.clocks.working_days import WorkCalendar, working_day_after
from xueshi.campaigns.rows import clock_rows, task_rows
from xueshi.campaigns.rows.clock_rows import REAL_CLOCK
from xueshi.campaigns.rows.task_rows import DigestSpan, TaskCounts
from xueshi.messages import repository as messages
from xueshi.messages.repository import NewDigest
from xueshi.messages.tables import OutgoingMessage

SOON_WORKING_DAYS = 3
"""A task due within so many working days is named as due soon."""
LINES = 20
"""Lines of a section; what is beyond is counted."""
TASK_KINDS = {
    "unit": "单位审验",
    "record": "记录待补",
    "discretion": "裁量认定",
    "attention": "需人工处理",
    "appeal": "申诉",
    "paper": "表卡未能打印",
    "escalation": "超期督办",
    "verify": "学时认定",
    "returned": "退回补正",
}
"""What officers call the kinds of tasks."""
SECTIONS: tuple[tuple[str, Callable[[TaskCounts], int]], ...] = (
    ("超期", lambda one: one.overdue),
    ("退回补正", lambda one: one.returned),
    (f"{SOON_WORKING_DAYS}个工作日内到期", lambda one: one.soon),
    ("新到", lambda one: one.new - one.returned),
)


@dataclass(frozen=True)
class DigestDay:
    """A civil day of a clock whose digests are written; it is told as it begins (0:00)."""

    clock: str
    day: date

    @property
    def until(self) -> datetime:
        """News before this instant is told."""
        return start_of(self.day)

    @property
    def campaign_id(self) -> UUID | None:
        """The campaign whose clock stands; None for the real clock."""
        return None if self.clock == REAL_CLOCK else UUID(self.clock)


def write_page(session: Session, day: DigestDay, accounts: Sequence[UUID]) -> int:
    """Write the digests of one page of accounts; a repeat writes nothing twice. Returns how many are new."""
    grants = addressee_rows.addressees(session, accounts=accounts, on=day.day)
    told: dict[UUID, _Told] = {}
    for area in sorted({grant.area for grant in grants}):
        span = span_of(session, day, area)
        if span is None:
            continue
        here = [grant for grant in grants if grant.area == area]
        counts = _counts(session, day, span, here)
        units = [grant.unit_id for grant in here if grant.unit_id is not None]
        people = [grant.person_id for grant in here if grant.person_id is not None]
        roles = sorted({one.role for one in here})
        news = messages.news(session, day.campaign_id, day.until, roles, units, people)
        for grant in here:
            of_grant = told.setdefault(grant.account_id, _Told(grant, [], []))
            # A role that is held and lent at once tells the same twice: it is told once.
            of_grant.counts.extend(one for one in counts(grant) if one not in of_grant.counts)
            known = {one.id for one in of_grant.news}
            of_grant.news.extend(one for one in news if _concerns(grant, one) and one.id not in known)
    names = messages.unit_names(session, _units_of(told.values()))
    standing = day.campaign_id is not None or clock_rows.only_rehearsals(session)
    digests = [
        _digest(day, one, names, standing)
        for one in told.values()
        if one.news or any(map(_is_news, one.counts))
    ]
    return messages.write_digests(session, digests)


def fold_news(session: Session, day: DigestDay, now: datetime) -> None:
    """Note which messages stand in the digests of a day; one that reaches no account is carried by itself.

    `now` is the real instant.
    """
    waiting = messages.waiting_for_digest(session, day.campaign_id, day.until)
    working = {area: span_of(session, day, area) is not None for area in {one.area for one in waiting}}
    reached = {
        role: addressee_rows.addressees(session, role=role) for role in {one.to_role for one in waiting}
    }
    folded: list[UUID] = []
    alone: list[UUID] = []
    for one in waiting:
        if working[one.area]:
            has_officer = any(_concerns(grant, one) for grant in reached[one.to_role])
            (folded if has_officer else alone).append(one.id)
    messages.note_folded(session, folded, now)
    messages.carry_alone(session, alone, now)


def span_of(session: Session, day: DigestDay, area: str) -> DigestSpan | None:
    """Return what the digests of an area's officers tell on a day: since their last ones; None on a day off."""
    calendar = calendar_of(session, area)
    if not calendar.works(day.day):
        return None
    return DigestSpan(_since(session, day, calendar), day.until, _soon(calendar, day.day))


def _since(session: Session, day: DigestDay, calendar: WorkCalendar) -> datetime | None:
    for run in task_rows.reminder_runs(session, day.clock, day.day):
        if calendar.works(run.day):
            return run.until
    return None


def _soon(calendar: WorkCalendar, day: date) -> datetime:
    # The day itself is the first of them: what ends tonight is due soon.
    return end_of(working_day_after(calendar, day - timedelta(days=1), SOON_WORKING_DAYS).day)


@dataclass
class _Told:
    """What one officer is told: under the first grant, for the address; counts and messages of all."""

    grant: Addressee
    counts: list[TaskCounts]
    news: list[OutgoingMessage]


def _counts(
    session: Session, day: DigestDay, span: DigestSpan, grants: Sequence[Addressee]
) -> Callable[[Addressee], list[TaskCounts]]:
    """Count once for all units and once for the area's bodies, and return who is concerned by which count."""
    own = [grant for grant in grants if grant.person_id is not None]
    of_units = [grant for grant in grants if grant.unit_id is not None]
    of_bodies = [grant for grant in grants if grant.unit_id is None and grant.person_id is None]
    found: dict[tuple[str, UUID | None], list[TaskCounts]] = {}
    if own:
        people = [grant.person_id for grant in own if grant.person_id is not None]
        for one in task_rows.task_counts(session, day.clock, span, _roles(own), None, people):
            found.setdefault((one.role, one.person_id), []).append(one)
    if of_units:
        units = [grant.unit_id for grant in of_units if grant.unit_id is not None]
        for one in task_rows.task_counts(session, day.clock, span, _roles(of_units), units):
            found.setdefault((one.role, one.unit_id), []).append(one)
    if of_bodies:
        for one in task_rows.task_counts(session, day.clock, span, _roles(of_bodies), None):
            found.setdefault((one.role, None), []).append(one)

    def concern(grant: Addressee) -> list[TaskCounts]:
        scope = grant.scope
        return [
            one
            for one in found.get((grant.role, grant.person_id or grant.unit_id), ())
            if scope.allows(one.area, one.sector, one.unit_id, one.person_id)
            # What was handed over is told to whom it was handed, and to nobody else who holds the role.
            and one.assignee in (None, grant.account_id, grant.owner)
        ]

    return concern


def _roles(grants: Iterable[Addressee]) -> list[str]:
    return sorted({grant.role for grant in grants})


def _concerns(grant: Addressee, message: OutgoingMessage) -> bool:
    if grant.role != message.to_role:
        return False
    if message.to_person is not None or grant.person_id is not None:
        return grant.person_id == message.to_person
    if message.to_unit is not None:
        return grant.unit_id == message.to_unit
    return grant.unit_id is None and Scope((grant.area,)).allows(message.area)


def _is_news(one: TaskCounts) -> bool:
    return any(number(one) for _, number in SECTIONS)


def _units_of(told: Iterable[_Told]) -> set[UUID]:
    units = {count.unit_id for one in told for count in one.counts}
    return units | {message.to_unit for one in told for message in one.news if message.to_unit is not None}


def _digest(day: DigestDay, told: _Told, names: dict[UUID, str], standing: bool) -> NewDigest:
    sections: list[dict[str, object]] = []
    for heading, number in SECTIONS:
        counts = [one for one in told.counts if number(one)]
        if counts:
            total = sum(number(one) for one in counts)
            lines = [_line(one, number(one), names) for one in counts]
            sections.append({"heading": f"{heading}：{total} 件", "lines": _first(lines)})
    if told.news:
        lines = [_news_line(one, names) for one in told.news]
        sections.append({"heading": f"消息：{len(lines)} 条", "lines": _first(lines)})
    return NewDigest(
        account_id=told.grant.account_id,
        clock=day.clock,
        day=day.day,
        to_role=told.grant.role,
        to_unit=told.grant.unit_id,
        to_person=told.grant.person_id,
        area=told.grant.area,
        body={"sections": sections},
        at=day.until,
        standing=standing,
        campaign_id=day.campaign_id,
    )


def _line(one: TaskCounts, number: int, names: dict[UUID, str]) -> str:
    due = ""
    if one.due_at is not None:
        due = f"，期限 {show_deadline(one.due_at)}{PROVISIONAL if one.provisional else ''}"
    return f"{names.get(one.unit_id, '')}：{TASK_KINDS.get(one.kind, one.kind)} {number} 件{due}"


def _news_line(one: OutgoingMessage, names: dict[UUID, str]) -> str:
    about = one.body.get("campaign", "")
    closes = f"，截止 {one.body['closes']}" if one.body.get("closes") else ""
    return f"{names.get(one.to_unit, '') if one.to_unit else ''}：{one.subject}（{about}{closes}）"


def _first(lines: list[str]) -> list[str]:
    if len(lines) <= LINES:
        return lines
    return [*lines[:LINES], f"另有 {len(lines) - LINES} 条，请在系统中查看"]
