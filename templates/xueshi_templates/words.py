"""What a template may call: dates and amounts as an officer writes them, fitted text, rows of entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from xueshi.documents.types import LevelCounts, StudyEntry, TableColumn, YearTable
from xueshi.hours import show_hours
from xueshi_templates.literals import Length
from xueshi_templates.typesetting import SetText, TableCell, Typesetter, entry_rows

CELL_MARGIN = 8
"""What inner margin and rules take from the width of a cell, in points."""
ROW_MARGIN = 2
"""The same of its height."""


def dotted(day: date | None) -> str:
    """Return `2021.10.28`; empty when there is no date."""
    return "" if day is None else f"{day.year}.{day.month:02d}.{day.day:02d}"


def dotted_month(day: date | None) -> str:
    """Return `1969.06`, the way 出生年月 is written; empty when there is no date."""
    return "" if day is None else f"{day.year}.{day.month:02d}"


def date_parts(day: date | None) -> tuple[int, int, int] | None:
    """Return (year, month, day) for 年 月 日, None for a place to write."""
    return None if day is None else (day.year, day.month, day.day)


def chinese_date(day: date | None) -> str:
    """Return `2021年10月28日`; empty when there is no date."""
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


def study_period(start: date | None, end: date | None) -> str:
    """Return 起迄时间: one day, or two with what they share said once (`2021.01.21—01.23`)."""
    if start is None or end is None or start == end:
        return dotted(start or end)
    last = f"{end.month:02d}.{end.day:02d}" if start.year == end.year else dotted(end)
    return f"{dotted(start)}—{last}"


def phrase(words: str, **values: object) -> str:
    """Fill the marks `{name}` of a form's sentence."""
    filled = words
    for name, value in values.items():
        filled = filled.replace("{" + name + "}", str(value))
    return filled


def level_counts(counts: LevelCounts | None) -> tuple[int | None, ...]:
    """Return (total, senior, intermediate, junior), blanks when nothing was counted yet."""
    if counts is None:
        return (None, None, None, None)
    return (counts.total, counts.senior, counts.intermediate, counts.junior)


def count_pairs(
    met: LevelCounts | None, not_met: LevelCounts | None
) -> tuple[tuple[int | None, int | None], ...]:
    """Return the pairs (met, not met) in all and by level."""
    return tuple(zip(level_counts(met), level_counts(not_met), strict=True))


def table_rows(table: YearTable) -> list[list[str]]:
    """Return a yearly table's rows and totals as text: hundredths shown as decimals, what is not there as “—”."""
    rows = [*table.rows, table.totals] if table.totals else list(table.rows)
    return [[_shown(column, row.get(column.key)) for column in table.columns] for row in rows]


def _shown(column: TableColumn, value: str | int | None) -> str:
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if column.unit in ("%", "元"):
        return f"{value // 100}.{value % 100:02d}"
    return show_hours(value) if column.unit == "学时" else str(value)


def entry_text(entry: StudyEntry, column: str, words: Mapping[str, Any]) -> str:
    """Return what one column of a card says about an entry.

    `words` are the form's options: `show_category` puts the category before the content, since the card has no
    column for it; `certificate` is the word before a certificate's number, which stands with the result.
    """
    if column == "period":
        return study_period(entry.start, entry.end)
    if column == "content":
        shown = words.get("show_category") and entry.category_label
        return f"{entry.category_label}：{entry.content}" if shown else entry.content
    if column == "category":
        return entry.category_label
    if column == "form":
        return entry.form
    if column == "hours":
        return show_hours(entry.hours)
    if column == "result":
        number = f"{words.get('certificate', '')}{entry.certificate}" if entry.certificate else ""
        return "\n".join(part for part in (entry.result, number) if part)
    raise ValueError(f"a card has no column {column!r}: period, category, content, form, hours, result")


def totals_text(totals: Mapping[str, int], words: Mapping[str, Any]) -> str:
    """Return a year's hours in one line, by category and in all: `公需科目 30　专业科目 60　合计 90（学时）`.

    `words`: `categories` (key and label of each, in the form's order), `all` (the word for the sum), `unit`.
    """
    parts = [f"{one['label']} {show_hours(totals.get(one['key'], 0))}" for one in words["categories"]]
    return "　".join([*parts, f"{words['all']} {show_hours(totals.get('total', 0))}"]) + str(words["unit"])


class TemplateWords:
    """The functions of one paper's template, bound to its typesetter."""

    def __init__(self, setter: Typesetter) -> None:
        self.setter = setter
        self.continued = False

    def entry_pages(
        self,
        entries: Sequence[StudyEntry],
        widths: Sequence[int],
        *,
        rows: int,
        height: int,
        sizes: Sequence[int],
        columns: Sequence[str],
        words: Mapping[str, Any],
    ) -> list[list[tuple[SetText, ...]]]:
        """Set the entries and deal them to cards of `rows` rows; at least one card.

        An entry whose text runs over several rows is kept on one card where it fits on one.
        """
        cells = [
            TableCell(width - CELL_MARGIN, size, balanced=column != "content")
            for width, size, column in zip(widths, sizes, columns, strict=True)
        ]
        pages: list[list[tuple[SetText, ...]]] = [[]]
        for entry in entries:
            texts = [entry_text(entry, column, words) for column in columns]
            block = entry_rows(self.setter, texts, cells, height - ROW_MARGIN)
            if len(pages[-1]) + len(block) > rows and pages[-1] and len(block) <= rows:
                pages.append([])
            for row in block:
                if len(pages[-1]) == rows:
                    pages.append([])
                pages[-1].append(row)
        self.continued = self.continued or len(pages) > 1
        return pages

    def names(self) -> dict[str, Any]:
        """Return the functions by the names that templates use."""
        return {
            "chinese_date": chinese_date,
            "count_pairs": count_pairs,
            "date_parts": date_parts,
            "dotted": dotted,
            "dotted_month": dotted_month,
            "entry_pages": self.entry_pages,
            "fit": self.setter.fit,
            "length": Length,
            "level_counts": level_counts,
            "phrase": phrase,
            "show_hours": show_hours,
            "table_rows": table_rows,
            "totals_text": totals_text,
        }
