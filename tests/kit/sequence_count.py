"""How many sequences of commands the machines were put through in this run, and what must hold after each command.

A test over sequences is marked `sequences`, tells `note` of every sequence, and says with each assertion what holds.
The closing lines of a run print the counts; `docs/development.md` holds the table.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
MANY = 10_000
"""Sequences for each machine in `make sequences`."""


@dataclass
class Tally:
    """What one machine was put through."""

    sequences: int = 0
    commands: int = 0
    accepted: int = 0


TALLIES: dict[str, Tally] = {}


def note(machine: str, commands: int, accepted: int) -> None:
    """Count one sequence: how many commands it gave, how many of them were accepted."""
    tally = TALLIES.setdefault(machine, Tally())
    tally.sequences += 1
    tally.commands += commands
    tally.accepted += accepted


def lines() -> list[str]:
    """Return what a run says at its end; nothing where no sequence was tried."""
    return [
        f"sequences of commands: {machine}: {one.sequences:,} sequences, {one.commands:,} commands, "
        f"{one.accepted:,} accepted; {len(invariants()[machine])} invariants held after each"
        for machine, one in sorted(TALLIES.items())
    ]


def invariants() -> dict[str, list[str]]:
    """Return by machine what its test over sequences asserts, read from the test itself.

    Raises AssertionError for an assertion that does not say what holds.
    """
    found: dict[str, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for test in _sequence_tests(file):
            machine = next(
                str(ast.literal_eval(node.args[0]))
                for node in ast.walk(test)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "note"
            )
            said = [node.msg for node in ast.walk(test) if isinstance(node, ast.Assert)]
            assert all(isinstance(one, ast.Constant) for one in said), (
                f"{file.name}: {test.name}: say what holds"
            )
            words = [str(one.value) for one in said if isinstance(one, ast.Constant)]
            found[machine] = list(dict.fromkeys(words))
    return found


def _sequence_tests(file: Path) -> Iterator[ast.FunctionDef]:
    text = file.read_text(encoding="utf-8")
    if "mark.sequences" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(one) == "pytest.mark.sequences" for one in node.decorator_list
        ):
            yield node
