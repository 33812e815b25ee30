"""Many units decided at once: a dry run that tells the reason of every refusal, then a command for each unit."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from campaign_rig import ENGINE, CampaignRig

from xueshi.audit import repository as audit
from xueshi.campaigns.acts import bulk_acts
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import side_work_rows, task_rows
from xueshi.campaigns.tables import Command
from xueshi.storage import reading, transaction


def ready(rig: CampaignRig) -> None:
    """The first unit can be approved; the second has a record to settle; the third has not filed."""
    for unit in rig.units[:2]:
        rig.hand_in(unit)
        rig.sign(unit)
    rig.settle(rig.units[0])


def open_task(rig: CampaignRig) -> None:
    """Make sure that the second unit has something to settle."""
    filing = rig.filing(rig.units[1])
    with transaction(rig.engine) as session:
        if not task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=("record", "discretion")):
            from xueshi.campaigns.tables import Task

            session.add(
                Task(
                    campaign_id=rig.campaign.id,
                    filing_id=filing.id,
                    unit_id=filing.unit_id,
                    area=filing.area,
                    kind="attention",
                    role=rig.verifier,
                    level=filing.level,
                    body={},
                    opened_at=datetime.now(UTC),
                )
            )


def order(rig: CampaignRig, rows: list[list[object]], kind: str = "approve", **payload: str) -> Command:
    body = {"decision": kind, "rows": rows, **payload}
    return rig.give(rig.verifier, "bulk_decide", rig.campaign.id, None, body)


def work_off(rig: CampaignRig, batch: Command, size: int = 2) -> None:
    async def pages() -> None:
        after: int | None = 0
        while after is not None:
            _, after = await bulk_running.run_page(rig.engine, rig.port, batch.id, after, size)

    asyncio.run(pages())


def listed(rig: CampaignRig) -> list[list[object]]:
    return [[str(one.id), one.version, one.level] for one in map(rig.filing, rig.units)]


def test_a_dry_run_writes_nothing_and_says_what_each_would_come_to(rig: CampaignRig) -> None:
    ready(rig)
    open_task(rig)
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, rig.verifier)
        waiting = bulk_acts.waiting_filings(session, actor, rig.campaign)
        assert [one.unit_id for one in waiting] == [unit.id for unit in rig.units[:2]]
        filings = [rig.filing(unit) for unit in rig.units]
        seen = bulk_acts.foresee(session, actor, rig.campaign, filings, "approve", reason="")
        returned = bulk_acts.foresee(session, actor, rig.campaign, filings[:1], "return", reason="")
    assert [one.code for one in seen] == ["", "record_tasks_open", "wrong_officer"]
    assert all(one.reason for one in seen[1:])
    assert returned[0].code == "no_reason"
    assert [rig.filing(unit).stage for unit in rig.units] == ["deciding", "deciding", "filing"]


def test_each_row_is_its_own_command_with_its_own_receipt_and_reason(rig: CampaignRig) -> None:
    ready(rig)
    open_task(rig)
    batch = order(rig, listed(rig))
    assert batch.state == "done", batch.reason
    assert {one.state for one in bulk_running.fates(rig.engine, batch.id)} == {"waiting"}
    work_off(rig, batch)
    fates = bulk_running.fates(rig.engine, batch.id)
    assert [one.state for one in fates] == ["done", "refused", "refused"]
    assert all(one.reason for one in fates[1:])
    assert len({one.command_id for one in fates}) == 3
    with reading(rig.engine) as session:
        assert side_work_rows.bulk_batch(session, batch.id).finished
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
    assert rig.filing(rig.units[0]).stage == "approved"


def test_worked_off_twice_it_is_done_once(rig: CampaignRig) -> None:
    ready(rig)
    batch = order(rig, listed(rig)[:1])
    work_off(rig, batch)
    first = bulk_running.fates(rig.engine, batch.id)
    sent = rig.port.sent
    work_off(rig, batch)
    assert bulk_running.fates(rig.engine, batch.id) == first
    assert rig.port.sent == sent


def test_a_row_whose_unit_moved_on_meanwhile_is_refused_as_stale(rig: CampaignRig) -> None:
    ready(rig)
    rows = listed(rig)[:1]
    assert rig.decide(rig.verifier, rig.units[0], "return", reason="缺证明").state == "done"
    batch = order(rig, rows)
    work_off(rig, batch)
    (fate,) = bulk_running.fates(rig.engine, batch.id)
    assert fate.state == "refused"
    assert "页面已过期" in fate.reason


def test_rows_of_a_lost_right_are_refused_with_the_reason(rig: CampaignRig) -> None:
    ready(rig)
    batch = order(rig, listed(rig)[:1])
    with transaction(rig.engine) as session:
        from xueshi.access.tables import Grant

        grant = session.get(Grant, batch.grant_id)
        assert grant is not None
        grant.active = False
        session.add(grant)
    work_off(rig, batch)
    (fate,) = bulk_running.fates(rig.engine, batch.id)
    assert (fate.state, fate.command_id) == ("refused", None)
    assert "停用" in fate.reason


def test_an_order_of_nothing_is_refused(rig: CampaignRig) -> None:
    assert order(rig, []).code == "nothing"
    assert order(rig, [["x", 0, ""]], "extend_filing").code == "unknown"
