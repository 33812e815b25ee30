"""People without an employer file through the agency that keeps their personnel file: by command, from workbook to seal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import WorkflowInMemory
from command_line import run
from records_rig import code, identity
from sqlmodel import select

from xueshi.access.scope import Scope
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import NotFoundError
from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.workbook import IntakeVocabulary, write_workbook
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli.workplace import Workplace

AREA, YEAR = "320100", 2024
AGENCY, EMPLOYER = code(1), code(2)
ENGINE = Scope.everything()
NOTICE = """\
xueshi: 1
id: FREE-2024
area: '320100'
year: 2024
number: 示例〔2024〕2号
title: （示例）2024年年底审核
issuer: （示例）人力资源和社会保障部门
issued: 2024-10-20
opens: 2024-11-01
closes: 2024-12-31
flow: JS-yearly
papers: []
clauses: {示例 一: 单位于年底前审核本单位专业技术人员的学时登记}
source: 示例，未公布
"""


def shown(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def person(number: int) -> NewPerson:
    return NewPerson(
        identity(number), f"人{number}", "男", 1, date(2020, 1, 1), title="工程师", level="intermediate"
    )


def workbook(folder: Path, name: str, unit: NewUnit, *people: NewPerson) -> str:
    place = Workplace.here()
    path = folder / f"{name}.xlsx"
    write_workbook(path, IntakeVocabulary.from_pack(place.registry.pack_for(AREA, YEAR), YEAR), unit, people)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An agency with a freelancer and an employer with somebody, entered by workbook; the folder stands in March 2024."""
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    run("accounts", "add", "bureau", "局", "--role", "bureau", "--area", AREA)
    run("clock", "begin", "2024-03-01", "--as", "bureau")
    books = [
        workbook(tmp_path, "agency", NewUnit(AGENCY, "示例人才服务中心", AREA, kind="hr_agency"), person(1)),
        workbook(tmp_path, "employer", NewUnit(EMPLOYER, "示例公司", AREA), person(3)),
    ]
    for book in books:
        run("register", "import", book, "--as", "bureau", "--area", AREA, "--year", str(YEAR), "--commit")
    for unit, name in ((AGENCY, "agency"), (EMPLOYER, "firm")):
        for role in ("unit_clerk", "unit_registrar", "unit_verifier"):
            words = ("accounts", "add", f"{role}.{name}", role, "--role", role, "--area", AREA)
            run(*words, "--unit", unit, "--as", "bureau")
    run(
        "accounts",
        "add",
        "free",
        "人1",
        "--role",
        "person",
        "--area",
        AREA,
        "--person",
        identity(1),
        "--as",
        "bureau",
    )
    yield tmp_path
    Workplace.here().engine.dispose()


TRAINING = (
    "--kind", "单位内部培训", "--content", "网络安全培训", "--start", "2024-02-01", "--end", "2024-02-02",
    "--fact", "天数=2", "--fact", "载明学时=是", "--fact", "实际课时=16", "--claimed", "16",
)  # fmt: skip


def test_the_workbook_says_what_the_unit_is(folder: Path) -> None:
    unit = shown("register", "unit", "show", AGENCY, "--year", str(YEAR), "--as", "bureau")
    assert unit["性质"] == "人力资源服务机构（存放人事档案）"
    assert "人力资源服务机构登记汇总" in unit["环节"]
    assert shown("register", "unit", "show", EMPLOYER, "--as", "bureau")["性质"] == "用人单位"


def test_a_freelancer_files_and_the_agency_that_keeps_the_file_verifies(folder: Path) -> None:
    record = shown("records", "file", identity(1), "--as", "free", *TRAINING)["record"]
    assert shown("tasks", "list", "--as", "unit_verifier.firm") == []
    (task,) = shown("tasks", "list", "--as", "unit_verifier.agency")
    assert (task["环节"], task["依据"]) == ("人力资源服务机构核准登记", "JS2023 五(二)")
    with pytest.raises(NotFoundError):
        run("tasks", "decide", task["待办"], "--approve", "--as", "unit_verifier.firm")
    run("tasks", "decide", task["待办"], "--approve", "--as", "unit_verifier.agency")
    assert shown("records", "show", record, "--as", "free")["状态"] == "已认定"


def test_the_agency_hands_the_freelancers_year_in_and_it_is_sealed(folder: Path) -> None:
    run("records", "file", identity(1), "--as", "free", *TRAINING)
    (task,) = shown("tasks", "list", "--as", "unit_verifier.agency")
    run("tasks", "decide", task["待办"], "--approve", "--as", "unit_verifier.agency")
    notice = folder / "notice.yaml"
    notice.write_text(NOTICE)
    run("campaign", "open", "--notice", str(notice), "--standing", "--as", "bureau")
    place = Workplace.here()
    (campaign,) = shown("campaign", "list", "--as", "bureau")
    for officer in ("unit_registrar.agency", "unit_verifier.agency"):
        (waiting,) = [one for one in shown("tasks", "list", "--as", officer) if one["事项"] == "单位审验"]
        run("tasks", "decide", waiting["待办"], "--approve", "--as", officer)
        deliver(place)
    with reading(place.engine) as session:
        found = campaign_rows.campaign_by_public_id(session, ENGINE, campaign["编号"])
        [filing] = [one for one in filing_rows.filings(session, ENGINE, found.id) if one.stage == "approved"]
    run("campaign", "advance", campaign["编号"], "2025-01-02", "--as", "bureau")
    deliver(place)
    WorkflowInMemory(place.engine).tell_units(found.id)
    run("campaign", "close", campaign["编号"], "--as", "bureau")
    deliver(place)
    sealing.seal_page(place.engine, found.id, 0, 50, lambda *_: None)
    with reading(place.engine) as session:
        sealed = seal_rows.sealed_of_unit(session, found.id, filing.unit_id)
        assert len(sealed) == 1
        assert reconcile(session).difference == 0
    assert "16" in run("explain", identity(1), "--year", str(YEAR), "--as", "free")


def deliver(place: Workplace) -> None:
    """Carry out what waits, as the worker does: through the in-memory port."""
    with reading(place.engine) as session:
        waiting = list(session.exec(select(Command.id).where(Command.state == "pending")))
    for command_id in waiting:
        row = asyncio.run(commands.deliver(place.engine, WorkflowInMemory(place.engine), command_id))
        assert row.state == "done", row.reason


def test_an_employee_who_becomes_a_freelancer_takes_his_hours_along(folder: Path) -> None:
    record = shown("records", "file", identity(3), "--as", "unit_clerk.firm", *TRAINING)["record"]
    (task,) = shown("tasks", "list", "--as", "unit_verifier.firm")
    run("tasks", "decide", task["待办"], "--approve", "--as", "unit_verifier.firm")
    run("records", "transfer", identity(3), "--to", AGENCY, "--on", "2024-03-01", "--as", "bureau")
    filed = shown(
        "records",
        "file",
        identity(3),
        "--as",
        "unit_clerk.agency",
        *TRAINING[:3],
        "另一次培训",
        *TRAINING[4:],
    )
    assert [one["环节"] for one in shown("tasks", "list", "--as", "unit_verifier.agency")] == [
        "人力资源服务机构核准登记"
    ]
    own = ("accounts", "add", "own", "人3", "--role", "person", "--area", AREA, "--person", identity(3))
    run(*own, "--as", "bureau")
    mine = {one["记录"]: one["单位"] for one in shown("records", "list", "--as", "own")}
    assert mine == {record: "示例公司", filed["record"]: "示例人才服务中心"}


def test_a_workbook_cannot_turn_a_registered_unit_into_something_else(folder: Path) -> None:
    words = (
        "register",
        "import",
        "--as",
        "bureau",
        "--area",
        AREA,
        "--year",
        str(YEAR),
        "--replace",
        "--commit",
    )
    changed = workbook(folder, "changed", NewUnit(AGENCY, "示例人才服务中心", AREA, kind="base"), person(1))
    output = run(*words, changed, code=2)
    assert "register unit set" in output.replace("\n", "")
    silent = workbook(folder, "silent", NewUnit(AGENCY, "示例人才服务中心", AREA), person(1), person(5))
    run(*words, silent)
    assert shown("register", "unit", "show", AGENCY, "--as", "bureau")["性质"].startswith("人力资源服务机构")
