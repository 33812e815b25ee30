"""The figures inside a package: written from a table, read again with every sum checked. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from xueshi.canonical import canonical_json
from xueshi.documents.statistics import TOTAL, participation_rate
from xueshi.documents.types import TableColumn, YearTable
from xueshi.errors import InputError
from xueshi.fault_words import field_fault
from xueshi.hours import show_hours
from xueshi.reports.manifest import ReportHead

Row = Mapping[str, str | int | None]
ROWS_LIMIT = 100_000
"""Units of one table: a province whose areas report unit by unit."""
ROWS = TableColumn("group", "行", "")
SCALED = ("学时", "%", "元")
"""Units whose values are hundredths."""
RATED = "people_of_rate"
"""Beside the columns, in a sum of areas some of which do not say who took part: the people of those that do."""


class _Column(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str
    label: str
    definition: str
    unit: str


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str
    label: str
    figures: dict[str, int | None]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    paper: str
    title: str
    clause: str
    columns: list[_Column]
    rows: list[_Figures]
    rest: dict[str, int | None] | None
    totals: dict[str, int | None]
    units: list[_Figures]
    notes: list[str]


@dataclass(frozen=True)
class NamedRow:
    """One row of figures: by level (key and heading) or by unit (credit code and name)."""

    key: str
    label: str
    figures: Mapping[str, int | None]


@dataclass(frozen=True)
class TableContent:
    """The figures of one table as a package carries them; hundredths where the column's unit says so."""

    paper: str
    title: str
    clause: str
    columns: tuple[TableColumn, ...]
    """Without the heading of the rows."""
    rows: tuple[NamedRow, ...]
    rest: Mapping[str, int | None] | None
    """People who belong to none of the rows; None where everybody has one."""
    totals: Mapping[str, int | None]
    units: tuple[NamedRow, ...]
    notes: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return the content as canonical JSON."""
        plain = {
            "paper": self.paper,
            "title": self.title,
            "clause": self.clause,
            "columns": [vars(column) for column in self.columns],
            "rows": [vars(row) for row in self.rows],
            "rest": self.rest,
            "totals": self.totals,
            "units": [vars(row) for row in self.units],
            "notes": list(self.notes),
        }
        return (canonical_json(plain) + "\n").encode()

    def to_csv(self, rows: Sequence[NamedRow], heading: str) -> bytes:
        """Return rows as a table for people, with decimals and a mark for spreadsheet programs (UTF-8 BOM)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["代码", heading, *(_heading(column) for column in self.columns)])
        for row in rows:
            values = [_shown(column, row.figures.get(column.key)) for column in self.columns]
            writer.writerow([_harmless(row.key), _harmless(row.label), *values])
        return b"\xef\xbb\xbf" + out.getvalue().encode()


def people_of_rate(figures: Mapping[str, int | None]) -> int:
    """Return of how many people it is known whether they took part: those of whom a rate is reckoned."""
    if figures.get("took_part") is None:
        return 0
    rated = figures.get(RATED)
    return (figures.get("people") or 0) if rated is None else rated


def table_content(
    table: YearTable,
    groups: Sequence[tuple[str, str]],
    rest: YearTable | None,
    units: YearTable,
    codes: Sequence[str],
    paper: str,
) -> TableContent:
    """Return a table's content: rows under the keys of `groups`, units under their credit codes, in order."""
    columns = table.columns[1:]

    def figures(row: Row) -> dict[str, int | None]:
        return {
            column.key: value if isinstance(value := row[column.key], int) else None for column in columns
        }

    return TableContent(
        paper=paper,
        title=table.title,
        clause=table.clause,
        columns=columns,
        rows=tuple(
            NamedRow(key, label, figures(row)) for (key, label), row in zip(groups, table.rows, strict=True)
        ),
        rest=None if rest is None else figures(rest.totals),
        totals=figures(table.totals),
        units=tuple(
            NamedRow(code, str(row["group"]), figures(row))
            for code, row in zip(codes, units.rows, strict=True)
        ),
        notes=table.notes,
    )


def read_table(body: bytes, path: str) -> TableContent:
    """Read a table's content. Raises InputError naming the file and the field."""
    try:
        read = _Table.model_validate(json.loads(body))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(
            f"报送包内的 {path} 有误：{place}：{field_fault(fault)}；请由报送单位重新编制"
        ) from error
    except ValueError as error:
        raise InputError(f"报送包内的 {path} 无法读取；请由报送单位重新编制") from error
    if len(read.units) > ROWS_LIMIT:
        raise InputError(f"报送包内的 {path} 超过 {ROWS_LIMIT} 个单位；请核对")
    return TableContent(
        paper=read.paper,
        title=read.title,
        clause=read.clause,
        columns=tuple(TableColumn(**column.model_dump()) for column in read.columns),
        rows=tuple(NamedRow(row.key, row.label, row.figures) for row in read.rows),
        rest=read.rest,
        totals=read.totals,
        units=tuple(NamedRow(row.key, row.label, row.figures) for row in read.units),
        notes=tuple(read.notes),
    )


def shown_table(content: TableContent, head: ReportHead, heading: TableColumn = ROWS) -> YearTable:
    """Return a table's content as a table again, for the screen and the workbook; `heading` is that of its rows."""
    return YearTable(
        region=head.region,
        area=head.area,
        area_name=head.area_name,
        year=head.year,
        title=content.title,
        period_start=head.period_start,
        period_end=head.period_end,
        reporting_body=head.body,
        made_on=head.made_on,
        columns=(heading, *content.columns),
        rows=tuple({heading.key: row.label, **row.figures} for row in content.rows),
        totals={heading.key: TOTAL, **content.totals},
        notes=content.notes,
        clause=content.clause,
        sample=head.sample,
    )


def contradictions(content: TableContent, counts: Mapping[str, int]) -> list[str]:
    """Say in Chinese, one sentence each, where figures of a table do not agree with each other or with the manifest."""
    found: list[str] = []
    keys = {column.key for column in content.columns}
    everywhere = [content.totals, *(row.figures for row in (*content.rows, *content.units))]
    everywhere += [content.rest] if content.rest is not None else []
    if any(set(figures) - {RATED} != keys for figures in everywhere):
        return [f"《{content.title}》各行的指标与栏目不一致"]
    if any(value is not None and value < 0 for figures in everywhere for value in figures.values()):
        return [f"《{content.title}》有小于0的数字"]
    for column in content.columns:
        found += _of_column(content, column)
    for figures in everywhere:
        people, took_part = figures.get("people"), figures.get("took_part")
        if people is not None and took_part is not None:
            rated = people_of_rate(figures)
            if took_part > rated:
                found.append(f"《{content.title}》参加人数 {took_part} 多于人数 {rated}")
            if rated > people:
                found.append(f"《{content.title}》计算参加率的人数 {rated} 多于人数 {people}")
            if "rate" in keys and figures["rate"] != participation_rate(took_part, rated):
                found.append(f"《{content.title}》参加率与参加人数、人数不符")
    found += _of_rate(content)
    if "people" in keys and counts.get("people") != content.totals["people"]:
        found.append(
            f"《{content.title}》合计人数 {content.totals['people']} 与清单 {counts.get('people')} 不符"
        )
    if counts.get("units") != len(content.units):
        found.append(f"《{content.title}》列有 {len(content.units)} 个单位，清单为 {counts.get('units')} 个")
    return list(dict.fromkeys(found))


def _of_rate(content: TableContent) -> list[str]:
    """Compare the people of the total's rate with those of the rows and units, where any is told apart."""
    rows = [row.figures for row in content.rows] + ([content.rest] if content.rest is not None else [])
    if not any(RATED in figures for figures in (content.totals, *rows)):
        return []
    total = people_of_rate(content.totals)
    return [
        f"《{content.title}》计算参加率的人数，各{word}之和 {summed}，合计为 {total}"
        for word, figures in (("行", rows), ("单位", [row.figures for row in content.units]))
        if (summed := sum(people_of_rate(one) for one in figures)) != total
    ]


def _of_column(content: TableContent, column: TableColumn) -> list[str]:
    """Compare a column's total with its rows and units."""
    key, total = column.key, content.totals[column.key]
    kind = key.partition(".")[0]
    rows = [row.figures[key] for row in content.rows]
    rows += [content.rest[key]] if content.rest is not None else []
    units = [row.figures[key] for row in content.units]
    if key == "rate":
        return []
    if kind == "classes":
        # One class may have people of several levels and units: it stands in each row, once in the total.
        return [
            f"《{content.title}》“{column.label}”合计 {total} 与各{word}不符"
            for word, values in (("行", rows), ("单位", units))
            if not max(_numbers(values), default=0) <= (total or 0) <= sum(_numbers(values))
        ]
    compared = [("单位", units)] if kind == "fund" else [("行", rows), ("单位", units)]
    return [
        f"《{content.title}》“{column.label}”各{word}之和 {_shown(column, sum(_numbers(values)))}"
        f"，合计为 {_shown(column, total)}"
        for word, values in compared
        if sum(_numbers(values)) != (total or 0)
    ]


def _numbers(values: Sequence[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _heading(column: TableColumn) -> str:
    return f"{column.label}（{column.unit}）" if column.unit else column.label


def _shown(column: TableColumn, value: int | None) -> str:
    if value is None:
        return ""
    return show_hours(value) if column.unit in SCALED else str(value)


def _harmless(text: str) -> str:
    """Keep a name from being read as a formula by a spreadsheet program."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
