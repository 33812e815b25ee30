"""L1: each activity on both databases: done twice, stopped at any heartbeat and tried again, it gives the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlalchemy import func
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.dump import canonical_dump
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import assessing
from xueshi.campaigns.rows import task_rows
from xueshi.documents import repository as issued_papers
from xueshi.machines.stored_state import load_filing_command
from xueshi.results.tables import LedgerRow, YearResult
from xueshi.storage import reading, transaction
from xueshi_workflows.activities import CampaignActivities
from xueshi_workflows.messages import Page


class Stopped(BaseException):
    """What a kill at a heartbeat looks like from inside."""


class NobodySends:
    async def start_filing(self, campaign: Any, filing: Any) -> None:
        """Start nothing."""


def activities(rig: CampaignRig, papers: Path) -> CampaignActivities:
    return CampaignActivities(rig.engine, papers, NobodySends())  # type: ignore[arg-type]


def environment(stop_at: int = 0) -> ActivityEnvironment:
    """An environment whose heartbeat number `stop_at` ends the activity as a kill would; 0 never."""
    made = ActivityEnvironment()
    beats = 0

    def beat(*_: Any) -> None:
        nonlocal beats
        beats += 1
        if beats == stop_at:
            raise Stopped

    made.on_heartbeat = beat
    return made


def until_done(call: Callable[[ActivityEnvironment], Any]) -> tuple[Any, int]:
    """Stop an activity at its first heartbeat, then at its second, … until it comes through; how often it was stopped."""
    stops = 0
    while True:
        try:
            return call(environment(stops + 1)), stops
        except Stopped:
            stops += 1


def waiting_for_assessment(rig: CampaignRig, unit: RigUnit) -> str:
    """Hand in and sign, without the port's own assessment; returns the filing's id."""
    rig.hand_in(unit)
    filing = rig.filing(unit)
    for signer in unit.signers:
        with transaction(rig.engine) as session:
            actor = rig.place.actor(session, signer)
            wanted = CommandRequest(
                f"{signer}", "approve", filing.id, filing.version, {"level": filing.level}
            )
            row = commands.submit(session, actor, wanted)
            command = load_filing_command(commands._payload(row))
        environment().run(activities(rig, Path()).apply_decision, str(filing.id), command)
    assert rig.filing(unit).stage == "assessing"
    return str(filing.id)


def count(rig: CampaignRig, table: Any) -> int:
    with reading(rig.engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_a_decision_applied_twice_has_one_effect(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    filing = rig.filing(unit)
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, unit.signers[0])
        wanted = CommandRequest("once", "approve", filing.id, filing.version, {"level": filing.level})
        row = commands.submit(session, actor, wanted)
        command = load_filing_command(commands._payload(row))
    apply = activities(rig, Path()).apply_decision
    first = environment().run(apply, str(filing.id), command)
    again = environment().run(apply, str(filing.id), command)
    assert first == again
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_an_assessment_stopped_anywhere_gives_the_same_results(
    rig: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessing, "CHUNK", 2)
    filing = waiting_for_assessment(rig, rig.units[0])
    assess = activities(rig, Path()).assess_unit
    state, stops = until_done(lambda env: env.run(assess, filing))
    assert stops > 1
    assert state.stage == "deciding"
    people = len(rig.units[0].sample.people)
    assert count(rig, YearResult) == people
    lines = count(rig, LedgerRow)
    assert environment().run(assess, filing) == state
    assert (count(rig, YearResult), count(rig, LedgerRow)) == (people, lines)


def test_every_person_a_rule_stops_gets_an_attention_task(
    rig: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact no rule can read (a newer pack, a hand-made row) must not lose the person nor stop the unit."""
    unit = rig.units[0]
    person = unit.sample.people[0]
    record = replace(person.records[0], facts={"nonsense": 1})
    rig.units[0] = replace(
        unit,
        sample=replace(unit.sample, people=(replace(person, records=(record,)), *unit.sample.people[1:])),
    )
    filing = waiting_for_assessment(rig, rig.units[0])
    environment().run(activities(rig, Path()).assess_unit, filing)
    with reading(rig.engine) as session:
        verdicts = set(
            session.exec(select(YearResult.verdict).where(col(YearResult.verdict) == "not_judged"))
        )
        tasks = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("attention",))
    assert verdicts == {"not_judged"}
    assert tasks[0].body["trouble"].startswith("第1条记录：没有名为“nonsense”的事实")


@pytest.mark.fonts
def test_sealing_and_printing_stopped_anywhere_give_the_same_campaign(
    rig: CampaignRig, tmp_path: Path
) -> None:
    for unit in rig.units[:-1]:
        rig.approve(unit)
    rig.close()
    acts = activities(rig, tmp_path / "papers")
    page = Page(str(rig.campaign.id), 0, 50)
    _, stops = until_done(lambda env: env.run(acts.seal_results, page))
    assert stops
    _, stops = until_done(lambda env: env.run(acts.render_forms, page))
    assert stops > 3
    environment().run(acts.aggregate_statistics, str(rig.campaign.id))
    with reading(rig.engine) as session:
        first = canonical_dump(session, rig.campaign.id)
    for again in (acts.seal_results, acts.render_forms):
        environment().run(again, page)
    environment().run(acts.aggregate_statistics, str(rig.campaign.id))
    with reading(rig.engine) as session:
        assert canonical_dump(session, rig.campaign.id) == first
        papers = issued_papers.issued(session, rig.campaign.id)
    people = sum(len(unit.sample.people) for unit in rig.units[:-1])
    assert len([paper for paper in papers if paper.unit_id]) == people + len(rig.units) - 1
    assert rig.fresh().stage == "finished"
    on_disk = {
        path.relative_to(tmp_path / "papers" / str(rig.campaign.id)) for path in tmp_path.rglob("*.pdf")
    }
    assert on_disk == {Path(paper.file) for paper in papers if paper.unit_id}


@pytest.mark.fonts
def test_cards_of_a_register_handed_in_again_show_the_new_rows(rig: CampaignRig, tmp_path: Path) -> None:
    """Same facts, new wording: the results are equal, yet the card must show what stands in the register now."""
    import pypdfium2

    from xueshi_cli.samples import changed

    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    assert rig.decide(rig.verifier, unit, "return", reason="请补证明").state == "done"
    rig.approve(replace(unit, sample=changed(unit.sample)))
    rig.close()
    acts = activities(rig, tmp_path / "papers")
    page = Page(str(rig.campaign.id), 0, 50)
    environment().run(acts.seal_results, page)
    environment().run(acts.render_forms, page)
    card = next(path for path in tmp_path.rglob("*.pdf") if "card" in path.name)
    with pypdfium2.PdfDocument(card) as pdf:
        text = "".join(one.get_textpage().get_text_range() for one in pdf)
    text = text.replace("\r", "").replace("\n", "")
    assert "已补证明" in text
    for person in unit.sample.people:
        for record in person.records:
            if record.certificate and record.result == "合格":
                assert record.certificate in text
