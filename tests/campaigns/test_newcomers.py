"""A unit that registers after opening is let in by name, and then files as the others do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import command_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import NotAllowedError
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.rows import unit_rows
from xueshi.results.rows import seal_rows
from xueshi.storage import reading, transaction

REASON = "新设单位"


def add(rig: CampaignRig, unit: RigUnit, days: int | None = None, reason: str = REASON) -> Command:
    until = None if days is None else (rig.fresh().deadline + timedelta(days=days)).isoformat()
    return rig.steer("add_unit", unit=str(unit.id), to=until, reason=reason)


def test_a_unit_registered_after_opening_files_with_the_others(rig: CampaignRig) -> None:
    unit = rig.newcomer()
    row = add(rig, unit)
    assert row.state == "done", row.reason
    filing = rig.filing(unit)
    assert (filing.stage, filing.round, filing.position) == ("filing", 1, len(rig.units) + 1)
    assert filing.state["deadline"] == rig.filing(rig.units[0]).state["deadline"]
    with reading(rig.engine) as session:
        tasks = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=("unit",))
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.to_unit == unit.id)).all()
        effect = command_rows.effect(session, row.id)
        assert filing_rows.opened_by(session, row.id) == str(filing.id), "its workflow is woken by this"
    assert {task.role for task in tasks} == {signer.role for signer in rig.flow.levels[0].signers}
    assert [message.subject for message in told] == ["年度验证开始"]
    assert effect is not None
    assert effect.body["unit"] == str(unit.id)
    rig.approve(unit)
    rig.finish()
    with reading(rig.engine) as session:
        assert len(seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)) == len(unit.sample.people)
    rig.proved()


def test_what_it_registered_by_then_is_its_register(rig: CampaignRig) -> None:
    unit = rig.newcomer()
    rig.register(unit)
    assert add(rig, unit).state == "done"
    filing = rig.filing(unit)
    assert (filing.input_version, filing.people) == (1, len(unit.sample.people))
    with reading(rig.engine) as session:
        assert filing.maker == str(rig.place.actor(session, unit.clerk).account_id), "who may not sign it"
    rig.sign(unit)
    assert rig.filing(unit).stage == "deciding"


def test_after_the_deadline_it_needs_a_date_of_its_own(rig: CampaignRig) -> None:
    unit = rig.newcomer()
    rig.pass_deadline()
    row = add(rig, unit)
    assert (row.state, row.code) == ("refused", "not_later")
    assert "--until" in row.reason
    before = rig.fresh().deadline
    assert add(rig, unit, 20).state == "done"
    assert rig.fresh().deadline == before, "the others have no more time"
    rig.approve(unit)
    assert rig.filing(unit).stage == "approved"
    rig.proved()


def test_after_the_seal_it_is_a_later_round(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    rig.finish()
    unit = rig.newcomer()
    assert add(rig, unit).code == "not_later"
    assert add(rig, unit, 60, reason="").code == "no_reason"
    row = add(rig, unit, 60)
    assert row.state == "done", row.reason
    assert rig.filing(unit).round == 2
    assert rig.steer("archive").code == "round_open"
    rig.approve(unit)
    written = sealing.seal_later_round(rig.engine, rig.filing(unit).id)
    assert written == len(unit.sample.people)
    with reading(rig.engine) as session:
        seals = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
    assert {seal.supersedes for seal in seals} == {None}
    until = (rig.fresh().deadline + timedelta(days=90)).isoformat()
    again = rig.steer("reopen", unit=str(unit.id), to=until, reason="漏计")
    assert again.state == "done", again.reason
    assert rig.filing(unit).round == 3
    rig.proved()


def test_who_is_in_already_is_told_what_to_do_instead(rig: CampaignRig) -> None:
    row = add(rig, rig.units[0])
    assert (row.state, row.code) == ("refused", "already_in")
    assert "extend --unit" in row.reason
    unit = rig.newcomer()
    assert add(rig, unit).state == "done"
    assert add(rig, unit).code == "already_in"
    rig.proved()


def test_a_unit_of_another_area_or_none_is_refused(rig: CampaignRig) -> None:
    elsewhere = rig.newcomer()
    with transaction(rig.engine) as session:
        unit_rows.move_unit(session, ENGINE, elsewhere.id, "999999")
    assert add(rig, elsewhere).code == "other_area"
    row = rig.steer("add_unit", unit=str(rig.campaign.id), to=None, reason=REASON)
    assert (row.state, row.code) == ("refused", "no_unit")
    assert rig.steer("add_unit", to=None).code == "no_unit"
    rig.proved()


def test_nobody_is_let_in_while_the_campaign_is_paused(rig: CampaignRig) -> None:
    unit = rig.newcomer()
    assert rig.steer("pause", reason=REASON).state == "done"
    assert add(rig, unit).code == "paused"


def test_only_the_bureau_lets_a_unit_in(rig: CampaignRig) -> None:
    unit = rig.newcomer()
    with pytest.raises(NotAllowedError):
        rig.give(unit.clerk, "add_unit", rig.campaign.id, 0, {"unit": str(unit.id)})


def test_a_newcomer_passes_the_levels_that_hold_for_it(rig: CampaignRig) -> None:
    """A sampled level as well: as if the unit had been there at opening."""
    rig.pin_flow(sample=100)
    unit = rig.newcomer()
    assert add(rig, unit).state == "done"
    rig.approve(unit)
    assert rig.filing(unit).level == rig.flow.levels[-1].id
    assert rig.filing(unit).flow_digest is not None, "its flow is what is left for it"
