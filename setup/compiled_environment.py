"""An environment with the interpreter compiled to machine code, `.venv-compiled` (`make compiled`): optional, about three times as fast.

For the benchmark and for whoever judges millions of people. The source is the same Python, compiled by mypyc (it needs
a C compiler and Python's headers); the pure Python remains what is shipped, tested and true. Everything of ours is
installed as it stands now, never as a link to the sources, and no extension module ever lies beside a source file:
after an update the environment is made again, which its stamp sees to.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import prepare

FOLDER = prepare.PROJECT / ".venv-compiled"
PYTHON = FOLDER / prepare.PYTHON.relative_to(prepare.VENV)
STAMP = FOLDER / "xueshi-setup"
NEEDED = prepare.PROJECT / "setup" / "compiled-requirements.txt"
WORKSHOP = FOLDER / "compile"
MODULES = (
    "across", "alternatives", "amounts", "compiler", "conditions", "evaluate", "facts", "formulas", "judged", "program", "reasons",
    "presumed", "requirements", "run", "selection", "sums", "trace", "window_judging",
)  # fmt: skip
"""What judges a record, of `xueshi.assessment`; what merely reads or explains the outcome stays Python."""

LIBRARY = "xueshi_assessment"
"""The name of what the extension modules share: mypy has compiled modules of its own in the same folder."""

BUILD = """
import os, sys
from mypyc.build import mypycify
from setuptools import setup

os.chdir(sys.argv[1])
modules = mypycify(sys.argv[3:], opt_level="3", group_name=sys.argv[2])
setup(name="compiled", ext_modules=modules, script_args=["build_ext", "--inplace"])
"""


def wanted() -> str:
    """Return what the environment's stamp must say: pins, project files and every source that is installed."""
    digest = hashlib.sha256(f"{prepare.wanted_stamp()}\n{NEEDED.read_text(encoding='utf-8')}".encode())
    folders = [prepare.PROJECT / name for name in ("core", "templates", "workflows", "cli", "plugins")]
    for file in (Path(__file__), *sorted(one for folder in folders for one in folder.rglob("*"))):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(prepare.PROJECT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def make(board: prepare.Board) -> None:
    """Make the environment. Raises PartFailedError."""
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted():
        board.done("compiled interpreter", "in place")
        return
    STAMP.unlink(missing_ok=True)
    ways = "check the network and pip's index or proxy settings, then run `make compiled` again"
    clear = [] if prepare.runs(PYTHON) else ["--clear"]
    prepare.run(
        board, "environment of the compiled", [sys.executable, "-m", "venv", *clear, str(FOLDER)], ways
    )
    pip = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off"]
    pinned = [*pip, "--require-hashes", "-r", str(prepare.LOCK), "-r", str(NEEDED)]
    prepare.run(board, "packages of the compiled", pinned, ways)
    # Again each time: pip would keep what has the same version, with the modules compiled before.
    ours = ["--force-reinstall", "--no-deps", "--no-build-isolation", *map(str, prepare.distributions())]
    prepare.run(board, "our own distributions, as they are", [*pip, *ours], ways)
    compile_modules(board)
    STAMP.write_text(wanted(), encoding="utf-8")


def compile_modules(board: prepare.Board) -> None:
    """Compile a copy and lay the extension modules beside the installed Python. Raises PartFailedError."""
    shutil.rmtree(WORKSHOP, ignore_errors=True)
    shutil.copytree(
        prepare.PROJECT / "core", WORKSHOP, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    )
    (WORKSHOP / "mypy.ini").write_text("[mypy]\nstrict = true\n", encoding="utf-8")
    files = [f"xueshi/assessment/{name}.py" for name in MODULES]
    prepare.run(
        board,
        "compile the interpreter",
        [str(PYTHON), "-c", BUILD, str(WORKSHOP), LIBRARY, *files],
        "a C compiler and Python's headers are needed (Debian or Ubuntu: apt-get install gcc python3-dev); "
        "without them Xueshi works as well, in pure Python",
    )
    packages = next(FOLDER.glob("lib/python*/site-packages"))
    for old in extensions(packages):
        old.unlink()
    for made in extensions(WORKSHOP):
        shutil.copy2(made, packages / made.relative_to(WORKSHOP))
    shutil.rmtree(WORKSHOP)


def extensions(folder: Path) -> list[Path]:
    """Return our extension modules below a folder, and nobody else's."""
    return [*folder.glob(f"{LIBRARY}__mypyc*.so"), *folder.glob("xueshi/**/*.so")]


if __name__ == "__main__":
    sys.exit(prepare.make_beside(make))
