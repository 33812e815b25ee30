"""The table of sequences in docs/development.md says what the tests over sequences assert, and how many there are."""

from __future__ import annotations

from pathlib import Path

import sequence_count
from hypothesis import settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "development.md"


def test_every_invariant_of_every_machine_stands_in_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.partition("## Sequences of commands")[2].splitlines()]
    told = {row[0].removeprefix("| "): row[1] for row in rows if len(row) == 3 and "machine" not in row[0]}
    held = sequence_count.invariants()
    assert told == {name: f"{len(one)}: {'; '.join(one)}" for name, one in held.items()}
    assert set(held) == {"appeal", "campaign", "filing", "record", "report"}


def test_the_page_states_how_many_sequences_are_tried() -> None:
    many, few = settings.get_profile("many").max_examples, settings.get_profile("default").max_examples
    text = PAGE.read_text(encoding="utf-8")
    assert f"tries {few} sequences for each machine, `make sequences` {many:,}" in text.replace("\n", " ")


def test_a_run_says_what_it_tried() -> None:
    before = dict(sequence_count.TALLIES)
    sequence_count.TALLIES.clear()
    try:
        assert sequence_count.lines() == []
        sequence_count.note("filing", 1_500, 20)
        (line,) = sequence_count.lines()
        assert "filing: 1 sequences, 1,500 commands, 20 accepted; 12 invariants" in line
    finally:
        sequence_count.TALLIES.clear()
        sequence_count.TALLIES.update(before)
