"""A bar for an act that may take long on a large campaign: it shows after two seconds, and only where somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE = 2.0
"""Seconds after which the bar shows."""
EVERY = 0.5


@contextmanager
def shown_when_slow(
    what: str, waiting: Callable[[], int], console: Console | None = None, patience: float = PATIENCE
) -> Iterator[None]:
    """Show how far an act has come while the caller waits for it.

    `waiting` says how many are left; it is asked from another thread, so it opens what it reads by itself. Of a number
    that does not fall the bar only tells that work goes on.
    """
    screen = console or Console(stderr=True)
    if not screen.is_terminal:
        yield
        return
    over = threading.Event()
    shower = threading.Thread(target=_show, args=(what, waiting, screen, patience, over), daemon=True)
    shower.start()
    try:
        yield
    finally:
        over.set()
        shower.join()


def _show(
    what: str, waiting: Callable[[], int], screen: Console, patience: float, over: threading.Event
) -> None:
    if over.wait(patience):
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        total = max(waiting(), 0)
        bar = progress.add_task(what, total=total or None)
        while not over.wait(EVERY):
            progress.update(bar, completed=max(total - waiting(), 0))
