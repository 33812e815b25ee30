"""A filled roster of one class, and its report by the organiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from records_rig import RecordsRig, identity

from xueshi.access.repository import Actor
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.tables import Command
from xueshi.records.roster import ATTENDEES, CLASS, CheckedRoster, read_roster, write_roster
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import new_id
from xueshi_cli.recording import give, roster_payload


def roster_file(
    rig: RecordsRig,
    vocabulary: IntakeVocabulary,
    people: list[tuple[str, str]],
    name: str = "class.xlsx",
    **changes: Any,
) -> Path:
    path = rig.folder / name
    write_roster(path, vocabulary)
    book = load_workbook(path)
    said = {
        "班次编号": "2024-01",
        "类别": vocabulary.label_of("public_course"),
        "学习内容": "数字经济",
        "开始日期": "2024-02-19",
        "结束日期": "2024-02-23",
        "载明学时数": "30",
        **changes,
    }
    headings = [cell.value for cell in book[CLASS][1]]
    for heading, value in said.items():
        place = next(at for at, one in enumerate(headings, start=1) if str(one).split("（")[0] == heading)
        book[CLASS].cell(2, place).value = value
    for row, (number, person) in enumerate(people, start=2):
        book[ATTENDEES].cell(row, 1).value = number
        book[ATTENDEES].cell(row, 2).value = person
    book.save(path)
    return path


def report(
    rig: RecordsRig,
    vocabulary: IntakeVocabulary,
    path: Path,
    *,
    valid_only: bool = False,
    officer: str = "organiser",
) -> tuple[Command, dict[str, Any], CheckedRoster]:
    checked = read_roster(path, vocabulary)
    assert checked.class_is_right, [str(problem) for problem in checked.problems]

    def made(session: Any, actor: Actor) -> CommandRequest:
        payload = roster_payload(rig.place, session, actor, checked, valid_only=valid_only)
        return CommandRequest(
            str(new_id()), "report_roster", new_id(), None, {**rig.law.stored(session), **payload}
        )

    return (*give(rig.place, officer, made), checked)


ALL = [(identity(1), "人1"), (identity(2), ""), (identity(3), "人3")]
