"""Every list as a file: CSV and XLSX of what the terminal shows, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner
from workbook_rig import WorkbookRig

from xueshi.errors import InputError
from xueshi_cli.main import build
from xueshi_cli.output import show_table

RUN = CliRunner()


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkbookRig:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    made = WorkbookRig(tmp_path)
    words = ["accounts", "add", "bureau", "=某局", "--role", "bureau", "--area", made.area]
    assert RUN.invoke(build(), words).exit_code == 0
    return made


def run(*words: str) -> str:
    done = RUN.invoke(build(), list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_list_becomes_a_csv_and_a_workbook(rig: WorkbookRig) -> None:
    rig.unit = replace(rig.unit, name="示例中学")
    run(
        "register",
        "import",
        str(rig.write()),
        "--as",
        "bureau",
        "--area",
        rig.area,
        "--year",
        str(rig.year),
        "--commit",
    )
    shown = json.loads(run("register", "list", "--as", "bureau", "--json"))
    plain, book = rig.folder / "units.csv", rig.folder / "units.xlsx"
    output = run("register", "list", "--as", "bureau", "--csv", str(plain), "--xlsx", str(book))
    assert "units.csv（1 条）" in output.replace("\n", "")
    assert plain.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    with plain.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == shown
    rows = list(load_workbook(book)["在册单位"].values)
    assert [
        dict(zip(rows[0], ["" if cell is None else cell for cell in row], strict=True)) for row in rows[1:]
    ] == shown


def test_what_would_be_a_formula_stays_text(rig: WorkbookRig) -> None:
    plain, book = rig.folder / "accounts.csv", rig.folder / "accounts.xlsx"
    run("accounts", "list", "--as", "bureau", "--csv", str(plain), "--xlsx", str(book))
    assert "'=某局" in plain.read_text("utf-8-sig")
    cell = next(cell for row in load_workbook(book)["账号"] for cell in row if cell.value == "=某局")
    assert cell.data_type == "s"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_every_sign_that_begins_a_formula_is_guarded(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "list.csv"
    show_table("表", [{"甲": f"{sign}1+1", "乙": -5}], as_json=False, empty="", csv=path)
    assert path.read_text("utf-8-sig").splitlines()[1] in (f"'{sign}1+1,-5", f'"\'{sign}1+1",-5')


def test_a_file_that_is_there_is_not_overwritten(rig: WorkbookRig) -> None:
    path = rig.folder / "mine.csv"
    path.write_text("我的")
    done = RUN.invoke(build(), ["accounts", "list", "--as", "bureau", "--csv", str(path)])
    assert isinstance(done.exception, InputError)
    assert path.read_text() == "我的"


@pytest.mark.parametrize(
    "words", [("campaign", "list"), ("tasks", "list"), ("register", "list"), ("accounts", "list")]
)
def test_an_empty_or_short_list_is_a_file_too(rig: WorkbookRig, words: tuple[str, str]) -> None:
    path = rig.folder / "list.xlsx"
    run(*words, "--as", "bureau", "--xlsx", str(path))
    assert load_workbook(path).sheetnames
