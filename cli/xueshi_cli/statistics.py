"""`xueshi statistics`: the yearly tables of a region."""

from __future__ import annotations

import json as json_
from typing import Annotated, Any

import typer

from xueshi.campaigns import repository
from xueshi.campaigns.papers import papers_of
from xueshi.campaigns.statistics import year_table_of
from xueshi.errors import NotFoundError
from xueshi.hours import show_hours
from xueshi.storage import reading
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, console, show_table
from xueshi_cli.workplace import Workplace


def statistics(
    region: Annotated[str, typer.Argument(help="地区插件代码")],
    year: Annotated[int, typer.Argument(help="年度")],
    officer: AsOfficer,
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """年度统计表：由封存的结果统计；尚未关闭的，只列已封存的人。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaigns = [
            one
            for one in repository.campaigns(session, actor.scope)
            if (one.region, one.year) == (region, year)
        ]
        if not campaigns:
            raise NotFoundError(f"{region} {year} 年度没有您可查看的年度验证；见 xueshi campaign list")
        tables = [
            year_table_of(session, campaign, paper)
            for campaign in campaigns
            for paper in papers_of(session, campaign).values()
            if paper.data == "year_table"
        ]
    answers: list[dict[str, Any]] = []
    for table in tables:
        hundredths = {column.key for column in table.columns if column.unit in ("学时", "%")}
        labels = {column.key: column.label for column in table.columns}
        rows = [
            {
                labels[key]: show_hours(value) if key in hundredths and isinstance(value, int) else value
                for key, value in row.items()
                if key in labels
            }
            for row in (*table.rows, table.totals)
        ]
        turned = [
            {"指标": label, **{str(row[next(iter(labels.values()))]): row.get(label) for row in rows}}
            for label in list(labels.values())[1:]
        ]
        title = f"{table.area_name} {table.title}（{table.year}年度）"
        answers.append({"title": title, "rows": turned, "notes": list(table.notes)})
    if json:
        typer.echo(json_.dumps(answers, ensure_ascii=False))
        return
    if csv or xlsx:
        rows = [{"表": answer["title"], **row} for answer in answers for row in answer["rows"]]
        show_table("统计表", _alike(rows), as_json=False, csv=csv, xlsx=xlsx, empty="没有数据")
        return
    for answer in answers:
        show_table(answer["title"], answer["rows"], as_json=False, empty="没有数据")
        for note in answer["notes"]:
            console.print(note)


def _alike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give all rows the same columns: tables of several areas stand in one file."""
    headings = dict.fromkeys(heading for row in rows for heading in row)
    return [{heading: row.get(heading, "") for heading in headings} for row in rows]
