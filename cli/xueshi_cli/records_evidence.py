"""`xueshi records evidence`: adding proofs to a record, looking at them, sweeping what nobody owns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.year_round import record_acts
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.records.evidence import sweep_folder
from xueshi.storage import transaction
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer
from xueshi_cli.record_answers import tell
from xueshi_cli.recording import give, on_record, stored_evidence, view_evidence
from xueshi_cli.workplace import Workplace

app = Noun("证明材料：补充、查看、清理")


@app.command("add")
def add_evidence(record_id: UUID, files: list[Path], officer: AsOfficer, json: AsJson = False) -> None:
    """给一条未办结的记录补充证明材料（PDF、PNG、JPEG）。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, files)

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        return on_record(place, "attach_evidence", record, {"evidence": evidence_given})

    tell(*give(place, officer, made), as_json=json)


@app.command("show")
def show_evidence(
    evidence_id: UUID,
    officer: AsOfficer,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件")],
) -> None:
    """取出一份证明材料；查看留有审计。"""
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    body, name, kind = view_evidence(Workplace.here(), officer, evidence_id)
    output.touch(mode=0o600)
    output.write_bytes(body)
    typer.echo(f"已写出 {output}（原文件名 {name}，{kind}）；查看已记入审计")


@app.command("sweep")
def sweep_evidence(officer: AsOfficer) -> None:
    """清理没有归属的证明文件（申报未成或进程中断所留）；服务运行时每日早上自动清理。"""
    place = Workplace.here()
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.import")
        gone = sweep_folder(place.folder, session, real_now(), actor=f"account:{actor.account_id}")
    typer.echo(f"已清理 {gone} 个文件")
