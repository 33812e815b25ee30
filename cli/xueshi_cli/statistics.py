"""`xueshi statistics`: the yearly tables of a region, who stands behind each figure, and what units state for them."""

from __future__ import annotations

import json as json_
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.statistics import UNDER_WAY, YearStudy, who_stands_behind
from xueshi.documents.figures import Who, figure_list, row_of
from xueshi.documents.statistics import table_columns, table_groups
from xueshi.documents.types import FigureList, TableColumn, YearTable
from xueshi.errors import InputError, NotFoundError
from xueshi.hours import show_hours
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.storage import reading, transaction
from xueshi_cli.nouns import Noun, VerbGroup
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, console, show_table
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import (
    require_whole_area,
    studies_as_of,
    studies_of_campaigns,
    year_tables,
)
from xueshi_templates.closure import complete_closure
from xueshi_templates.render import render


class TableUnlessNamed(VerbGroup):
    """`xueshi statistics R Y` shows the tables; the other verbs are named."""

    default_command = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default verb where the first word is none."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if named else [self.default_command, *args])


app = Noun("年度统计表：查看、逐项展开名单、登记经费", cls=TableUnlessNamed)


@dataclass(frozen=True)
class Counted:
    """A table with what it was counted from and who stands behind it."""

    study: YearStudy
    table: YearTable
    names: dict[str, Who]

    def list_of(self, key: str, row: str) -> FigureList:
        """Return the list behind one figure; column and row by key or heading."""
        row_key, label = row_of(table_groups(self.study.paper), row)
        return figure_list(self.table, key, row_key, self.study.people, self.study.funds, self.names, label)

    def all_lists(self) -> list[FigureList]:
        """Return the list behind every figure of the table."""
        rows = [label for _, label in table_groups(self.study.paper)]
        keys = [column.key for column in self.table.columns[1:]]
        return [self.list_of(key, row) for key in keys for row in (*rows, "")]


@app.command("show")
def show(
    region: Annotated[str, typer.Argument(help="地区插件代码")],
    year: Annotated[int, typer.Argument(help="年度")],
    officer: AsOfficer,
    area: Annotated[str, typer.Option(help="地区代码；缺省为全部可查看的地区")] = "",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="不看封存结果，统计截至某日的登记"),
    ] = None,
    figure: Annotated[str, typer.Option("--figure", help="展开哪个指标的名单（代码或名称）")] = "",
    row: Annotated[str, typer.Option("--row", help="展开哪一行（级别的代码或名称）；缺省为合计")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="写成工作簿（.xlsx），或供签章的一页（.pdf）")
    ] = None,
    with_lists: Annotated[
        bool, typer.Option("--with-lists", help="工作簿中附每个数字的名单，单元格链接到名单")
    ] = False,
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """年度统计表：由封存的结果统计（尚未关闭的，只列已封存的人），或用 --as-of 统计截至某日的登记。"""
    place = Workplace.here()
    listed = bool(figure) or with_lists
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        if listed:
            require_whole_area(actor)
        under_way = False
        if as_of is None:
            found = studies_of_campaigns(session, actor, region, year, area)
            studies = [study for _, study in found]
            under_way = any(campaign.stage in UNDER_WAY for campaign, _ in found)
        else:
            studies = studies_as_of(place, session, actor, region, year, area, as_of.date())
        counted = [
            Counted(
                study,
                study.table(),
                who_stands_behind(session, actor.scope, place.keys, study)[0] if listed else {},
            )
            for study in studies
        ]
    if not counted:
        raise NotFoundError(
            f"{region} {year} 年度验证的通知没有列统计表（papers），没有随封存统计的表；"
            "请用 --as-of 日期 统计截至某日的登记"
        )
    if figure:
        show_figures([one.list_of(figure, row) for one in counted], as_json=json)
        return
    if output is not None:
        _write(place, officer, counted, output, with_lists=with_lists)
        return
    show_tables([one.table for one in counted], as_json=json, csv=csv, xlsx=xlsx)
    if under_way and not (json or csv or xlsx):
        console.print("年度验证尚未封存；截至某日的登记用 --as-of 日期 统计。")


@app.command("fund")
def fund(
    unit: Annotated[str, typer.Argument(help="统一社会信用代码")],
    year: Annotated[int, typer.Option(help="年度")],
    amount: Annotated[str, typer.Option(help="金额（元，至多两位小数）")],
    officer: AsOfficer,
    key: Annotated[str, typer.Option("--for", help="经费项目；缺省为合计，见统计表的栏目")] = "total",
) -> None:
    """登记一个单位本年度的继续教育经费；再次登记同一项目的，以后一次为准。"""
    place = Workplace.here()
    hundredths = _hundredths(amount)
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.import")
        found = unit_rows.unit_by_code(session, actor.scope, unit)
        if found is None:
            raise NotFoundError(f"单位 {unit} 不存在或不在管理范围；见 xueshi register list")
        _check_fund_key(place, found.area, year, key)
        maker = f"account:{actor.account_id}"
        now = real_now()
        unit_rows.state_amount(session, actor.scope, found.id, year, key, hundredths, maker, now)
        audit.append(
            session,
            actor=maker,
            verb="fund_state",
            target=f"unit:{found.id}",
            body={"year": year, "key": key, "amount": hundredths},
        )
        name = found.name
    typer.echo(f"已登记 {name} {year} 年度经费 {show_hours(hundredths)} 元")


def _check_fund_key(place: Workplace, area: str, year: int, key: str) -> None:
    """Refuse an amount that no column of the region's tables asks for."""
    columns = [
        column
        for paper in year_tables(place, place.registry.region_for(area), year)
        for column in table_columns(paper)
        if column.key.partition(".")[0] == "fund"
    ]
    known = {column.key.partition(".")[2] or "total": column.label for column in columns}
    if not known:
        raise InputError(f"地区 {area} {year} 年度的统计表没有经费一栏，不用登记经费")
    if key not in known:
        listed = "、".join(f"{one}（{label}）" for one, label in known.items())
        raise InputError(f"统计表没有经费项目“{key}”；--for 可用：{listed}")


def _hundredths(amount: str) -> int:
    try:
        value = Decimal(amount.strip().replace(",", ""))
        cents = value * 100
        if not value.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < 10**15:
            raise ValueError(amount)
    except (InvalidOperation, ValueError) as error:
        raise InputError(f"金额 {amount!r} 不可用；请写不小于0、至多两位小数的元数，如 12000.50") from error
    return int(cents)


def shown_value(column: TableColumn, value: str | int | None) -> str | int | None:
    """Return a figure as officers read it: hundredths as decimals, whole counts as they are."""
    if isinstance(value, int) and column.unit in ("学时", "%", "元"):
        return show_hours(value)
    return value


def show_figures(lists: list[FigureList], *, as_json: bool) -> None:
    """Print the lists behind a figure, each with its definition."""
    answers = [
        {
            "指标": one.column.label,
            "定义": one.column.definition,
            "行": one.row,
            "名单": [
                {
                    **dict(zip(one.headings, line.cells, strict=True)),
                    one.column.label: shown_value(
                        TableColumn("", "", "", "人" if one.counted == "ratio" else one.column.unit),
                        line.amount,
                    ),
                }
                for line in one.lines
            ],
        }
        for one in lists
    ]
    if as_json:
        typer.echo(json_.dumps(answers, ensure_ascii=False))
        return
    for answer in answers:
        console.print(f"{answer['指标']}：{answer['定义']}")
        rows: Any = answer["名单"]
        show_table(f"{answer['指标']}　{answer['行']}", rows, as_json=False, empty="没有人计入这一数字")


def _write(place: Workplace, officer: str, counted: list[Counted], output: Path, *, with_lists: bool) -> None:
    if len(counted) != 1:
        areas = "、".join(
            f"{one.table.area}（{one.table.area_name} {one.study.paper.id}）" for one in counted
        )
        raise InputError(f"有 {len(counted)} 张统计表，一次写一张；请用 --area 指明地区：{areas or '无'}")
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    (one,) = counted
    if output.suffix not in (".pdf", ".xlsx"):
        raise InputError(f"{output} 的格式不能写出；请把文件名改为 .xlsx 或 .pdf")
    if output.suffix == ".pdf":
        if with_lists:
            raise InputError("名单只能附在工作簿中；请把 --output 改为 .xlsx，或去掉 --with-lists")
        body = render(complete_closure(one.study.paper), one.table, "pdf")
    else:
        body = render(one.study.paper, one.table, "xlsx", lists=one.all_lists() if with_lists else ())
    output.write_bytes(body)
    if with_lists:
        with transaction(place.engine) as session:
            actor = place.actor(session, officer)
            audit.append(
                session,
                actor=f"account:{actor.account_id}",
                verb="statistics_lists",
                target=f"area:{one.table.area}",
                body={"year": one.table.year, "paper": one.study.paper.id, "people": len(one.study.people)},
            )
    typer.echo(f"已写出 {output}（{one.table.area_name}{one.table.title}，{one.table.year}年度）")


def show_tables(
    tables: list[YearTable], *, as_json: bool, csv: Path | None = None, xlsx: Path | None = None
) -> None:
    """Print yearly tables, figures down and rows across, with their notes."""
    answers: list[dict[str, Any]] = []
    for table in tables:
        labels = {column.key: column.label for column in table.columns}
        rows = [
            {column.label: shown_value(column, row[column.key]) for column in table.columns}
            for row in (*table.rows, table.totals)
        ]
        turned = [
            {"指标": label, **{str(row[next(iter(labels.values()))]): row.get(label) for row in rows}}
            for label in list(labels.values())[1:]
        ]
        title = f"{table.area_name} {table.title}（{table.year}年度）"
        answers.append({"title": title, "rows": turned, "notes": list(table.notes)})
    if as_json:
        typer.echo(json_.dumps(answers, ensure_ascii=False))
        return
    if csv or xlsx:
        rows = [{"表": answer["title"], **row} for answer in answers for row in answer["rows"]]
        show_table("统计表", _alike(rows), as_json=False, csv=csv, xlsx=xlsx, empty="没有数据")
        return
    for table, answer in zip(tables, answers, strict=True):
        units = {column.label: column.unit for column in table.columns}
        show_table(
            answer["title"],
            [_with_percent(row, units[row["指标"]]) for row in answer["rows"]],
            as_json=False,
            empty="没有数据",
        )
        for column in table.columns[1:]:
            if column.definition:
                typer.echo(f"{column.label}：{column.definition}")
        for note in answer["notes"]:
            console.print(note)


def _with_percent(row: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return a row of figures with the sign behind each that is a percentage."""
    if unit != "%":
        return row
    return {
        name: f"{value}%" if name != "指标" and value not in (None, "") else value
        for name, value in row.items()
    }


def _alike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give all rows the same columns: tables of several areas stand in one file."""
    headings = dict.fromkeys(heading for row in rows for heading in row)
    return [{heading: row.get(heading, "") for heading in headings} for row in rows]
