"""Many units decided at once from the command line: a dry run with the reason of every refusal, then the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import bulk_acts
from xueshi.campaigns.acts.bulk_acts import Foreseen
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.storage import reading
from xueshi_cli.acting import act
from xueshi_cli.output import FATES, show_fate, show_table
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
FATE_WORDS = {**FATES, "waiting": "等待办理"}


@dataclass(frozen=True)
class BulkOrder:
    """What is to be done to many units: in which campaign, by whom, which decision, why, by when to be mended."""

    campaign: str
    officer: str
    kind: str
    reason: str
    until: datetime | None


def read_codes(file: Path) -> list[str]:
    """Read a list of credit codes, one a line; blank lines and what follows a space or comma are passed over."""
    if not file.is_file():
        raise InputError(f"找不到名单文件 {file}；请核对路径")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"名单文件 {file} 不是 UTF-8 文字；请另存为 UTF-8 后再办") from error
    codes = [line.replace("，", ",").replace(",", " ").split()[0] for line in lines if line.strip()]
    if not codes:
        raise InputError(f"名单文件 {file} 是空的；每行写一个统一社会信用代码")
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        raise InputError(
            f"名单文件 {file} 中 {doubled[0]} 出现两次（共 {len(doubled)} 个重复）；请删去重复的行"
        )
    return codes


def decide_many(
    place: Workplace, order: BulkOrder, codes: list[str] | None, *, commit: bool, as_json: bool
) -> None:
    """Show what a decision on many units would come to; with `commit` order it and show every unit's fate."""
    with reading(place.engine) as session:
        actor = place.actor(session, order.officer)
        actor.require("filing.decide")
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope, order.campaign)
        filings = (
            bulk_acts.waiting_filings(session, actor, campaign)
            if codes is None
            else _listed(session, actor, campaign, codes)
        )
        foreseen = bulk_acts.foresee(
            session, actor, campaign, filings, order.kind, reason=order.reason, until=order.until
        )
        rows = [_row(session, one) for one in foreseen]
        session.expunge_all()
    if not commit:
        show_table("批量办理试算", rows, as_json=as_json, empty="没有等您办理的单位")
        if not as_json and rows:
            able = sum(not one.code for one in foreseen)
            typer.echo(f"可办 {able} 家，不能办 {len(rows) - able} 家；没有写入。加 --commit 办理")
        return
    payload: dict[str, Any] = {
        "decision": order.kind,
        "rows": [[str(one.filing.id), one.filing.version, one.filing.level] for one in foreseen],
        "reason": order.reason,
        "until": None if order.until is None else order.until.isoformat(),
    }
    request = CommandRequest(place.request_id(), "bulk_decide", campaign.id, None, payload)
    row = act(place, order.officer, request)
    if row.state != "done":
        show_fate(row)
        return
    if not as_json:
        typer.echo(
            f"已登记 {len(foreseen)} 家，逐家办理；批量办理编号 {row.id}，结果见 xueshi tasks bulk {row.id}"
        )
    else:
        show_table(
            "批量办理", [{"批量办理编号": str(row.id), "单位数": len(foreseen)}], as_json=True, empty=""
        )


def show_fates(place: Workplace, batch: UUID, *, as_json: bool) -> None:
    """Print what became of every unit of a bulk decision; ends with exit code 1 where one was not done."""
    found = bulk_running.fates(place.engine, batch)
    with reading(place.engine) as session:
        rows = [
            {
                "单位": _unit(session, filing_rows.filing(session, ENGINE, one.filing_id)),
                "结果": FATE_WORDS[one.state],
                "原因": one.reason,
                "办理编号": "" if one.command_id is None else str(one.command_id),
            }
            for one in found
        ]
    show_table("批量办理结果", rows, as_json=as_json, empty="没有单位")
    if any(one.state in ("refused", "late") for one in found):
        raise typer.Exit(1)


def _listed(session: Session, actor: Actor, campaign: Campaign, codes: list[str]) -> list[Filing]:
    filings = []
    for code in codes:
        unit = unit_rows.unit_by_code(session, ENGINE, code)
        held = [] if unit is None else filing_rows.rounds_of_unit(session, actor.scope, campaign.id, unit.id)
        if not held:
            raise NotFoundError(
                f"名单中的 {code} 不在本次年度验证之内，或不在您的管理范围；请核对后再办，没有写入"
            )
        filings.append(held[-1])
    return filings


def _row(session: Session, one: Foreseen) -> dict[str, Any]:
    return {
        "单位": _unit(session, one.filing),
        "版本": one.filing.version,
        "可办": "可办" if not one.code else "不能办",
        "原因": one.reason,
    }


def _unit(session: Session, filing: Filing) -> str:
    return unit_rows.unit(session, ENGINE, filing.unit_id).name
