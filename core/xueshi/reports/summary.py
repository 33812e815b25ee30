"""Adding up the areas below: the receiving body's own table, each figure the sum of what the areas reported. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from xueshi.documents.statistics import TOTAL, participation_rate, table_columns, table_groups
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import FigureLine, FigureList, TableColumn, YearTable
from xueshi.jurisdictions import area_contains
from xueshi.reports.contents import TableContent
from xueshi.reports.manifest import ReportHead

AREA_HEADINGS = ("地区", "填报单位", "报告")
NOT_SUMMED = "各地区上报数之和；"


@dataclass(frozen=True)
class AreaFigures:
    """One area's report with the table of it that is added up."""

    head: ReportHead
    content: TableContent


@dataclass(frozen=True)
class Summary:
    """The table of all areas together, and the areas behind each of its figures."""

    table: YearTable
    lists: tuple[FigureList, ...]
    groups: tuple[tuple[str, str], ...]
    """Key and heading of the table's rows."""


def outermost(areas: Sequence[AreaFigures]) -> tuple[list[AreaFigures], list[AreaFigures]]:
    """Part reports into those that count and those of areas that another report contains already."""
    inner = [
        one
        for one in areas
        if any(
            other.head.area != one.head.area and area_contains(other.head.area, one.head.area)
            for other in areas
        )
    ]
    return [one for one in areas if one not in inner], inner


def summary_of(
    paper: DocumentTemplate,
    areas: Sequence[AreaFigures],
    *,
    region: str,
    area: str,
    area_name: str,
    body: str,
    year: int,
) -> Summary:
    """Add up the areas under the columns and rows of the receiving body's own paper.

    A figure is the sum of what the areas reported under the same key; one that an area's table does not have is
    missing from the sum, and a note says so. `rate` is computed again from the sums. `areas` holds at least one.
    """
    counted, inner = outermost(areas)
    columns = tuple(
        replace(column, definition=f"{NOT_SUMMED}{column.definition}") for column in table_columns(paper)[1:]
    )
    groups = table_groups(paper)
    heading = table_columns(paper)[0]
    rows: list[dict[str, str | int | None]] = []
    lists: list[FigureList] = []
    for key, label in (*groups, (None, TOTAL)):
        row: dict[str, str | int | None] = {heading.key: label}
        for column in columns:
            found = _list(column, key, label, counted)
            lists.append(found)
            row[column.key] = _value(found)
        rows.append(row)
    notes = [f"汇总{len(counted)}个地区：{'、'.join(_named(one) for one in counted)}。"]
    if inner:
        notes.append(f"未另行计入（已含在上级地区的报告中）：{'、'.join(_named(one) for one in inner)}。")
    for one in counted:
        reported = {column.key for column in one.content.columns}
        lacking = [column.label for column in columns if column.key not in reported]
        if lacking:
            notes.append(f"{one.head.area_name}的报表没有：{'、'.join(lacking)}。")
        others = {row.key for row in one.content.rows} - {key for key, _ in groups}
        if others or one.content.rest is not None:
            notes.append(f"{one.head.area_name}有不属于表列各行的人员，只计入合计。")
        notes += [f"{one.head.area_name}：{note}" for note in one.content.notes]
    table = YearTable(
        region=region,
        area=area,
        area_name=area_name,
        year=year,
        title=f"{paper.title}（汇总）",
        period_start=min(one.head.period_start for one in counted),
        period_end=max(one.head.period_end for one in counted),
        reporting_body=body,
        made_on=max((one.head.made_on for one in counted), default=date(year, 12, 31)),
        columns=(heading, *columns),
        rows=tuple(rows[:-1]),
        totals=rows[-1],
        notes=tuple(notes),
        clause=paper.clause,
        sample=any(one.head.sample for one in counted),
    )
    return Summary(table, tuple(lists), groups)


def _list(column: TableColumn, key: str | None, label: str, areas: Sequence[AreaFigures]) -> FigureList:
    """Return the areas behind one figure; for the rate, who took part in each, of all people."""
    wanted = "took_part" if column.key == "rate" else column.key
    lines = []
    people = 0
    for one in areas:
        figures = (
            one.content.totals
            if key is None
            else next((row.figures for row in one.content.rows if row.key == key), {})
        )
        people += figures.get("people") or 0
        amount = figures.get(wanted)
        if amount is not None:
            cells = (one.head.area_name, one.head.body, f"第{one.head.revision}次（{one.head.made_on}）")
            lines.append(FigureLine(cells, amount))
    counted = "ratio" if column.key == "rate" else "sum"
    return FigureList(column, label, AREA_HEADINGS, tuple(lines), counted, people)  # type: ignore[arg-type]  # one of its words


def _value(found: FigureList) -> int | None:
    if found.counted == "ratio":
        return participation_rate(sum(line.amount for line in found.lines), found.of)
    return sum(line.amount for line in found.lines) if found.lines else None


def _named(one: AreaFigures) -> str:
    return f"{one.head.area_name}（第{one.head.revision}次）"
