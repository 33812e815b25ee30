"""L2: a quarter of a campaign on the real clock, by durable timers, on the server that skips time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from campaign_rig import ENGINE, RigUnit
from quarter_rig import DAY, Quarter, pass_a_quarter

from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import civil_date, end_of
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.tables import Command
from xueshi.documents import repository as issued_papers
from xueshi.messages import repository as messages
from xueshi.real_clock import real_now
from xueshi.results.rows import seal_rows
from xueshi.storage import reading

pytestmark = [pytest.mark.java]
REASON = "依上级通知办理"
HOUR = timedelta(hours=1)


def steer(quarter: Quarter, kind: str, **payload: object) -> Command:
    row = quarter.rig.steer(kind, reason=REASON, **payload)
    assert row.state == "done", row.reason
    return row


def approve(quarter: Quarter, unit: RigUnit) -> None:
    rig = quarter.rig
    rig.hand_in(unit)
    rig.sign(unit)
    quarter.until(lambda: quarter.stage(unit) == "deciding")
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).state == "done"


def whole(quarter: Quarter) -> None:
    with reading(quarter.rig.engine) as session:
        proof = reconcile(session)
        assert (proof.difference, proof.pending) == (0, 0)
        assert audit.verify(session).broken_at is None


async def test_a_deadline_falls_due_by_itself_and_extensions_move_it(tmp_path: Path) -> None:
    def play(quarter: Quarter) -> None:
        rig = quarter.rig
        filed, idle, alone = rig.units
        deadline = rig.fresh().deadline
        quarter.opened()
        approve(quarter, filed)
        quarter.leap(deadline - 10 * DAY)
        steer(quarter, "extend", to=(deadline + 10 * DAY).isoformat())
        until = (deadline + 15 * DAY).isoformat()
        filing = rig.filing(alone)
        assert rig.give("bureau", "extend_filing", filing.id, filing.version, {"until": until, "reason": REASON}).state == "done"  # fmt: skip
        quarter.leap(deadline + DAY)
        assert [quarter.stage(one) for one in rig.units] == ["approved", "filing", "filing"]
        quarter.leap(deadline + 10 * DAY + HOUR)
        quarter.until(lambda: quarter.stage(idle) == "not_filed")
        assert quarter.stage(alone) == "filing", "its own deadline is later"
        quarter.leap(deadline + 15 * DAY + HOUR)
        quarter.until(lambda: quarter.stage(alone) == "not_filed")
        late = rig.decide(idle.signers[0], idle)
        assert late.state in ("late", "refused")
        steer(quarter, "extend", to=(deadline + 30 * DAY).isoformat())
        assert [quarter.stage(one) for one in rig.units] == ["approved", "filing", "filing"]
        approve(quarter, idle)
        quarter.leap(deadline + 29 * DAY)
        assert quarter.stage(alone) == "filing"
        quarter.leap(deadline + 30 * DAY + HOUR)
        quarter.until(lambda: quarter.stage(alone) == "not_filed")
        assert quarter.stage(idle) == "approved"
        whole(quarter)

    await pass_a_quarter(tmp_path / "data", play)


async def test_a_pause_outlasts_a_deadline(tmp_path: Path) -> None:
    def play(quarter: Quarter) -> None:
        rig = quarter.rig
        unit, deadline = rig.units[0], rig.fresh().deadline
        quarter.opened()
        quarter.leap(deadline - 5 * DAY)
        steer(quarter, "pause")
        quarter.leap(deadline + 20 * DAY)
        assert quarter.stage(unit) == "filing", "nothing falls due in a pause"
        assert rig.decide(unit.signers[0], unit).code == "paused"
        steer(quarter, "resume")
        moved = rig.fresh().deadline
        assert deadline + 25 * DAY <= moved <= deadline + 26 * DAY
        quarter.leap(moved - HOUR)
        assert quarter.stage(unit) == "filing"
        quarter.leap(moved + HOUR)
        quarter.until(lambda: quarter.stage(unit) == "not_filed")
        whole(quarter)

    await pass_a_quarter(tmp_path / "data", play)


@pytest.mark.fonts
async def test_a_quarter_from_the_opening_to_the_papers(tmp_path: Path) -> None:
    """Every date on a result or paper is the virtual one; reminders speak of the deadline that is near."""

    def play(quarter: Quarter) -> None:
        rig = quarter.rig
        opened, deadline = real_now(), rig.fresh().deadline
        quarter.opened()
        assert quarter.reminders(opened + 2 * DAY), "the signers learn that the window is open"
        approve(quarter, rig.units[0])
        assert quarter.reminders(deadline - 2 * DAY), "those who have not filed are reminded"
        with reading(rig.engine) as session:
            days = {row.day for row in messages.listed(session, ENGINE) if row.day is not None}
        assert days == {civil_date(opened + 2 * DAY), civil_date(deadline - 2 * DAY)}
        refused = rig.steer("close")
        assert refused.code == "window_open"
        quarter.leap(deadline + DAY)
        quarter.until(lambda: [quarter.stage(one) for one in rig.units[1:]] == ["not_filed"] * 2)
        steer(quarter, "close")
        quarter.until(lambda: rig.fresh().stage == "finished")
        with reading(rig.engine) as session:
            sealed = seal_rows.sealed_results(session, rig.campaign.id)
            papers = issued_papers.issued(session, rig.campaign.id)
            campaign = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        assert len(sealed) == len(rig.units[0].sample.people)
        assert papers
        assert {civil_date(seal.sealed_at) for seal, _ in sealed} == {civil_date(deadline + DAY)}
        assert civil_date(campaign.opened_at) == civil_date(opened)
        assert deadline == end_of(rig.notice.closes)
        steer(quarter, "archive")
        whole(quarter)

    await pass_a_quarter(tmp_path / "data", play)
