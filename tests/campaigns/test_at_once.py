"""Many at once, in threads on both databases: one of two officers wins, and fifty times the same click is one act."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlalchemy.exc import IntegrityError
from sqlmodel import func, select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.tables import Command, Effect
from xueshi.storage import new_id, reading, transaction


def together(*calls: Callable[[], Command]) -> list[Command]:
    """Run calls in threads that all start at the same moment."""
    gate = Barrier(len(calls))

    def one(call: Callable[[], Command]) -> Command:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def give(rig: CampaignRig, officer: str, request: CommandRequest) -> Command:
    """Submit and deliver as a process of its own would; a second insert of one request id finds the first."""
    for _ in range(2):
        try:
            with transaction(rig.engine) as session:
                row = commands.submit(session, rig.place.actor(session, officer), request)
        except IntegrityError:
            continue
        break
    return asyncio.run(commands.deliver(rig.engine, rig.port, row.id))


def ready(rig: CampaignRig) -> RigUnit:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    rig.settle(unit)
    return unit


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_of_two_officers_deciding_at_once_one_is_done_and_one_is_refused(rig: CampaignRig) -> None:
    unit = ready(rig)
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "乙", rig.verifier, rig.notice.area)])
    filing = rig.filing(unit)

    def act(officer: str, kind: str) -> Command:
        payload = {"level": filing.level, "reason": "缺证明"}
        return give(rig, officer, CommandRequest(str(new_id()), kind, filing.id, filing.version, payload))

    rows = together(lambda: act(rig.verifier, "approve"), lambda: act("second", "return"))
    assert sorted(row.state for row in rows) == ["done", "refused"]
    refused = next(row for row in rows if row.state == "refused")
    assert refused.code in ("stale", "finished")
    assert refused.reason
    assert rig.filing(unit).version == filing.version + 1
    proved(rig)


def test_two_departments_signing_at_once_do_not_refuse_each_other(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    filing = rig.filing(unit)

    def sign(officer: str) -> Command:
        payload = {"level": filing.level}
        return give(
            rig, officer, CommandRequest(str(new_id()), "approve", filing.id, filing.version, payload)
        )

    rows = together(*(lambda officer=officer: sign(officer) for officer in unit.signers))  # type: ignore[misc]
    assert [row.state for row in rows] == ["done"] * len(unit.signers)
    assert rig.filing(unit).stage == "deciding"
    proved(rig)


def test_the_same_click_fifty_times_at_once_is_done_once(rig: CampaignRig) -> None:
    unit = ready(rig)
    filing = rig.filing(unit)
    click = CommandRequest("click", "approve", filing.id, filing.version, {"level": filing.level})
    rows = together(*[lambda: give(rig, rig.verifier, click)] * 50)
    assert len({row.id for row in rows}) == 1
    with reading(rig.engine) as session:
        assert session.get(Command, rows[0].id).state == "done"  # type: ignore[union-attr]
        effects = session.exec(
            select(func.count()).select_from(Effect).where(Effect.target_id == filing.id)
        ).one()
    assert effects == len(unit.signers) + 2, "hand-in, the signatures, one approval"
    assert rig.filing(unit).version == filing.version + 1
    proved(rig)
