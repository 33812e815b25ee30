"""The Python functions behind amounts, found again by the hash of their source: a pinned law names them by it.

A law's bytes hold no code. Who puts a process together says where functions are looked for; that is asked only where a
law has any, and a function that was changed since, or is no longer installed, is not taken for the one that was pinned.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Function = Callable[[Mapping[str, Any]], Any]
Find = Callable[[], Iterable[Function]]

_find: Find = tuple


def found_by(find: Find) -> Find:
    """Set how this process finds the functions of installed plugins; returns how it did before."""
    global _find
    before, _find = _find, find
    return before


def functions_of(hooks: Mapping[str, str]) -> dict[str, Function]:
    """Return the installed functions of a law, name → function, by the hashes of their source; none for what is gone."""
    if not hooks:
        return {}
    by_hash = {source_hash(function): function for function in _find()}
    return {name: by_hash[held] for name, held in hooks.items() if held in by_hash}


def source_hash(function: Any) -> str:
    """Return the sha256 of a function's source; where there is none, of its name."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        text = (
            f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(type(function)))}"
        )
    return hashlib.sha256(text.encode()).hexdigest()
