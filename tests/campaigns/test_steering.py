"""The bureau's acts on a campaign and its units, and the bad days of a campaign: each with an outcome an officer sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from campaign_rig import ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.campaigns.acts import filing_acts
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.rows import campaign_rows, command_rows, filing_rows, task_rows
from xueshi.errors import InputError
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Employment, Unit
from xueshi.storage import reading, transaction
from xueshi_cli.campaign_view import campaign_record, unit_record
from xueshi_cli.samples import changed

REASON = "区政府通知〔2021〕5号"
DAY = timedelta(days=1)


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
        filings = filing_rows.filings(session, ENGINE, rig.campaign.id)
        counted = campaign_rows.counters(session, ENGINE, rig.campaign.id)
    stages = [filing.stage for filing in filings]
    assert counted == {stage: stages.count(stage) for stage in set(stages)}, "counters follow the filings"


def shown(rig: CampaignRig, unit: RigUnit | None = None) -> str:
    """All that `campaign show` says, as one text."""
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, "bureau")
        campaign = rig.fresh()
        if unit is None:
            record = campaign_record(session, actor, campaign)
        else:
            record = unit_record(session, actor, campaign, unit.sample.unit.credit_code)
    return "\n".join(f"{name}: {value}" for name, value in record.items())


def told(rig: CampaignRig, unit: RigUnit) -> list[str]:
    with reading(rig.engine) as session:
        query = select(OutgoingMessage.subject).where(OutgoingMessage.to_unit == unit.id)
        return list(session.exec(query).all())


def due(rig: CampaignRig, unit: RigUnit) -> set[object]:
    with reading(rig.engine) as session:
        tasks = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("unit",))
    return {task.due_at for task in tasks}


def not_met(rig: CampaignRig) -> RigUnit:
    """A unit whose first person has no record at all: the requirement is not met."""
    unit = rig.units[0]
    first = replace(unit.sample.people[0], records=())
    return replace(unit, sample=replace(unit.sample, people=(first, *unit.sample.people[1:])))


# ---------------------------------------------------------------- pause and resume


def test_while_paused_nothing_is_decided_and_no_deadline_falls_due(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    before = rig.fresh().deadline
    assert rig.steer("pause", reason=REASON).state == "done"
    row = rig.decide(unit.signers[0], unit)
    assert (row.state, row.code) == ("refused", "paused")
    assert "恢复后各项期限顺延" in row.reason
    assert rig.hand_in(unit).code == "paused"
    assert "暂停自" in shown(rig)
    rig.pass_time(before + 5 * DAY)
    assert rig.filing(unit).stage == "filing", "no deadline falls due"
    assert rig.steer("close", reason=REASON).code == "paused"
    assert rig.steer("resume").state == "done"
    moved = rig.fresh().deadline - before
    assert moved.days == (before + 5 * DAY - rig.campaign.opened_at).days
    assert due(rig, unit) == {rig.fresh().deadline}
    rig.sign(unit)
    assert rig.filing(unit).stage == "deciding"
    assert "暂停自" not in shown(rig)
    assert REASON in shown(rig)
    proved(rig)


# ---------------------------------------------------------------- dates


def test_a_deadline_extended_after_it_passed_brings_units_back_in_the_same_round(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    rig.hand_in(rig.units[1])
    rig.pass_deadline()
    assert rig.filing(rig.units[1]).stage == "not_filed"
    assert rig.decide(rig.units[1].signers[0], rig.units[1]).code == "finished"
    until = rig.fresh().deadline + 10 * DAY
    row = rig.steer("extend", to=until.isoformat(), reason=REASON)
    assert row.state == "done", row.reason
    back = rig.filing(rig.units[1])
    assert (back.stage, back.round) == ("filing", 1)
    assert due(rig, rig.units[1]) == {until}
    assert told(rig, rig.units[1])[-1] == "申报延期"
    assert rig.filing(unit).stage == "approved", "a decided unit is left alone"
    rig.sign(rig.units[1])
    assert rig.filing(rig.units[1]).stage == "deciding"
    proved(rig)


def test_one_late_unit_is_let_in_alone(rig: CampaignRig) -> None:
    rig.pass_deadline()
    unit, other = rig.units[:2]
    filing = rig.filing(unit)
    until = (rig.fresh().deadline + 10 * DAY).isoformat()
    row = rig.give("bureau", "extend_filing", filing.id, filing.version, {"until": until, "reason": REASON})
    assert row.state == "done", row.reason
    assert (rig.filing(unit).stage, rig.filing(other).stage) == ("filing", "not_filed")
    proved(rig)


def test_an_extension_moves_the_tasks_of_units_under_way(rig: CampaignRig) -> None:
    until = rig.fresh().deadline + 10 * DAY
    assert rig.steer("extend", to=until.isoformat(), reason=REASON).state == "done"
    assert due(rig, rig.units[0]) == {until}


def test_a_return_after_the_deadline_leaves_time_to_mend(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    rig.pass_deadline()
    assert rig.decide(rig.verifier, unit, "return", reason=REASON).code == "no_window"
    until = rig.fresh().deadline + 20 * DAY
    row = rig.decide(rig.verifier, unit, "return", reason=REASON, until=until.isoformat())
    assert row.state == "done", row.reason
    with transaction(rig.engine) as session:
        filing_acts.look_at_clock(session, rig.filing(unit).id)
    assert rig.filing(unit).stage == "filing"
    rig.sign(unit)
    assert rig.filing(unit).stage == "deciding"


# ---------------------------------------------------------------- closing early


def test_closing_early_needs_a_reason_and_all_filed_units_decided(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    rig.hand_in(rig.units[1])
    rig.sign(rig.units[1])
    assert rig.steer("close").code == "window_open"
    row = rig.steer("close", reason=REASON)
    assert row.code == "undecided"
    assert rig.units[1].sample.unit.name in row.reason
    assert rig.units[2].sample.unit.name not in row.reason, "who has not filed does not hinder an early end"
    rig.settle(rig.units[1])
    assert rig.decide(rig.verifier, rig.units[1]).state == "done"
    assert rig.steer("close", reason=REASON).state == "done"
    assert rig.filing(rig.units[2]).stage == "not_filed"
    proved(rig)


def test_the_bureau_may_close_over_undecided_units_which_are_told_apart(rig: CampaignRig) -> None:
    rig.hand_in(rig.units[1])
    rig.sign(rig.units[1])
    row = rig.steer("close", reason=REASON, anyway=True)
    assert row.state == "done", row.reason
    stages = [rig.filing(unit).stage for unit in rig.units]
    assert stages == ["not_filed", "not_decided", "not_filed"]
    with reading(rig.engine) as session:
        assert task_rows.open_tasks(session, ENGINE, campaign_id=rig.campaign.id) == []
        body = command_rows.effect(session, row.id).body  # type: ignore[union-attr]
    assert body["not_decided"] == [str(rig.units[1].id)]
    proved(rig)


# ---------------------------------------------------------------- make-up


def open_makeup(rig: CampaignRig) -> None:
    until = rig.fresh().deadline + 20 * DAY
    row = rig.steer("makeup", to=until.isoformat(), reason=REASON)
    assert row.state == "done", row.reason


def start_makeup(rig: CampaignRig, unit: RigUnit, officer: str | None = None) -> str:
    filing, campaign = rig.filing(unit), rig.fresh()
    until = None if campaign.makeup_until is None else campaign.makeup_until.isoformat()
    row = rig.give(officer or unit.clerk, "makeup_filing", filing.id, filing.version, {"until": until})
    return row.code if row.state != "done" else "done"


def test_who_was_not_met_makes_up_in_the_same_round(rig: CampaignRig) -> None:
    whole, unit = rig.units[0], not_met(rig)
    rig.approve(unit)
    assert start_makeup(rig, unit) == "no_makeup"
    open_makeup(rig)
    assert told(rig, unit)[-1] == "补训开放"
    rig.pass_deadline()
    assert start_makeup(rig, unit) == "done"
    assert unit.sample.unit.name in shown(rig).split("补训中: ")[1].splitlines()[0]
    assert "（补训）" in shown(rig, unit)
    assert rig.hand_in(whole).state == "done"
    rig.sign(whole)
    rig.settle(whole)
    assert rig.decide(rig.verifier, whole).state == "done"
    filing = rig.filing(whole)
    assert (filing.stage, filing.round) == ("approved", 1)
    proved(rig)


def test_a_make_up_of_which_nothing_came_ends_as_it_was(rig: CampaignRig) -> None:
    unit = not_met(rig)
    rig.approve(unit)
    open_makeup(rig)
    assert start_makeup(rig, unit, "bureau") == "done"
    rig.pass_time(rig.fresh().makeup_until + DAY)  # type: ignore[operator]
    assert rig.filing(unit).stage == "approved"
    assert told(rig, unit)[-1] == "补训期满，原审验结果不变"
    proved(rig)


def test_a_register_changed_for_make_up_and_not_signed_waits_for_somebodys_word(rig: CampaignRig) -> None:
    unit = not_met(rig)
    rig.approve(unit)
    open_makeup(rig)
    start_makeup(rig, unit)
    rig.hand_in(rig.units[0])
    rig.pass_time(rig.fresh().makeup_until + DAY)  # type: ignore[operator]
    assert rig.filing(unit).stage == "filing"
    with transaction(rig.engine) as session:
        assert filing_acts.look_at_clock(session, rig.filing(unit).id).still, "no timer runs on"
    assert rig.steer("close").code == "undecided"
    assert rig.steer("close", reason=REASON, anyway=True).state == "done"
    assert rig.filing(unit).stage == "not_decided"


def test_nobody_makes_up_where_everybody_is_done(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    with transaction(rig.engine) as session:
        from xueshi.results.tables import YearResult

        rig.sign(unit)
        for result in session.exec(select(YearResult)).all():
            result.verdict = "met"
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).state == "done"
    open_makeup(rig)
    assert start_makeup(rig, unit) == "nobody_to_make_up"


# ---------------------------------------------------------------- units that change


def test_a_dissolved_unit_is_out_of_the_figures_and_named(rig: CampaignRig) -> None:
    unit = rig.units[1]
    rig.hand_in(unit)
    filing = rig.filing(unit)
    assert rig.give("bureau", "dissolve", filing.id, filing.version, {"reason": ""}).code == "no_reason"
    row = rig.give("bureau", "dissolve", filing.id, filing.version, {"reason": REASON})
    assert row.state == "done", row.reason
    assert rig.filing(unit).stage == "dissolved"
    assert "已撤并: 1" in shown(rig)
    assert REASON in shown(rig)
    with reading(rig.engine) as session:
        from xueshi.campaigns.figures.papers import papers_of

        paper = next(one for one in papers_of(session, rig.campaign).values() if one.data == "year_table")
        table = year_table_of(session, rig.campaign, paper)
    assert "1家单位已撤并，其人员不在本表之内。" in table.notes
    assert table.totals["people"] == 0, "nobody else has filed, and its people are not counted"
    assert rig.decide(unit.signers[0], unit).code == "finished"
    proved(rig)


def test_a_dissolution_by_mistake_is_taken_back(rig: CampaignRig) -> None:
    unit = rig.units[1]
    filing = rig.filing(unit)
    rig.give("bureau", "dissolve", filing.id, filing.version, {"reason": REASON})
    filing = rig.filing(unit)
    until = (rig.fresh().deadline + DAY).isoformat()
    row = rig.give("bureau", "extend_filing", filing.id, filing.version, {"until": until, "reason": "误办"})
    assert row.state == "done", row.reason
    assert (rig.filing(unit).stage, rig.filing(unit).note) == ("filing", "")
    rig.approve(unit)
    proved(rig)


def test_a_unit_that_moves_files_where_it_began_and_registers_where_it_is(rig: CampaignRig) -> None:
    unit, elsewhere = rig.units[0], "999999"
    filing = rig.filing(unit)
    row = rig.give("bureau", "move_unit", filing.id, None, {"area": elsewhere, "reason": REASON})
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        assert unit_rows.unit(session, ENGINE, unit.id).area == elsewhere
        clerk = rig.place.actor(session, unit.clerk)
        assert unit_rows.unit(session, clerk.scope, unit.id).area == elsewhere, "its clerk still sees it"
    assert f"现属 {elsewhere}" in shown(rig, unit)
    rig.approve(unit)
    filing = rig.filing(unit)
    assert (filing.stage, filing.area) == ("approved", rig.notice.area)
    again = rig.give("bureau", "move_unit", filing.id, None, {"area": elsewhere, "reason": REASON})
    assert again.code == "same_area"
    proved(rig)


def test_a_unit_that_stands_twice_is_refused_by_code_and_shown_by_name(rig: CampaignRig) -> None:
    first, second = rig.units[:2]
    with transaction(rig.engine) as session, pytest.raises(InputError, match="已有单位在册"):
        unit_rows.add_units(session, ENGINE, [first.sample.unit])
    assert "疑似重复单位" not in shown(rig)
    with transaction(rig.engine) as session:
        twin = session.get(Unit, second.id)
        assert twin is not None
        twin.name = first.sample.unit.name
        session.add(twin)
    assert f"{first.sample.unit.credit_code} 与 {second.sample.unit.credit_code}" in shown(rig)
    filing = rig.filing(second)
    rig.give("bureau", "dissolve", filing.id, filing.version, {"reason": "重复登记，并入前者"})
    assert "疑似重复单位" not in shown(rig), "merged"


def test_who_changes_unit_in_the_year_is_judged_where_employed_at_its_end(rig: CampaignRig) -> None:
    """Both units are shown who came and who left."""
    old, new = rig.units[:2]
    _, last = rig.pack.year_window(rig.notice.year)
    rig.hand_in(old)
    rig.hand_in(new)
    with transaction(rig.engine) as session:
        left = session.exec(select(Employment).where(Employment.unit_id == old.id)).first()
        assert left is not None
        left.until = last - 40 * DAY
        session.add(left)
        session.add(
            Employment(
                person_id=left.person_id,
                unit_id=new.id,
                area=rig.notice.area,
                order_in_unit=99,
                since=last - 39 * DAY,
            )
        )
    rig.sign(old)
    rig.sign(new)
    assert rig.filing(old).people == len(old.sample.people) - 1
    assert rig.filing(new).people == len(new.sample.people) + 1
    assert f"调往 {new.sample.unit.name}，由其核算" in shown(rig, old)
    assert f"由 {old.sample.unit.name} 调入，由本单位核算" in shown(rig, new)


def test_a_rule_that_stops_one_person_does_not_stop_the_unit(rig: CampaignRig) -> None:
    unit = rig.units[0]
    person = unit.sample.people[0]
    record = replace(person.records[0], facts={"nonsense": 1})
    sample = replace(unit.sample, people=(replace(person, records=(record,)), *unit.sample.people[1:]))
    rig.hand_in(unit, sample)
    rig.sign(unit)
    rig.settle(unit)
    assert rig.decide(rig.verifier, unit).code == "record_tasks_open", "somebody must have looked at it"
    with reading(rig.engine) as session:
        (task,) = task_rows.open_tasks(session, ENGINE, filing_id=rig.filing(unit).id, kinds=("attention",))
    assert task.body["trouble"].startswith("第1条记录：没有名为“nonsense”的事实")
    assert rig.give(rig.verifier, "leave_open", task.id, None, {"reason": "待规则修正"}).state == "done"
    assert rig.decide(rig.verifier, unit).state == "done"
    proved(rig)


def test_a_changed_unit_needs_no_second_look_by_others(rig: CampaignRig) -> None:
    """A register handed in again after approval is not possible without a return: the approved input is remembered."""
    unit = rig.units[0]
    rig.approve(unit)
    assert rig.filing(unit).approved_input == rig.filing(unit).input_version
    assert rig.hand_in(unit, changed(unit.sample)).code == "not_at_unit"
