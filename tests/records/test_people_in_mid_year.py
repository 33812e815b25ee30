"""A person's change of unit or level in the year, and records while a campaign of the year runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from records_rig import AREA, ENGINE, YEAR, RecordsRig, identity, workbook_record
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.judging.assessing import earlier_of, people_as_sealed
from xueshi.campaigns.judging.explaining import explain_result
from xueshi.campaigns.rows import command_rows, task_rows
from xueshi.campaigns.tables import Command
from xueshi.flows.flow import Leaving, Signer
from xueshi.register.rows import people_rows, roster_rows
from xueshi.register.rows.roster_rows import NewPerson, RosterOwner
from xueshi.register.tables import Employment, ImportBatch
from xueshi.storage import new_id, reading, transaction

DAY = "2024-03-01"


def transfer(rig: RecordsRig, person: int, **payload: object) -> tuple[Command, dict[str, Any]]:
    return rig.give(
        "unit_clerk.a",
        "transfer_person",
        rig.people[person],
        **{"from": str(rig.a), "to": str(rig.b), "day": DAY, **payload},
    )


def test_records_follow_the_person_to_the_unit_where_he_works_at_the_end_of_the_year(rig: RecordsRig) -> None:
    record = rig.verified(1)
    row, _ = transfer(rig, 1, post="工程师")
    assert row.state == "done", row.reason
    assert rig.people[1] not in rig.judged(rig.a)
    assert [one.id for one in rig.judged(rig.b)[rig.people[1]].records] == [record]
    with reading(rig.engine) as session:
        dated = session.exec(
            select(Employment.unit_id, Employment.since, Employment.until).where(
                Employment.person_id == rig.people[1]
            )
        ).all()
    assert sorted(dated, key=lambda one: one[1]) == [
        (rig.a, date(2020, 1, 1), date(2024, 2, 29)),
        (rig.b, date(2024, 3, 1), None),
    ]
    rig.proved()


def with_leaving(rig: RecordsRig, *levels: str) -> None:
    """From now on records are filed under a flow that has levels settle them before a person leaves."""
    rig.law = replace(rig.law, flow=replace(rig.law.flow, leaving=Leaving(levels, "五(三)")))


def test_the_old_unit_decides_all_records_before_the_person_leaves(rig: RecordsRig) -> None:
    with_leaving(rig, "unit")
    record = rig.file(1)
    row, _ = transfer(rig, 1)
    assert (row.state, row.code) == ("refused", "records_open")
    assert "五(三)" in row.reason, "the clause that says so"
    assert "五(二)" not in row.reason, "not the level's own"
    rig.decide("unit_personnel.a", record, "return_record", reason="缺证明")
    assert transfer(rig, 1)[0].code == "records_open", "a returned one is completed or withdrawn first"
    assert rig.decide("unit_clerk.a", record, "withdraw_record", for_person=True).state == "done"
    assert transfer(rig, 1)[0].state == "done"


def test_where_the_text_says_nothing_what_waits_at_the_unit_goes_along(rig: RecordsRig) -> None:
    record, returned = rig.file(1), rig.file(1, record=rig.body(content="消防培训"))
    rig.decide("unit_personnel.a", returned, "return_record", reason="缺证明")
    row, _ = transfer(rig, 1)
    assert row.state == "done", row.reason
    assert {rig.record(one).unit_id for one in (record, returned)} == {rig.b}
    with reading(rig.engine) as session:
        said = command_rows.effect(session, row.id)
        assert said is not None
        assert sorted(said.body["records"]) == sorted([str(record), str(returned)])
        theirs = rig.place.actor(session, "unit_personnel.b").scope
        waiting = {task.record_id for task in task_rows.open_tasks(session, theirs)}
        assert record in waiting
        former = rig.place.actor(session, "unit_personnel.a").scope
        assert task_rows.open_tasks(session, former) == [], "the old unit has nothing to do with it any more"
    assert rig.decide("unit_personnel.b", record).state == "done"
    assert rig.decide("unit_clerk.b", returned, "withdraw_record", for_person=True).state == "done"
    assert [one.id for one in rig.judged(rig.b)[rig.people[1]].records] == [record]
    rig.proved()


def test_a_level_that_need_not_settle_it_lets_a_record_go_along(rig: RecordsRig) -> None:
    with_leaving(rig, "department")
    record = rig.file(1)
    assert transfer(rig, 1)[0].state == "done"
    assert rig.record(record).unit_id == rig.b


def test_nothing_goes_along_where_the_transfer_is_refused(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert transfer(rig, 1, day="2020-01-01")[0].code == "before_entry"
    assert rig.record(record).unit_id == rig.a


def test_a_record_that_waits_for_the_department_keeps_nobody(rig: RecordsRig) -> None:
    record = rig.file(1, channel="checked", for_person=False)
    rig.decide("unit_personnel.a", record)
    assert transfer(rig, 1)[0].state == "done"
    assert rig.decide("department", record).state == "done"
    assert [one.id for one in rig.judged(rig.b)[rig.people[1]].records] == [record]


def of_two_departments(rig: RecordsRig) -> None:
    """From now on both departments of a unit sign a record."""
    unit, department = rig.law.flow.levels
    both = replace(unit, mode="all", signers=(*unit.signers, Signer("unit_ce", "继续教育部门")))
    rig.law = replace(rig.law, flow=replace(rig.law.flow, levels=(both, department)))
    with transaction(rig.engine) as session:
        accounts = [
            NewAccount(f"unit_ce.{name}", "继续教育", "unit_ce", AREA, None, unit_id)
            for name, unit_id in (("a", rig.a), ("b", rig.b))
        ]
        access.add_accounts(session, ENGINE, accounts)


def test_what_one_department_of_the_old_unit_signed_both_of_the_new_one_sign(rig: RecordsRig) -> None:
    of_two_departments(rig)
    begun, waiting = rig.file(1), rig.file(1, record=rig.body(content="消防培训"))
    assert rig.decide("unit_personnel.a", begun).code == "signed"
    seen = rig.record(begun).version
    row, body = transfer(rig, 1)
    assert row.state == "done", row.reason
    assert sorted(body["records"]) == sorted([str(begun), str(waiting)])
    assert body["begun_anew"] == [str(begun)]
    assert rig.record(begun).state["signatures"] == []
    assert rig.decide("unit_ce.b", begun, version=seen).code == "stale"
    for role in ("unit_personnel", "unit_ce"):
        assert {task.record_id for task in rig.tasks(f"{role}.b")} == {begun, waiting}
        assert rig.tasks(f"{role}.a") == []
    assert rig.decide("unit_ce.b", begun).code == "signed", "one of the new unit does not complete it"
    assert rig.record(begun).stage == "deciding"
    assert rig.decide("unit_personnel.b", begun).code == "verified"
    rig.proved()


def test_a_level_that_was_through_stays_and_the_answer_says_how_many(rig: RecordsRig) -> None:
    record = rig.file(1, channel="checked", for_person=False)
    assert rig.decide("unit_personnel.a", record).code == "advanced"
    row, body = transfer(rig, 1)
    assert row.state == "done", row.reason
    assert body["stay"] == 1
    assert "records" not in body
    held = rig.record(record)
    assert (held.unit_id, held.level) == (rig.a, "department")
    assert [hand["level"] for hand in held.state["hands"]] == ["unit"], "the old unit's word stands"
    assert rig.decide("department", record).code == "verified"
    assert [one.id for one in rig.judged(rig.b)[rig.people[1]].records] == [record]
    rig.proved()


def test_a_transfer_to_nowhere_or_before_entry_is_refused(rig: RecordsRig) -> None:
    assert transfer(rig, 1, to=str(rig.a))[0].code == "same_unit"
    assert transfer(rig, 1, day="2020-01-01")[0].code == "before_entry"
    row, _ = rig.give(
        "unit_clerk.a", "transfer_person", rig.people[1], **{"from": str(rig.b), "to": str(rig.a), "day": DAY}
    )
    assert row.state == "refused"
    rig.proved()


def enter_workbook(rig: RecordsRig, unit: UUID, person: int, content: str) -> None:
    """Enter a unit's workbook of the year with one record, as an import does."""
    with transaction(rig.engine) as session:
        batch = ImportBatch(
            unit_id=unit, area="320100", year=YEAR, file_name="w.xlsx", file_digest=str(new_id()), state="promoted",
            maker="account:x", handed_in_at=start_of(date(2024, 1, 5)),
        )  # fmt: skip
        session.add(batch)
        session.flush()
        people = [
            NewPerson(
                identity(person),
                f"人{person}",
                "男",
                1,
                date(2020, 1, 1),
                records=(workbook_record(content=content),),
            )
        ]
        owner = RosterOwner(unit, "320100", YEAR, batch.id, "account:x")
        roster_rows.enter_roster(session, rig.place.keys, owner, people)


def test_what_a_former_units_workbook_says_counts_once_the_person_has_left_it(rig: RecordsRig) -> None:
    enter_workbook(rig, rig.a, 1, "甲的培训")
    assert transfer(rig, 1)[0].state == "done"
    assert [one.content for one in rig.judged(rig.b)[rig.people[1]].records] == ["甲的培训"]


def test_while_he_works_at_both_each_unit_judges_its_own_list(rig: RecordsRig) -> None:
    enter_workbook(rig, rig.a, 1, "甲的培训")
    enter_workbook(rig, rig.b, 1, "乙的培训")
    assert [one.content for one in rig.judged(rig.a)[rig.people[1]].records] == ["甲的培训"]
    assert [one.content for one in rig.judged(rig.b)[rig.people[1]].records] == ["乙的培训"]


def test_a_new_title_holds_from_its_day_on(rig: RecordsRig) -> None:
    row, _ = rig.give(
        "unit_clerk.a", "set_level", rig.people[1], title="高级工程师", level="senior", since="2024-06-01"
    )
    assert row.state == "done", row.reason
    assert rig.judged(rig.a, as_of=date(2024, 5, 31))[rig.people[1]].level == "intermediate"
    assert rig.judged(rig.a)[rig.people[1]].level == "senior"
    with reading(rig.engine) as session:
        at_start = people_rows.people_for_assessment(
            session, ENGINE, rig.a, YEAR, as_of=date(2024, 12, 31), titles_as_of=date(2024, 1, 1)
        )
    assert at_start[0].level == "intermediate", "an instrument may read the level at the year's start"
    again, _ = rig.give(
        "unit_clerk.a", "set_level", rig.people[1], title="高级工程师", level="senior", since="2024-06-01"
    )
    assert again.code == "unchanged"
    assert rig.give("unit_clerk.a", "set_level", rig.people[1], title="x", level="top", since="2024-06-01")[0].code == "no_level"  # fmt: skip


# ---------------------------------------------------------------- while a campaign runs


def submitted(rig: RecordsRig, unit: UUID) -> None:
    row = rig.act_on_filing("second.a" if unit == rig.a else "unit_personnel.b", unit)
    assert row.state == "done", row.reason


def test_a_unit_whose_people_filed_all_year_signs_its_year_without_a_workbook(rig: RecordsRig) -> None:
    rig.verified(1)
    rig.open_campaign()
    submitted(rig, rig.a)
    assert rig.filing(rig.a).stage == "deciding"
    assert rig.act_on_filing("unit_personnel.b", rig.b).code == "nothing_handed_in"
    rig.proved()


def test_a_year_that_was_handed_over_is_not_changed_until_it_is_returned(rig: RecordsRig) -> None:
    old = rig.verified(1)
    rig.open_campaign()
    submitted(rig, rig.a)
    for row in (
        rig.try_file(1)[0],
        rig.correct("unit_clerk.a", old)[0],
        transfer(rig, 1)[0],
        rig.give("unit_clerk.a", "set_level", rig.people[1], title="x", level="senior", since=DAY)[0],
    ):
        assert (row.state, row.code) == ("refused", "year_handed_over")
        assert "退回" in row.reason
    assert rig.act_on_filing("department", rig.a, "return", reason="补正").state == "done"
    assert rig.try_file(1)[0].state == "done"
    rig.proved()


def test_a_change_dated_after_the_year_disturbs_nobody(rig: RecordsRig) -> None:
    rig.verified(1)
    rig.open_campaign()
    submitted(rig, rig.a)
    row, _ = rig.give("bureau", "advance_folder", FOLDER, to="2025-01-02T00:00:00+08:00")
    assert row.state == "done", row.reason
    assert transfer(rig, 1, day="2025-01-01")[0].state == "done"
    assert rig.people[1] in rig.judged(rig.a)


def test_no_adverse_verdict_rests_on_what_nobody_has_decided(rig: RecordsRig) -> None:
    rig.verified(1, record=rig.body(claimed=1600))
    exams = rig.body(kind="exam", facts={"passed": True, "subjects": 3}, content="一级建造师", claimed=9000)
    pending = rig.file(1, record=exams)
    rig.file(2, record=rig.body())
    rig.open_campaign()
    submitted(rig, rig.a)
    results = rig.results(rig.a)
    assert results[rig.people[1]].verdict == "needs_fact", "with the exam he could meet the year"
    assert results[rig.people[1]].totals["total"] == 1600, "and its hours are nobody's yet"
    assert "records_not_verified" in results[rig.people[1]].warnings
    assert results[rig.people[2]].verdict == "not_met", "sixteen hours more or less change nothing for him"
    with reading(rig.engine) as session:
        told = explain_result(session, ENGINE, results[rig.people[1]]).explanation
    assert told.verdict == "needs_fact", "explained as it was judged"
    assert "另有1条学时记录尚未认定，没有计入" in told.warnings
    row = rig.act_on_filing("department", rig.a)
    assert (row.state, row.code) == ("refused", "record_tasks_open")
    assert rig.act_on_filing("department", rig.a, "return", reason="请先认定").state == "done"
    assert rig.decide("unit_personnel.a", pending).state == "done"
    submitted(rig, rig.a)
    assert rig.results(rig.a)[rig.people[1]].verdict == "met"
    rig.proved()


def test_after_the_seal_a_correction_is_a_new_entry_that_changes_no_paper(rig: RecordsRig) -> None:
    old = rig.verified(1, record=rig.body(claimed=1600))
    campaign = rig.open_campaign()
    submitted(rig, rig.a)
    assert rig.act_on_filing("department", rig.a).state == "done"
    rig.close_and_seal()
    row, said = rig.correct("unit_clerk.a", old, claimed=800)
    assert row.state == "done", row.reason
    assert rig.decide("unit_personnel.a", UUID(str(said["record"]))).state == "done"
    assert rig.record(old).stage == "replaced"
    with reading(rig.engine) as session:
        pack = rig.law.pack
        sealed = people_as_sealed(session, campaign, rig.filing(rig.a), pack)
    assert [one.id for one in sealed[0].records] == [old], "the card is printed again with what was judged"
    rig.proved()


def test_a_work_that_had_its_hours_in_a_sealed_year_gets_none_again(rig: RecordsRig) -> None:
    paper = {
        "kind": "paper",
        "facts": {"cn": True, "own_field": True, "role": "sole", "work": "w-1"},
        "content": "论文",
        "claimed": 3000,
    }
    rig.verified(1, record=rig.body(**paper))
    rig.open_campaign()
    submitted(rig, rig.a)
    assert rig.act_on_filing("department", rig.a).state == "done"
    rig.close_and_seal()
    assert rig.results(rig.a)[rig.people[1]].totals["total"] == 3000

    row, _ = rig.give("bureau", "advance_folder", FOLDER, to="2025-03-01T00:00:00+08:00")
    assert row.state == "done", row.reason
    rig.law = replace(rig.law, year=YEAR + 1)
    days = {"start": date(2025, 2, 1), "end": date(2025, 2, 2)}
    rig.verified(1, record=rig.body(**paper, **days))
    with reading(rig.engine) as session:
        people = people_rows.people_for_assessment(session, ENGINE, rig.a, YEAR + 1, as_of=date(2025, 12, 31))
        earlier = earlier_of(session, YEAR + 1, people)
    assert [one.entry.record for one in earlier[rig.people[1]]] == ["2024/r0001"]
    rig.open_campaign(YEAR + 1)
    submitted(rig, rig.a)
    result = rig.results(rig.a)[rig.people[1]]
    assert result.totals["total"] == 0
    assert result.request["earlier"], "what was judged can be judged again"
    rig.proved()


def undo(rig: RecordsRig, person: int = 1, reason: str = "单位写错") -> Command:
    return rig.give(
        "unit_clerk.a", "undo_transfer", rig.people[person], **{"from": str(rig.a), "reason": reason}
    )[0]


def test_a_transfer_on_a_day_that_has_not_come_is_refused(rig: RecordsRig) -> None:
    """Undecided records would go along at once, and what is filed until then would stay behind."""
    record = rig.file(1)
    row, _ = transfer(rig, 1, day="2024-03-02")
    assert (row.state, row.code) == ("refused", "day_not_come")
    assert rig.record(record).unit_id == rig.a


def test_a_wrong_transfer_is_taken_back_with_all_that_waits(rig: RecordsRig) -> None:
    record = rig.file(1)
    assert transfer(rig, 1)[0].state == "done"
    later = rig.file(1, "unit_clerk.b", record=rig.body(content="消防培训"))
    settled = rig.verified(1, "unit_clerk.b", record=rig.body(content="保密培训"))
    assert undo(rig, reason=" ").code == "no_reason"
    row = undo(rig)
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        times = session.exec(select(Employment).where(Employment.person_id == rig.people[1])).all()
        assert [(one.unit_id, one.since, one.until) for one in times] == [(rig.a, date(2020, 1, 1), None)]
    assert {rig.record(one).unit_id for one in (record, later)} == {rig.a}
    assert rig.record(settled).stage == "verified"
    assert rig.decide("unit_personnel.a", record).state == "done"
    assert {one.id for one in rig.judged(rig.a)[rig.people[1]].records} == {record, settled}
    assert undo(rig).code == "not_transferred", "once only"
    assert transfer(rig, 1, day="2024-02-20")[0].state == "done", "and then by the right day"
    rig.proved()


def test_a_transfer_that_something_else_rests_on_is_not_taken_back(rig: RecordsRig) -> None:
    assert undo(rig).code == "not_transferred"
    assert transfer(rig, 1)[0].state == "done"
    enter_workbook(rig, rig.b, 1, "网络安全")
    assert undo(rig).code == "listed_there"
    assert transfer(rig, 2)[0].state == "done"
    assert (
        rig.give(
            "unit_clerk.b", "leave_person", rig.people[2], unit=str(rig.b), day="2024-03-01", reason="退休"
        )[0].state
        == "done"
    )
    assert undo(rig, 2).code == "moved_on"
    rig.proved()
