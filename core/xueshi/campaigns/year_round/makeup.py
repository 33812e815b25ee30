"""Make-up (补训) for an earlier open year: where it may be entered, and that no study counts in two years.

Which window is open, from which day to which, is the campaign's (its notice, or the act that opened it); nothing here
knows what a text says of make-up.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.program import program
from xueshi.campaigns.clocks.clock import civil_date, show_deadline
from xueshi.campaigns.rows import filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.campaigns.year_round import counted_once
from xueshi.machines.filing_machine import Refused
from xueshi.records import repository as records
from xueshi.regulations.pack import RulePack

if TYPE_CHECKING:
    from xueshi.campaigns.year_round.record_entries import Entry

ENGINE = Scope.everything()
SECOND = timedelta(seconds=1)


def refused(session: Session, pack: RulePack, entry: Entry, unit_id: UUID, now: datetime) -> Refused | None:
    """Say why an entry cannot be made up for its year, or cannot count in its own because it was made up for another."""
    if not entry.makeup:
        return _counted_elsewhere(session, entry)
    return _outside_window(session, pack, entry, unit_id, now) or _counted_elsewhere(session, entry)


def _outside_window(
    session: Session, pack: RulePack, entry: Entry, unit_id: UUID, now: datetime
) -> Refused | None:
    """Ask whether the judging unit's campaign of the year has its make-up window open, and the study lies in it."""
    _, last = pack.year_window(entry.year)
    judging = records.employed_on(session, ENGINE, entry.person_id, last)
    judging_id = unit_id if judging is None else judging.unit.id
    found = next(iter(filing_rows.filings_of_year(session, [judging_id], entry.year)), None)
    if found is None or found[0].stage != "open" or found[0].makeup_until is None:
        return Refused(
            "no_makeup",
            f"{entry.year}年度没有开放补训，不能登记为该年度的补训；请业务负责人先开放（xueshi campaign makeup），"
            "或不作补训，按学习日期计入所属年度",
        )
    campaign, filing = found
    until = found[0].makeup_until
    if campaign.paused_at is not None:
        return Refused("paused", f"{entry.year}年度验证已暂停，期间不办理；恢复后补训期限顺延，请届时再办")
    if now >= until:
        return Refused(
            "makeup_over",
            f"{entry.year}年度的补训已于{show_deadline(until)}截止；确需补训的，请业务负责人延长补训期限",
        )
    return _not_begun(campaign, filing) or _outside(pack, entry, _first_day(campaign, last), until)


def _first_day(campaign: Campaign, last: date) -> date:
    """Return the first day of a make-up window: never inside the year that it makes up for."""
    after = last + timedelta(days=1)
    return after if campaign.makeup_from is None else max(campaign.makeup_from, after)


def _not_begun(campaign: Campaign, filing: Filing) -> Refused | None:
    if filing.stage != "approved":
        return None
    return Refused(
        "makeup_not_begun",
        f"该单位的{campaign.year}年度验证已审验通过，还没有开始补报；请单位或业务负责人先办"
        f"（xueshi campaign makeup {campaign.public_id} --unit 单位代码），再登记补训",
    )


def _outside(pack: RulePack, entry: Entry, first: date, until: datetime) -> Refused | None:
    """Refuse a study that does not lie in the window from the first to the last day."""
    last = civil_date(until - SECOND)
    days = _days(pack, entry)
    if entry.day("end") is None:
        return Refused(
            "makeup_undated", f"补训须写明学习的结束日期；{entry.year}年度的补训期间是{first}至{last}"
        )
    wrong = next((day for day in days if not first <= day <= last), None)
    if wrong is None:
        return None
    own = "，属于该年度本身的学习照常申报，不作补训" if pack.year_of(wrong) == entry.year else ""
    return Refused(
        "outside_makeup",
        f"学习日期 {wrong} 不在{entry.year}年度的补训期间（{first}至{last}）{own}；请核对日期，或按所属年度申报",
    )


def _days(pack: RulePack, entry: Entry) -> list[date]:
    """Return the days of a study: first and last, and whatever day decides its year under a rule of its kind."""
    names = {
        name
        for item in program(pack).items.get(str(entry.body["kind"]), ())
        for row in item.rows
        for name in row.dated
    }
    stated = [entry.body["facts"].get(name) for name in sorted(names)]
    found = [entry.day("start"), entry.day("end"), *(_day(value) for value in stated)]
    return [day for day in found if day is not None]


def _day(value: object) -> date | None:
    """Return a stated day; what is none is the law's to refuse."""
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None


def _counted_elsewhere(session: Session, entry: Entry) -> Refused | None:
    """Refuse the same study a second time where one of the two makes up for a year: its hours count once."""
    held = counted_once.standing(session, entry, made_up_only=not entry.makeup)
    if held is None:
        return None
    where = f"{held.year}年度的补训" if held.makeup else f"{held.year}年度的学习"
    return Refused(
        "counted_elsewhere",
        f"同一学习（{held.content}，{held.end}）已登记为{where}（记录 {held.id}），学时不能计两次；"
        "确需改计的，请对该记录另报更正",
    )
