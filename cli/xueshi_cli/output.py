"""How commands answer: a table or record for people, JSON for scripts; the options every noun shares."""

from __future__ import annotations

import json as json_
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from xueshi.regulations.vocabulary import engine_vocabulary

if TYPE_CHECKING:
    from xueshi.campaigns.tables import Command

AsOfficer = Annotated[
    str,
    typer.Option(
        "--as", help="以哪个账号办理（登录名、登录名:岗位，或受托的 登录名:岗位@授权人）；仅限本机数据文件夹"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]
ToCsv = Annotated[Path | None, typer.Option("--csv", help="另存为 CSV 文件")]
ToXlsx = Annotated[Path | None, typer.Option("--xlsx", help="另存为 Excel 工作簿")]

console = Console()
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|report(:[a-z0-9_]+){4}")

FATES = {
    "done": "已办结",
    "pending": "已登记，等待执行",
    "refused": "未办理",
    "late": "逾期",
    "withdrawn": "已撤回",
}


def show_fate(row: Command) -> None:
    """Print what became of a command; a refused or late one ends with exit code 1."""
    reason = f"：{row.reason}" if row.reason else ""
    typer.echo(f"{FATES[row.state]}{reason}（办理编号 {row.id}）")
    if row.state == "pending":
        typer.echo(f"执行的结果用 xueshi commands show {row.id} 查看")
    if row.state in ("refused", "late"):
        raise typer.Exit(1)


def show_table(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    as_json: bool,
    empty: str,
    csv: Path | None = None,
    xlsx: Path | None = None,
) -> None:
    """Print rows as a table with a count, as JSON, write them to files, or say what to do when there are none."""
    if csv or xlsx:
        _write_files(title, rows, csv, xlsx, aside=as_json)
    if (csv or xlsx) and not as_json:
        return
    if as_json:
        typer.echo(json_.dumps(list(rows), ensure_ascii=False, default=str))
        return
    if not rows:
        console.print(empty)
        return
    table = Table(title=title, caption=f"共 {len(rows)} 条", title_justify="left")
    for heading in rows[0]:
        # An id is copied into the next command: it must stand in one piece, whatever the terminal's width.
        cells = [str(row[heading] or "") for row in rows]
        whole = all(_ID.fullmatch(cell) for cell in cells)
        width = max(len(cell) for cell in cells) if whole else None
        table.add_column(heading, overflow="fold", no_wrap=whole, min_width=width)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)


def _write_files(
    title: str, rows: Sequence[Mapping[str, Any]], csv: Path | None, xlsx: Path | None, *, aside: bool
) -> None:
    """Write rows to the files asked for and say so; `aside` on standard error, where the output is JSON."""
    from xueshi_cli.table_files import write_csv, write_xlsx  # noqa: PLC0415 - loaded where a file is asked for

    for path, write in ((csv, write_csv), (xlsx, partial(write_xlsx, title=title))):
        if path is not None:
            write(path, rows=rows)
            typer.echo(f"已写出 {path}（{len(rows)} 条）", err=aside)


def show_record(title: str, record: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one record as two columns, or as JSON."""
    if as_json:
        typer.echo(json_.dumps(dict(record), ensure_ascii=False, default=str))
        return
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in record.items():
        table.add_row(name, _told(value))
    console.print(table)


def _told(value: Any) -> str:
    """Say a value to people: facts by their Chinese phrases, lists by their items; JSON keeps them as they are."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        facts = engine_vocabulary().facts
        return "；".join(
            facts[name].phrase(one) if name in facts else f"{name}：{_told(one)}"
            for name, one in value.items()
        )
    if isinstance(value, list | tuple):
        return "\n".join(_told(one) for one in value)
    return str(value)
