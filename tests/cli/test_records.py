"""`xueshi records`, `tasks` and `clock` as an officer types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import Result
from records_rig import AREA, FLOW, PDF, YEAR, RecordsRig, code, identity
from typer.testing import CliRunner

from xueshi.records.rows import evidence_rows
from xueshi.registry import Ask
from xueshi.storage import reading
from xueshi_cli.main import build
from xueshi_cli.record_answers import entailed_lines
from xueshi_cli.recording import view_evidence
from xueshi_cli.workplace import Workplace

RUNNER = CliRunner()
TRAINING = [
    "--kind",
    "单位内部培训",
    "--content",
    "安全生产培训",
    "--start",
    "2024-02-01",
    "--end",
    "2024-02-02",
]
FACTS = ["--fact", "days=2", "--fact", "hours_stated=yes", "--fact", "hours=16", "--claimed", "16"]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordsRig]:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    monkeypatch.setattr(Ask, "approval_flows", lambda _self, year: [FLOW] if year >= 2024 else [])
    rig = RecordsRig(folder, "")
    yield rig
    rig.engine.dispose()


def run(*words: str) -> Result:
    result: Any = RUNNER.invoke(build(), list(words))
    return result  # type: ignore[no-any-return]


def done(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def filed(*more: str) -> str:
    said = done("records", "file", identity(1), "--as", "unit_clerk.a", *TRAINING, *FACTS, *more)
    return str(said["record"])


def test_filing_verifying_and_looking_at_a_record(rig: RecordsRig, tmp_path: Path) -> None:
    proof = tmp_path / "证书.pdf"
    proof.write_bytes(b"%PDF-1.4\nproof\n%%EOF\n")
    record = filed("--evidence", str(proof))
    (task,) = done("tasks", "list", "--as", "unit_personnel.a")
    assert (task["事项"], task["环节"], task["依据"]) == ("学时认定", "单位核准", "五(二)")
    shown = done("tasks", "show", task["待办"], "--as", "unit_personnel.a")
    assert (shown["记录"], shown["申报学时"], shown["人员"]) == (record, "16", "人1")
    assert "pdf" in shown["证明材料"]
    result = run("tasks", "decide", task["待办"], "--approve", "--as", "unit_personnel.a")
    assert result.exit_code == 0, result.output
    listed = done("records", "list", "--as", "unit_personnel.a", "--year", "2024")
    assert [(one["记录"], one["状态"]) for one in listed] == [(record, "已认定")]
    seen = done("records", "show", record, "--as", "unit_personnel.a")
    target = tmp_path / "out.pdf"
    proof_id = seen["证明材料"][0]["编号"]
    result = run("records", "evidence", "show", proof_id, "-o", str(target), "--as", "unit_personnel.a")
    assert result.exit_code == 0, result.output
    assert target.read_bytes() == proof.read_bytes()
    rig.proved()


def test_a_returned_record_is_resubmitted_from_the_task(rig: RecordsRig) -> None:
    record = filed()
    (task,) = done("tasks", "list", "--as", "unit_personnel.a")
    done_ = run("tasks", "decide", task["待办"], "--return", "--reason", "缺证明", "--as", "unit_personnel.a")
    assert done_.exit_code == 0, done_.output
    (mine,) = done("tasks", "list", "--as", "unit_clerk.a")
    assert mine["事项"] == "退回补正"
    hint = run("tasks", "decide", mine["待办"], "--approve", "--as", "unit_clerk.a")
    assert f"xueshi records resubmit {record}" in str(hint.exception)
    done("records", "resubmit", record, "--as", "unit_clerk.a", "--content", "安全生产培训（补）")
    assert rig.record(rig.tasks("unit_personnel.a")[0].record_id).content == "安全生产培训（补）"  # type: ignore[arg-type]


def test_a_refused_act_ends_with_one_and_says_why(rig: RecordsRig) -> None:
    result = run(
        "records", "file", identity(1), "--as", "unit_clerk.a", "--kind", "公需科目课程", "--content", "公需",
        "--end", "2024-02-02", "--fact", "declared_hours=30",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "承办单位登记" in result.stdout or "不由本人申请" in result.stdout
    rig.proved()


def test_a_correction_keeps_what_is_not_named(rig: RecordsRig) -> None:
    record = filed()
    said = done(
        "records", "correct", record, "--as", "unit_clerk.a", "--reason", "学时有误", "--fact", "hours=8",
        "--claimed", "8",
    )  # fmt: skip
    new = rig.record(said["record"] and rig.tasks("unit_personnel.a")[0].record_id)  # type: ignore[arg-type]
    assert (new.content, new.claimed, new.facts["days"]) == ("安全生产培训", 800, "2")
    shown = done("records", "show", record, "--as", "unit_clerk.a")
    assert shown["状态"] == "已被更正代替"


def test_a_roster_is_checked_first_and_written_on_request(rig: RecordsRig, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = tmp_path / "班次.xlsx"
    result = run("records", "roster-template", "--year", "2024", "--area", AREA, "-o", str(path))
    assert result.exit_code == 0, result.output
    book = load_workbook(path)
    for heading, value in {
        "班次编号": "1", "类别": "公需科目课程", "学习内容": "数字经济", "结束日期": "2024-02-23", "载明学时数": 30,
    }.items():  # fmt: skip
        place = next(cell.column for cell in book["班次"][1] if str(cell.value).split("（")[0] == heading)
        book["班次"].cell(2, place).value = value
    for row, number in enumerate((1, 3, 98), start=2):
        book["学员"].cell(row, 1).value = identity(number)
    book.save(path)
    words = ["records", "roster", str(path), "--year", "2024", "--as", "organiser"]
    refused = run(*words, "--commit")
    assert refused.exit_code == 2
    assert "此人不在册" in refused.stdout.replace("\n", "")
    dry = done(*words, "--valid-only")
    assert (dry["committed"], dry["entered"], dry["left_out"]) == (False, 2, 1)
    assert rig.judged(rig.a)[rig.people[1]].records == ()
    assert done(*words, "--valid-only", "--commit")["entered"] == 2
    assert len(rig.judged(rig.a)[rig.people[1]].records) == 1
    assert done(*words, "--valid-only", "--commit")["outcome"] == "unchanged"
    rig.proved()


def test_an_import_twice_changes_nothing(rig: RecordsRig, tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    row = {
        "source_id": "1", "identity_number": identity(1), "kind": "courseware", "content": "课件", "end": "2024-02-20",
        "facts": {"provider": "hrss", "declared_hours": 12},
    }  # fmt: skip
    path.write_text(json.dumps([row]))
    words = [
        "records", "import", str(path), "--source", "平台", "--channel", "import", "--year", "2024", "--as", "department",
    ]  # fmt: skip
    assert done(*words)["committed"] is False
    assert done(*words, "--commit")["entered"] == 1
    assert done(*words, "--commit")["unchanged"] == 1
    rig.proved()


def test_a_person_moves_and_rises(rig: RecordsRig) -> None:
    done("records", "transfer", identity(1), "--to", code(2), "--on", "2024-03-01", "--as", "unit_clerk.a")
    assert rig.people[1] in rig.judged(rig.b)
    undo = ("records", "transfer", identity(1), "--undo", "--as", "unit_clerk.a")
    assert "以 --unit 指明原单位" in str(run(*undo).exception)
    done(*undo, "--unit", code(1), "--reason", "单位写错")
    assert rig.people[1] in rig.judged(rig.a)
    done(
        "records", "level", identity(2), "--title", "高级工程师", "--level", "高级", "--since", "2024-06-01", "--as",
        "unit_clerk.a",
    )  # fmt: skip
    assert rig.judged(rig.a)[rig.people[2]].level == "senior"
    result = run(
        "records", "transfer", identity(2), "--to", "x", "--on", "2024-03-01", "--as", "unit_clerk.a"
    )
    assert "不在册" in str(result.exception)


def test_a_transfer_says_what_goes_along_and_what_stays(rig: RecordsRig) -> None:
    filed()
    through = rig.file(1, channel="checked", for_person=False, record=rig.body(content="消防培训"))
    assert rig.decide("unit_personnel.a", through).code == "advanced"
    rig.open_campaign()
    said = run(
        "records", "transfer", identity(1), "--to", code(2), "--on", "2024-03-01", "--as", "unit_clerk.a"
    )
    assert said.exit_code == 0, said.output
    assert "1 条未办结的学时记录随人转去" in said.stdout
    assert "另有 1 条已过原单位的环节，仍由原审核部门办理" in said.stdout
    assert "签署" not in said.stdout, "nobody had signed anything that is void"


def test_what_is_void_by_a_transfer_is_said() -> None:
    said = {
        "records": ["a", "b"],
        "begun_anew": ["a"],
        "void": {"u": ["unit_ce"], "v": ["unit_ce", "unit_hr"]},
    }
    along, anew, void = entailed_lines(said)
    assert along.startswith("2 条")
    assert anew.startswith("其中 1 条")
    assert "3 个签署作废" in void


def test_flags_are_listed_for_the_year(rig: RecordsRig) -> None:
    filed()
    filed()
    found = done("register", "flags", "--year", str(YEAR), "--as", "unit_personnel.a")
    assert {one["疑点"] for one in found} == {"时间重叠", "同一课程两次登记", "一日学时过多"}


def test_the_clock_is_shown_and_moved(rig: RecordsRig) -> None:
    assert done("clock", "show") == {"日期": "2024-03-01", "方式": "演练（由人拨动）"}
    result = run("clock", "advance", "2024-04-01", "--as", "bureau")
    assert result.exit_code == 0, result.output
    assert done("clock", "show")["日期"] == "2024-04-01"
    assert run("clock", "advance", "2024-03-01", "--as", "bureau").exit_code == 1
    rig.proved()


def test_a_backup_holds_the_proofs(rig: RecordsRig, tmp_path: Path) -> None:
    record = rig.file(1, evidence=rig.proof(7))
    assert run("backup", str(tmp_path / "copy.tar")).exit_code == 0
    assert run("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back")).exit_code == 0
    back = Workplace(tmp_path / "back")
    with reading(back.engine) as session:
        (proof, _), *_ = evidence_rows.evidence_of(session, [record])[record]
    assert view_evidence(back, "unit_personnel.a", proof.id)[0] == PDF % 7
    back.engine.dispose()


def test_another_units_person_is_not_found(rig: RecordsRig) -> None:
    result = run("records", "file", identity(3), "--as", "unit_clerk.a", *TRAINING, *FACTS)
    assert "找不到此人" in str(result.exception)
    assert rig.tasks("unit_personnel.b") == []


def test_a_study_is_filed_as_make_up_for_an_earlier_open_year(rig: RecordsRig) -> None:
    study = [
        "--kind",
        "单位内部培训",
        "--content",
        "补训",
        "--start",
        "2025-01-15",
        "--end",
        "2025-01-16",
        *FACTS,
    ]
    words = ["records", "file", identity(1), "--as", "unit_clerk.a", *study]
    both = run(*words, "--makeup-for", "2024", "--year", "2025")
    assert both.exit_code != 0
    assert "只能填一个" in str(both.exception)
    rig.open_campaign(makeup_until=date(2025, 2, 28))
    row = rig.steer("advance", to="2025-01-20T09:00:00+08:00")
    assert row.state == "done", row.reason
    record = done(*words, "--makeup-for", "2024")["record"]
    shown = done("records", "show", record, "--as", "unit_clerk.a")
    assert shown["年度"] == "2024（补训，计入2024年度）"
    listed = done("tasks", "list", "--as", "unit_personnel.a")
    (task,) = [one for one in listed if one["事项"] == "学时认定"]
    assert "补训" in done("tasks", "show", task["待办"], "--as", "unit_personnel.a")["年度"]
    late = run(*words[:-1], "16", "--start", "2025-03-01", "--end", "2025-03-01", "--makeup-for", "2024")
    assert late.exit_code == 1


def test_a_verifier_sees_the_range_and_chooses_within_it(
    rig: RecordsRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = rig.place.registry.pack_for("320500", YEAR)
    monkeypatch.setattr("xueshi.registry.Registry.pack_for", lambda *_: pack)
    words = [
        "--kind",
        "论文",
        "--content",
        "论文",
        "--end",
        "2024-02-02",
        "--fact",
        "level=national",
        "--channel",
        "person",
    ]
    done("records", "file", identity(1), "--as", "unit_clerk.a", *words)
    (task,) = done("tasks", "list", "--as", "unit_personnel.a")
    shown = done("tasks", "show", task["待办"], "--as", "unit_personnel.a")["认定幅度"]
    assert "15至20学时" in shown
    assert "按口径计15学时" in shown
    decide = ("tasks", "decide", task["待办"], "--approve", "--as", "unit_personnel.a", "--fact")
    too_much = run(*decide, "认定学时=21")
    assert too_much.exit_code == 1
    assert "15至20学时" in too_much.output
    assert run(*decide, "认定学时=18").exit_code == 0


def test_a_record_that_lacks_a_fact_says_the_command_that_gives_it(rig: RecordsRig) -> None:
    done("records", "file", identity(1), "--as", "unit_clerk.a", *TRAINING, "--fact", "days=2")
    (task,) = done("tasks", "list", "--as", "unit_personnel.a")
    shown = done("tasks", "show", task["待办"], "--as", "unit_personnel.a")
    assert shown["需要"].startswith("载明学时（yes 是")
    command = f"xueshi tasks decide {task['待办']} --as unit_personnel.a --approve --fact 载明学时=是"
    assert shown["办理"] == command
    refused = run(*command.split()[1:-2])
    assert "载明学时" in refused.output
    assert run(*command.split()[1:-1], "载明学时=否").exit_code == 0


def test_an_export_lists_the_proofs_and_says_that_they_stay(rig: RecordsRig, tmp_path: Path) -> None:
    proof = tmp_path / "张三的证书.pdf"
    proof.write_bytes(b"%PDF-1.4\nproof\n%%EOF\n")
    record = filed("--evidence", str(proof))
    package = tmp_path / "register.zip"
    result = run("register", "export", "-o", str(package), "--as", "bureau")
    assert result.exit_code == 0, result.output
    assert "xueshi backup" in result.output
    with ZipFile(package) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        [row] = json.loads(archive.read("evidence.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert {name: row[name] for name in ("record_id", "type", "size")} == {
        "record_id": record, "type": "pdf", "size": 21,
    }  # fmt: skip
    assert "密钥加密" in manifest["left_out"]["evidence"]
    assert "evidence.csv" in {one["name"] for one in manifest["files"]}
    assert "张三".encode() not in everything
    counts = done("register", "export", "-o", str(tmp_path / "again.zip"), "--as", "bureau")
    assert {one["表"]: one["条数"] for one in counts}["证明材料（清单）"] == 1


def test_a_leave_is_entered_and_a_wrong_one_taken_back(rig: RecordsRig) -> None:
    person = str(rig.people[1])
    words = ("records", "leave", person, "--as", "unit_clerk.a")
    done(*words, "--on", "2024-02-20", "--reason", "退休")
    assert rig.people[1] not in rig.judged(rig.a, as_of=date(2024, 2, 21))
    both = run(*words, "--on", "2024-02-20", "--undo", "--reason", "误登记")
    assert "只用 --undo" in str(both.exception)
    again = run(*words, "--on", "2024-02-25", "--reason", "退休")
    assert "不在您管理范围内的单位任职" in str(again.exception)
    done(*words, "--undo", "--reason", "误登记")
    assert rig.people[1] in rig.judged(rig.a)
    done(*words, "--on", "2024-02-25", "--reason", "退休", "--unit", code(1))
    assert rig.people[1] in rig.judged(rig.a, as_of=date(2024, 2, 25))
