"""The one place that asks the machine what time it is.

Campaign dates come from the campaign clock, which is given the real instant; audit and logs take it as it is. Whoever
reads the machine's clock elsewhere takes that time out of the tests' hands: a quarter passes there in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

_readers: list[Callable[[], datetime]] = [partial(datetime.now, UTC)]


def real_now() -> datetime:
    """Return the real instant, in UTC."""
    return _readers[-1]()


@contextmanager
def replaced(read: Callable[[], datetime]) -> Iterator[None]:
    """Let another clock say what time it is, in this process, until the end of the block: for tests with virtual time."""
    _readers.append(read)
    try:
        yield
    finally:
        _readers.pop()
