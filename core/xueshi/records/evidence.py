"""Evidence (证明材料) at rest: checked by its first bytes, encrypted under its own key, known by a keyed digest.

A file is written before its row. What a crash leaves behind is a file without row, or a row without proof: both are
swept. The name of a file tells nothing outside this data folder, not even that two people handed in the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from xueshi.audit import repository as audit
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.records.rows import evidence_rows
from xueshi.records.tables import EvidenceFile
from xueshi.register.identity import KeyRing, SealedContent

FOLDER = "evidence"
PARTIAL = ".partial"
MEGABYTE = 1024 * 1024
LEFT_BEHIND = timedelta(hours=1)
"""What has no owner for so long belongs to a process that died or to a filing that was refused."""
SWEPT = "evidence_sweep"
"""Audit verb of a sweep."""
TYPES = {"pdf": "PDF", "png": "PNG 图片", "jpeg": "JPEG 图片"}
_BEGINNINGS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
_ENDINGS = {"pdf": b"%%EOF", "png": b"IEND", "jpeg": b"\xff\xd9"}
_END_WITHIN = 2048
_OFFICE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


@dataclass(frozen=True)
class EvidenceLimits:
    """How large a proof may be, and of which types."""

    megabytes: int = 10
    types: Sequence[str] = ("pdf", "png", "jpeg")


def type_of(body: bytes, name: str, limits: EvidenceLimits) -> str:
    """Return the type that a file's first bytes show. Raises InputError: what is wrong with it, what to do."""
    if not body:
        raise InputError(f"{name}：文件是空的（0 字节）；请重新保存或重新扫描后再交")
    if len(body) > limits.megabytes * MEGABYTE:
        raise InputError(
            f"{name}：{len(body) / MEGABYTE:.1f} MB，超过 {limits.megabytes} MB；请降低扫描分辨率，或拆成几份"
        )
    taken = "、".join(TYPES[one] for one in limits.types)
    found = next((one for one, begin in _BEGINNINGS.items() if body.startswith(begin)), None)
    if found is None or found not in limits.types:
        if body.startswith(_OFFICE):
            why = "是 Office 或压缩文件，可能含有宏"
        elif found is not None:
            why = f"是 {TYPES[found]}"
        else:
            why = "不是可收的格式（按内容判断，不看文件名）"
        raise InputError(f"{name}：{why}，不收；请另存为 {taken} 后再交")
    if _ENDINGS[found] not in body[-_END_WITHIN:]:
        raise InputError(f"{name}：文件不完整（没有结尾），多半是传送中断；请重新保存或重新扫描后再交")
    return found


class EvidenceStore:
    """The folder of evidence of a data folder."""

    def __init__(self, data: Path, keys: KeyRing, limits: EvidenceLimits | None = None) -> None:
        self._folder = data / FOLDER
        self._keys = keys
        self._limits = limits or EvidenceLimits()

    def write(self, body: bytes, name: str) -> EvidenceFile:
        """Check a file and write it encrypted; returns its row, not stored yet. Raises InputError.

        Twice at once gives two files, of which the row keeps one: the name is the content's and the key's.
        """
        kind = type_of(body, name, self._limits)
        digest = self._keys.content_name(body)
        sealed = self._keys.seal_content(body)
        path = f"{digest[:2]}/{digest}.{self._keys.content_name(sealed.key)[:12]}"
        target = self._folder / path
        for folder in (self._folder, target.parent):
            folder.mkdir(exist_ok=True, mode=0o700)
        partial = target.with_name(target.name + PARTIAL)
        with partial.open("wb") as file:
            file.write(sealed.body)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        return EvidenceFile(
            digest=digest,
            path=path,
            type=kind,
            size=len(body),
            sealed_key=sealed.key,
            key_id=sealed.key_id,
            stored_at=real_now(),
        )

    @property
    def most_bytes(self) -> int:
        """The size of the largest proof that is taken."""
        return self._limits.megabytes * MEGABYTE

    def check(self, body: bytes, name: str) -> str:
        """Return the type of a file that may be stored. Raises InputError: what is wrong with it, what to do."""
        return type_of(body, name, self._limits)

    def take_back(self, fresh: EvidenceFile) -> None:
        """Remove a file just written whose row was never stored: what it was for was refused."""
        (self._folder / fresh.path).unlink(missing_ok=True)

    def held(self, session: Session, body: bytes) -> EvidenceFile | None:
        """Return the row of the same content stored before, where its file can still be read."""
        found = evidence_rows.evidence_file(session, self._keys.content_name(body))
        return found if found is not None and self._readable(found) else None

    def enter(self, session: Session, fresh: EvidenceFile) -> EvidenceFile:
        """Store the row of a file just written; the same content again keeps the first, if it can be read."""
        held = evidence_rows.evidence_file(session, fresh.digest)
        if held is not None and self._readable(held):
            return held
        if held is None:
            session.add(fresh)
            session.flush()
            return fresh
        # Its file was lost: the same content is handed in anew and heals it.
        held.path, held.sealed_key, held.key_id = fresh.path, fresh.sealed_key, fresh.key_id
        session.add(held)
        session.flush()
        return held

    def read(self, file: EvidenceFile) -> bytes:
        """Return the plain content. Raises InputError when the file is gone, altered, or its key destroyed."""
        try:
            sealed = (self._folder / file.path).read_bytes()
        except OSError as error:
            raise InputError(f"证明材料的文件不在数据文件夹中（{file.path}）；请从备份恢复") from error
        body = self._keys.reveal_content(SealedContent(sealed, file.sealed_key, file.key_id))
        if self._keys.content_name(body) != file.digest:
            raise InputError(f"证明材料与登记的不是同一文件（{file.path}）；请从备份恢复")
        return body

    def sweep(self, session: Session, now: datetime) -> int:
        """Remove files without row, and rows without proof, that were left behind; returns how many files went."""
        return _sweep(self._folder, session, now)

    def _readable(self, file: EvidenceFile) -> bool:
        try:
            self.read(file)
        except InputError:
            return False
        return True


def sweep_folder(data: Path, session: Session, now: datetime, *, actor: str) -> int:
    """Sweep a data folder's evidence and note in the audit that it was done, and by whom; returns how many files went."""
    gone = _sweep(data / FOLDER, session, now)
    audit.append(session, actor=actor, verb=SWEPT, target="folder:evidence", body={"files": gone})
    return gone


def _sweep(folder: Path, session: Session, now: datetime) -> int:
    evidence_rows.drop_unused_files(session, now - LEFT_BEHIND)
    named = evidence_rows.evidence_paths(session)
    gone = 0
    for path in sorted(folder.glob("*/*")):
        old = datetime.fromtimestamp(path.stat().st_mtime, UTC) < now - LEFT_BEHIND
        if old and str(path.relative_to(folder)) not in named:
            path.unlink(missing_ok=True)  # two workers may sweep at once
            gone += 1
    return gone
