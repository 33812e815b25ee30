"""What a decision asks of its database is counted: one look-up more is paid for by every decision of a year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from campaign_rig import BUREAU, CampaignRig, RigUnit
from sqlmodel import select
from statement_count import statements_of

from xueshi.campaigns.tables import Command, Filing
from xueshi.register.tables import Employment
from xueshi.storage import reading

ASKED = {
    "an extension": 18,
    "a hand-in, direct": 15,
    "a signature": 18,
    "a return": 20,
    "an approval": 20,
}
"""Statements from the officer's click to the fate: the steps of a standing clock and the port's own look are in them."""


def asked_by(rig: CampaignRig, act: Callable[[], Command]) -> list[str]:
    """Carry out an act; returns its statements, without those that only begin, bracket or lock."""
    with statements_of(rig.engine) as asked:
        row = act()
    assert row.state == "done", row.reason
    work = [one for one in asked if one.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
    return [one for one in work if "pg_advisory" not in one]


def extend(rig: CampaignRig, filing: Filing) -> Command:
    until = rig.campaign.deadline.replace(year=2030 + filing.version).isoformat()
    return rig.give(BUREAU, "extend_filing", filing.id, filing.version, {"until": until, "reason": "停电"})


def decide(rig: CampaignRig, officer: str, kind: str, filing: Filing) -> Command:
    return rig.give(officer, kind, filing.id, filing.version, {"level": filing.level, "reason": "已核"})


def hand_in(rig: CampaignRig, unit: RigUnit, filing: Filing) -> Command:
    return rig.give(unit.clerk, "hand_in", filing.id, None, {"people": 2})


def test_a_decision_asks_no_more_than_it_did(rig: CampaignRig) -> None:
    first, second, third = rig.units
    rig.approve(first)  # stages that no filing was in before get their counters
    found: dict[str, int] = {}

    def count(name: str, unit: RigUnit, act: Callable[[Filing], Command]) -> None:
        filing = rig.filing(unit)
        found[name] = len(asked_by(rig, lambda: act(filing)))

    count("an extension", third, lambda filing: extend(rig, filing))
    for unit in (second, third):
        rig.hand_in(unit)
        count("a hand-in, direct", unit, lambda filing, unit=unit: hand_in(rig, unit, filing))  # type: ignore[misc]
        count("a signature", unit, lambda filing, unit=unit: decide(rig, unit.signers[0], "approve", filing))  # type: ignore[misc]
        for signer in unit.signers[1:]:
            assert rig.decide(signer, unit).state == "done"
        rig.settle(unit)
    count("a return", second, lambda filing: decide(rig, rig.verifier, "return", filing))
    count("an approval", third, lambda filing: decide(rig, rig.verifier, "approve", filing))
    assert found == ASKED


def test_on_the_embedded_database_a_decision_takes_the_lock_for_storing_and_for_its_effect_only(
    tmp_path: Path,
) -> None:
    rig = CampaignRig(tmp_path / "data", f"sqlite:///{tmp_path / 'x.db'}")
    filing = rig.filing(rig.units[0])
    with statements_of(rig.engine) as asked:
        assert extend(rig, filing).state == "done"
    assert asked.count("BEGIN IMMEDIATE") == 2


def merging(folder: Path, people: int) -> int:
    """Return how many statements a merger asks where so many people go along, and being brought back."""
    folder.mkdir()
    rig = CampaignRig(folder, f"sqlite:///{folder / 'x.db'}", units=2, people=people)
    gone, into = rig.units
    for unit in rig.units:
        rig.hand_in(unit)
    payload = {"reason": "合并办学", "into": str(into.id)}
    filing = rig.filing(gone)
    asked = asked_by(rig, lambda: rig.give(BUREAU, "dissolve", filing.id, filing.version, payload))
    with reading(rig.engine) as session:
        there = session.exec(select(Employment.order_in_unit).where(Employment.unit_id == into.id)).all()
    assert sorted(there) == list(range(1, len(there) + 1)), "they stand at the end of the unit's order"
    filing = rig.filing(gone)
    return len(asked) + len(asked_by(rig, lambda: extend(rig, filing)))


def test_a_merger_asks_no_more_for_many_people_than_for_few(tmp_path: Path) -> None:
    assert merging(tmp_path / "few", 6) == merging(tmp_path / "many", 60)


def test_a_flow_that_is_pinned_anew_is_followed_by_the_next_decision(rig: CampaignRig) -> None:
    """Flows are kept by digest: what a campaign is pinned to now is asked of its row each time."""
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    rig.settle(unit)
    assert rig.decide("unit_ce.1", unit).code == "wrong_officer"
    last = rig.flow.levels[-1]
    rig.pin_flow(signers=(replace(last.signers[0], role="unit_ce"),))
    assert rig.decide("unit_ce.1", unit).code != "wrong_officer"
    assert rig.decide(rig.verifier, unit).code == "wrong_officer"
