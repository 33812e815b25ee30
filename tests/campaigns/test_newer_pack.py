"""A newer rule pack for a running campaign: whom it would change is seen first; then everybody is judged again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlmodel import func, select

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import assessing, reassessing, sealing
from xueshi.campaigns.rows import side_work_rows, task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.canonical import canonical_json
from xueshi.register.rows.roster_rows import NewRecord
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.tables import YearResult
from xueshi.storage import new_id, reading, transaction

REASON = "规则更正"


def harder(rig: CampaignRig, hours: str = "300") -> bytes:
    """The rig's pack with another total: a published correction, say."""
    body = json.loads(rig.pack.to_bytes())
    first = next(one for one in body["requirements"] if one["of"] == "total" and one["effect"] == "minimum")
    first["at_least"] = ["fixed", hours]
    return canonical_json(body).encode()


def migrate(rig: CampaignRig, body: bytes) -> Command:
    with transaction(rig.engine) as session:
        digest = audit.store_artifact(session, "rule_pack", body)
    return rig.steer("migrate", pack=digest, reason=REASON)


def work_off(rig: CampaignRig, row: Command, size: int = 1) -> list[UUID]:
    moved: list[UUID] = []
    after: int | None = 0
    while after is not None:
        page, after = reassessing.reassess_page(rig.engine, row.id, after, size, lambda *_: None)
        moved += page
    return moved


def verdicts(rig: CampaignRig, unit_id: UUID) -> set[str]:
    with reading(rig.engine) as session:
        latest = results.latest_of_unit(session, ENGINE, rig.campaign.id, unit_id)
    return {result.verdict for result in latest.values()}


def test_a_dry_run_lists_whose_result_would_change_and_writes_nothing(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    with reading(rig.engine) as session:
        before = session.exec(select(func.count()).select_from(YearResult)).one()
        pack = RulePack.from_bytes(harder(rig))
        people, flips = reassessing.foresee_flips(session, rig.fresh(), pack)
        same, none = reassessing.foresee_flips(session, rig.fresh(), rig.pack)
        assert session.exec(select(func.count()).select_from(YearResult)).one() == before
    assert people == same == len(rig.units[0].sample.people)
    assert none == []
    assert flips
    assert {(one.verdict, one.new_verdict) for one in flips} == {("met", "not_met")}
    assert all(one.person and one.hours == one.new_hours for one in flips)


def test_approved_results_that_turn_are_decided_again(rig: CampaignRig) -> None:
    approved, deciding, unfiled = rig.units
    rig.approve(approved)
    rig.hand_in(deciding)
    rig.sign(deciding)
    assert "met" in verdicts(rig, approved.id)
    row = migrate(rig, harder(rig))
    assert row.state == "done", row.reason
    assert rig.steer("close", reason="早", anyway=True).code == "reassessing", "nothing is closed meanwhile"
    moved = work_off(rig, row)
    assert set(moved) == {rig.filing(approved).id, rig.filing(deciding).id}
    assert "met" not in verdicts(rig, approved.id)
    filing = rig.filing(approved)
    assert (filing.stage, filing.level) == ("deciding", rig.flow.levels[-1].id)
    assert rig.filing(unfiled).stage == "filing"
    rig.settle(approved)
    assert rig.decide(rig.verifier, approved).state == "done"
    with reading(rig.engine) as session:
        order = side_work_rows.reassessment(session, row.id)
        assert order.finished
        assert str(filing.id) in order.flips
        assert assessing.pack_of(session, rig.fresh()).to_bytes() == harder(rig)
        assert reconcile(session).difference == 0
    assert not rig.fresh().reassessing


def test_worked_off_twice_nothing_new_is_stored(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    row = migrate(rig, harder(rig))
    work_off(rig, row)
    with reading(rig.engine) as session:
        before = session.exec(select(func.count()).select_from(YearResult)).one()
    work_off(rig, row)
    with reading(rig.engine) as session:
        assert session.exec(select(func.count()).select_from(YearResult)).one() == before
        assert side_work_rows.reassessment(session, row.id).flips, "what turned the first time stays noted"


def test_a_unit_judged_while_the_pack_changed_is_judged_under_the_newer(
    rig: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pack is changed after the people were read and before the unit goes on."""
    unit = rig.units[0]
    rig.hand_in(unit)
    changed: list[str] = []

    def once(*_: object) -> None:
        if not changed:
            with ThreadPoolExecutor(1) as other:  # another officer, another process
                changed.append(other.submit(migrate, rig, harder(rig)).result().state)

    real = assessing.assess_filing
    monkeypatch.setattr(assessing, "assess_filing", lambda engine, filing, _: real(engine, filing, once))
    rig.sign(unit)
    assert changed == ["done"]
    with reading(rig.engine) as session:
        latest = results.latest_of_unit(session, ENGINE, rig.campaign.id, unit.id)
    assert {result.pack_digest for result in latest.values()} == {rig.fresh().pack_digest}
    assert rig.filing(unit).stage == "deciding"


def test_what_is_in_use_is_not_changed_for_itself_nor_twice_at_once(rig: CampaignRig) -> None:
    assert migrate(rig, rig.pack.to_bytes()).code == "same_pack"
    assert migrate(rig, harder(rig)).state == "done"
    assert migrate(rig, harder(rig, "90")).code == "reassessing"


def test_nothing_sealed_is_judged_again(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    assert migrate(rig, harder(rig)).code == "closed"


def test_open_questions_keep_their_officer_and_what_was_left_open_is_not_asked_again(
    rig: CampaignRig,
) -> None:
    unit = rig.units[0]
    report = NewRecord(900, "unpublished_report", {"recognised": True}, "调查报告")
    people = [
        replace(one, records=(*one.records, replace(report, position=900 + place)))
        for place, one in enumerate(unit.sample.people)
    ]
    assert rig.hand_in(unit, replace(unit.sample, people=tuple(people))).state == "done"
    rig.sign(unit)
    left, *others = record_tasks(rig, unit)
    assert others, "the text leaves the hours of each to whoever verifies"
    assert rig.give(rig.verifier, "leave_open", left.id, None, {"reason": "缺证明"}).state == "done"
    deputy = new_id()
    with transaction(rig.engine) as session:
        for one in others:
            task = task_rows.task(session, ENGINE, one.id)
            task.assignee = deputy
            session.add(task)
    row = migrate(rig, harder(rig))
    work_off(rig, row)
    work_off(rig, row)
    assert {(one.id, one.assignee) for one in record_tasks(rig, unit)} == {(one.id, deputy) for one in others}


def record_tasks(rig: CampaignRig, unit: RigUnit) -> list[Task]:
    with reading(rig.engine) as session:
        return task_rows.open_tasks(
            session, ENGINE, filing_id=rig.filing(unit).id, kinds=("record", "discretion")
        )
