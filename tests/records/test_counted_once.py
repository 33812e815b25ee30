"""One study counts once, whoever reports it by whichever way that holds at once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from records_rig import YEAR, RecordsRig, identity
from roster_file import ALL, report, roster_file
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import Actor, NewAccount
from xueshi.access.scope import Scope
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.tables import Command
from xueshi.records.incoming import read_incoming
from xueshi.records.repository import Study
from xueshi.register.tables import StudyRecord
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.recording import give, import_payload

PROVINCE = "320000"


@pytest.fixture
def vocabulary(rig: RecordsRig) -> IntakeVocabulary:
    return IntakeVocabulary.from_pack(rig.law.pack, YEAR)


def course(**changes: Any) -> dict[str, Any]:
    plain = {
        "source_id": "k1",
        "identity_number": identity(1),
        "kind": "public_course",
        "content": "数字经济",
        "start": "2024-02-19",
        "end": "2024-02-23",
        "facts": {"declared_hours": 30},
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def take_in(
    rig: RecordsRig,
    vocabulary: IntakeVocabulary,
    listed: list[dict[str, Any]],
    *,
    officer: str = "department",
    valid_only: bool = False,
) -> tuple[Command, dict[str, Any]]:
    path: Path = rig.folder / "in.json"
    path.write_text(json.dumps(listed, ensure_ascii=False))
    checked = read_incoming(path, vocabulary)
    assert not checked.problems, [str(problem) for problem in checked.problems]

    def made(session: Any, actor: Actor) -> CommandRequest:
        payload = import_payload(rig.place, session, checked, "行业平台", valid_only=valid_only)
        wanted = {**rig.law.stored(session), "channel": "import", **payload}
        return CommandRequest(str(new_id()), "import_records", new_id(), None, wanted)

    return give(rig.place, officer, made)


def hours(rig: RecordsRig, person: int = 1) -> list[Any]:
    return [one.facts["declared_hours"] for one in rig.judged(rig.a)[rig.people[person]].records]


def test_the_same_file_from_city_and_province_counts_once(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    with transaction(rig.engine) as session:
        access.add_accounts(
            session, Scope.everything(), [NewAccount("province", "省厅", "department", PROVINCE)]
        )
    assert take_in(rig, vocabulary, [course()])[0].state == "done"
    row, _ = take_in(rig, vocabulary, [course()], officer="province")
    assert (row.state, row.code) == ("refused", "rows_refused")
    (held,) = rig.judged(rig.a)[rig.people[1]].records
    assert f"第1行：同一学习（数字经济，2024-02-23）已有记录 {held.id}（已认定）" in row.reason
    assert "对其另报更正" in row.reason
    assert hours(rig) == [30]
    rig.proved()


def test_a_roster_and_an_import_of_one_class_count_once_in_either_order(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    assert report(rig, vocabulary, roster_file(rig, vocabulary, ALL[:1]))[0].state == "done"
    assert take_in(rig, vocabulary, [course()])[0].state == "refused"
    third = course(source_id="k3", identity_number=identity(3))
    assert take_in(rig, vocabulary, [third])[0].state == "done"
    row, said, _ = report(rig, vocabulary, roster_file(rig, vocabulary, ALL, "all.xlsx"), valid_only=True)
    assert (row.state, said["entered"], said["there"], said["left_out"]) == ("done", 1, 1, 1), row.reason
    with reading(rig.engine) as session:
        assert len(session.exec(select(StudyRecord)).all()) == 3, "one for each person"
    rig.proved()


@pytest.mark.parametrize(
    "other",
    [{"content": "数字 经济。"}, {"content": "数字经济", "start": None}],
    ids=["written with other blanks", "without its first day"],
)
def test_the_same_study_is_known_again_where_little_differs(
    rig: RecordsRig, vocabulary: IntakeVocabulary, other: dict[str, Any]
) -> None:
    take_in(rig, vocabulary, [course()])
    assert take_in(rig, vocabulary, [course(source_id="k2", **other)])[0].state == "refused"


@pytest.mark.parametrize(
    "other",
    [
        {"content": "数字经济（二期）"},
        {"start": "2024-02-26", "end": "2024-02-28"},
        {"start": "2024-02-20"},
        {"kind": "courseware", "facts": {"provider": "hrss", "declared_hours": 12}},
    ],
    ids=["content", "days", "first day", "kind"],
)
def test_another_study_is_taken(rig: RecordsRig, vocabulary: IntakeVocabulary, other: dict[str, Any]) -> None:
    take_in(rig, vocabulary, [course()])
    row, said = take_in(rig, vocabulary, [course(source_id="k2", **other)])
    assert (row.state, said.get("entered")) == ("done", 1), row.reason


def test_one_study_under_two_numbers_of_one_file_is_refused_by_row(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    twice = [course(), course(source_id="k2"), course(source_id="k3", identity_number=identity(2))]
    row, _ = take_in(rig, vocabulary, twice)
    assert (row.state, row.code) == ("refused", "rows_refused")
    assert "第2行：与第 1 行是同一人的同一学习" in row.reason
    row, said = take_in(rig, vocabulary, twice, valid_only=True)
    assert (said["entered"], said["left_out"]) == (2, 1)


def test_what_waits_for_its_verifier_is_named_too_and_what_was_withdrawn_is_not(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    body = rig.body(
        kind="courseware",
        facts={"provider": "hrss", "declared_hours": 12},
        content="网络课件",
        claimed=1200,
        start=None,
        end=date(2024, 2, 20),
    )
    waiting = rig.file(1, record=body, channel="checked", for_person=False)
    same = course(
        kind="courseware",
        content="网络课件",
        start=None,
        end="2024-02-20",
        facts={"provider": "hrss", "declared_hours": 12},
    )
    row, _ = take_in(rig, vocabulary, [same])
    assert f"已有记录 {waiting}（待认定）" in row.reason
    assert rig.decide("unit_clerk.a", waiting, "withdraw_record").state == "done"
    assert take_in(rig, vocabulary, [same])[0].state == "done"
    rig.proved()


def test_a_record_with_a_verifier_is_still_his_to_decide(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    rig.verified(1)
    row, _ = rig.try_file(1)
    assert row.state == "done", "he sees the hint and may refuse it"


def test_a_correction_by_a_way_without_verifier_may_repeat_what_it_corrects(
    rig: RecordsRig, vocabulary: IntakeVocabulary
) -> None:
    take_in(rig, vocabulary, [course()])
    row, said = take_in(rig, vocabulary, [course(facts={"declared_hours": 24})])
    assert (row.state, said["corrected"]) == ("done", 1), row.reason
    assert hours(rig) == [24]


def test_undated_records_are_compared_within_their_year() -> None:
    undated = Study("training", "甲", 2023, None, None)
    assert undated.same_days(Study("training", "甲", 2023, None, None))
    assert not undated.same_days(Study("training", "甲", 2024, None, None))
    assert not undated.same_days(Study("training", "甲", 2023, None, date(2023, 1, 1)))
