"""The environment of the benchmarks, `.venv-bench`: all pinned packages, the peers, our own distributions.

Run by `make bench` after the set-up; what is in place is not done again. The product itself never sees the peers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import prepare

PEERS = prepare.PROJECT / "benchmarks" / "requirements.txt"
FOLDER = prepare.PROJECT / ".venv-bench"
PYTHON = FOLDER / prepare.PYTHON.relative_to(prepare.VENV)
STAMP = FOLDER / "xueshi-setup"


def wanted() -> str:
    """Return what the environment's stamp must say."""
    return f"{prepare.wanted_stamp()}\n{PEERS.read_text(encoding='utf-8')}"


def make(board: prepare.Board) -> None:
    """Make the environment. Raises PartFailedError."""
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted():
        return
    STAMP.unlink(missing_ok=True)
    ways = (
        "check the network and pip's index or proxy settings (`pip config list`), then run `make bench` again"
    )
    clear = [] if prepare.runs(PYTHON) else ["--clear"]
    prepare.run(
        board, "environment of the benchmarks", [sys.executable, "-m", "venv", *clear, str(FOLDER)], ways
    )
    pip = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off"]
    pinned: list[str] = [*pip, "--require-hashes", "-r", str(prepare.LOCK), "-r", str(PEERS)]
    prepare.run(board, "packages and peers", pinned, ways)
    ours = [part for folder in prepare.distributions() for part in ("-e", str(Path(folder)))]
    prepare.run(
        board, "our own distributions beside them", [*pip, "--no-deps", "--no-build-isolation", *ours], ways
    )
    STAMP.write_text(wanted(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(prepare.make_beside(make))
