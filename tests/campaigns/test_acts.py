"""What an officer may do in a campaign, what is refused and why, and that everything is done exactly once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig

from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.relay import RelayPace, relay_once
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import campaign_rows, command_rows
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.samples import changed

REASON = "登记内容与证明不符"


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_a_unit_goes_the_straight_way_to_approval(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    filing = rig.filing(unit)
    assert (filing.stage, filing.people) == ("approved", len(unit.sample.people))
    proved(rig)


def test_one_of_two_departments_does_not_submit(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    version = rig.filing(unit).version
    assert rig.decide(unit.signers[0], unit).state == "done"
    filing = rig.filing(unit)
    assert filing.stage == "filing"
    assert filing.version == version, "a signature that does not complete its level raises nothing"


def test_nothing_can_be_signed_before_it_is_handed_in(rig: CampaignRig) -> None:
    unit = rig.units[0]
    row = rig.decide(unit.signers[0], unit)
    assert (row.state, row.code) == ("refused", "nothing_handed_in")
    proved(rig)


def test_a_stale_screen_is_refused_with_both_versions(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    now = rig.filing(unit).version
    row = rig.decide(rig.verifier, unit, version=now - 1)
    assert row.state == "refused"
    assert str(now) in row.reason
    assert str(now - 1) in row.reason
    proved(rig)


def test_the_wrong_officer_is_refused(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    row = rig.decide(rig.verifier, unit)
    assert (row.state, row.code) == ("refused", "wrong_officer")


def test_another_units_department_does_not_even_see_the_filing(rig: CampaignRig) -> None:
    first, second = rig.units[:2]
    rig.hand_in(first)
    with pytest.raises(NotFoundError):
        rig.decide(second.signers[0], first)


def test_a_clerk_cannot_decide_and_a_signer_cannot_steer(rig: CampaignRig) -> None:
    unit = rig.units[0]
    with pytest.raises(NotAllowedError, match=r"filing\.decide"):
        rig.decide(unit.clerk, unit)
    with pytest.raises(NotAllowedError, match=r"campaign\.steer"):
        rig.give(unit.signers[0], "close", rig.campaign.id, 0)


def test_the_maker_of_a_register_cannot_sign_it(rig: CampaignRig) -> None:
    """The clerk's account gets a signer's role as well: the data layer refuses, not the role."""
    from xueshi.access.tables import Grant

    unit = rig.units[0]
    rig.hand_in(unit)
    role = rig.flow.levels[0].signers[0].role
    with transaction(rig.engine) as session:
        clerk = rig.place.actor(session, unit.clerk)
        session.add(Grant(account_id=clerk.account_id, role=role, area=rig.notice.area, unit_id=unit.id))
    row = rig.decide(f"{unit.clerk}:{role}", unit)
    assert (row.state, row.code) == ("refused", "four_eyes")
    proved(rig)


def test_a_double_click_is_one_command(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    filing = rig.filing(unit)
    click = str(new_id())
    payload = {"level": filing.level}
    first = rig.give(unit.signers[0], "approve", filing.id, filing.version, payload, request=click)
    again = rig.give(unit.signers[0], "approve", filing.id, filing.version, payload, request=click)
    assert (first.id, first.state) == (again.id, "done")
    proved(rig)


def test_a_request_id_cannot_serve_two_acts(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    filing = rig.filing(unit)
    click = str(new_id())
    rig.give(unit.signers[0], "approve", filing.id, filing.version, {"level": filing.level}, request=click)
    with pytest.raises(InputError, match="已用于另一件办理"):
        rig.give(unit.signers[0], "withdraw", filing.id, filing.version, {}, request=click)


def test_a_return_without_reason_is_refused(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    row = rig.decide(rig.verifier, unit, "return")
    assert (row.state, row.code) == ("refused", "no_reason")


def test_a_returned_unit_hands_in_again_and_is_judged_anew(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    assert rig.decide(rig.verifier, unit, "return", reason=REASON).state == "done"
    assert rig.filing(unit).stage == "filing"
    assert rig.hand_in(unit, changed(unit.sample)).state == "done"
    rig.sign(unit)
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).state == "done"
    assert rig.filing(unit).stage == "approved"
    proved(rig)


def test_a_register_cannot_change_after_it_was_submitted(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    row = rig.hand_in(unit, changed(unit.sample))
    assert (row.state, row.code) == ("refused", "not_at_unit")
    proved(rig)


def test_a_filing_with_open_record_tasks_cannot_be_approved(rig: CampaignRig) -> None:
    unit = rig.units[0]
    person = unit.sample.people[0]
    record = replace(person.records[0], kind="public_course", facts={"trained": True}, claimed=None)
    sample = replace(unit.sample, people=(replace(person, records=(record,)), *unit.sample.people[1:]))
    rig.hand_in(unit, sample)
    rig.sign(unit)
    row = rig.decide(rig.verifier, unit)
    assert (row.state, row.code) == ("refused", "record_tasks_open")
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).state == "done"
    proved(rig)


def test_late_is_late_by_the_campaign_clock(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    row = rig.steer("advance", to="2031-01-01T00:00:00+08:00")
    assert row.state == "done"
    assert rig.decide(unit.signers[0], unit).state == "late"
    proved(rig)


def test_the_clock_never_goes_back(rig: CampaignRig) -> None:
    row = rig.steer("advance", to="2001-01-01T00:00:00+08:00")
    assert (row.state, row.code) == ("refused", "not_later")


def test_a_campaign_with_undecided_units_is_not_closed(rig: CampaignRig) -> None:
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    rig.pass_deadline()
    row = rig.steer("close")
    assert (row.state, row.code) == ("refused", "undecided")
    assert "1 家单位" in row.reason


def test_nothing_can_be_decided_after_the_end(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    rig.close()
    row = rig.decide(rig.verifier, unit, "return", reason=REASON)
    assert row.state == "refused"
    proved(rig)


def test_a_command_whose_sender_died_is_done_once_by_the_relay(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    filing = rig.filing(unit)
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, unit.signers[0])
        wanted = CommandRequest("click", "approve", filing.id, filing.version, {"level": filing.level})
        row = commands.submit(session, actor, wanted)
    for _ in range(2):
        asyncio.run(relay_once(rig.engine, rig.port, rig.port, RelayPace(older_than=timedelta(0))))
    with reading(rig.engine) as session:
        assert command_rows.command(session, row.id).state == "done"
        assert command_rows.effect(session, row.id) is not None
    assert rig.port.sent == 1
    proved(rig)


def test_an_absent_server_leaves_the_command_waiting(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.port.down = True
    row = rig.decide(unit.signers[0], unit)
    assert row.state == "pending"
    assert row.lease_until > row.inserted_at, "it is not tried again at once"
    proved(rig)


def test_two_campaigns_of_one_area_and_year_do_not_run_at_once(rig: CampaignRig) -> None:
    with pytest.raises(InputError, match="同一年度不能两处申报"):
        opened_by_notice(rig.place, BUREAU, rig.notice, standing=True)


def test_an_unknown_act_names_the_known_ones(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        with pytest.raises(InputError, match="approve"):
            commands.submit(session, actor, CommandRequest("x", "aprove", rig.campaign.id))


def test_what_cannot_be_read_is_refused_and_never_tried_for_ever(rig: CampaignRig) -> None:
    with pytest.raises(InputError, match="无法读取"):
        rig.steer("extend", to="tomorrow", reason=REASON)
    with pytest.raises(InputError, match="无法读取"):
        rig.steer("reopen", unit="nobody", to="2031-01-01T00:00:00+08:00", reason=REASON)
    filing = rig.filing(rig.units[0])
    row = rig.give(rig.units[0].clerk, "appeal", filing.id, None, {"person": "nobody", "reason": REASON})
    assert (row.state, row.code) == ("refused", "unreadable")
    row = rig.give(BUREAU, "migrate", rig.campaign.id, 0, {"pack": "0" * 64, "reason": REASON})
    assert (row.state, row.code) == ("refused", "no_pack")
    proved(rig)


def test_the_demo_clock_does_not_exist_in_production(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        campaign.standing = False
        session.add(campaign)
    row = rig.steer("advance", to="2031-01-01T00:00:00+08:00")
    assert row.state == "refused"
