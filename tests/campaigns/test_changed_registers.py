"""A signature stands for the register that its signer saw: another register, and it is given again."""

from __future__ import annotations

from uuid import UUID

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import command_rows, task_rows
from xueshi.messages.tables import OutgoingMessage
from xueshi.storage import reading
from xueshi_cli.samples import changed

VOID = "登记已变动，原签署作废，请重新签署"
REASON = "登记有误"


def waiting(rig: CampaignRig, unit: RigUnit) -> dict[str, int]:
    """Role → version of the tasks that wait for a unit's departments."""
    with reading(rig.engine) as session:
        tasks = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("unit",))
    assert len({task.role for task in tasks}) == len(tasks), "one task for each role"
    return {task.role: task.body["version"] for task in tasks}


def told(rig: CampaignRig, unit: RigUnit) -> list[str]:
    with reading(rig.engine) as session:
        query = select(OutgoingMessage).where(OutgoingMessage.to_unit == unit.id)
        return [message.to_role for message in session.exec(query).all() if message.subject == VOID]


@pytest.fixture
def signed_once(rig: CampaignRig) -> RigUnit:
    """A unit with a register that the first of its two departments has signed."""
    unit = rig.units[0]
    rig.hand_in(unit)
    assert rig.decide(unit.signers[0], unit).state == "done"
    return unit


def test_another_register_voids_the_signatures_and_asks_for_them_again(
    rig: CampaignRig, signed_once: RigUnit
) -> None:
    unit, seen = signed_once, rig.filing(signed_once).version
    first, second = (login.split(".")[0] for login in unit.signers)
    assert set(waiting(rig, unit)) == {second}
    row = rig.hand_in(unit, changed(unit.sample))
    assert row.state == "done", row.reason
    filing = rig.filing(unit)
    assert (filing.stage, filing.state["signatures"], filing.version) == ("filing", [], seen + 1)
    assert waiting(rig, unit) == {first: seen + 1, second: seen + 1}
    assert told(rig, unit) == [first], "who signed is told, nobody else"
    with reading(rig.engine) as session:
        body = command_rows.effect(session, row.id).body  # type: ignore[union-attr]
        assert body["void"] == [first]
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_the_other_department_cannot_submit_on_the_page_of_the_former_register(
    rig: CampaignRig, signed_once: RigUnit
) -> None:
    unit, seen = signed_once, rig.filing(signed_once).version
    rig.hand_in(unit, changed(unit.sample))
    row = rig.decide(unit.signers[1], unit, version=seen)
    assert (row.state, row.code) == ("refused", "stale")
    assert rig.decide(unit.signers[1], unit).state == "done"
    assert rig.filing(unit).stage == "filing", "the first one's signature is gone"
    assert rig.decide(unit.signers[0], unit).state == "done"
    assert rig.filing(unit).stage == "deciding"


def test_a_page_from_before_the_change_is_stale_though_nobody_had_signed(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    seen = rig.filing(unit).version
    row = rig.hand_in(unit, changed(unit.sample))
    assert rig.decide(unit.signers[0], unit, version=seen).code == "stale"
    assert told(rig, unit) == []
    with reading(rig.engine) as session:
        assert "void" not in command_rows.effect(session, row.id).body  # type: ignore[union-attr]
    rig.sign(unit)
    assert rig.filing(unit).stage == "deciding"


def test_a_return_that_was_answered_by_another_register_is_not_undone_by_an_appeal(rig: CampaignRig) -> None:
    """Else a register that no department signed would come before the deciding level."""
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    assert rig.decide(rig.verifier, unit, "return", reason=REASON).state == "done"
    rig.hand_in(unit, changed(unit.sample))
    row = rig.give(unit.clerk, "appeal", rig.filing(unit).id, None, {"reason": REASON})
    assert (row.state, row.code) == ("refused", "nothing_decided")


def test_an_appeal_filed_before_the_other_register_is_moved_on(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    assert rig.decide(rig.verifier, unit, "return", reason=REASON).state == "done"
    filing = rig.filing(unit)
    filed = rig.give(unit.clerk, "appeal", filing.id, filing.version, {"reason": REASON})
    assert filed.state == "done", filed.reason
    with reading(rig.engine) as session:
        appeal = command_rows.effect(session, filed.id).body["appeal"]  # type: ignore[union-attr]
    rig.hand_in(unit, changed(unit.sample))
    row = rig.give("bureau", "grant_appeal", UUID(appeal), 0, {"reason": REASON})
    assert (row.state, row.code) == ("refused", "moved_on")
    assert rig.filing(unit).stage == "filing"
