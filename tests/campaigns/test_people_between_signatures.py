"""A person who goes, comes or is titled between two signatures on his unit's year: the unit signs anew, its signers are told why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from campaign_rig import CampaignRig, RigUnit
from sqlmodel import col, select

from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows import command_rows
from xueshi.campaigns.tables import Command
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.tables import Employment
from xueshi.storage import reading

VOID = "登记已变动，原签署作废，请重新签署"


@pytest.fixture
def signed_once(rig: CampaignRig) -> RigUnit:
    """A unit whose register the first of its two departments has signed, some days after the year's end."""
    unit = rig.units[0]
    rig.pass_time(start_of(last_day(rig) + timedelta(days=5)))
    rig.hand_in(unit)
    assert rig.decide(unit.signers[0], unit).state == "done"
    return unit


def person_of(rig: CampaignRig, unit: RigUnit) -> UUID:
    with reading(rig.engine) as session:
        query = select(Employment.person_id).where(Employment.unit_id == unit.id)
        return session.exec(query.order_by(col(Employment.order_in_unit))).first()  # type: ignore[return-value]


def last_day(rig: CampaignRig) -> date:
    return rig.pack.year_window(rig.notice.year)[1]


def transfer(rig: CampaignRig, unit: RigUnit, to: RigUnit, day: date, person: UUID | None = None) -> Command:
    payload = {"from": str(unit.id), "to": str(to.id), "day": day.isoformat()}
    return rig.give(unit.clerk, "transfer_person", person or person_of(rig, unit), None, payload)


def said(rig: CampaignRig, row: Command) -> dict[str, Any]:
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        effect = command_rows.effect(session, row.id)
        assert effect is not None
        return dict(effect.body)


def told(rig: CampaignRig, unit: RigUnit) -> list[tuple[str, str]]:
    with reading(rig.engine) as session:
        query = select(OutgoingMessage).where(OutgoingMessage.to_unit == unit.id)
        found = [one for one in session.exec(query).all() if one.subject == VOID]
        return [(one.to_role, one.body.get("reason", "")) for one in found]


def test_a_transfer_voids_the_signatures_of_the_unit_that_is_left(
    rig: CampaignRig, signed_once: RigUnit
) -> None:
    unit, other, seen = signed_once, rig.units[1], rig.filing(signed_once).version
    first = unit.signers[0].split(".")[0]
    body = said(rig, transfer(rig, unit, other, last_day(rig)))
    assert body["void"] == {str(unit.id): [first]}
    filing = rig.filing(unit)
    assert (filing.stage, filing.state["signatures"], filing.version) == ("filing", [], seen + 1)
    ((role, why),) = told(rig, unit)
    assert role == first
    assert unit.sample.unit.name in why
    assert other.sample.unit.name in why
    assert all(person.name not in why for person in unit.sample.people), "the message names nobody"
    assert rig.decide(unit.signers[1], unit, version=seen).code == "stale"
    rig.sign(unit)
    assert rig.filing(unit).stage == "deciding"
    rig.proved()


def test_a_transfer_voids_the_signatures_of_the_unit_that_is_entered(
    rig: CampaignRig, signed_once: RigUnit
) -> None:
    other = rig.units[1]
    rig.hand_in(other)
    body = said(rig, transfer(rig, other, signed_once, last_day(rig)))
    assert list(body["void"]) == [str(signed_once.id)], "nobody had signed at the other"
    assert len(told(rig, signed_once)) == 1
    assert told(rig, other) == []
    rig.sign(other)
    rig.sign(signed_once)
    people = [rig.filing(unit).people for unit in (other, signed_once)]
    assert people == [len(other.sample.people) - 1, len(signed_once.sample.people) + 1]


def test_a_transfer_taken_back_voids_what_was_signed_after_it(rig: CampaignRig, signed_once: RigUnit) -> None:
    unit, person = signed_once, person_of(rig, signed_once)
    said(rig, transfer(rig, unit, rig.units[1], last_day(rig)))
    assert rig.decide(unit.signers[1], unit).state == "done"
    row = rig.give(unit.clerk, "undo_transfer", person, None, {"from": str(unit.id), "reason": "单位写错"})
    assert said(rig, row)["void"] == {str(unit.id): [unit.signers[1].split(".")[0]]}
    assert rig.filing(unit).state["signatures"] == []


def test_a_leave_and_a_title_void_signatures_too(rig: CampaignRig, signed_once: RigUnit) -> None:
    unit, person, day = signed_once, person_of(rig, signed_once), last_day(rig) - timedelta(days=30)
    leave = {"unit": str(unit.id), "day": day.isoformat(), "reason": "退休", "year": rig.notice.year}
    assert said(rig, rig.give(unit.clerk, "leave_person", person, None, leave))["void"]
    assert rig.decide(unit.signers[0], unit).state == "done"
    undo = {"unit": str(unit.id), "reason": "误登记"}
    assert said(rig, rig.give(unit.clerk, "undo_leave", person, None, undo))["void"]
    assert rig.decide(unit.signers[0], unit).state == "done"
    title = {"title": "正高级工程师", "level": "senior", "since": day.isoformat()}
    assert said(rig, rig.give(unit.clerk, "set_level", person, None, title))["void"]
    assert [why for _, why in told(rig, unit)] == [
        f"有一名人员于{day}离开",
        "有一名人员离开的登记已撤销",
        f"有一名人员自{day}起职称变动",
    ]
    rig.proved()


def test_a_change_after_the_year_leaves_the_signatures(rig: CampaignRig, signed_once: RigUnit) -> None:
    after = last_day(rig) + timedelta(days=1)
    assert "void" not in said(rig, transfer(rig, signed_once, rig.units[1], after))
    assert len(rig.filing(signed_once).state["signatures"]) == 1
    assert rig.decide(signed_once.signers[1], signed_once).state == "done"
    assert rig.filing(signed_once).stage == "deciding"


def test_what_was_handed_over_is_returned_first(rig: CampaignRig, signed_once: RigUnit) -> None:
    """Between two levels nobody can go: the level that decides has seen these people."""
    unit = signed_once
    assert rig.decide(unit.signers[1], unit).state == "done"
    row = transfer(rig, unit, rig.units[1], last_day(rig))
    assert (row.state, row.code) == ("refused", "year_handed_over")
    assert rig.decide(rig.verifier, unit, "return", reason="人员有变动").state == "done"
    assert said(rig, transfer(rig, unit, rig.units[1], last_day(rig)))
    rig.sign(unit)
    assert rig.filing(unit).people == len(unit.sample.people) - 1
