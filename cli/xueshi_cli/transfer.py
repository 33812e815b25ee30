"""`xueshi register export` and `import-export`: the whole register of a scope in one package, and into another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.year_round import years_kept
from xueshi.errors import InputError
from xueshi.migrations.schema import head
from xueshi.records import repository as records
from xueshi.register import intake
from xueshi.register.intake import Intake
from xueshi.register.transfer.export import export_register
from xueshi.register.transfer.merging import Merged, merge
from xueshi.register.transfer.package import Listing, Origin, Package, open_package
from xueshi.storage import reading, transaction
from xueshi_cli.importing import note_in_filing
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.workplace import Workplace

LABELS = {
    "units": "单位", "people": "人员", "employments": "任职", "titles": "职称", "records": "学习记录",
    "statements": "单位自报（经费）", "evidence": "证明材料（清单）",
}  # fmt: skip
EVIDENCE_STAYS = "证明材料以本数据文件夹的密钥加密，文件不随登记导出；整套迁移用 xueshi backup"
OWNER_ONLY = 0o600


def export(
    officer: AsOfficer,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件（.zip）")],
    with_identity: Annotated[
        bool, typer.Option("--with-identity", help="写出完整的身份证号（导入另一数据文件夹时需要）；记入审计")
    ] = False,
    json: AsJson = False,
) -> None:
    """导出管理范围内的全部登记：单位、人员、任职、职称、学习记录、单位自报的经费，CSV 和 JSON 各一份；证明材料只列清单。"""
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    place = Workplace.here()
    unfinished = output.with_name(f"{output.name}.part")
    try:
        # Nobody else on this machine reads it, from the first byte on.
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY))
        with reading(place.engine) as session:
            actor = place.actor(session, officer)
            actor.require("register.import" if with_identity else "register.read")
            origin = Origin(actor.login, actor.scope.areas, head() or "", version("xueshi"), with_identity)
            counts = export_register(
                session, actor.scope, place.keys, unfinished, origin, [_evidence(session, actor.scope)]
            )
        digest = intake.file_digest(unfinished)
        with transaction(place.engine) as session:
            identity = "clear" if with_identity else "masked"
            audit.append(
                session,
                actor=f"account:{actor.account_id}",
                verb="register_export",
                target=f"file:{digest}",
                body={"identity": identity, "rows": counts},
            )
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    rows = [{"表": LABELS[name], "条数": count} for name, count in counts.items()]
    show_table(f"已写出 {output}", rows, as_json=json, empty="")
    if counts["evidence"] and not json:
        typer.echo(f"提示：{EVIDENCE_STAYS}", err=True)


def _evidence(session: Session, scope: Scope) -> Listing:
    """List which record has how many proofs: neither their content nor their names leave the folder."""

    def rows() -> Iterator[dict[str, object]]:
        for proof, file in records.evidence_in_scope(session, scope):
            yield {
                "id": str(proof.id),
                "record_id": str(proof.record_id),
                "type": file.type,
                "size": file.size,
            }

    return Listing("evidence", ("id", "record_id", "type", "size"), rows, EVIDENCE_STAYS)


def import_export(
    file: Annotated[Path, typer.Argument(help="导出包（.zip）")],
    officer: AsOfficer,
    commit: Annotated[bool, typer.Option("--commit", help="写入登记；不加只检查")] = False,
    json: AsJson = False,
) -> None:
    """把导出包并入本数据文件夹：单位按统一社会信用代码、人员按身份证号对应；已有的不改，重复导入没有变化。"""
    place = Workplace.here()
    package = open_package(file, place.settings.upload_unpacked_megabytes * 1024 * 1024)
    digest = intake.file_digest(file)
    if commit:
        with transaction(place.engine) as session:
            merged = _merge(place, session, officer, package, file, digest)
    else:
        with Session(place.engine) as session:
            merged = _merge(place, session, officer, package, file, digest)
    rows = [
        {
            "表": LABELS[name],
            "新增": merged.new[name],
            "已有，相同": merged.same[name],
            "已有，不同（未改）": merged.different[name],
        }
        for name in package.counts
    ]
    for name, (count, why) in package.left_out.items():
        if count:
            typer.echo(f"提示：包中列有 {count} 份{LABELS.get(name, name)}，没有并入：{why}", err=True)
    if merged.left_out:
        typer.echo(f"提示：{merged.left_out} 条未认定、不予认定或已更正的记录没有并入", err=True)
    show_table("导入" if commit else "检查（未写入；加 --commit 写入）", rows, as_json=json, empty="")


def _merge(
    place: Workplace, session: Session, officer: str, package: Package, file: Path, digest: str
) -> Merged:
    """Merge in the caller's session, note it in open filings and in the audit; a dry run never commits."""
    actor = place.actor(session, officer)
    actor.require("register.import")
    merged = merge(session, place.keys, actor, package, file_name=file.name, digest=digest)
    years_kept.keep_years(session, merged.disturbed)
    for (unit_id, year), people in merged.filed.items():
        note_in_filing(place, session, actor, Intake("promoted", unit_id, people, 0, people), year)
    if any(merged.new.values()):
        audit.append(
            session,
            actor=f"account:{actor.account_id}",
            verb="register_import_package",
            target=f"file:{digest}",
            body={"new": merged.new, "different": merged.different},
        )
    return merged
