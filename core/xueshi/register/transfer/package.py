"""The package file: one zip with a CSV and a JSON file per table, and a manifest that vouches for every byte of them.

Files that go along are sealed parts (`sealing.py`): a list names each with its digest, the manifest vouches for the list.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.fault_words import json_fault
from xueshi.real_clock import real_now
from xueshi.register.cell_text import guarded
from xueshi.register.transfer.columns import IDENTITY, SINCE_LATER, TABLES, columns_of
from xueshi.register.transfer.sealing import OVERHEAD, PackageKey

FORMAT, VERSION, WITH_FILES = "xueshi-register", 1, 2
"""A package with sealed files is of version 2: an engine that does not know them refuses it."""
MANIFEST = "manifest.json"
MADE_AT = (2000, 1, 1, 0, 0, 0)
"""Date of every part: the same rows give the same bytes; when it was made stands in the manifest."""
MOST_MANIFEST = 1024 * 1024
FILES = "files/"
"""Where sealed files stand in the package."""
Rows = Callable[[str], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Origin:
    """Where a package comes from: who made it, of which scope, under which schema, with or without identity numbers."""

    made_by: str
    areas: tuple[str, ...]
    schema: str
    engine: str
    with_identity: bool


@dataclass(frozen=True)
class Listing:
    """A list that goes along: of what stays behind, for people to read, or of the sealed files that travel too."""

    name: str
    headings: tuple[str, ...]
    rows: Callable[[], Iterable[Mapping[str, Any]]]
    left_out: str = ""
    """What the manifest says of what the list only names; empty where it goes along."""


@dataclass(frozen=True)
class SealedFiles:
    """Files that go along: the key of the package, the name and plain content of each, one after the other."""

    key: PackageKey
    files: Iterable[tuple[str, bytes]]
    note: Callable[[str, int, str], None]
    """Told of each file once it is written: name, bytes and sha256 of what stands in the package."""


def headings(name: str) -> tuple[str, ...]:
    """Return the columns of a table in the package."""
    own = columns_of(TABLES[name])
    return (own[0], IDENTITY, *own[1:]) if name == "people" else own


def write_package(
    path: Path,
    rows: Rows,
    origin: Origin,
    listings: Sequence[Listing] = (),
    sealed: SealedFiles | None = None,
) -> dict[str, int]:
    """Write a package and return rows by table. `rows` is asked twice for each table and must answer the same.

    Sealed files are written first: the list that names them is asked for its rows afterwards.
    """
    files = []
    counts: dict[str, int] = {}
    parts: list[tuple[str, tuple[str, ...], Callable[[], Iterable[Mapping[str, Any]]]]] = [
        *((name, headings(name), partial(rows, name)) for name in TABLES),
        *((one.name, one.headings, one.rows) for one in listings),
    ]
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        if sealed is not None:
            _write_files(archive, sealed)
        for name, columns, of in parts:
            for ending, write in (("csv", _write_csv), ("json", _write_json)):
                file = f"{name}.{ending}"
                with archive.open(_part(file), "w", force_zip64=True) as part:
                    hashed = _Hashing(part)
                    counts[name] = write(hashed, columns, of())
                files.append(
                    {
                        "name": file,
                        "rows": counts[name],
                        "bytes": hashed.size,
                        "sha256": hashed.digest.hexdigest(),
                    }
                )
        manifest = {
            "format": FORMAT,
            "version": VERSION if sealed is None else WITH_FILES,
            "schema": origin.schema,
            "engine": origin.engine,
            "made_at": real_now().isoformat(timespec="seconds"),
            "made_by": origin.made_by,
            "areas": list(origin.areas),
            "identity": "clear" if origin.with_identity else "masked",
            "left_out": {one.name: one.left_out for one in listings if one.left_out},
            **({} if sealed is None else {"sealed": dict(sealed.key.told)}),
            "files": files,
        }
        archive.writestr(_part(MANIFEST), json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    return counts


def _write_files(archive: ZipFile, sealed: SealedFiles) -> None:
    for name, plain in sealed.files:
        body = sealed.key.seal(plain, name)
        part = _part(name)
        part.compress_type = ZIP_STORED  # what is encrypted does not get smaller
        archive.writestr(part, body)
        sealed.note(name, len(body), hashlib.sha256(body).hexdigest())


class Package:
    """A package opened for reading, after every part was compared with the manifest."""

    def __init__(self, archive: ZipFile, manifest: Mapping[str, Any]) -> None:
        self._archive = archive
        self.manifest = manifest

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by table, as the manifest says."""
        told = {one["name"]: one["rows"] for one in self.manifest["files"]}
        return {name: told.get(f"{name}.json", 0) for name in TABLES}

    @property
    def left_out(self) -> dict[str, tuple[int, str]]:
        """What the package only lists: name → how many, and what is said of it."""
        told = {one["name"]: one["rows"] for one in self.manifest["files"]}
        said: Mapping[str, str] = self.manifest.get("left_out", {})
        return {name: (told.get(f"{name}.json", 0), why) for name, why in said.items()}

    @property
    def sealed(self) -> Mapping[str, Any] | None:
        """How the key of its sealed files is made of the passphrase; None where it holds none."""
        found: Mapping[str, Any] | None = self.manifest.get("sealed")
        return found

    @property
    def file_names(self) -> set[str]:
        """The sealed files that stand in it."""
        return {name for name in self._archive.namelist() if name.startswith(FILES)}

    def file(self, name: str, size: int, sha256: str, most_bytes: int) -> bytes:
        """Return a sealed file as it stands. Raises InputError for one that is not there, not as listed, or too large."""
        try:
            entry = self._archive.getinfo(name)
            if entry.file_size > most_bytes + OVERHEAD or entry.compress_type != ZIP_STORED:
                raise InputError(
                    f"导出包中的 {name} 超过一份证明材料的上限 {most_bytes // 1024 // 1024} MB；请管理员调高上限后再导入"
                )
            body = self._archive.read(entry)
        except (KeyError, BadZipFile, EOFError, RuntimeError) as error:
            raise _differs("所列的文件", "包中的文件") from error
        if (len(body), hashlib.sha256(body).hexdigest()) != (size, sha256):
            raise _differs(f"所记 {name} 的内容", "包中的文件")
        return body

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table. Raises InputError naming file and line of one that cannot be read."""
        if name in SINCE_LATER and f"{name}.json" not in self._archive.namelist():
            return
        yield from self.listed(name, headings(name))

    def listed(self, name: str, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table or list that has these columns. Raises InputError as `rows`."""
        known = set(columns)
        with self._archive.open(f"{name}.json") as part:
            for number, line in enumerate(io.TextIOWrapper(part, "utf-8"), start=1):
                text = line.strip().rstrip(",")
                if text in ("[", "]", ""):
                    continue
                try:
                    row = json.loads(text)
                except ValueError as error:
                    raise InputError(f"{name}.json 第 {number} 行不是一条记录；请重新导出") from error
                unknown = sorted(set(row) - known)
                if unknown:
                    raise InputError(
                        f"{name}.json 有本系统不认识的栏目：{'、'.join(unknown)}；请用导出时的版本或更新的版本导入"
                    )
                yield row


def open_package(path: Path, most_bytes: int) -> Package:
    """Open a package and compare every part with its manifest. Raises InputError for the first thing that differs."""
    if not path.is_file():
        raise InputError(f"{path} 不存在；请核对文件路径")
    try:
        archive = ZipFile(path)
    except BadZipFile as error:
        raise InputError(f"{path.name} 不是完整的登记导出包；请重新导出或重新复制") from error
    try:
        return Package(archive, _checked(archive, most_bytes))
    except (BadZipFile, ZlibError, EOFError, KeyError, TypeError, NotImplementedError, RuntimeError) as error:
        archive.close()
        raise InputError(f"{path.name} 不是完整的登记导出包；请重新导出或重新复制") from error
    except InputError:
        archive.close()
        raise


def _checked(archive: ZipFile, most_bytes: int) -> Mapping[str, Any]:
    """Return the manifest after every part was compared with it. Raises InputError for the first that differs."""
    manifest = _manifest(archive)
    told = {one["name"]: one for one in manifest["files"]}
    entries = archive.infolist()
    # Sealed files stand in a list, which is itself compared with the manifest; what reads them compares each.
    apart = FILES if manifest["version"] == WITH_FILES else MANIFEST
    there = {
        entry.filename: entry
        for entry in entries
        if entry.filename != MANIFEST and not entry.filename.startswith(apart)
    }
    once = len({entry.filename for entry in entries}) == len(entries)
    wanted = {f"{name}.{ending}" for name in TABLES for ending in ("csv", "json")}
    needed = {file for file in wanted if file.partition(".")[0] not in SINCE_LATER}
    if set(told) != set(there) or not needed <= set(told) or not once:
        raise _differs("所列的文件", "包中的文件")
    if sum(entry.file_size for entry in there.values()) > most_bytes:
        raise InputError(f"导出包解开后超过 {most_bytes // 1024 // 1024} MB；请管理员调高上限后再导入")
    for name, one in told.items():
        _compare(archive, name, one)
    return manifest


def _manifest(archive: ZipFile) -> Mapping[str, Any]:
    with archive.open(MANIFEST) as part:
        body = part.read(MOST_MANIFEST)
    try:
        manifest: Mapping[str, Any] = json.loads(body)
    except ValueError as error:
        raise InputError(f"导出包的清单 {MANIFEST} 不可读（{json_fault(error)}）；请重新导出") from error
    if manifest["format"] != FORMAT or manifest["version"] not in (VERSION, WITH_FILES):
        raise InputError(
            f"导出包的格式是 {manifest['format']} 第 {manifest['version']} 版，本系统读 {FORMAT} 第 {VERSION}、{WITH_FILES} 版；"
            "请用导出时的版本导入"
        )
    return manifest


def _compare(archive: ZipFile, name: str, told: Mapping[str, Any]) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as part:
        while piece := part.read(1 << 16):
            digest.update(piece)
            size += len(piece)
    if size != told["bytes"] or digest.hexdigest() != told["sha256"]:
        raise _differs(f"所记 {name} 的内容", "包中的文件")


def _differs(told: str, there: str) -> InputError:
    return InputError(f"导出包清单{told}与{there}不符，可能在途中被改动；请向导出方重新索取")


class _Hashing:
    """A part being written, with the digest and size of what went in."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        body = text.encode()
        self.digest.update(body)
        self.size += len(body)
        return self._part.write(body)


def _write_json(part: _Hashing, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a JSON array, one object a line, so that it can be read line by line."""
    count = 0
    part.write("[")
    for row in rows:
        part.write(f"{',' if count else ''}\n{canonical_json({name: row[name] for name in names})}")
        count += 1
    part.write("\n]\n")
    return count


def _write_csv(part: _Hashing, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a CSV that Excel reads (UTF-8 with its mark, no cell that begins a formula); it is for people, JSON is read."""
    count = 0
    part.write("\ufeff")
    writer = csv.writer(part)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_shown(row[name]) for name in names])
        count += 1
    return count


def _shown(value: Any) -> Any:
    if isinstance(value, dict | list):
        return canonical_json(value)
    return guarded(value) if isinstance(value, str) else value


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, MADE_AT)
    part.compress_type = ZIP_DEFLATED
    part.external_attr = 0o600 << 16
    return part
