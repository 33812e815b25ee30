"""Scanning the XML of one sheet in pieces: how far it is filled, and what reading its values alone would not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError, ParserCreate

Taker = Callable[[str, Mapping[str, str]], None]
MOST_NOTED = 20_000
"""Cells and ranges noted of one sheet; further ones are not."""


class PartReader:
    """Reads one XML part piece by piece and hands over its elements; a document type, hence any entity, is refused."""

    def __init__(self, take: Taker | None = None) -> None:
        self._parser = ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        if take is not None:
            self._parser.StartElementHandler = lambda name, attributes: take(
                name.rpartition(":")[2], attributes
            )

    def feed(self, piece: bytes) -> None:
        """Read on."""
        self._parser.Parse(piece, False)

    def close(self) -> SheetScan | None:
        """End the part; ExpatError where it stops too early."""
        self._parser.Parse(b"", True)
        return None

    def _refuse(self, *_: object) -> None:
        # Excel writes none. Entities that expand into each other, or into files of this machine, begin with one.
        raise ExpatError("a document type declaration is not allowed")


@dataclass
class SheetScan:
    """What a sheet's XML says: filled rows, the last filled row and column (from 1), and cells that need a word."""

    rows: int = 0
    last_row: int = 0
    last_column: int = 0
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    """(row, column), from 1 → what is wrong: an error value, or a formula whose result was never stored."""
    merged: list[str] = field(default_factory=list)
    """Ranges of merged cells, `A1:C1`."""
    hidden_rows: list[int] = field(default_factory=list)
    """Hidden rows that hold something."""
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)


class SheetScanner(PartReader):
    """Gathers a `SheetScan` while a sheet's XML passes; its memory is what it notes, not what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.scan = SheetScan()
        self._row = self._column = 0
        self._hidden = self._row_filled = self._filled = False
        self._type = ""
        self._formula = self._in_value = False
        self._value: list[str] = []
        self._columns: dict[str, int] = {}
        self._parser.StartElementHandler = self._start

    def close(self) -> SheetScan:
        """End the sheet and return what was found."""
        super().close()
        return self.scan

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "is"):
            self._note_filled()
            self._in_value = name == "v"
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            self._hidden = attributes.get("hidden") in ("1", "true")
            self._row_filled = False
        elif name == "f":
            self._formula = True
            self._watch()
        elif name == "mergeCell" and len(self.scan.merged) < MOST_NOTED:
            self.scan.merged.append(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self.scan.hidden_columns.append((int(attributes.get("min", 0)), int(attributes.get("max", 0))))

    def _cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            letters = place.rstrip("0123456789")
            column = self._columns.get(letters)
            if column is None:
                column = self._columns[letters] = number_of(letters)
            self._column = column
            if not self._row:
                self._row = int(place[len(letters) :])
        self._type = attributes.get("t", "")
        self._formula = self._in_value = False
        if self._type == "e":
            self._watch()

    def _note_filled(self) -> None:
        scan = self.scan
        if not self._row_filled:
            self._row_filled = True
            scan.rows += 1
            if self._hidden and len(scan.hidden_rows) < MOST_NOTED:
                scan.hidden_rows.append(self._row)
        scan.last_row = max(scan.last_row, self._row)
        scan.last_column = max(scan.last_column, self._column)

    def _watch(self) -> None:
        """Listen to the text and the end of this cell: only a formula and an error value need it."""
        self._value = []
        self._parser.CharacterDataHandler = self._text
        self._parser.EndElementHandler = self._end

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "v":
            self._in_value = False
        if name != "c":
            return
        self._parser.CharacterDataHandler = self._parser.EndElementHandler = None
        value = "".join(self._value).strip()
        if len(self.scan.faults) >= MOST_NOTED:
            return
        if self._type == "e":
            self.scan.faults[self._row, self._column] = f"公式出错，显示为 {value or '错误值'}"
        elif self._formula and not value and self._type != "str":
            # Excel stores an empty text as type `str`; a formula with neither was never calculated.
            self.scan.faults[self._row, self._column] = "公式没有保存计算结果"
            self._note_filled()


def number_of(letters: str) -> int:
    """Return the number of a column from its letters: A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
