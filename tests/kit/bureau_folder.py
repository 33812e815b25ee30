"""One bureau's data folder, and the command line in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from xueshi_cli.main import build

BUREAU = "bureau"
RUN = CliRunner()


@dataclass
class Bureau:
    """One data folder, and the command line in it."""

    folder: Path
    use: Callable[[Path], None]

    def run(self, *words: str, code: int = 0) -> str:
        self.use(self.folder)
        done = RUN.invoke(build(), [*words, "--as", BUREAU])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    def rows(self, *words: str) -> list[dict[str, Any]]:
        read: list[dict[str, Any]] = json.loads(self.run(*words, "--json"))
        return read
