"""`xueshi backup` and `restore`: a consistent copy of a data folder while it works, and its way back.

Both databases are copied while the engine's own is locked against writing: no effect can be stored in between, so what
the server's copy does not know yet is what a crash at that moment would leave, and is repeated after the way back.
"""

from __future__ import annotations

import json as json_
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.errors import InputError
from xueshi.migrations.schema import head
from xueshi.real_clock import real_now
from xueshi_cli.output import console
from xueshi_cli.server import DATABASE as SERVER_DATABASE
from xueshi_cli.workplace import Workplace

MANIFEST = "manifest.json"
FORMAT = 1
OWN_DATABASE = "xueshi.db"
FOLDERS = ("papers", "evidence", "messages", "reports")
"""Copied after the databases: each file is written before the row that names it, so that no copied row lacks its file.

Logs, marks, workbooks of a demo and rehearsals are left out: nothing rests on them.
"""
LOCK_SECONDS = 30.0


def backup(
    output: Annotated[Path, typer.Argument(help="写到哪个文件（.tar）")],
    keys: Annotated[
        bool, typer.Option("--keys/--no-keys", help="是否包含密钥文件；没有密钥，身份证号无法解密")
    ] = True,
) -> None:
    """备份内嵌数据文件夹：两个数据库、密钥、已打印的表卡、证明材料、信件和上报材料；服务运行中也可备份。"""
    place = Workplace.here()
    database = place.folder / OWN_DATABASE
    if place.settings.database_url:
        raise InputError("数据库不在数据文件夹中（XUESHI_DATABASE_URL）；请用数据库自己的备份工具")
    if not database.is_file():
        raise InputError(f"{place.folder} 中没有数据库；请核对 XUESHI_DATA")
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    with tempfile.TemporaryDirectory(dir=output.absolute().parent) as scratch:
        copied = Path(scratch) / "folder"
        copied.mkdir()
        _copy_databases(place.folder, copied)
        if keys and place.settings.key_file.is_file():
            shutil.copyfile(place.settings.key_file, copied / place.settings.key_file.name)
        for name in FOLDERS:
            if (place.folder / name).is_dir():
                shutil.copytree(
                    place.folder / name, copied / name, ignore=shutil.ignore_patterns("*.partial")
                )
        _write_manifest(copied)
        partial = Path(scratch) / "backup.tar"
        with tarfile.open(partial, "w") as archive:
            archive.add(copied, arcname=".")
        partial.chmod(0o600)
        os.replace(partial, output)  # noqa: PTH105 - atomic on one file system
    console.print(f"已备份到 {output}（{output.stat().st_size // 1024} KiB）", soft_wrap=True)
    if keys:
        console.print("其中含有密钥：请按密钥保管，不要与他人共用", soft_wrap=True)


def restore(
    archive: Annotated[Path, typer.Argument(help="备份文件")],
    folder: Annotated[Path, typer.Argument(help="还原到哪个空文件夹")],
) -> None:
    """由备份还原一个数据文件夹；还原后用 xueshi up 继续办理。"""
    if not archive.is_file():
        raise InputError(f"找不到备份文件 {archive}；请核对路径")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"文件夹 {folder} 不是空的；请还原到新的文件夹，以免覆盖")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.absolute().parent) as scratch:
        unpacked = Path(scratch) / "folder"
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise InputError(
                f"{archive} 不是可读的备份（不是 xueshi backup 写出的，或已损坏、没有拷全）；没有还原任何内容，请换一份备份"
            ) from error
        manifest = _checked_manifest(unpacked, archive)
        if folder.exists():
            folder.rmdir()
        os.replace(unpacked, folder)  # noqa: PTH105 - atomic on one file system
    folder.chmod(0o700)
    console.print(f"已还原 {manifest['made_at']} 的备份到 {folder}", soft_wrap=True)
    if not (folder / "keys.json").is_file():
        console.print("备份不含密钥；请另行放回密钥文件，或以 XUESHI_KEYS 指明", soft_wrap=True)
    console.print(f"继续办理：XUESHI_DATA={folder} xueshi up", soft_wrap=True)


def _copy_databases(source: Path, target: Path) -> None:
    with _locked(source / OWN_DATABASE):
        if (source / SERVER_DATABASE).is_file():
            _copy_database(source / SERVER_DATABASE, target / SERVER_DATABASE)
        _copy_database(source / OWN_DATABASE, target / OWN_DATABASE)


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """Keep every writer of a database out for a moment; they wait, nothing fails."""
    with closing(sqlite3.connect(database, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _write_manifest(folder: Path) -> None:
    manifest = {
        "format": FORMAT,
        "engine": version("xueshi"),
        "schema": head(),
        "made_at": real_now().isoformat(timespec="seconds"),
        "files": {name: _digest(folder / name) for name in _files(folder)},
    }
    (folder / MANIFEST).write_text(json_.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def _checked_manifest(folder: Path, archive: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json_.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: dict[str, str] = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{archive} 没有备份清单，不是 xueshi backup 所写；请换一份备份") from error
    if manifest.get("format") != FORMAT:
        raise InputError(f"{archive} 由较新的版本 {manifest.get('engine')} 写成；请先升级再还原")
    wrong = [name for name in files if not (folder / name).is_file() or _digest(folder / name) != files[name]]
    wrong += [name for name in _files(folder) if name != MANIFEST and name not in files]
    if wrong:
        raise InputError(f"{archive} 已损坏：{wrong[0]} 等 {len(wrong)} 个文件与清单不符；请换一份备份")
    return manifest


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
