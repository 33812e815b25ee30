"""Write docs/hooks.md from the hook specifications: `.venv/bin/python setup/hooks_page.py`; a test compares the two."""

from __future__ import annotations

import inspect
import sys
import textwrap
from pathlib import Path

from xueshi import hookspecs

PAGE = Path(__file__).resolve().parent.parent / "docs" / "hooks.md"
INTRODUCTION = """\
# Hook points

All that the engine asks a jurisdiction, by concern. `DataJurisdiction` answers every one of them from the plugin's
folder; override one in Python, marked with `hookimpl`, only where data cannot say it. The engine always asks one
jurisdiction, in activities and commands, never inside a workflow. A hook gains arguments, it never loses them; an
implementation names only those it wants. `XUESHI_TRACE_HOOKS=1` prints every call.

This page is written by `make docs` from `core/xueshi/hookspecs.py`.
"""


def signature(function: object) -> str:
    """Return a hook's name and signature as a plugin writes it, without `self`."""
    assert inspect.isfunction(function)
    whole = inspect.signature(function)
    asked = [parameter for parameter in whole.parameters.values() if parameter.name != "self"]
    return f"{function.__name__}{whole.replace(parameters=asked)}".replace("'", "")


def hooks_of(group: type) -> list[object]:
    """Return the hook specifications of a group, in the order of the file."""
    return [value for value in vars(group).values() if inspect.isfunction(value)]


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    for group in hookspecs.SPECS:
        parts.append(f"## {group.__name__}\n\n{inspect.getdoc(group)}\n")
        for hook in hooks_of(group):
            text, _, example = (inspect.getdoc(hook) or "").partition("Example::")
            code = textwrap.dedent(example).strip()
            parts.append(f"### `{signature(hook)}`\n\n{text.strip()}\n\n```python\n{code}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
