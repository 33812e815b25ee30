"""The example workbooks of the README are imported as it says, and are what their script writes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from xueshi_cli.main import build

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "workbooks").glob("*.xlsx"))
RUN = CliRunner()


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    words = ["accounts", "add", "bureau", "某局", "--role", "bureau", "--area", "500102"]
    assert RUN.invoke(build(), words).exit_code == 0


def import_(path: Path, *more: str) -> tuple[int, Any]:
    words = ["register", "import", str(path), "--as", "bureau", "--region", "chongqing", "--area", "500102"]
    done = RUN.invoke(build(), [*words, "--json", *more])
    return done.exit_code, json.loads(done.output)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("examples_script", ROOT / "setup" / "example_workbooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_there_is_a_right_one_a_wrong_one_and_a_marked_one() -> None:
    assert [path.stem.partition("-")[2] for path in EXAMPLES] == ["有误-已标注", "有误", ""]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_imported_as_the_readme_says(path: Path, bureau: None) -> None:
    code, answer = import_(path)
    if "有误" not in path.stem:
        assert (code, [one["结果"] for one in answer]) == (0, ["没有问题"]), answer
        code, answer = import_(path, "--commit")
        assert (code, [one["结果"] for one in answer]) == (0, ["已入库"]), answer
        return
    assert code == 2
    assert [(one["工作表"], one["单元格"]) for one in answer] == [
        ("人员", "D2"),
        ("学习记录", "C2"),
        ("学习记录", "F2"),
    ]


def test_the_examples_are_what_their_script_writes(tmp_path: Path) -> None:
    written = script().write(tmp_path)
    assert sorted(path.name for path in written) == sorted(path.name for path in EXAMPLES)
    for path in EXAMPLES:
        assert cells(tmp_path / path.name) == cells(path), f"{path.name}: write it anew with `make examples`"
