"""A unit that goes up in another (并入): whoever works there, and what waits there, goes to the other unit.

Brought back as a mistake, all of it comes back. The dissolving of the filing itself is the filing machine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.moving import Move, change_unit, send_along
from xueshi.campaigns.acts.touched_filings import no_year_disturbed, register_changed
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import campaign_rows, filing_rows, letter_rows, merger_rows
from xueshi.campaigns.rows.merger_rows import Merger
from xueshi.campaigns.tables import Campaign, Command, Filing
from xueshi.errors import NotFoundError
from xueshi.machines.filing_machine import Refused
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows, unit_rows
from xueshi.register.tables import Unit
from xueshi.results.rows import seal_rows

ENGINE = Scope.everything()
TAKES_PEOPLE = ("filing", "not_filed")
"""Stages of the other unit's filing in which people may still come to it or go."""


@dataclass(frozen=True)
class Merging:
    """What a command on a unit to be dissolved names: the unit that it goes up in, and its people's first day there."""

    into: Unit
    day: date


def merging_of(
    session: Session, campaign: Campaign, filing: Filing, row: Command, now: datetime
) -> Merging | Refused | None:
    """Read in which unit another is to go up (`into`, `on`), or say why it cannot; None where the command names none."""
    if not row.payload.get("into"):
        return None
    into = _other_unit(session, filing, row)
    if isinstance(into, Refused):
        return into
    day = _day_of(row, now)
    if isinstance(day, Refused):
        return day
    hindered = _other_is_open(session, campaign, into) or no_year_disturbed(
        session, (filing.unit_id, into.id), day, but=campaign.year
    )
    return hindered or Merging(into, day)


def merge(
    session: Session, campaign: Campaign, filing: Filing, merging: Merging, *, by: UUID, now: datetime
) -> dict[str, object]:
    """Let a dissolved unit's people and undecided records go to the other; returns what effect and audit say of it."""
    into, day = merging.into, merging.day
    own = unit_rows.unit(session, ENGINE, filing.unit_id)
    files_there = not seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)
    people = 0
    there = {one.person_id for one in records.lasting_employments(session, into.id)}
    moves = []
    for employment in records.lasting_employments(session, filing.unit_id):
        people += 1
        # Who began on that very day or later was there for one day.
        first = max(day, employment.since + timedelta(days=1))
        if employment.person_id not in there:
            moves.append(Move(employment, first, employment.post))
            there.add(employment.person_id)
        else:
            standing_rows.end(session, employment, by, first - timedelta(days=1), standing_rows.TRANSFERRED)
    change_unit(session, moves, into, by=by)
    waiting = records.open_of_unit(session, filing.unit_id)
    send_along(session, waiting, into)
    register_changed(session, campaign.year, into.id, now, f"{own.name}并入，其人员自{day}起转入")
    letter_rows.write_unit_message(
        session,
        unit_id=into.id,
        to_role="unit_clerk",
        subject="单位并入，人员已转入",
        body={"from": str(filing.unit_id), "day": day.isoformat(), "people": people, "records": len(waiting)},
        at=now,
    )
    return {
        "into": str(into.id),
        "day": day.isoformat(),
        "people": people,
        "records": [str(record.id) for record in waiting],
        "files_there": files_there,
    }


def tell_later_years(session: Session, campaign: Campaign, filing: Filing, now: datetime) -> None:
    """Note in the open campaigns of later years, where the unit's filing waits, that it is no more, and tell their bureau.

    Each campaign ends a unit by its own act, with its own reason; nobody shall wait there for a unit that is gone.
    """
    unit = unit_rows.unit(session, ENGINE, filing.unit_id)
    for other in filing_rows.waiting_in_later_years(session, filing.unit_id, campaign.year):
        other.note = other.note or _gone(campaign)
        session.add(other)
        its = campaign_rows.campaign(session, ENGINE, other.campaign_id)
        letter_rows.write_message(
            session,
            filing=other,
            to_role="bureau",
            to_body=True,
            subject=f"{unit.name}已撤并，请在本年度验证中一并办理撤并",
            body={"campaign": its.title, "reason": filing.note},
            at=now,
        )


def untell_later_years(session: Session, campaign: Campaign, filing: Filing) -> None:
    """Take the note back where a unit was dissolved by mistake."""
    for other in filing_rows.waiting_in_later_years(session, filing.unit_id, campaign.year):
        if other.note == _gone(campaign):
            other.note = ""
            session.add(other)


def _gone(campaign: Campaign) -> str:
    return f"已在{campaign.year}年度验证中撤并，本年度请一并办理（campaign dissolve）"


def may_come_back(session: Session, campaign: Campaign, merger: Merger | None) -> Refused | None:
    """Say why a unit that went up in another cannot be brought back: the other one has handed its year over."""
    if merger is None:
        return None
    return _other_is_open(session, campaign, unit_rows.unit(session, ENGINE, merger.into))


def bring_back(
    session: Session, campaign: Campaign, filing: Filing, merger: Merger | None, now: datetime
) -> dict[str, object]:
    """Undo a merger: who came by it goes back as if nothing had been, and what is still undecided goes along."""
    if merger is None:
        return {}
    own = unit_rows.unit(session, ENGINE, filing.unit_id)
    people = 0
    there = {one.person_id: one for one in records.lasting_employments(session, merger.into)}
    mistaken = []
    for employment in records.ended_employments(session, own.id, merger.day - timedelta(days=1)):
        assert employment.until is not None  # only ended ones were asked for
        came = there.get(employment.person_id)
        if came is None:
            continue  # he has left the other unit since
        people += 1
        if came.since == employment.until + timedelta(days=1):
            mistaken.append(came)
            del there[employment.person_id]
        standing_rows.go_on(session, employment)
    standing_rows.take_out(session, mistaken)
    session.flush()
    waiting = [record for record in records.open_of_unit(session, merger.into) if record.id in merger.records]
    send_along(session, waiting, own)
    register_changed(session, campaign.year, merger.into, now, f"{own.name}的并入已撤销，其人员已转回")
    return {
        "back_from": str(merger.into),
        "people": people,
        "records": [str(record.id) for record in waiting],
    }


def _other_unit(session: Session, filing: Filing, row: Command) -> Unit | Refused:
    try:
        into = unit_rows.unit(session, ENGINE, UUID(str(row.payload["into"])))
    except (NotFoundError, ValueError):
        return Refused("no_unit", "并入的单位不在册；请核对统一社会信用代码")
    if into.id == filing.unit_id:
        return Refused("same_unit", "单位不能并入自己；请核对并入单位的统一社会信用代码")
    if into.id in merger_rows.ended_units(session):
        return Refused("ended", f"{into.name}已撤并，不能再并入；请核对并入的单位")
    return into


def _day_of(row: Command, now: datetime) -> date | Refused:
    """Return the people's first day at the other unit: the one that was named, else today by the campaign's clock."""
    today = civil_date(now)
    named = row.payload.get("on")
    if not named:
        return today
    try:
        day = date.fromisoformat(str(named))
    except ValueError:
        return Refused("no_day", f"并入日期“{named}”无法读取；请写成 2021-11-02 的样子")
    if day > today:
        return Refused("day_not_come", f"并入日期 {day} 还没有到（今日 {today}）；请在当日以后办理")
    return day


def _other_is_open(session: Session, campaign: Campaign, other: Unit) -> Refused | None:
    """Refuse where the other unit's year is handed over or decided: its people can change no more."""
    found = campaign_rows.campaign_of_unit(session, ENGINE, other.id, campaign.year)
    if found is None or found[1].stage in TAKES_PEOPLE:
        return None
    if found[1].stage in ("assessing", "deciding"):
        cure = "请先由审核单位退回该单位，再办理"
    else:
        cure = "可由本单位自行申报，或在封存之后重新开启（reopen）两家单位，再办理"
    return Refused(
        "year_handed_over",
        f"{other.name}的{campaign.year}年度申报已提交或已有结论，人员不能再变动；{cure}",
    )
