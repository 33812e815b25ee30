"""Write docs/hooks.md from the hook specifications: `.venv/bin/python setup/hooks_page.py`; a test compares the two."""

from __future__ import annotations

import inspect
import sys
import textwrap
from pathlib import Path

import xueshi
from xueshi import hookspecs
from xueshi.testing import PURE_LIBRARIES

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "hooks.md"
PLUGIN = PROJECT / "examples" / "python-plugin"
"""The whole plugin whose Python files the page prints."""
INTRODUCTION = """\
# Hook points

All that the engine asks a jurisdiction, by concern. `DataJurisdiction` answers every one of them from the plugin's
folder; override one in Python, marked with `hookimpl`, only where data cannot say it. The engine always asks one
jurisdiction, in activities and commands, never inside a workflow. A hook gains arguments, it never loses them; an
implementation names only those it wants. `XUESHI_TRACE_HOOKS=1` prints every call.

This page is written by `make docs` from `core/xueshi/hookspecs.py`, `core/xueshi/testing.py` and `examples/python-plugin`.
"""
IMPORTS = """\
## What a plugin's Python may import

A plugin's code is pure: it computes from what it is handed, and reads no clock, file, network or table. The contract of `xueshi.testing` (and
`make check` for the plugins of this repository) refuses any other import.

| from | what |
|---|---|
| `xueshi` | {front_door} |
| its own package | `from xueshi_example.rules import joint_work`, or relative: `from .rules import joint_work` |
| the standard library | {libraries} (and what lies in them: `collections.abc`) |

Modules inside `xueshi` (`xueshi.campaigns`, `xueshi.assessment`) are not for plugins: they change without notice. `from xueshi.testing import
JurisdictionContract` belongs into the plugin's tests, which are no part of its package. Dates are handed in as values with `year`, `month` and
`day`; today's date no rule may know.
"""
WHOLE = """\
## A whole plugin with Python of its own

[examples/python-plugin](../examples/python-plugin/README.md) is a distribution with one amount that the language cannot say. The rule file names the
function and what it reads:

```yaml
{rule}
```

`xueshi_example/rules.py` is that function. It is called only where every fact in `reads` is stated, and gives hundredths of an hour or a `Reason` (the record has 0
hours, with code `hook.` and the reason's, and its sentence). Needs, shares, limits, the year and the category stay the rule file's; facts of the person it cannot read.

```python
{rules}
```

`xueshi_example/__init__.py` hands it to the engine:

```python
{init}
```

Its cases (`xueshi cases example`) hold each branch: one author, the first, another, the limit, a rank that cannot be. The hash of the function's source is part of
the law's digest: a campaign that is open asks for the function as it was at its opening. Where that was changed since, or is no longer installed, the
records wait for a decision and say so; nobody is judged by another function.
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
    return "\n".join([*parts, *_python_of_a_plugin()])


def _python_of_a_plugin() -> list[str]:
    """Return what a plugin's Python may import, and a whole one."""
    package = PLUGIN / "xueshi_example"
    law = (package / "regulations" / "ex2020.yaml").read_text(encoding="utf-8")
    return [
        IMPORTS.format(
            front_door=", ".join(f"`{name}`" for name in xueshi.__all__),
            libraries=", ".join(f"`{name}`" for name in PURE_LIBRARIES),
        ),
        WHOLE.format(
            rule="\n".join(line.strip() for line in law.splitlines() if "python:" in line),
            rules=(package / "rules.py").read_text(encoding="utf-8").strip(),
            init=(package / "__init__.py").read_text(encoding="utf-8").strip(),
        ),
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
