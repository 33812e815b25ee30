"""`make setup` on machines that lack something: the part, the cause, the ways out; and where everything goes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from xueshi_cli import temporal_binary

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The least of a checkout that set-up needs: itself, the pins (one that cannot be had), the engine's project."""
    checkout = tmp_path / "checkout"
    for name in ("setup/prepare.py", "cli/xueshi_cli/temporal_binary.py", "pyproject.toml"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, checkout / name)
    (checkout / "plugins").mkdir()
    (checkout / "requirements.lock").write_text(f"not-to-be-had==1 \\\n    --hash=sha256:{'0' * 64}\n")
    return checkout


def set_up(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("XUESHI_", "PIP_"))
    }
    base = {"XUESHI_CACHE": str(checkout.parent / "cache"), "PIP_NO_INDEX": "1", "PATH": str(checkout.parent)}
    return subprocess.run(
        [sys.executable, "setup/prepare.py"],
        cwd=checkout,
        env=inherited | base | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_package_that_cannot_be_had_is_named_with_cause_and_way_out(bare: Path) -> None:
    before = {path.name for path in bare.parent.iterdir()}
    done = set_up(bare)
    assert done.returncode == 3
    assert "set-up failed: packages" in done.stderr
    assert "not-to-be-had" in done.stderr
    assert "make setup" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in bare.parent.iterdir()} - before == {"cache"}, (
        "written outside checkout and cache"
    )


def test_progress_is_plain_lines_where_there_is_no_terminal(bare: Path) -> None:
    done = set_up(bare, XUESHI_TEMPORAL_ADDRESS="127.0.0.1:7233")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert "Temporal server: 127.0.0.1:7233" in done.stdout
    assert "virtual environment" in done.stdout


def test_a_python_without_ensurepip_gets_one_line_with_the_package_to_install(bare: Path) -> None:
    # As Debian splits it: the module is simply not there.
    hide = "import sys, runpy; sys.modules['ensurepip'] = None; sys.argv = ['setup/prepare.py']; "
    script = hide + "runpy.run_path('setup/prepare.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=bare,
        env={**os.environ, "XUESHI_CACHE": str(bare.parent / "cache"), "PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert len([line for line in done.stderr.splitlines() if "python3-venv" in line]) == 1
    assert not (bare / ".venv").exists()


def load_prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", PROJECT / "setup" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_any_way_to_temporal_all_ways_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XUESHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("XUESHI_TEMPORAL_ADDRESS", raising=False)
    prepare = load_prepare()
    board = prepare.Board()
    try:
        with pytest.raises(prepare.PartFailedError) as refusal:
            prepare.Temporal(board).finish()
    finally:
        board.close()
    for way in ("XUESHI_TEMPORAL_ADDRESS", "PATH", str(tmp_path / "cache"), "SDK", "Go"):
        assert way in str(refusal.value)


def test_every_folder_that_go_writes_to_lies_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUESHI_CACHE", str(tmp_path))
    environment = temporal_binary.go_environment()
    for name in ("GOPATH", "GOMODCACHE", "GOCACHE", "GOBIN", "GOTMPDIR", "XDG_CONFIG_HOME"):
        assert Path(environment[name]).is_relative_to(tmp_path), name
