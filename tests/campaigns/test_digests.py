"""What officers are told of a day: once, in one mail, on working days, by counts and names of units."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from campaign_rig import BUREAU, ENGINE, CampaignRig
from sqlmodel import select

from xueshi.access.tables import Account
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.reminders import reminding
from xueshi.campaigns.reminders.digests import DigestDay
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.rows.clock_rows import REAL_CLOCK
from xueshi.campaigns.tables import Campaign, Task
from xueshi.flows.flow import Escalation
from xueshi.messages import repository as messages
from xueshi.messages.tables import OutgoingMessage
from xueshi.storage import reading, transaction

FRIDAY, SATURDAY, MONDAY = date(2021, 10, 22), date(2021, 10, 23), date(2021, 10, 25)


def to(rig: CampaignRig, day: date) -> None:
    row = rig.steer("advance", to=start_of(day).isoformat())
    assert row.state == "done", row.reason


def digests(rig: CampaignRig, login: str, day: date | None = None) -> list[OutgoingMessage]:
    with reading(rig.engine) as session:
        account = session.exec(select(Account.id).where(Account.login == login)).one()
        found = [row for row in messages.listed(session, ENGINE) if row.account_id == account]
        session.expunge_all()
    return [row for row in reversed(found) if day in (None, row.day)]


def sections(row: OutgoingMessage) -> dict[str, list[str]]:
    body: dict[str, Any] = row.body
    return {one["heading"].split("：")[0]: one["lines"] for one in body["sections"]}


def test_each_officer_is_told_once_of_what_is_new(rig: CampaignRig) -> None:
    unit = rig.units[0]
    to(rig, date(2021, 10, 20))
    (told,) = digests(rig, unit.signers[0])
    assert told.day == date(2021, 10, 19), "nothing was new on the second day"
    assert sections(told) == {
        "新到": [f"{unit.sample.unit.name}：单位审验 1 件，期限 2021-11-30 24:00"],
    }
    (clerk,) = digests(rig, unit.clerk)
    assert sections(clerk) == {
        "消息": [f"{unit.sample.unit.name}：年度验证开始（{rig.notice.title}，截止 2021-11-30）"]
    }
    assert digests(rig, BUREAU) == [], "who has nothing to do is not disturbed"


def test_a_repeat_of_a_day_writes_nothing_twice(rig: CampaignRig) -> None:
    day = DigestDay(str(rig.campaign.id), date(2021, 10, 19))
    with transaction(rig.engine) as session:
        first = reminding.write_digests(session, day, None)
        again = reminding.write_digests(session, day, None)
    assert first.digests == len(rig.units) * (len(rig.units[0].signers) + 1)
    assert again.digests == 0


def test_a_weekend_is_told_of_on_monday(rig: CampaignRig) -> None:
    to(rig, FRIDAY)
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    to(rig, MONDAY + timedelta(days=2))
    assert [row.day for row in digests(rig, rig.verifier)] == [MONDAY]
    assert digests(rig, rig.verifier, SATURDAY) == []


def test_what_ends_within_three_working_days_is_due_soon_on_each_of_them(rig: CampaignRig) -> None:
    to(rig, date(2021, 12, 3))
    soon = [row.day for row in digests(rig, rig.units[0].signers[0]) if "3个工作日内到期" in sections(row)]
    assert soon == [date(2021, 11, 26), date(2021, 11, 29), date(2021, 11, 30)]
    late = [row for row in digests(rig, rig.units[0].signers[0]) if "超期" in sections(row)]
    assert late == [], "a window that ended is 逾期, which is another word than 超期"


def test_an_overdue_level_is_named_every_working_day_until_it_acts(rig: CampaignRig) -> None:
    rig.pin_flow(days=2)
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    to(rig, MONDAY)
    overdue = [row.day for row in digests(rig, rig.verifier) if "超期" in sections(row)]
    assert overdue == [date(2021, 10, 21), FRIDAY, MONDAY]
    rig.settle(unit)
    rig.decide(rig.verifier, unit)
    to(rig, MONDAY + timedelta(days=1))
    assert digests(rig, rig.verifier, MONDAY + timedelta(days=1)) == []


def test_a_return_is_told_at_once_to_the_clerk_and_in_the_digest_to_the_signers(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    to(rig, date(2021, 10, 20))
    reason = "张三丰的证明不符"
    assert rig.decide(rig.verifier, unit, "return", reason=reason).state == "done"
    with reading(rig.engine) as session:
        urgent = [row for row in messages.listed(session, ENGINE) if row.subject == "退回补正"]
        assert [row.next_try is not None for row in urgent] == [True]
    to(rig, date(2021, 10, 21))
    (told,) = digests(rig, unit.signers[1], date(2021, 10, 21))
    assert sections(told)["退回补正"] == [f"{unit.sample.unit.name}：单位审验 1 件，期限 2021-11-30 24:00"]
    assert "新到" not in sections(told), "what came back is not told twice"
    assert reason not in str(told.body)


def test_what_is_told_in_a_digest_is_not_carried_by_itself(rig: CampaignRig) -> None:
    unit = rig.units[0]
    with transaction(rig.engine) as session:
        from xueshi.access.tables import Grant

        (gone,) = session.exec(
            select(Grant).where(Grant.unit_id == rig.units[1].id, Grant.role == "unit_clerk")
        ).all()
        gone.active = False
        session.add(gone)
    to(rig, date(2021, 10, 19))
    with reading(rig.engine) as session:
        opening = {
            row.to_unit: row.state if row.next_try is None else "alone"
            for row in messages.listed(session, ENGINE)
            if row.subject == "年度验证开始"
        }
    assert opening == {
        unit.id: "folded",
        rig.units[1].id: "alone",
        rig.units[2].id: "folded",
    }, "a unit without a clerk's account must not be passed over"


def test_the_real_clock_tells_nothing_of_rehearsals_and_sees_what_a_down_day_missed(rig: CampaignRig) -> None:
    day = date(2021, 10, 19)
    with transaction(rig.engine) as session:
        begun = reminding.begin_day(session, start_of(day) + timedelta(hours=7))
        assert begun == DigestDay(REAL_CLOCK, day)
        assert reminding.write_digests(session, begun, None).digests == 0
    with transaction(rig.engine) as session:  # the same campaign as if it were no rehearsal
        campaign = session.get(Campaign, rig.campaign.id)
        assert campaign is not None
        campaign.standing = False
        session.add(campaign)
    with transaction(rig.engine) as session:
        assert reminding.write_digests(session, begun, None).digests > 0
        reminding.end_day(session, begun)
        # Three days later, after an outage: everything since the last digest is new, nothing older.
        later = DigestDay(REAL_CLOCK, FRIDAY)
        assert reminding.write_digests(session, later, None).digests == 0
        for task in task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(rig.units[0]).id):
            task.opened_at = start_of(date(2021, 10, 20))
            session.add(task)
        assert reminding.write_digests(session, later, None).digests == len(rig.units[0].signers)


ESCALATE = Escalation(after_days=2, to_role="bureau", clause="示例 第九条")


def escalations(rig: CampaignRig) -> list[Task]:
    with reading(rig.engine) as session:
        found = task_rows.open_tasks(session, ENGINE, kinds=("escalation",))
        session.expunge_all()
    return found


def overdue(rig: CampaignRig) -> None:
    """Submitted on Monday the 18th to a level with two working days: overdue from Thursday on, escalated on Monday."""
    rig.pin_flow(days=2, escalate=ESCALATE)
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])


def test_a_long_overdue_task_is_brought_before_the_role_that_the_rule_names_once(rig: CampaignRig) -> None:
    overdue(rig)
    to(rig, SATURDAY - timedelta(days=1))
    assert escalations(rig) == []
    to(rig, MONDAY + timedelta(days=4))
    (raised,) = escalations(rig)
    assert (raised.role, raised.body["clause"]) == ("bureau", "示例 第九条")
    assert civil_date(raised.opened_at) == FRIDAY, "the last of the two working days"
    assert [row.day for row in digests(rig, BUREAU)] == [MONDAY]
    with reading(rig.engine) as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.verb == "escalate")).all()) == 1


def test_an_escalation_blocks_nothing_and_ends_with_what_it_watches(rig: CampaignRig) -> None:
    overdue(rig)
    to(rig, MONDAY)
    assert len(escalations(rig)) == 1
    rig.settle(rig.units[0])
    assert rig.decide(rig.verifier, rig.units[0]).state == "done"
    assert escalations(rig) == []


def test_a_day_off_entered_later_takes_the_escalation_back(rig: CampaignRig) -> None:
    from xueshi.campaigns.acts import calendar_entry

    overdue(rig)
    to(rig, SATURDAY)
    assert len(escalations(rig)) == 1
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        for day in (20, 21, 22):
            calendar_entry.enter_day(session, actor, actor.area, date(2021, 10, day), "off", "停电")
    assert escalations(rig) == []
    to(rig, date(2021, 10, 30))
    assert len(escalations(rig)) == 1, "and it comes again when the new date is long past"


def test_without_a_rule_nothing_is_escalated(rig: CampaignRig) -> None:
    rig.pin_flow(days=2)
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    to(rig, MONDAY + timedelta(days=20))
    assert escalations(rig) == []


def test_what_was_handed_over_is_told_to_whom_it_was_handed_only(rig: CampaignRig) -> None:
    from xueshi.access import repository as access
    from xueshi.access.repository import NewAccount

    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "乙", rig.verifier, rig.notice.area)])
        account = access.account_by_login(session, rig.verifier)
        (grant,) = access.grants_of(session, account.id)
    row = rig.give(BUREAU, "hand_over", grant.id, None, {"to": "second", "reason": "休假"})
    assert row.state == "done", row.reason
    to(rig, date(2021, 10, 20))
    assert digests(rig, rig.verifier) == []
    (told,) = digests(rig, "second")
    assert unit.sample.unit.name in "".join(sections(told)["新到"])
