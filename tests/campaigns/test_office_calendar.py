"""An area's calendar, and what entering a day does to dates that rest on working days."""

from __future__ import annotations

from datetime import date

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.acts import calendar_entry
from xueshi.campaigns.acts.calendar_entry import CalendarChange, EntryWord
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.campaigns.clocks.office_calendar import calendar_of, show_due
from xueshi.campaigns.rows import clock_rows, task_rows
from xueshi.campaigns.tables import Task
from xueshi.errors import InputError, NotAllowedError
from xueshi.storage import reading, transaction

DAYS = 5


@pytest.fixture
def deciding(rig: CampaignRig) -> CampaignRig:
    """The first unit is submitted on a Monday, to a level that has five working days."""
    rig.pin_flow(days=DAYS)
    assert rig.steer("advance", to=start_of(date(2021, 11, 8)).isoformat()).state == "done"
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    return rig


def task(rig: CampaignRig) -> Task:
    with reading(rig.engine) as session:
        (found,) = task_rows.open_tasks(
            session, ENGINE, filing_id=rig.filing(rig.units[0]).id, kinds=("unit",)
        )
        session.expunge_all()
    return found


def enter(
    rig: CampaignRig, day: date, word: EntryWord, area: str = "", officer: str = BUREAU
) -> CalendarChange:
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, officer)
        return calendar_entry.enter_day(session, actor, area or actor.area, day, word, "抗雪停工通知")


def test_the_days_of_a_level_are_working_days_and_end_at_midnight(deciding: CampaignRig) -> None:
    assert task(deciding).due_at == end_of(date(2021, 11, 15))
    assert show_due(task(deciding)) == "2021-11-15 24:00"


def test_a_day_off_moves_what_rests_on_it_and_only_that(deciding: CampaignRig) -> None:
    change = enter(deciding, date(2021, 11, 10), "off")
    assert change.moved == 1
    assert task(deciding).due_at == end_of(date(2021, 11, 16))
    with reading(deciding.engine) as session:
        others = task_rows.open_tasks(
            session, ENGINE, filing_id=deciding.filing(deciding.units[1]).id, kinds=("unit",)
        )
        row = session.exec(select(AuditEntry).where(AuditEntry.verb == "calendar_set")).one()
        moves = audit.load_artifact(session, row.body["moves"]).decode()
        assert audit.verify(session).broken_at is None
    assert {one.due_at for one in others} == {deciding.campaign.deadline}, "a window is no count of days"
    assert str(task(deciding).id) in moves


def test_a_saturday_worked_brings_the_date_forward_and_can_be_taken_back(deciding: CampaignRig) -> None:
    enter(deciding, date(2021, 11, 13), "work")
    assert task(deciding).due_at == end_of(date(2021, 11, 13))
    enter(deciding, date(2021, 11, 13), "published")
    assert task(deciding).due_at == end_of(date(2021, 11, 15))


def test_the_province_counts_for_its_districts_and_the_district_has_the_last_word(rig: CampaignRig) -> None:
    area = rig.notice.area
    province = f"{area[:2]}0000"
    day = date(2021, 11, 10)
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        from dataclasses import replace

        from xueshi.access.scope import Scope

        above = replace(actor, scope=Scope((province,)), area=province)
        calendar_entry.enter_day(session, actor, area, day, "work", "本区照常")
        calendar_entry.enter_day(session, above, province, day, "off", "全省停工")
        assert calendar_of(session, area).works(day)
        assert not calendar_of(session, f"{area[:2]}9900").works(day)
        assert calendar_of(session, "999900").works(day)


def test_an_unpublished_year_is_provisional_until_the_bureau_says_it_is_complete(rig: CampaignRig) -> None:
    rig.pin_flow(days=DAYS)
    assert rig.steer("extend", to=end_of(date(2090, 12, 1)).isoformat(), reason="x").state == "done"
    with transaction(rig.engine) as session:
        anchor = clock_rows.last_anchor(session, rig.campaign.id)
        anchor.campaign = start_of(date(2090, 9, 29))
        session.add(anchor)
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    assert show_due(task(rig)) == "2090-10-06 24:00（暂定）"
    enter(rig, date(2090, 1, 2), "off")
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        calendar_entry.complete_year(session, actor, actor.area, 2090, "国办通知")
    assert show_due(task(rig)) == "2090-10-06 24:00"
    enter(rig, date(2090, 10, 2), "off")
    assert show_due(task(rig)) == "2090-10-09 24:00"


def test_a_signature_that_completes_nothing_does_not_restart_the_days(rig: CampaignRig) -> None:
    first, *_ = rig.flow.levels[-1].signers
    from xueshi.access import repository as access
    from xueshi.access.repository import NewAccount
    from xueshi.flows.flow import Signer

    rig.pin_flow(days=DAYS, mode="all", signers=(first, Signer("second_body", "另一处")))
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "二", "second_body", rig.notice.area)])
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    rig.settle(rig.units[0])
    with reading(rig.engine) as session:
        before = {one.role: one.due_at for one in task_rows.open_tasks(session, ENGINE, kinds=("unit",))}
    assert rig.steer("advance", to=start_of(date(2021, 10, 21)).isoformat()).state == "done"
    assert rig.decide(rig.verifier, rig.units[0]).state == "done"
    left = task(rig)
    assert left.role == "second_body"
    assert left.due_at == before["second_body"] == end_of(date(2021, 10, 25))


def test_an_extension_of_the_window_moves_what_is_due_with_it(rig: CampaignRig) -> None:
    until = end_of(date(2021, 12, 10))
    assert rig.steer("extend", to=until.isoformat(), reason="集中补报").state == "done"
    assert task_dates(rig) == {until}


def task_dates(rig: CampaignRig) -> set[object]:
    with reading(rig.engine) as session:
        return {one.due_at for one in task_rows.open_tasks(session, ENGINE, kinds=("unit",))}


def test_a_day_needs_a_reason_a_right_and_an_area(rig: CampaignRig) -> None:
    day = date(2021, 11, 10)
    with pytest.raises(NotAllowedError, match=r"campaign\.steer"):
        enter(rig, day, "off", officer=rig.verifier)
    with pytest.raises(InputError, match="不在您的管理范围"):
        enter(rig, day, "off", area="110000")
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        with pytest.raises(InputError, match="依据"):
            calendar_entry.enter_day(session, actor, actor.area, day, "off", " ")


def test_a_day_entered_after_a_pause_leaves_what_the_pause_moved(deciding: CampaignRig) -> None:
    deciding.steer("advance", to=start_of(date(2021, 11, 9)).isoformat())
    deciding.steer("pause", reason="防汛")
    deciding.steer("advance", to=start_of(date(2021, 11, 12)).isoformat())
    deciding.steer("resume")
    assert task(deciding).due_at == end_of(date(2021, 11, 18))
    assert enter(deciding, date(2021, 11, 29), "off").moved == 0, "a day that it does not rest on"
    assert task(deciding).due_at == end_of(date(2021, 11, 18))
    enter(deciding, date(2021, 11, 10), "off")
    assert task(deciding).due_at == end_of(date(2021, 11, 19))
