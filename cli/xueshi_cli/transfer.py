"""`xueshi register export` and `import-export`: the whole register of a scope in one package, and into another folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from xueshi.audit import repository as audit
from xueshi.campaigns.year_round import years_kept
from xueshi.errors import InputError
from xueshi.migrations.schema import head
from xueshi.records import proof_transfer
from xueshi.records.proof_transfer import IncomingProofs, ProofCounts
from xueshi.register import intake
from xueshi.register.intake import Intake
from xueshi.register.transfer.export import export_register
from xueshi.register.transfer.merging import Merged, merge
from xueshi.register.transfer.package import Origin, Package, open_package
from xueshi.register.transfer.sealing import key_of, new_key
from xueshi.storage import reading, transaction
from xueshi_cli.importing import note_in_filing
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.recording import store_of
from xueshi_cli.workplace import Workplace

LABELS = {
    "units": "单位", "people": "人员", "employments": "任职", "titles": "职称", "records": "学习记录",
    "statements": "单位自报（经费）", "evidence": "证明材料",
}  # fmt: skip
EVIDENCE_STAYS = "证明材料以本数据文件夹的密钥加密，文件不随登记导出；要一并移交的加 --with-evidence，整套迁移用 xueshi backup"
OWNER_ONLY = 0o600

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="口令所在的文件（取第一行）；不给则在终端输入。口令另行告知对方"),
]


def export(
    officer: AsOfficer,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件（.zip）")],
    with_identity: Annotated[
        bool, typer.Option("--with-identity", help="写出完整的身份证号（导入另一数据文件夹时需要）；记入审计")
    ] = False,
    with_evidence: Annotated[
        bool,
        typer.Option(
            "--with-evidence", help="连同证明材料的文件，以口令加密；须同时 --with-identity；记入审计"
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    json: AsJson = False,
) -> None:
    """导出管理范围内的全部登记：单位、人员、任职、职称、学习记录、单位自报的经费，CSV 和 JSON 各一份；证明材料缺省只列清单。"""
    if with_evidence and not with_identity:
        raise InputError("证明材料只随完整身份证号的导出包移交（否则对方无法并入）；请同时加 --with-identity")
    key = new_key(_passphrase(passphrase_file, twice=True)) if with_evidence else None
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
            listing, sealed = (
                (proof_transfer.listed_only(session, actor.scope, EVIDENCE_STAYS), None)
                if key is None
                else proof_transfer.going_along(session, actor.scope, store_of(place), place.keys, key)
            )
            counts = export_register(session, actor.scope, place.keys, unfinished, origin, [listing], sealed)
        digest = intake.file_digest(unfinished)
        with transaction(place.engine) as session:
            identity = "clear" if with_identity else "masked"
            audit.append(
                session,
                actor=f"account:{actor.account_id}",
                verb="register_export",
                target=f"file:{digest}",
                body={
                    "identity": identity,
                    "rows": counts,
                    "evidence": "listed" if key is None else "files",
                },
            )
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    only_listed = "（清单）" if key is None else ""
    rows = [
        {"表": LABELS[name] + (only_listed if name == proof_transfer.LIST else ""), "条数": count}
        for name, count in counts.items()
    ]
    show_table(f"已写出 {output}", rows, as_json=json, empty="")
    if counts["evidence"] and not json:
        told = (
            EVIDENCE_STAYS
            if key is None
            else "证明材料已用口令加密；口令请另行告知对方，不要与导出包一起发送"
        )
        typer.echo(f"提示：{told}", err=True)


def _passphrase(file: Path | None, *, twice: bool) -> str:
    """Return the passphrase of a file's first line, or ask for it; it never stands on the command line."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"口令文件 {file} 不能读取；请核对路径和权限，内容须为 UTF-8 文字") from error
    if not sys.stdin.isatty():
        raise InputError("证明材料的文件以口令加密，没有给出口令；请用 --passphrase-file 指明口令所在的文件")
    asked: str = typer.prompt("口令", hide_input=True, confirmation_prompt="再输一次口令" if twice else False)
    return asked


def import_export(
    file: Annotated[Path, typer.Argument(help="导出包（.zip）")],
    officer: AsOfficer,
    commit: Annotated[bool, typer.Option("--commit", help="写入登记；不加只检查")] = False,
    passphrase_file: PassphraseFile = None,
    without_evidence: Annotated[
        bool, typer.Option("--without-evidence", help="只并入登记，不并入包中的证明材料")
    ] = False,
    json: AsJson = False,
) -> None:
    """把导出包并入本数据文件夹：单位按统一社会信用代码、人员按身份证号对应；已有的不改，重复导入没有变化。"""
    place = Workplace.here()
    with ExitStack() as frame:
        package = open_package(file, place.settings.upload_unpacked_megabytes * 1024 * 1024)
        frame.callback(package.close)
        proofs = None if without_evidence else _proofs(place, package, passphrase_file)
        if proofs is not None and commit:
            # Before the transaction: encrypting and writing files must keep no other writer waiting.
            frame.callback(proofs.take_back)
            with reading(place.engine) as session:
                place.actor(session, officer).require("register.import")
                proofs.store(session)
        digest = intake.file_digest(file)
        opened = transaction(place.engine) if commit else Session(place.engine)
        with opened as session:
            merged, counts = _merge(place, session, officer, package, file, digest, proofs, commit=commit)
        if proofs is not None:
            proofs.keep()
        told = list(_left_out(package, merged, counts, without_evidence=without_evidence))
    rows = [
        {
            "表": LABELS[name],
            "新增": merged.new[name],
            "已有，相同": merged.same[name],
            "已有，不同（未改）": merged.different[name],
        }
        for name in package.counts
    ]
    if proofs is not None:
        rows.append(
            {"表": LABELS["evidence"], "新增": counts.new, "已有，相同": counts.same, "已有，不同（未改）": 0}
        )
    for line in told:
        typer.echo(f"提示：{line}", err=True)
    show_table("导入" if commit else "检查（未写入；加 --commit 写入）", rows, as_json=json, empty="")


def _proofs(place: Workplace, package: Package, passphrase_file: Path | None) -> IncomingProofs | None:
    """Open and check the proofs of a package; None where it holds no files. Raises InputError for the first bad one."""
    if package.sealed is None:
        return None
    key = key_of(_passphrase(passphrase_file, twice=False), package.sealed)
    proofs = IncomingProofs(package, key, store_of(place), place.keys)
    proofs.check()
    return proofs


def _left_out(
    package: Package, merged: Merged, counts: ProofCounts, *, without_evidence: bool
) -> Iterator[str]:
    """Say what of a package was not taken in, and why."""
    for name, (count, why) in package.left_out.items():
        if count:
            yield f"包中列有 {count} 份{LABELS.get(name, name)}，没有并入：{why}"
    if package.sealed is not None and without_evidence:
        yield f"包中的 {len(package.file_names)} 份证明材料没有并入（--without-evidence）；需要时可以再导入一次"
    if merged.left_out:
        yield f"{merged.left_out} 条未认定、不予认定或已更正的记录没有并入"
    if counts.left_out:
        yield f"{counts.left_out} 份证明材料属于没有并入的记录，没有并入"


def _merge(
    place: Workplace,
    session: Session,
    officer: str,
    package: Package,
    file: Path,
    digest: str,
    proofs: IncomingProofs | None,
    *,
    commit: bool,
) -> tuple[Merged, ProofCounts]:
    """Merge in the caller's session, note it in open filings and in the audit; a dry run never commits."""
    actor = place.actor(session, officer)
    actor.require("register.import")
    merged = merge(session, place.keys, actor, package, file_name=file.name, digest=digest)
    years_kept.keep_years(session, merged.disturbed)
    for (unit_id, year), people in merged.filed.items():
        note_in_filing(place, session, actor, Intake("promoted", unit_id, people, 0, people), year)
    maker = f"account:{actor.account_id}"
    counts = (
        ProofCounts() if proofs is None else proofs.attach(session, merged.records, maker, written=commit)
    )
    if any(merged.new.values()) or counts.new:
        audit.append(
            session,
            actor=maker,
            verb="register_import_package",
            target=f"file:{digest}",
            body={"new": {**merged.new, "evidence": counts.new}, "different": merged.different},
        )
    return merged, counts
