"""Fitting text into a cell: which size, which font, where the lines break.

Done here and not by Typst, so that a batch knows which people's text shrank and which needs another row without
compiling twice, and the same text always breaks at the same place. Lengths are tenths of a point, widths of
characters thousandths of an em: integers throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xueshi_templates.fonts import FontSet, Role
from xueshi_templates.literals import Length, TypstValue, literal

FLOOR = 65
"""The smallest size, 6.5 pt: below it a printed form is not legible."""
SMALL = 80
"""Text that had to go below 8 pt is reported as shrunk: somebody should look at it."""
STEP = 5
PITCH = 118
"""Line pitch in hundredths of the size."""

SetKey = tuple[str, int, int, int, Role, bool]
"""What a set text depends on, beside the fonts: text, width, height, size, role, balanced."""

# A line must not start with these, nor end with those (GB/T 15834 placement).
CLOSING = "，。、；：！？）》〉】」』”’…—,.;:!?)]}%％·"
OPENING = "（《〈【「『“‘([{"
_WORD = re.compile(r"[!-~]+|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class SetText(TypstValue):
    """A text as it will stand in its cell: lines, size in tenths of a point, font families, each sign in the first that has it."""

    lines: tuple[str, ...]
    size: int
    faces: tuple[str, ...]
    shrank: bool = False

    def typst(self) -> str:
        """Return the dictionary that `look/base.typ` sets."""
        face = literal(self.faces[0] if len(self.faces) == 1 else self.faces)
        return f"(lines: {literal(self.lines)}, size: {Length(*divmod(self.size, 10)).typst()}, face: {face})"


@dataclass
class Typesetter:
    """Sets the texts of one paper and notes whether any of them had to shrink."""

    fonts: FontSet
    known: dict[SetKey, SetText] = field(default_factory=dict)
    """Texts set before, for papers of one template to share: most of a form's texts recur."""
    shrank: bool = False

    def fit(
        self,
        text: object,
        width: int,
        height: int,
        *,
        size: int = 105,
        role: Role = "fill",
        balanced: bool = True,
    ) -> SetText:
        """Set `text` in a cell of `width` × `height` points at `size` tenths of a point or the next smaller size.

        At the floor of 6.5 pt what exceeds the cell stays in the lines: `entry_rows` lets it run on; elsewhere
        the cell shows more lines than planned rather than losing a character. `balanced` evens the lines out, as
        a centred cell wants it.
        """
        shown = "" if text is None else str(text)
        key = (shown, width, height, size, role, balanced)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._fit(shown, width, height, size, role, balanced=balanced)
        self.shrank = self.shrank or found.shrank
        return found

    def _fit(self, shown: str, width: int, height: int, size: int, role: Role, *, balanced: bool) -> SetText:
        faces = self.fonts.faces_for(shown, role)
        chosen, lines = size, self._lines(shown, faces, width * 10, size)
        while chosen > FLOOR and (
            len(lines) * chosen * PITCH > height * 1000
            or self._breaks_a_word(shown, faces, width * 10, chosen)
        ):
            chosen = max(FLOOR, chosen - STEP)
            lines = self._lines(shown, faces, width * 10, chosen)
        if balanced and len(lines) > 1:
            lines = self._evened(shown, faces, width * 10, chosen, lines)
        small = chosen < size and chosen < SMALL
        return SetText(tuple(lines), chosen, faces, small)

    def _breaks_a_word(self, text: str, faces: tuple[str, ...], width: int, size: int) -> bool:
        """Tell whether a word or number would be torn at this size that a smaller one keeps whole."""
        room, most = width * 1000 // size, width * 1000 // FLOOR
        return any(
            room < self.fonts.width(word, faces) <= most for word in _WORD.findall(text) if len(word) > 1
        )

    def _evened(
        self, text: str, faces: tuple[str, ...], width: int, size: int, lines: list[str]
    ) -> list[str]:
        """Break again within the narrowest width that needs no line more."""
        narrow = width // 2
        while narrow < width:
            evened = self._lines(text, faces, narrow, size)
            torn = self._breaks_a_word(text, faces, narrow, size)
            if len(evened) <= len(lines) and not torn:
                return evened
            narrow += max(5, size // 2)
        return lines

    def _lines(self, text: str, faces: tuple[str, ...], width: int, size: int) -> list[str]:
        """Break `text` into lines of at most `width` tenths of a point."""
        room = width * 1000 // size
        lines: list[str] = []
        for paragraph in text.split("\n"):
            line, used = "", 0
            for unit in self._units(paragraph, faces, room):
                extent = self.fonts.width(unit, faces)
                if line and used + extent > room:
                    lines.append(line.rstrip())
                    line, used = "", 0
                    if unit.isspace():
                        continue
                line, used = line + unit, used + extent
            lines.append(line.rstrip())
        return lines

    def _units(self, text: str, faces: tuple[str, ...], room: int) -> Iterator[str]:
        """Yield what must not be broken: a word, or a character with the marks that cling to it."""
        pending = ""
        for unit in _WORD.findall(text):
            clings = pending and (unit in CLOSING or pending[-1] in OPENING)
            if pending and not clings:
                yield from self._split(pending, faces, room)
                pending = ""
            pending += unit
        if pending:
            yield from self._split(pending, faces, room)

    def _split(self, unit: str, faces: tuple[str, ...], room: int) -> Iterator[str]:
        # A web address or an unbroken string of brackets may be wider than the cell: then it breaks anywhere.
        if self.fonts.width(unit, faces) <= room:
            yield unit
        else:
            yield from unit


@dataclass(frozen=True)
class TableCell:
    """How one column of a table of entries is set: room in points, size in tenths of a point."""

    width: int
    size: int = 105
    balanced: bool = True


def entry_rows(
    setter: Typesetter, texts: Sequence[str], columns: Sequence[TableCell], height: int
) -> list[tuple[SetText, ...]]:
    """Set one entry: usually one row; further rows when a text exceeds its cell even at the floor size."""
    set_texts = [
        setter.fit(text, column.width, height, size=column.size, balanced=column.balanced)
        for text, column in zip(texts, columns, strict=True)
    ]
    rows: list[tuple[SetText, ...]] = []
    while not rows or any(cell.lines for cell in set_texts):
        row: list[SetText] = []
        rest: list[SetText] = []
        for cell in set_texts:
            room = max(1, height * 1000 // (cell.size * PITCH))
            row.append(SetText(cell.lines[:room], cell.size, cell.faces, cell.shrank))
            rest.append(SetText(cell.lines[room:], cell.size, cell.faces, cell.shrank))
        rows.append(tuple(row))
        set_texts = rest
    return rows
