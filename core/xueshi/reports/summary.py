"""Adding up the areas below: the receiving body's own table, each figure the sum of what the areas reported. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from xueshi.documents.statistics import TOTAL, participation_rate, table_columns, table_groups
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import FigureLine, FigureList, TableColumn, YearTable
from xueshi.jurisdictions import YearSpan
from xueshi.reports.contents import RATED, NamedRow, TableContent, people_of_rate
from xueshi.reports.manifest import MissingArea, ReportHead
from xueshi.reports.parts import outermost

AREA_HEADINGS = ("地区", "填报单位", "报告")
SUMMED = "各地区上报数之和；"
OF_PEOPLE = ("people", "took_part", "met", "not_met", "undecided")
"""Columns, beside `people.C`, that count people: of several areas added up, somebody may stand in each."""
IN_EACH = "几个地区都计入的人各计一次。"
Figures = Mapping[str, int | None]


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


def paper_of_parts(paper: str, contents: Sequence[TableContent], year: int) -> DocumentTemplate:
    """Return a paper made of what some reports have: every column and row of any of them, in the order of their coming.

    For a body whose own plugin has no table for the year. `contents` holds at least one.
    """
    columns: dict[str, TableColumn] = {"group": TableColumn("group", "级别", "各地区报表的各行。")}
    groups: dict[str, str] = {}
    for content in contents:
        for column in content.columns:
            columns.setdefault(column.key, column)
        for row in content.rows:
            groups.setdefault(row.key, row.label)
    fields = {"columns": [vars(column) for column in columns.values()], "groups": groups}
    clause = "；".join(dict.fromkeys(content.clause for content in contents if content.clause))
    return DocumentTemplate(
        paper, contents[0].title, clause, "year_table", YearSpan(year, year), "xlsx", "", fields
    )


def table_for(paper: str, tables: Mapping[str, TableContent], *, only: bool) -> TableContent | None:
    """Return which of a report's tables is added up under a paper: the one of its id; a single one under the `only` paper."""
    if paper in tables:
        return tables[paper]
    return next(iter(tables.values())) if only and len(tables) == 1 else None


def combined(paper: DocumentTemplate, members: Sequence[TableContent], notes: Sequence[str]) -> TableContent:
    """Return one table's content that holds what all its members hold, under the columns and rows of a paper.

    A figure is the sum of what the members have under the same key, None where none has it; `rate` is computed again
    from the sums of those that have both its parts. No mark of a person travels by which two areas could be compared:
    of several members, the definition of a figure that counts people says that they are counted in each. People of rows that the paper does not have stand in `rest`; every
    unit keeps its own line.
    """
    columns = table_columns(paper)[1:]
    if len(members) > 1:
        columns = tuple(_counted_in_each(column) if _of_people(column) else column for column in columns)
    groups = table_groups(paper)
    known = {key for key, _ in groups}

    def rows_of(key: str) -> list[Figures]:
        return [row.figures for member in members for row in member.rows if row.key == key]

    rest = [member.rest for member in members if member.rest is not None]
    rest += [row.figures for member in members for row in member.rows if row.key not in known]
    return TableContent(
        paper=paper.id,
        title=paper.title,
        clause=paper.clause,
        columns=columns,
        rows=tuple(NamedRow(key, label, _sum(columns, rows_of(key))) for key, label in groups),
        rest=_sum(columns, rest) if rest else None,
        totals=_sum(columns, [member.totals for member in members]),
        units=tuple(
            NamedRow(unit.key, unit.label, _sum(columns, [unit.figures]))
            for member in members
            for unit in member.units
        ),
        notes=tuple(notes),
    )


def without_report(missing: Sequence[MissingArea]) -> str:
    """Say in Chinese of which areas nothing is in a table."""
    return f"没有已确认的报告、不在本表之内：{'、'.join(one.area_name for one in missing)}。"


def notes_of_parts(
    paper: DocumentTemplate,
    counted: Sequence[AreaFigures],
    inner: Sequence[ReportHead],
    missing: Sequence[MissingArea],
    *,
    with_own: bool = False,
) -> list[str]:
    """Say in Chinese which areas a table adds up, which it does not, what they lack, and who may stand in it twice.

    `with_own`: the body's own figures are in the table beside the areas'.
    """
    columns = table_columns(paper)[1:]
    known = {key for key, _ in table_groups(paper)}
    notes = [f"汇总{len(counted)}个地区：{'、'.join(_named(one.head) for one in counted)}。"]
    of_people = [column.label for column in columns if _of_people(column)]
    if of_people and len(counted) + with_own > 1:
        notes.append(
            f"{'、'.join(of_people)}是各地区所计之和：人员由其单位所在的地区计入；报告不含身份证号，地区之间不比对人员，"
            "本年度在几个地区的单位都计入的人，各计一次。"
        )
    if inner:
        notes.append(f"未另行计入（已含在上级地区的报告中）：{'、'.join(_named(one) for one in inner)}。")
    if missing:
        notes.append(without_report(missing))
    for one in counted:
        reported = {column.key for column in one.content.columns}
        lacking = [column.label for column in columns if column.key not in reported]
        if lacking:
            notes.append(f"{one.head.area_name}的报表没有：{'、'.join(lacking)}。")
        others = {row.key for row in one.content.rows} - known
        if others or one.content.rest is not None:
            notes.append(f"{one.head.area_name}有不属于表列各行的人员，只计入合计。")
        notes += [f"{one.head.area_name}：{note}" for note in one.content.notes]
    return [*notes, *_note_on_rate(columns, counted)]


def _of_people(column: TableColumn) -> bool:
    return column.key in OF_PEOPLE or column.key.startswith("people.")


def _counted_in_each(column: TableColumn) -> TableColumn:
    said = column.definition.rstrip("。；")
    return replace(column, definition=f"{said}；{IN_EACH}" if said else IN_EACH)


def _note_on_rate(columns: Sequence[TableColumn], counted: Sequence[AreaFigures]) -> list[str]:
    """Say of whom the rate is, where some areas do not say who took part."""
    rate = next((column for column in columns if column.key == "rate"), None)
    rated = sum(people_of_rate(one.content.totals) for one in counted)
    people = sum(one.content.totals.get("people") or 0 for one in counted)
    if rate is None or not rated or rated == people:
        return []
    return [f"{rate.label}只按报有参加人数的地区计算，分母为{rated}人（全部{people}人）。"]


def summary_of(
    paper: DocumentTemplate,
    areas: Sequence[AreaFigures],
    *,
    region: str,
    area: str,
    area_name: str,
    body: str,
    year: int,
    missing: Sequence[MissingArea] = (),
    notes: Sequence[str] = (),
) -> Summary:
    """Add up the areas under the columns and rows of the receiving body's own paper.

    A figure is the sum of what the areas reported under the same key; one that an area's table does not have is
    missing from the sum, and a note says so. `rate` is computed again from the sums of the areas that have both its
    parts. `areas` holds at least one.
    """
    heads, inner = outermost([one.head for one in areas])
    counted = [one for one in areas if one.head in heads]
    content = combined(paper, [one.content for one in counted], [])
    columns = tuple(replace(column, definition=f"{SUMMED}{column.definition}") for column in content.columns)
    heading = table_columns(paper)[0]
    groups = table_groups(paper)
    lists = [
        _list(column, key, label, counted) for key, label in (*groups, (None, TOTAL)) for column in columns
    ]
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
        rows=tuple({heading.key: row.label, **row.figures} for row in content.rows),
        totals={heading.key: TOTAL, **content.totals},
        notes=(*notes, *notes_of_parts(paper, counted, inner, missing)),
        clause=paper.clause,
        sample=any(one.head.sample for one in counted),
    )
    return Summary(table, tuple(lists), groups)


def _sum(columns: Sequence[TableColumn], figures: Sequence[Figures]) -> dict[str, int | None]:
    """Add up figures column by column; the rate from the sums of those that say both who took part and of how many.

    The people of an area that does not say who took part stand in no denominator; where there are such, `RATED` says of
    how many people the rate is, so that whoever adds up further does not take them in.
    """
    found: dict[str, int | None] = {}
    for column in columns:
        if column.key != "rate":
            values = [value for one in figures if (value := one.get(column.key)) is not None]
            found[column.key] = sum(values) if values else None
    both = [one for one in figures if _says_both(one)]
    rated = sum(people_of_rate(one) for one in both)
    if any(column.key == "rate" for column in columns):
        took_part = sum(one["took_part"] or 0 for one in both)
        found["rate"] = participation_rate(took_part, rated) if both else None
    if both and found.get("took_part") is not None and rated != (found.get("people") or 0):
        found[RATED] = rated
    return found


def _says_both(figures: Figures) -> bool:
    return figures.get("took_part") is not None and figures.get("people") is not None


def _list(column: TableColumn, key: str | None, label: str, areas: Sequence[AreaFigures]) -> FigureList:
    """Return the areas behind one figure; for the rate, who took part in each that says so, of all its people."""
    ratio = column.key == "rate"
    lines = []
    people = 0
    for one in areas:
        figures = (
            one.content.totals
            if key is None
            else next((row.figures for row in one.content.rows if row.key == key), {})
        )
        if ratio and not _says_both(figures):
            continue
        people += people_of_rate(figures) if ratio else figures.get("people") or 0
        amount = figures.get("took_part" if ratio else column.key)
        if amount is not None:
            cells = (one.head.area_name, one.head.body, f"第{one.head.revision}次（{one.head.made_on}）")
            lines.append(FigureLine(cells, amount))
    counted = "ratio" if ratio else "sum"
    return FigureList(column, label, AREA_HEADINGS, tuple(lines), counted, people)  # type: ignore[arg-type]  # one of its words


def _named(head: ReportHead) -> str:
    return f"{head.area_name}（第{head.revision}次）"
