"""Files and numbers of `xueshi report`: read with a limit, written once, named in every message."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xueshi.errors import InputError, NotEncodedError
from xueshi.reports.desk import ReportDesk
from xueshi.reports.manifest import ReportHead
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import area_and_body

ReportNumber = Annotated[str, typer.Argument(help="报告编号（收发双方相同），见 xueshi report list")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="写到哪个文件")]
AreaCode = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为经办人所在地区")]
KEY_BYTES_LIMIT = 64 * 1024
"""Keys and receipts are a few hundred bytes; a larger file is something else."""


def desk_of(place: Workplace, officer: str) -> ReportDesk:
    """Return the desk at which an officer sends and receives a data folder's reports."""
    return ReportDesk(place.engine, lambda session: place.actor(session, officer))


def show_parts(head: ReportHead) -> None:
    """Print the reports from below that a report holds, and the areas that it lacks; nothing where it is one area's own."""
    for part in head.parts:
        inside = f"（含在 {part.inside} 的报告中）" if part.inside else ""
        counts = f"{part.counts.get('units', 0)}家单位，{part.counts.get('people', 0)}人"
        typer.echo(f"  含 {part.area_name}：{part.report}，{counts}，摘要 {part.digest[:16]}{inside}")
    for area in head.missing:
        inside = f"（{area.inside} 的报告中没有）" if area.inside else ""
        typer.echo(f"  缺 {area.area_name}（{area.area}）：没有已确认的报告{inside}")


def read_file(file: Path, limit: int) -> bytes:
    """Read a file that came from outside. Raises InputError when it is not there or larger than it may be."""
    if not file.is_file():
        raise InputError(f"找不到文件 {file}；请核对路径")
    if file.stat().st_size > limit:
        raise InputError(f"{file} 超过 {limit // 1024} KB，不是这里要的文件；请核对")
    return file.read_bytes()


def written(file: Path, body: bytes) -> Path:
    """Write a file; one that holds the same already stays. Raises InputError rather than overwrite another."""
    if file.exists() and (not file.is_file() or file.read_bytes() != body):
        raise InputError(f"{file} 已存在且内容不同；请换一个文件名，或先移走它")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return file


def body_of(place: Workplace, area: str) -> str:
    """Return the name of the body that reports, or receives reports, for an area; the code where no plugin lists it.

    An authority above receives its areas' reports whether or not a plugin holds a law of its own.
    """
    try:
        region = place.registry.region_for(area)
    except NotEncodedError:
        return area
    return area_and_body(place, region, area)[1]
