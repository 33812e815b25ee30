"""`xueshi forms year`: the papers of a unit's people where no campaign prints them (登记证书、登记情况表)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from xueshi.campaigns.figures.papers import PaperPlace, year_papers
from xueshi.campaigns.rows import campaign_rows
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError, NotFoundError, RenderError
from xueshi.register.rows import unit_rows
from xueshi.storage import reading
from xueshi_cli.output import AsOfficer
from xueshi_cli.report_files import written
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import area_and_body, require_day_of_year
from xueshi_templates.closure import complete_closure
from xueshi_templates.render import NotRendered, render_many


def year(
    unit: Annotated[str, typer.Argument(help="统一社会信用代码")],
    year: Annotated[int, typer.Option("--year", help="年度")],
    as_of: Annotated[
        datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="截至哪一日的登记和在职人员")
    ],
    officer: AsOfficer,
    paper: Annotated[str, typer.Option("--paper", help="哪种表卡；该地区只有一种时不填")] = "",
    folder: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件夹")] = Path(),
) -> None:
    """不经年度验证，按登记打印一个单位人员的登记证书、登记情况表（每人一份；编号、日期留白，由登记单位签章）。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("paper.print")
        found = unit_rows.unit_by_code(session, actor.scope, unit)
        if found is None:
            raise NotFoundError(f"单位 {unit} 不存在或不在管理范围；见 xueshi register list")
        region = place.registry.region_for(found.area)
        template = _template(place, region, year, paper)
        pack = place.registry.pack_for(found.area, year, found.sector)
        require_day_of_year(session, pack, year, as_of.date())
        where = PaperPlace(
            region,
            area_and_body(place, region, found.area)[0],
            any(one.standing for one in campaign_rows.campaigns(session, actor.scope.of_engine())),
        )
        data = year_papers(session, actor.scope, found, pack, year, as_of.date(), where)
    if not data:
        raise NotFoundError(f"{found.name} 在 {as_of.date()} 没有登记的在职人员")
    left = []
    for number, printed in enumerate(render_many(complete_closure(template), data), start=1):
        if isinstance(printed, NotRendered):
            left.append(str(printed.error))
            continue
        written(folder / f"{template.id}-{year}-{unit}-{number:03d}.pdf", printed.bytes)
    typer.echo(f"已写出 {len(data) - len(left)} 份《{template.title}》到 {folder}")
    if left:
        raise RenderError("\n".join(left))


def _template(place: Workplace, region: str, year: int, paper: str) -> DocumentTemplate:
    """Return the paper of a person's year that a region has for a year. Raises InputError naming those that there are."""
    known = {
        one.id: one
        for one in place.registry.ask(region).document_templates(year)
        if one.data == "person_year"
    }
    if paper in known:
        return known[paper]
    if paper or len(known) != 1:
        listed = "、".join(f"{one.id}（{one.title}）" for one in known.values()) or "无"
        raise InputError(f"请用 --paper 指明 {region} {year} 年度的表卡；可用：{listed}")
    return next(iter(known.values()))
