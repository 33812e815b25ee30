"""The bar of a slow act: after a while, on a terminal, with what is left; nothing for quick acts and scripts."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from xueshi_cli import slow_act
from xueshi_cli.slow_act import shown_when_slow

PATIENCE = 60


class Units:
    """Units that wait; whoever acts can wait until they were counted so often."""

    def __init__(self, *left: int) -> None:
        self.left = list(left)
        self.counted = 0
        self.enough = threading.Event()

    def waiting(self) -> int:
        self.counted += 1
        if self.counted == len(self.left):
            self.enough.set()
        return self.left[min(self.counted, len(self.left)) - 1]


def screen(*, terminal: bool = True) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_slow_act_shows_how_many_units_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_act, "EVERY", 0.01)
    units, console = Units(1000, 1000, 400, 0), screen()
    with shown_when_slow("拨动时钟", units.waiting, console, patience=0):
        assert units.enough.wait(PATIENCE)
    assert "拨动时钟" in written(console)
    assert "1000/1000" in written(console)


def test_a_quick_act_and_a_script_see_nothing() -> None:
    for console, patience in ((screen(), PATIENCE), (screen(terminal=False), 0)):
        units = Units(5)
        with shown_when_slow("拨动时钟", units.waiting, console, patience=patience):
            pass
        assert written(console) == ""
        assert units.counted == 0


def test_an_act_that_fails_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_act, "EVERY", 0.01)
    units, console = Units(3, 3), screen()

    def fail() -> None:
        with shown_when_slow("拨动时钟", units.waiting, console, patience=0):
            assert units.enough.wait(PATIENCE)
            raise RuntimeError("refused")

    before = set(threading.enumerate())
    with pytest.raises(RuntimeError, match="refused"):
        fail()
    # The bar's own painter is told to stop and may take a moment to end.
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()
