"""The command line as an officer uses it, inside the test's own process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from xueshi_cli.main import build

RUN = CliRunner()


def run(*words: str, code: int = 0) -> str:
    """Run a command; returns what it printed. Errors that the entry point would print are raised."""
    done = RUN.invoke(build(), list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def rows(*words: str) -> list[dict[str, Any]]:
    """Run a command that lists; returns its rows."""
    read: list[dict[str, Any]] = json.loads(run(*words, "--json"))
    return read
