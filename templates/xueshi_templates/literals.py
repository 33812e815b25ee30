"""Values as Typst literals: the one door by which data enters a page.

Every value that a template prints passes `literal` (Jinja2's `finalize`). In a text every character that Typst
could read as markup or code becomes an escape that means the same in code and in markup, so that no name, course
or remark can be anything but text, wherever a template author puts it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# All of ASCII but letters, digits and the space.
_SYNTAX = re.compile(r"[\x00-\x1f!-/:-@\[-`{-\x7f]")


class TypstValue:
    """A value of ours that knows its own Typst form (set text, lengths); never made by a template."""

    def typst(self) -> str:
        """Return the Typst expression."""
        raise NotImplementedError


@dataclass(frozen=True)
class Length(TypstValue):
    """A length in points and tenths of a point."""

    points: int
    tenths: int = 0

    def typst(self) -> str:
        """Return e.g. `10.5pt`."""
        return f"{self.points}.{self.tenths}pt"


def text_literal(text: str) -> str:
    """Return `text` as a Typst string literal in which only letters, digits, spaces and non-ASCII stand as such."""
    escaped = _SYNTAX.sub(_escape, text)
    if not escaped.isprintable():
        # Control and format characters beyond ASCII mean nothing to Typst; escaped they stay visible in the source.
        escaped = "".join(sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in escaped)
    return f'"{escaped}"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match.group()):x}}}"


def literal(value: object) -> str:
    """Return any plain value as a Typst expression: text, whole number, truth value, none, list or mapping.

    Raises TypeError for anything else (floats included), so that a template cannot print a value by accident.
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"({value})"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, TypstValue):
        return value.typst()
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{text_literal(str(key))}: {literal(item)}" for key, item in value.items())
        return f"({pairs})" if pairs else "(:)"
    if isinstance(value, list | tuple):
        return f"({''.join(f'{literal(item)}, ' for item in value)})"
    raise TypeError(f"a template cannot print a value of type {type(value).__name__}: {value!r}")
