"""Appeals: what a unit may appeal against, who decides, and what a granted appeal does to the filing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import appeal_rows, campaign_rows, task_rows
from xueshi.campaigns.tables import Appeal, Campaign, Command
from xueshi.canonical import canonical_json
from xueshi.results.tables import YearResult
from xueshi.storage import reading, transaction

REASON = "材料齐全，见附件"


def appeal(rig: CampaignRig, unit: RigUnit, person: str = "", reason: str = REASON) -> Command:
    return rig.give(unit.clerk, "appeal", rig.filing(unit).id, None, {"reason": reason, "person": person})


def filed(rig: CampaignRig) -> Appeal:
    with reading(rig.engine) as session:
        return appeal_rows.appeals(session, ENGINE, rig.campaign.id)[-1]


def decide(rig: CampaignRig, kind: str = "grant_appeal", officer: str = BUREAU, **payload: str) -> Command:
    one = filed(rig)
    return rig.give(officer, kind, one.id, one.version, {"reason": "理由成立", **payload})


def returned(rig: CampaignRig, unit: RigUnit) -> None:
    rig.hand_in(unit)
    rig.sign(unit)
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit, "return", reason="缺证明").state == "done"


def failed_person(rig: CampaignRig, unit: RigUnit) -> str:
    """Hand in, sign and approve a unit whose first person has no record; returns that person's id."""
    first = replace(unit.sample.people[0], records=())
    rig.hand_in(unit, replace(unit.sample, people=(first, *unit.sample.people[1:])))
    rig.sign(unit)
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).state == "done"
    with reading(rig.engine) as session:
        query = select(YearResult).where(YearResult.unit_id == unit.id, YearResult.verdict == "not_met")
        return str(session.exec(query).first().person_id)  # type: ignore[union-attr]


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_a_granted_appeal_against_a_return_undoes_it(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    assert appeal(rig, unit).state == "done"
    assert appeal(rig, unit).code == "appealed", "one at a time"
    with reading(rig.engine) as session:
        (task,) = task_rows.open_tasks(session, ENGINE, kinds=("appeal",))
    assert task.role == BUREAU
    assert decide(rig).state == "done"
    filing = rig.filing(unit)
    assert (filing.stage, filing.level) == ("deciding", rig.flow.levels[-1].id)
    assert rig.decide(rig.verifier, unit).state == "done"
    with reading(rig.engine) as session:
        assert task_rows.open_tasks(session, ENGINE, kinds=("appeal",)) == []
    proved(rig)


def test_an_upheld_appeal_leaves_everything_as_it_was(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    before = rig.filing(unit)
    appeal(rig, unit)
    assert decide(rig, "uphold_appeal").state == "done"
    after = rig.filing(unit)
    assert (after.stage, after.version) == (before.stage, before.version)
    assert filed(rig).stage == "upheld"
    assert decide(rig).code == "finished"
    proved(rig)


def test_who_decided_or_lent_the_role_or_appealed_does_not_decide_the_appeal(rig: CampaignRig) -> None:
    """The verifier's account gets the bureau's role as well: the data refuses, not the role."""
    from xueshi.access.tables import Grant

    unit = rig.units[0]
    returned(rig, unit)
    appeal(rig, unit)
    with transaction(rig.engine) as session:
        account = access.account_by_login(session, rig.verifier)
        session.add(Grant(account_id=account.id, role=BUREAU, area=rig.notice.area))
    row = decide(rig, officer=f"{rig.verifier}:{BUREAU}")
    assert (row.state, row.code) == ("refused", "four_eyes")


def test_a_paused_campaign_grants_nothing(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    appeal(rig, unit)
    rig.steer("pause", reason="防汛")
    assert decide(rig).code == "paused"
    assert rig.filing(unit).stage == "filing"
    rig.steer("resume")
    assert decide(rig).state == "done"


def test_a_matter_that_moved_on_is_not_decided_by_an_old_appeal(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    appeal(rig, unit)
    rig.sign(unit)
    assert decide(rig).code == "moved_on"
    assert decide(rig, "uphold_appeal").state == "done"


def test_nothing_decided_is_nothing_to_appeal_against(rig: CampaignRig) -> None:
    unit = rig.units[0]
    assert appeal(rig, unit).code == "nothing_decided"
    returned(rig, unit)
    assert appeal(rig, unit, reason=" ").code == "no_reason"


def test_an_appeal_for_one_person_lets_the_verifier_look_again(rig: CampaignRig) -> None:
    unit = rig.units[0]
    person = failed_person(rig, unit)
    assert appeal(rig, unit, person).state == "done"
    assert decide(rig).state == "done"
    assert rig.filing(unit).stage == "deciding"
    with reading(rig.engine) as session:
        tasks = task_rows.open_tasks(
            session, ENGINE, filing_id=rig.filing(unit).id, kinds=("attention", "record")
        )
    assert [str(task.person_id) for task in tasks] == [person]
    assert rig.decide(rig.verifier, unit).code == "record_tasks_open", "somebody must look"
    assert rig.give(rig.verifier, "leave_open", tasks[0].id, None, {"reason": "复核无误"}).state == "done"
    assert rig.decide(rig.verifier, unit).state == "done"
    proved(rig)


def test_who_is_met_has_nothing_to_appeal_against(rig: CampaignRig) -> None:
    unit = rig.units[0]
    failed_person(rig, unit)
    with reading(rig.engine) as session:
        met = session.exec(
            select(YearResult).where(YearResult.unit_id == unit.id, YearResult.verdict == "met")
        ).first()
    if met is not None:
        assert appeal(rig, unit, str(met.person_id)).code == "nothing_decided"
    assert appeal(rig, unit, str(rig.units[1].id)).code == "not_in_unit"


def test_an_open_appeal_holds_up_closing_unless_the_bureau_says_so(rig: CampaignRig) -> None:
    unit = rig.units[0]
    person = failed_person(rig, unit)
    appeal(rig, unit, person)
    rig.pass_deadline()
    assert rig.steer("close").code == "appeal_open"
    assert rig.steer("close", reason="封存后再决定", anyway=True).state == "done"
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    assert decide(rig).code == "closing"
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.stage = "finished"
    assert decide(rig).code == "not_later", "the reopened unit needs a date"
    until = (rig.fresh().deadline + timedelta(days=60)).isoformat()
    assert decide(rig, until=until).state == "done"
    again = rig.filing(unit)
    assert (again.round, again.stage, str(again.only_person)) == (2, "filing", person)
    proved(rig)


def test_a_unit_takes_its_appeal_back(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    appeal(rig, unit)
    assert decide(rig, "withdraw_appeal", unit.clerk).state == "done"
    assert filed(rig).stage == "withdrawn"
    assert appeal(rig, unit).state == "done", "and may appeal again"


def test_an_appeal_comes_within_the_days_that_the_notice_names(rig: CampaignRig) -> None:
    unit = rig.units[0]
    returned(rig, unit)
    with transaction(rig.engine) as session:
        import json

        campaign = session.get(Campaign, rig.campaign.id)
        assert campaign is not None
        notice = json.loads(audit.load_artifact(session, campaign.notice_digest))
        notice |= {"appeal_days": 5, "appeal_clause": "示例通知 五"}
        campaign.notice_digest = audit.store_artifact(session, "notice", canonical_json(notice).encode())
    rig.pass_time(rig.campaign.opened_at + timedelta(days=20))
    row = appeal(rig, unit)
    assert (row.state, row.code) == ("refused", "late")
    assert "示例通知 五" in row.reason


def test_another_units_appeal_is_not_seen(rig: CampaignRig) -> None:
    from xueshi.errors import NotFoundError

    unit = rig.units[0]
    returned(rig, unit)
    appeal(rig, unit)
    with pytest.raises(NotFoundError):
        decide(rig, "withdraw_appeal", rig.units[1].clerk)
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("far", "外区", BUREAU, "110000")])
    with pytest.raises(NotFoundError):
        decide(rig, officer="far")


def with_appeal_days(rig: CampaignRig, days: int) -> None:
    """Pin the campaign to its notice with some working days for appeals."""
    import json

    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        notice = json.loads(audit.load_artifact(session, campaign.notice_digest))
        notice |= {"appeal_days": days, "appeal_clause": "示例通知 五"}
        campaign.notice_digest = audit.store_artifact(session, "notice", canonical_json(notice).encode())
        session.add(campaign)


def test_the_day_that_is_named_is_the_last_of_the_appeal_days(rig: CampaignRig) -> None:
    unit = rig.units[0]
    with_appeal_days(rig, 5)
    rig.pass_time(start_of(date(2021, 11, 8)))
    returned(rig, unit)
    rig.pass_time(end_of(date(2021, 11, 15)) - timedelta(seconds=1))
    assert appeal(rig, unit).state == "done"
    rig.pass_time(end_of(date(2021, 11, 15)))
    assert decide(rig, "uphold_appeal").state == "done"
    row = appeal(rig, unit)
    assert (row.code, "已于 2021-11-15 届满" in row.reason) == ("late", True)


def test_appeal_days_do_not_run_out_during_a_pause(rig: CampaignRig) -> None:
    unit = rig.units[0]
    with_appeal_days(rig, 5)
    rig.pass_time(start_of(date(2021, 11, 8)))
    returned(rig, unit)
    rig.pass_time(start_of(date(2021, 11, 10)))
    rig.steer("pause", reason="防汛")
    rig.pass_time(start_of(date(2021, 11, 20)))
    assert appeal(rig, unit).state == "done", "while it lasts"
    rig.steer("resume")
    assert decide(rig, "uphold_appeal").state == "done"
    rig.pass_time(end_of(date(2021, 11, 25)) - timedelta(seconds=1))
    assert appeal(rig, unit).state == "done", "ten days later than without the pause"
    assert decide(rig, "uphold_appeal").state == "done"
    rig.pass_time(end_of(date(2021, 11, 25)))
    assert "已于 2021-11-25 届满" in appeal(rig, unit).reason


def two_failed(rig: CampaignRig, unit: RigUnit) -> list[str]:
    """Approve a unit whose first two people have no record; returns their ids."""
    empty = [replace(person, records=()) for person in unit.sample.people[:2]]
    rig.approve(replace(unit, sample=replace(unit.sample, people=(*empty, *unit.sample.people[2:]))))
    numbers = {person.identity_number for person in empty}
    with reading(rig.engine) as session:
        query = select(YearResult).where(YearResult.unit_id == unit.id, YearResult.verdict == "not_met")
        failed = [str(one.person_id) for one in session.exec(query)]
    assert len(numbers) == 2 <= len(failed)
    return failed[:2]


@pytest.mark.parametrize("decided_between", [False, True])
def test_the_appeals_of_two_people_of_a_unit_are_granted_each_by_itself(
    rig: CampaignRig, *, decided_between: bool
) -> None:
    unit = rig.units[0]
    people = two_failed(rig, unit)
    for person in people:
        assert appeal(rig, unit, person).state == "done"
    with reading(rig.engine) as session:
        filed_ones = appeal_rows.appeals(session, ENGINE, rig.campaign.id)

    def looked_at() -> None:
        with reading(rig.engine) as session:
            tasks = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("attention",))
        for task in tasks:
            assert rig.give(rig.verifier, "leave_open", task.id, None, {"reason": "复核无误"}).state == "done"

    for one in filed_ones:
        row = rig.give(BUREAU, "grant_appeal", one.id, one.version, {"reason": "理由成立"})
        assert row.state == "done", row.reason
        if decided_between:
            looked_at()
            assert rig.decide(rig.verifier, unit).state == "done"
    if not decided_between:
        with reading(rig.engine) as session:
            tasks = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("attention",))
        assert {str(task.person_id) for task in tasks} == set(people)
        looked_at()
        assert rig.decide(rig.verifier, unit).state == "done"
    assert rig.filing(unit).stage == "approved"
    rig.proved()


def test_a_persons_appeal_is_over_once_his_unit_was_sent_back_to_mend(rig: CampaignRig) -> None:
    unit = rig.units[0]
    first, second = two_failed(rig, unit)
    for person in (first, second):
        appeal(rig, unit, person)
    with reading(rig.engine) as session:
        one, other = appeal_rows.appeals(session, ENGINE, rig.campaign.id)
    assert rig.give(BUREAU, "grant_appeal", one.id, one.version, {"reason": "理由成立"}).state == "done"
    assert rig.decide(rig.verifier, unit, "return", reason="请补登记").state == "done"
    row = rig.give(BUREAU, "grant_appeal", other.id, other.version, {"reason": "理由成立"})
    assert row.code == "moved_on"
