"""Engine and plugins as others get them: wheels, installed into an empty environment, away from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = [PROJECT, *sorted(path.parent for path in (PROJECT / "plugins").glob("*/pyproject.toml"))]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One wheel per distribution, built by the pinned back end without isolation (and so without a network)."""
    target = tmp_path_factory.mktemp("wheels")
    for folder in DISTRIBUTIONS:
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target), cwd=folder)
    return sorted(target.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment that holds our wheels, and sees the pinned packages of this one.

    A line in a `.pth` file shows it this environment's packages without their own `.pth` files: so the editable
    installs of the checkout are not reachable, only what the wheels brought.
    """
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    site = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(programs / "python"),
        "install",
        "--no-index",
        "--no-deps",
    ]
    run(*install, *map(str, wheels), cwd=folder)
    (Path(site) / "pinned.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def run(*command: str, cwd: Path) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XUESHI"))
    }
    environment |= {"XUESHI_DATA": str(cwd / "data"), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    return done.stdout


def test_a_wheel_holds_every_file_of_its_packages(wheels: list[Path]) -> None:
    assert len(wheels) == len(DISTRIBUTIONS)
    shipped = set()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            shipped |= {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout: which files belong to a package is not known")
    listed = [Path(name) for name in tracked.stdout.split("\0") if name and (PROJECT / name).is_file()]
    files = [file for file in listed if file.parts[0] != "examples"]  # a plugin there is somebody else's
    packaged = {
        "/".join(file.parts[place:])
        for file in files
        for place, part in enumerate(file.parts[:-1])
        if part.startswith("xueshi") and not any(before.startswith("xueshi") for before in file.parts[:place])
    }
    assert packaged
    assert packaged - shipped == set(), "files that a wheel forgets"


def test_the_installed_engine_is_the_wheel_not_the_checkout(elsewhere: Path, tmp_path: Path) -> None:
    script = "import xueshi, xueshi_templates, xueshi_workflows, xueshi_cli.main as m; print(xueshi.__file__, m.__file__)"
    assert str(PROJECT) not in run(str(elsewhere / "python"), "-c", script, cwd=tmp_path)


def test_the_command_runs_there(elsewhere: Path, tmp_path: Path) -> None:
    assert "用法" in run(str(elsewhere / "xueshi"), "--help", cwd=tmp_path)


def test_every_plugin_is_found_there(elsewhere: Path, tmp_path: Path) -> None:
    listed = json.dumps(json.loads(run(str(elsewhere / "xueshi"), "regions", "list", "--json", cwd=tmp_path)))
    for folder in DISTRIBUTIONS[1:]:
        assert f'"{folder.name}"' in listed


def test_what_the_wheels_require_is_pinned(elsewhere: Path, tmp_path: Path) -> None:
    python = str(elsewhere / "python")
    run(sys.executable, "-m", "pip", "--python", python, "check", cwd=tmp_path)


@pytest.fixture(scope="module")
def foreign(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin of examples/notice-example, as somebody else's wheel installed beside ours; returns a copy of its folder."""
    folder = tmp_path_factory.mktemp("foreign") / "plugin"
    shutil.copytree(
        PROJECT / "examples" / "notice-example" / "plugin",
        folder,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist"), cwd=folder)
    [wheel] = (folder / "dist").glob("*.whl")
    python = str(elsewhere / "python")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        str(wheel),
    ]
    run(*install, cwd=folder)
    return folder


def test_a_foreign_plugin_is_checked_there_and_only_shown_looser_than_the_national_law_once_its_text_is_there(
    elsewhere: Path, foreign: Path, tmp_path: Path
) -> None:
    command = [str(elsewhere / "xueshi"), "regions", "check", "yunze", "--json"]
    assert [one["编号"] for one in json.loads(run(*command, cwd=tmp_path))] == ["W206", "N301"]
    notice = PROJECT / "examples" / "notice-example" / "notice.txt"
    told = run(str(elsewhere / "xueshi"), "rules", "attach", "yunze", str(notice), cwd=tmp_path)
    assert "18条中可引用原句18条" in told
    assert [one["编号"] for one in json.loads(run(*command, cwd=tmp_path))] == ["N301"]


def test_every_change_of_a_number_of_the_foreign_plugin_fails_one_of_its_cases(
    elsewhere: Path, foreign: Path, tmp_path: Path
) -> None:
    told = json.loads(run(str(elsewhere / "xueshi"), "cases", "yunze", "--mutants", "--json", cwd=tmp_path))
    assert told["failed"] == 0
    assert told["passed"] > 30
    [report] = told["mutants"]
    assert report["unnoticed"] == []
    assert report["changes"] > 50


def test_the_foreign_plugin_passes_the_contract_there(elsewhere: Path, foreign: Path) -> None:
    command = [str(elsewhere / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    assert " passed" in run(*command, cwd=foreign)
