"""An organiser's roster and the import from another system: one file, each person's record once."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from records_rig import AREA, FLOW, YEAR, RecordsRig, identity
from roster_file import ALL, report, roster_file
from sqlmodel import select

from xueshi.access.repository import Actor
from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.tables import Command
from xueshi.records.incoming import CheckedIncoming, read_incoming
from xueshi.records.roster import ATTENDEES, CLASS, read_roster
from xueshi.records.tables import StudyClass
from xueshi.register.tables import StudyRecord
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.recording import LawInForce, give, import_payload, roster_payload


@pytest.fixture
def vocabulary(rig: RecordsRig) -> IntakeVocabulary:
    return IntakeVocabulary.from_pack(rig.law.pack, YEAR)


def test_one_file_gives_hours_to_every_attendee_of_every_unit(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    row, said, checked = report(rig, vocabulary, roster_file(rig, vocabulary, ALL))
    assert (row.state, checked.problems) == ("done", []), row.reason
    assert (said["entered"], said["late"]) == (3, False)
    for unit, person in ((rig.a, 1), (rig.a, 2), (rig.b, 3)):
        counted = rig.judged(unit)[rig.people[person]].records
        assert [(one.content, one.facts["declared_hours"]) for one in counted] == [("数字经济", 30)]
    rig.proved()


def test_the_same_roster_again_changes_nothing_and_a_longer_one_adds_the_rest(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    report(rig, vocabulary, roster_file(rig, vocabulary, ALL[:2]))
    row, said, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL[:2], "again.xlsx"))
    assert (row.state, said["outcome"], said["entered"], said["there"]) == ("done", "unchanged", 0, 2)
    row, said, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL, "more.xlsx"))
    assert (said["outcome"], said["entered"], said["there"]) == ("reported", 1, 2)
    with reading(rig.engine) as session:
        assert len(session.exec(select(StudyClass)).all()) == 1
        assert len(session.exec(select(StudyRecord)).all()) == 3
    rig.proved()


def test_a_class_number_cannot_serve_two_classes(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    report(rig, vocabulary, roster_file(rig, vocabulary, ALL))
    row, _, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL, "x.xlsx", 载明学时数="60"))
    assert (row.state, row.code) == ("refused", "class_known")
    rig.proved()


def test_unknown_people_are_told_by_row_and_nothing_is_written_unless_asked(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    people = [*ALL, (identity(99), "谁"), (identity(4), "别名")]
    checked = report(rig, vocabulary, roster_file(rig, vocabulary, people), valid_only=True)
    row, said, roster = checked
    assert [(problem.cell, problem.cause) for problem in roster.problems] == [
        ("A5", "身份证号：此人不在册"),
        ("B6", "姓名：姓名与在册的不一致"),
    ]
    assert (row.state, said["entered"], said["left_out"]) == ("done", 3, 2), "what was left out is audited"
    rig.proved()


def test_a_roster_with_wrong_cells_names_each(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    people = [(identity(1), ""), (identity(1), ""), ("32010119800101", "")]
    checked = read_roster(roster_file(rig, vocabulary, people, 类别="没有的类别"), vocabulary)
    assert not checked.class_is_right
    assert {(problem.sheet, problem.cell) for problem in checked.problems} == {
        (CLASS, "B2"),
        (ATTENDEES, "A3"),
        (ATTENDEES, "A4"),
    }


def test_a_late_report_is_marked_and_takes_nothing_from_the_people(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    path = roster_file(rig, vocabulary, ALL, 开始日期="2024-01-15", 结束日期="2024-01-19")
    row, said, _ = report(rig, vocabulary, path)
    assert (row.state, said["late"], said["entered"]) == ("done", True, 3)


def test_only_who_the_channel_names_reports_a_class(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    row, _, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL), officer="unit_personnel.b")
    assert (row.state, row.code) == ("refused", "rows_refused")
    assert "承办单位登记" in row.reason
    with reading(rig.engine) as session:
        assert session.exec(select(StudyRecord)).all() == [], "all or nothing"


def test_the_organiser_corrects_what_he_reported_of_another_units_person(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    report(rig, vocabulary, roster_file(rig, vocabulary, ALL))
    old = rig.judged(rig.a)[rig.people[1]].records[0].id
    row, said = rig.give(
        "organiser",
        "correct_record",
        old,
        record=rig.body(kind="public_course", facts={"declared_hours": 20}, claimed=2000),
        reason="学时多报",
    )
    assert row.state == "done", row.reason
    counted = rig.judged(rig.a)[rig.people[1]].records
    assert [(str(one.id), one.claimed) for one in counted] == [(said["record"], 2000)]
    row, said, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL, "again.xlsx"))
    assert said["outcome"] == "unchanged", "a corrected attendee is not entered a second time"


def test_a_returned_attendee_comes_back_to_the_organisers_desk(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    checked = read_roster(roster_file(rig, vocabulary, ALL), vocabulary)

    def made(session: Any, actor: Actor) -> CommandRequest:
        payload = roster_payload(rig.place, session, actor, checked, valid_only=False)
        wanted = {**rig.law.stored(session), "channel": "seminar", **payload}
        return CommandRequest(str(new_id()), "report_roster", new_id(), None, wanted)

    assert give(rig.place, "organiser", made)[0].state == "done"
    (waiting, *_) = [task for task in rig.tasks("department") if task.person_id == rig.people[1]]
    assert waiting.record_id is not None
    assert rig.decide("department", waiting.record_id, "return_record", reason="学时不符").state == "done"
    (mine,) = rig.tasks("organiser")
    assert (mine.kind, mine.record_id, mine.unit_id) == ("returned", waiting.record_id, rig.b)
    assert rig.tasks("unit_clerk.a") == [], "the attendee's unit did not file it"
    assert rig.decide("organiser", waiting.record_id, "resubmit_record").state == "done"
    assert rig.decide("department", waiting.record_id).state == "done"
    rig.proved()


# ---------------------------------------------------------------- another system


def rows(*changed: dict[str, Any]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = [
        {
            "source_id": f"s{number}",
            "identity_number": identity(number),
            "kind": "courseware",
            "content": "网络课件",
            "end": "2024-02-20",
            "claimed": "12",
            "facts": {"provider": "hrss", "declared_hours": 12},
        }
        for number in (1, 3)
    ]
    return [{**one, **(changed[at] if at < len(changed) else {})} for at, one in enumerate(plain)]


def take_in(
    rig: RecordsRig,
    vocabulary: IntakeVocabulary,
    listed: list[dict[str, Any]],
    *,
    valid_only: bool = False,
    law: LawInForce | None = None,
) -> tuple[Command, dict[str, Any], CheckedIncoming]:
    path = rig.folder / "in.json"
    path.write_text(json.dumps(listed, ensure_ascii=False))
    checked = read_incoming(path, vocabulary)
    assert not checked.unreadable, [str(problem) for problem in checked.problems]

    def made(session: Any, actor: Actor) -> CommandRequest:
        payload = import_payload(rig.place, session, checked, "行业平台", valid_only=valid_only)
        wanted = {**(law or rig.law).stored(session), "channel": "import", **payload}
        return CommandRequest(str(new_id()), "import_records", new_id(), None, wanted)

    return (*give(rig.place, "department", made), checked)


def test_an_import_enters_each_record_once(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    row, said, checked = take_in(rig, vocabulary, rows())
    assert (row.state, said["entered"]) == ("done", 2), (row.reason, checked.problems)
    row, said, _ = take_in(rig, vocabulary, rows())
    assert (said["outcome"], said["entered"], said["unchanged"]) == ("unchanged", 0, 2)
    assert len(rig.judged(rig.a)[rig.people[1]].records) == 1
    rig.proved()


def test_a_changed_content_under_the_same_number_is_a_correction(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    take_in(rig, vocabulary, rows())
    old = rig.judged(rig.a)[rig.people[1]].records[0].id
    row, said, _ = take_in(
        rig, vocabulary, rows({"claimed": "10", "facts": {"provider": "hrss", "declared_hours": 10}})
    )
    assert (row.state, said["corrected"], said["unchanged"]) == ("done", 1, 1), row.reason
    counted = rig.judged(rig.a)[rig.people[1]].records
    assert [one.claimed for one in counted] == [1000]
    assert (rig.record(old).stage, rig.record(counted[0].id).replaces) == ("replaced", old)
    row, said, _ = take_in(
        rig, vocabulary, rows({"claimed": "10", "facts": {"provider": "hrss", "declared_hours": 10}})
    )
    assert said["outcome"] == "unchanged"
    rig.proved()


def test_a_number_that_was_anothers_is_refused(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    take_in(rig, vocabulary, rows())
    row, _, _ = take_in(rig, vocabulary, rows({"identity_number": identity(2)}))
    assert (row.state, row.code) == ("refused", "rows_refused")
    assert "第1行" in row.reason
    row, said, _ = take_in(rig, vocabulary, rows({"identity_number": identity(2)}), valid_only=True)
    assert (said["left_out"], said["unchanged"]) == (1, 1)


def test_a_csv_of_a_chinese_excel_is_read_and_bad_rows_are_named(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    path = rig.folder / "in.csv"
    lines = [
        "来源编号,身份证号,类别,学习内容,结束日期,申报学时",
        f"a,{identity(1)},网络课件学习,课件,2024-02-20,12",
        f"a,{identity(1)},网络课件学习,课件,2024-02-20,12",
        f"b,{identity(2)},网络课件学习,课件,2024-02-30,12",
    ]
    path.write_bytes("\n".join(lines).encode("gb18030"))
    checked = read_incoming(path, vocabulary)
    assert [problem.cell for problem in checked.problems] == ["第3行", "第4行"]
    assert ([one.source_id for one in checked.rows], checked.bad_rows) == (["a"], 2)


def test_an_unknown_column_is_told_with_the_nearest(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    path = rig.folder / "in.json"
    path.write_text(json.dumps([{**rows()[0], "contnet": "x"}]))
    checked = read_incoming(path, vocabulary)
    assert checked.unreadable
    assert "content" in str(checked.problems[0])


def test_what_belongs_to_the_engine_is_named_by_area(rig: RecordsRig, vocabulary: IntakeVocabulary) -> None:
    from xueshi.records.tables import RecordSource

    take_in(rig, vocabulary, rows())
    with reading(rig.engine) as session:
        held = session.exec(select(RecordSource)).all()
    assert {(one.area, one.source, one.source_id) for one in held} == {
        (AREA, "行业平台", "s1"),
        (AREA, "行业平台", "s3"),
    }


def test_a_row_that_was_corrected_here_is_still_one_record(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    """The source changes it after somebody corrected it by hand: what stands is corrected, nothing is entered twice."""
    take_in(rig, vocabulary, rows())
    old = rig.judged(rig.a)[rig.people[1]].records[0].id
    course = {"kind": "courseware", "content": "网络课件", "end": date(2024, 2, 20), "start": None}
    row, said = rig.give(
        "department",
        "correct_record",
        old,
        record=rig.body(**course, claimed=1100, facts={"provider": "hrss", "declared_hours": 11}),
        reason="学时有误",
        channel="import",
    )
    assert row.state == "done", row.reason
    by_hand = UUID(said["record"])
    changed = rows({"claimed": "10", "facts": {"provider": "hrss", "declared_hours": 10}})
    row, said, _ = take_in(rig, vocabulary, changed)
    assert (row.state, said["corrected"], said["entered"]) == ("done", 1, 0), row.reason
    (counted,) = rig.judged(rig.a)[rig.people[1]].records
    assert (counted.claimed, rig.record(counted.id).replaces) == (1000, by_hand)
    row, said, _ = take_in(rig, vocabulary, changed)
    assert said["outcome"] == "unchanged"
    rig.proved()


def handed_over(rig: RecordsRig, unit: UUID) -> None:
    """Open the year and let a unit hand it over."""
    rig.open_campaign(starts=date(2024, 11, 1))
    filed = rig.act_on_filing("unit_personnel.a", unit)
    assert filed.state == "done", filed.reason


def test_a_row_that_moves_to_another_year_leaves_a_year_under_review_alone(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    take_in(rig, vocabulary, rows())
    old = rig.judged(rig.a)[rig.people[1]].records[0].id
    handed_over(rig, rig.a)
    moved = rows({"end": "2025-01-10"})
    row, _, _ = into_next_year(rig, moved)
    assert (row.state, row.code) == ("refused", "rows_refused")
    assert "2024年度验证已提交" in row.reason
    assert rig.record(old).stage == "verified"
    rig.proved()


def test_a_row_that_counted_in_a_sealed_year_does_not_count_in_another(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    take_in(rig, vocabulary, rows())
    old = rig.judged(rig.a)[rig.people[1]].records[0].id
    handed_over(rig, rig.a)
    assert rig.act_on_filing("department", rig.a).state == "done"
    rig.close_and_seal()
    row, _, _ = into_next_year(rig, rows({"end": "2025-01-10"}))
    assert (row.state, row.code) == ("refused", "rows_refused")
    assert "已计入2024年度" in row.reason
    assert rig.record(old).stage == "verified"


def into_next_year(
    rig: RecordsRig, listed: list[dict[str, Any]]
) -> tuple[Command, dict[str, Any], CheckedIncoming]:
    """Hand in a file of the year after, its day having come; only its first row belongs there."""
    with transaction(rig.engine) as session:
        set_folder_clock(session, start_of(date(2025, 2, 1)), datetime.now().astimezone())
    pack = rig.place.registry.pack_for(AREA, YEAR + 1)
    law = LawInForce(pack, FLOW, YEAR + 1)
    return take_in(rig, IntakeVocabulary.from_pack(pack, YEAR + 1), listed[:1], law=law)
