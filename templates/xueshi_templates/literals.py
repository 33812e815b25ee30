"""Values as Typst literals: the one door by which data enters a page.

Every value that a template prints passes `literal` (Jinja2's `finalize`). In a text every character that Typst
could read as markup or code becomes an escape that means the same in code and in markup, so that no name, course
or remark can be anything but text, wherever a template author puts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@runtime_checkable
class TypstValue(Protocol):
    """A value of ours that knows its own Typst form (set text, lengths); never made by a template."""

    def typst(self) -> str:
        """Return the Typst expression."""
        ...


@dataclass(frozen=True)
class Length:
    """A length in points and tenths of a point."""

    points: int
    tenths: int = 0

    def typst(self) -> str:
        """Return e.g. `10.5pt`."""
        return f"{self.points}.{self.tenths}pt"


def text_literal(text: str) -> str:
    """Return `text` as a Typst string literal in which only letters, digits, spaces and non-ASCII stand as such."""
    signs = (sign if _plain(sign) else f"\\u{{{ord(sign):x}}}" for sign in text)
    return f'"{"".join(signs)}"'


def _plain(sign: str) -> bool:
    # Beyond ASCII nothing is Typst syntax; control and format characters are escaped to stay visible in the source.
    return sign == " " or (sign.isascii() and sign.isalnum()) or (not sign.isascii() and sign.isprintable())


def literal(value: object) -> str:  # noqa: PLR0911 - one return per kind of value
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
