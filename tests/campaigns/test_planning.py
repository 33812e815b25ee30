"""Openings planned ahead: on their day, by the officer who planned them, once, and never by a guess at next year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.tables import Account, Delegation
from xueshi.audit import repository as audit
from xueshi.campaigns.opening import planning
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.tables import Campaign, PlannedOpening
from xueshi.errors import InputError, NotAllowedError, XueshiError
from xueshi.messages import repository as messages
from xueshi.storage import reading, transaction
from xueshi_cli.acting import opened_by_notice

TOMORROW = datetime.now(UTC).date() + timedelta(days=2)
LATER = datetime.now(UTC) + timedelta(days=3)


def next_notice(rig: CampaignRig) -> Notice:
    closes = TOMORROW + timedelta(days=40)
    return replace(rig.notice, id="NEXT", issued=TOMORROW, opens=TOMORROW, closes=closes, report_by=None)


def plan(rig: CampaignRig, officer: str = BUREAU, day: date = TOMORROW) -> PlannedOpening:
    with transaction(rig.engine) as session:
        return planning.plan_opening(session, rig.place.actor(session, officer), next_notice(rig), day)


def opener(rig: CampaignRig) -> Callable[[str, Notice], Campaign]:
    return lambda officer, notice: opened_by_notice(rig.place, officer, notice, standing=False)


def closed_first(rig: CampaignRig) -> None:
    """The rig's own campaign of the year is over."""
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.stage = "finished"
        session.add(campaign)


def campaigns(rig: CampaignRig) -> list[Campaign]:
    with reading(rig.engine) as session:
        found = campaign_rows.campaigns(session, ENGINE)
        session.expunge_all()
    return found


def planned(rig: CampaignRig, row: PlannedOpening) -> PlannedOpening:
    with reading(rig.engine) as session:
        found = campaign_rows.planned_opening(session, ENGINE, row.id)
        session.expunge_all()
    return found


def test_a_planned_campaign_opens_on_its_day_with_the_ordinary_id_and_once(rig: CampaignRig) -> None:
    closed_first(rig)
    row = plan(rig)
    assert planning.open_due(rig.engine, opener(rig), datetime.now(UTC)) == 0, "its day has not come"
    assert planning.open_due(rig.engine, opener(rig), LATER) == 1
    assert planning.open_due(rig.engine, opener(rig), LATER) == 0
    one = next(campaign for campaign in campaigns(rig) if campaign.stage == "open")
    notice = next_notice(rig)
    assert one.public_id == f"campaign:{notice.region}:{notice.area}:{notice.year}:2"
    assert not one.workflow_started, "the relay starts the real id, as for an officer's own opening"
    assert planned(rig, row).campaign_id == one.id
    with reading(rig.engine) as session:
        assert planning.notice_from(audit.load_artifact(session, row.notice_digest)) == notice
        assert audit.verify(session).broken_at is None


def test_a_worker_that_died_after_the_opening_opens_no_second_one(rig: CampaignRig) -> None:
    closed_first(rig)
    row = plan(rig)
    opener(rig)(BUREAU, next_notice(rig))
    assert planning.open_due(rig.engine, opener(rig), LATER) == 1
    assert len(campaigns(rig)) == 2
    assert planned(rig, row).state == "opened"


def test_what_cannot_be_opened_says_why_tells_the_bureau_once_and_opens_when_it_can(rig: CampaignRig) -> None:
    row = plan(rig)
    for _ in range(2):
        assert planning.open_due(rig.engine, opener(rig), LATER) == 0
    assert "同一年度不能两处申报" in planned(rig, row).reason
    with reading(rig.engine) as session:
        told = [one for one in messages.listed(session, ENGINE) if one.subject == "定时开启未成"]
        assert len(told) == 1
        assert told[0].standing, "this folder knows rehearsals only: nothing of it is mailed"
    closed_first(rig)
    assert planning.open_due(rig.engine, opener(rig), LATER) == 1
    assert planned(rig, row).reason == ""


def test_an_officer_who_left_opens_nothing(rig: CampaignRig) -> None:
    closed_first(rig)
    row = plan(rig)
    with transaction(rig.engine) as session:
        account = session.exec(select(Account).where(Account.login == BUREAU)).one()
        account.active = False
        session.add(account)
    assert planning.open_due(rig.engine, opener(rig), LATER) == 0
    assert "停用" in planned(rig, row).reason


def test_an_opening_is_planned_in_ones_own_role_only(rig: CampaignRig) -> None:
    closed_first(rig)
    with transaction(rig.engine) as session:
        lender = rig.place.actor(session, BUREAU)
        access.add_accounts(session, ENGINE, [NewAccount("deputy", "代办", "department", rig.notice.area)])
        session.add(
            Delegation(
                grant_id=lender.grant_id,
                account_id=access.account_by_login(session, "deputy").id,
                since=date(2000, 1, 1),
                until=date(2099, 12, 31),
                reason="休假",
                maker=lender.account_id,
            )
        )
    with pytest.raises(NotAllowedError, match="预定开启不能受托办理"):
        plan(rig, f"deputy:{lender.role}@{BUREAU}")


def test_a_cancelled_plan_stays_closed(rig: CampaignRig) -> None:
    closed_first(rig)
    row = plan(rig)
    with transaction(rig.engine) as session:
        planning.cancel_opening(session, rig.place.actor(session, BUREAU), row.id)
    assert planning.open_due(rig.engine, opener(rig), LATER) == 0
    with transaction(rig.engine) as session, pytest.raises(InputError, match="早已取消"):
        planning.cancel_opening(session, rig.place.actor(session, BUREAU), row.id)


@pytest.mark.parametrize(
    ("officer", "day", "error", "words"),
    [
        (BUREAU, date(2021, 1, 1), InputError, "已到或已过"),
        (BUREAU, TOMORROW + timedelta(days=400), InputError, "晚于通知的截止日期"),
        ("clerk.1", TOMORROW, NotAllowedError, r"campaign\.open"),
    ],
)
def test_an_impossible_plan_is_refused(
    rig: CampaignRig, officer: str, day: date, error: type[XueshiError], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(rig, officer, day)


def test_one_year_of_an_area_is_planned_once(rig: CampaignRig) -> None:
    plan(rig)
    with pytest.raises(InputError, match="schedule cancel"):
        plan(rig)
