"""`xueshi replay`: the sealed results of a campaign computed again; exit 1 where one does not come out as it was sealed."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from xueshi.access.scope import Scope
from xueshi.campaigns.judging.replaying import Replayed, replay
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.errors import NotFoundError
from xueshi.register.rows import people_rows, unit_rows
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_table
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
console = Console(stderr=True)


def replay_(
    public_id: Annotated[str, typer.Argument(help="年度验证编号，见 xueshi campaign list")],
    officer: AsOfficer,
    unit: Annotated[str, typer.Option("--unit", help="只重算一个单位：统一社会信用代码")] = "",
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """重新核算封存的结果：由封存时的事实和规则包逐人再算一遍，与封存的逐条比对；有不同则退出码为 1。"""
    place = Workplace.here()
    with reading(place.engine) as session, Progress(console=console, transient=True, disable=json) as bars:
        actor = place.actor(session, officer)
        actor.require("register.read")
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope, public_id)
        inside = {one.unit_id for one in filing_rows.filings(session, actor.scope, campaign.id)}
        units = {one.id: one for one in unit_rows.units(session, ENGINE) if one.id in inside}
        if unit and unit not in {one.credit_code for one in units.values()}:
            raise NotFoundError(
                f"年度验证 {public_id} 中没有统一社会信用代码为 {unit} 的单位；请核对代码和管理范围"
            )
        sealed = [
            pair
            for pair in seal_rows.sealed_results(session, campaign.id)
            if pair[0].unit_id in units and unit in ("", units[pair[0].unit_id].credit_code)
        ]
        if not sealed:
            raise NotFoundError(f"年度验证 {public_id} 还没有封存的结果；关闭后再重新核算")
        bar = bars.add_task("重新核算", total=len(sealed))
        differing: list[Replayed] = []
        for one in replay(session, sealed):
            bars.advance(bar)
            if one.differs:
                differing.append(one)
        shown = people_rows.shown_people(
            session, actor.scope, place.keys, {one.person_id for one in differing}
        )
        rows = [
            {
                "序号": one.number,
                "单位": units[one.unit_id].name,
                "姓名": shown[one.person_id].name if one.person_id in shown else "",
                "不同": "；".join(one.differs),
            }
            for one in differing
        ]
    told = f"封存的结果 {len(sealed)} 份，重新核算后 {len(sealed) - len(rows)} 份一致、{len(rows)} 份不同"
    if rows or json or csv or xlsx:
        show_table("与封存不同的结果", rows, as_json=json, csv=csv, xlsx=xlsx, empty=told)
    if not json:
        typer.echo(told)
    if rows:
        raise typer.Exit(1)
