"""`make compiled`: what it compiles is there, a changed source makes it again, and nothing is left beside the sources."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROJECT / "setup"))
    sys.modules.pop("compiled_environment", None)
    return importlib.import_module("compiled_environment")


def test_every_module_that_is_compiled_is_a_source(compiled: ModuleType) -> None:
    assert all((PROJECT / f"core/xueshi/assessment/{name}.py").is_file() for name in compiled.MODULES)


def test_a_changed_source_makes_it_again(
    compiled: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "core" / "module.py"
    source.parent.mkdir()
    source.write_text("A = 1\n")
    monkeypatch.setattr(compiled.prepare, "PROJECT", tmp_path)
    monkeypatch.setattr(compiled.prepare, "wanted_stamp", lambda: "pins")
    monkeypatch.setattr(compiled, "__file__", str(source))
    before = compiled.wanted()
    assert compiled.wanted() == before
    source.write_text("A = 2\n")
    assert compiled.wanted() != before


def test_no_extension_module_lies_beside_a_source() -> None:
    assert not [file for end in ("so", "pyd") for file in (PROJECT / "core").rglob(f"*.{end}")]


def test_only_our_own_modules_are_replaced(compiled: ModuleType, tmp_path: Path) -> None:
    ours = [tmp_path / "xueshi_assessment__mypyc.so", tmp_path / "xueshi" / "assessment" / "run.so"]
    for file in (*ours, tmp_path / "6ec5__mypyc.so", tmp_path / "mypy" / "build.so"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert sorted(compiled.extensions(tmp_path)) == sorted(ours)
