"""A report goes up, comes back, goes up again: two data folders, the files between them, the officers' commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from package_forger import repacked
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.errors import InputError, NotAllowedError
from xueshi.reports.package import read_package
from xueshi.settings import Settings
from xueshi.storage import open_database, reading
from xueshi_cli.workplace import Workplace


def verbs(folder: Path) -> list[str]:
    place = Workplace(settings=Settings(data=folder))
    with reading(place.engine) as session:
        entries = session.exec(select(AuditEntry)).all()
        assert audit.verify(session).broken_at is None
    place.engine.dispose()
    return [entry.verb for entry in entries if entry.verb.startswith("report")]


def test_a_report_is_rejected_with_reasons_and_its_next_revision_acknowledged(closed: Any) -> None:
    closed.trust_each_other()
    first = closed.sent("first.zip")
    received = closed.received(first)
    closed.above.run(
        "report", "reject", received, "--reason", "缺经费说明", "--reason", "单位数请核对",
        "-o", str(closed.tmp / "back.json"),
    )  # fmt: skip
    said = closed.below.run("report", "receipt", str(closed.tmp / "back.json"))
    assert "已退回" in said
    assert "缺经费说明" in said
    assert "单位数请核对" in said
    second = closed.sent("second.zip")
    assert read_package(second.read_bytes()).head.revision == 2
    received = closed.received(second)
    closed.above.run("report", "acknowledge", received, "-o", str(closed.tmp / "ok.json"))
    assert "已确认" in closed.below.run("report", "receipt", str(closed.tmp / "ok.json"))
    assert [one["状态"] for one in closed.below.rows("report", "list")] == ["已确认", "已退回"]
    assert [one["状态"] for one in closed.above.rows("report", "list", "--received")] == ["已确认", "已退回"]
    assert verbs(closed.below.folder) == [
        "report_trust", "report_build", "report_send", "report_receipt", "report_build", "report_send",
        "report_receipt",
    ]  # fmt: skip
    assert verbs(closed.above.folder) == [
        "report_trust", "report_receive", "report_reject", "report_receive", "report_acknowledge",
    ]  # fmt: skip


def test_building_and_sending_again_without_a_change_gives_the_same_file(closed: Any) -> None:
    once, again = closed.sent("once.zip"), closed.sent("again.zip")
    assert once.read_bytes() == again.read_bytes()
    assert len(closed.below.rows("report", "list")) == 1
    assert verbs(closed.below.folder) == ["report_build", "report_send"]


def test_the_same_file_and_the_same_receipt_twice_change_nothing(closed: Any) -> None:
    closed.trust_each_other()
    file = closed.sent()
    received = closed.received(file)
    assert "此前已接收" in closed.above.run("report", "receive", str(file))
    receipts = [closed.tmp / "one.json", closed.tmp / "two.json"]
    for receipt in receipts:
        closed.above.run("report", "acknowledge", received, "-o", str(receipt))
        closed.below.run("report", "receipt", str(receipt))
    assert receipts[0].read_bytes() == receipts[1].read_bytes()
    assert verbs(closed.above.folder) == ["report_trust", "report_receive", "report_acknowledge"]
    assert verbs(closed.below.folder)[-1:] == ["report_receipt"]
    with pytest.raises(InputError, match="不能再改"):
        closed.above.run("report", "reject", received, "--reason", "另有问题")


def test_an_untrusted_or_altered_package_is_refused_and_noted(closed: Any) -> None:
    file = closed.sent()
    with pytest.raises(InputError, match="未信任"):
        closed.above.run("report", "receive", str(file))
    closed.trust_each_other()
    altered = closed.tmp / "altered.zip"
    listed = read_package(file.read_bytes()).manifest_body
    altered.write_bytes(repacked(file.read_bytes(), {"manifest.json": listed.replace(b"true", b"false")}))
    with pytest.raises(InputError, match="签名不符"):
        closed.above.run("report", "receive", str(altered))
    assert closed.above.rows("report", "list", "--received") == []
    assert verbs(closed.above.folder) == ["report_refuse", "report_trust", "report_refuse"]


def test_an_ended_trust_accepts_nothing_more(closed: Any) -> None:
    closed.trust_each_other()
    file = closed.sent()
    (key,) = closed.above.rows("report", "keys")
    closed.above.run("report", "distrust", key["地区"], key["编号"])
    with pytest.raises(InputError, match="未信任"):
        closed.above.run("report", "receive", str(file))


def test_a_forged_receipt_is_refused(closed: Any) -> None:
    closed.trust_each_other()
    received = closed.received(closed.sent())
    receipt = closed.tmp / "receipt.json"
    closed.above.run("report", "reject", received, "--reason", "请核对", "-o", str(receipt))
    forged = json.loads(receipt.read_text())
    forged["receipt"]["decision"], forged["receipt"]["reasons"] = "acknowledged", []
    receipt.write_text(json.dumps(forged))
    with pytest.raises(InputError, match="签名不符"):
        closed.below.run("report", "receipt", str(receipt))
    assert closed.below.rows("report", "list")[0]["状态"] == "已报送，待回执"


def test_a_body_that_is_not_above_gives_no_receipt(closed: Any) -> None:
    closed.trust_each_other()
    received = closed.received(closed.sent())
    beside = f"{closed.upper_area[:2]}0199"
    receipt = closed.tmp / "r.json"
    closed.above.run("report", "acknowledge", received, "--area", beside, "-o", str(receipt))
    with pytest.raises(InputError, match=r"不是地区 \d+ 的上级"):
        closed.below.run("report", "receipt", str(receipt))
    with pytest.raises(NotAllowedError, match="也不是您的上级"):
        closed.below.run("report", "trust", beside, str(closed.tmp / f"key-{closed.upper_area}.json"))


def test_a_rejection_needs_a_reason_and_an_open_campaign_is_no_report(sides: Any) -> None:
    with pytest.raises(InputError, match="尚未封存办结"):
        sides.below.run("report", "build", sides.region, sides.year)


def test_a_unit_clerk_neither_reports_nor_receives(closed: Any) -> None:
    closed.below.use(closed.below.folder)
    from typer.testing import CliRunner

    from xueshi_cli.main import build

    for words in (
        ("build", closed.region, closed.year, "--area", closed.rig.notice.area),
        ("list", "--received"),
        ("keys",),
    ):
        done = CliRunner().invoke(build(), ["report", *words, "--as", closed.rig.units[0].clerk])
        assert isinstance(done.exception, NotAllowedError), words


def test_people_stand_in_the_package_only_where_they_are_asked_for(closed: Any) -> None:
    plain = read_package(closed.sent("plain.zip").read_bytes())
    assert "data/persons.json" not in plain.files
    numbers = [person.identity_number for unit in closed.rig.units for person in unit.sample.people]
    names = [person.name for unit in closed.rig.units for person in unit.sample.people]
    for body in plain.files.values():
        assert not [number for number in numbers if number.encode() in body]
    closed.trust_each_other()
    received = closed.received(closed.tmp / "plain.zip")
    receipt = closed.tmp / "r.json"
    closed.above.run("report", "reject", received, "--reason", "请附人员", "-o", str(receipt))
    closed.below.run("report", "receipt", str(receipt))
    masked = read_package(closed.sent("masked.zip", "--persons", "masked").read_bytes())
    lines = json.loads(masked.files["data/persons.json"])["lines"]
    assert len(lines) == masked.head.counts["people"]
    text = masked.files["data/persons.json"].decode()
    assert not [secret for secret in (*numbers, *names) if secret in text]
    assert all("********" in line["person"] for line in lines)


def test_the_authority_adds_up_its_areas_and_opens_each_figure_to_them(closed: Any) -> None:
    closed.trust_each_other()
    received = closed.received(closed.sent())
    from xueshi.errors import NotFoundError

    with pytest.raises(NotFoundError, match="已确认"):
        closed.above.run("report", "summary", closed.year)
    closed.above.run("report", "acknowledge", received, "-o", str(closed.tmp / "r.json"))
    (below,) = closed.below.rows("statistics", closed.region, closed.year)
    (above,) = closed.above.rows("report", "summary", closed.year)
    assert above["rows"] == below["rows"]
    (opened,) = closed.above.rows("report", "summary", closed.year, "--figure", "people")
    assert [line["地区"] for line in opened["名单"]] == [closed.rig.campaign.area_name]
    book = closed.tmp / "summary.xlsx"
    closed.above.run("report", "summary", closed.year, "-o", str(book))
    sheets = openpyxl.load_workbook(book).sheetnames
    assert sheets[:2] == ["统计表", "指标说明"]
    assert len(sheets) == 2 + len(above["rows"])
    (shown,) = closed.above.rows("report", "show", received)
    assert shown["rows"] == below["rows"]


def test_a_database_of_an_earlier_version_has_the_tables_after_opening(closed: Any) -> None:
    engine = open_database(f"sqlite:///{closed.above.folder / 'xueshi.db'}")
    with engine.connect() as connection:
        names = {
            row[0]
            for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    engine.dispose()
    assert {"report", "received_report", "trusted_key", "unit_year_statement"} <= names
