"""What is wrong in a rule file: one value per finding, the same for loader, check, contract and publication."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from xueshi.errors import RuleFileError


@dataclass(frozen=True)
class Diagnostic:
    """One finding: number of the check, where it stands, what is wrong, and one repair.

    `severity` is `E` (stops loading) or `W` (shown, to be accepted by name in the review). `line` is 1-based.
    """

    code: str
    severity: str
    file: str
    line: int
    clause: str
    message: str
    repair: str

    def __str__(self) -> str:
        stop = "" if self.message.endswith(("?", ".")) else "."
        return f"{self.file}:{self.line}: {self.code} {self.message}{stop} Repair: {self.repair}"


@dataclass
class Findings:
    """Collects diagnostics while a file is read, so that the author sees all of them at once."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, code: str, file: str, line: int, message: str, repair: str, clause: str = "") -> None:
        """Record one finding; the first letter of `code` is its severity. The same finding is kept once."""
        finding = Diagnostic(code, code[0], file, line, clause, message, repair)
        if finding not in self.found:
            self.found.append(finding)

    @property
    def errors(self) -> list[Diagnostic]:
        """The findings that stop loading."""
        return [finding for finding in self.found if finding.severity == "E"]

    def raise_errors(self) -> None:
        """Raise RuleFileError with every error, one per line; nothing when there is none."""
        if self.errors:
            raise RuleFileError("\n".join(str(finding) for finding in self.errors))


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the valid word most like `word`, or None when nothing is near."""
    known = list(dict.fromkeys(words))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return close[0] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return `; did you mean "…"?` for the nearest valid word, else the empty string."""
    near = nearest(word, words)
    return f'; did you mean "{near}"?' if near else ""
