"""Appending to the audit chain, verifying it, storing and loading artifacts by digest."""

from __future__ import annotations

import getpass
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from xueshi.audit.tables import Artifact, AuditEntry
from xueshi.canonical import canonical_json
from xueshi.errors import NotFoundError
from xueshi.real_clock import real_now

GENESIS = "0" * 64
_CHAIN_LOCK = 0x5875_6573_6869  # any number, the same in every process: it names the chain's lock


def append(
    session: Session,
    *,
    actor: str,
    verb: str,
    target: str,
    body: dict[str, Any],
    command_id: UUID | None = None,
) -> AuditEntry:
    """Append one act to the chain, in the caller's transaction. `body` holds ids and codes, never personal data."""
    lock_chain(session)
    end = select(AuditEntry.seq, AuditEntry.hash).order_by(col(AuditEntry.seq).desc()).limit(1)
    seq, previous = session.exec(end).first() or (0, GENESIS)
    entry = AuditEntry(
        seq=seq + 1,
        at=real_now(),
        actor=actor,
        os_user=_os_user(),
        verb=verb,
        target=target,
        command_id=command_id,
        body=body,
        previous=previous,
        hash="",
    )
    entry.hash = _hash(entry)
    session.add(entry)
    session.flush()
    return entry


def lock_chain(session: Session) -> None:
    """Let nobody else append until this transaction ends: what is read after it is still so when it is written."""
    if session.get_bind().dialect.name == "postgresql":
        # SQLite's write transaction is exclusive already; PostgreSQL needs one writer at the chain's end.
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})


def last_of(session: Session, verb: str) -> AuditEntry | None:
    """Return the newest entry of a verb."""
    query = select(AuditEntry).where(AuditEntry.verb == verb).order_by(col(AuditEntry.seq).desc())
    return session.exec(query.limit(1)).first()


@dataclass(frozen=True)
class ChainReport:
    """Result of verifying the chain: how many entries, and the first that does not fit (None when whole)."""

    entries: int
    broken_at: int | None
    reason: str = ""


def verify(session: Session) -> ChainReport:
    """Walk the whole chain and recompute every hash."""
    previous, expected, count = GENESIS, 1, 0
    for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).yield_per(1000):
        if entry.seq != expected:
            return ChainReport(count, expected, f"第 {expected} 条缺失")
        if entry.previous != previous:
            return ChainReport(count, entry.seq, f"第 {entry.seq} 条与前一条不衔接")
        if entry.hash != _hash(entry):
            return ChainReport(count, entry.seq, f"第 {entry.seq} 条内容被改动")
        previous, expected, count = entry.hash, expected + 1, count + 1
    return ChainReport(count, None)


def digest_of(body: bytes) -> str:
    """The digest by which an artifact is stored: sha256, hex."""
    return hashlib.sha256(body).hexdigest()


def store_artifact(session: Session, kind: str, body: bytes) -> str:
    """Store bytes once and return their digest; storing the same bytes again changes nothing."""
    digest = digest_of(body)
    if session.get(Artifact, digest) is None:
        session.add(Artifact(digest=digest, kind=kind, body=body, created_at=real_now()))
        session.flush()
    return digest


def discard_artifact(session: Session, digest: str) -> None:
    """Take out bytes that this same transaction stored and then refused: nothing may name them."""
    artifact = session.get(Artifact, digest)
    if artifact is not None:
        session.delete(artifact)
        session.flush()


def has_artifact(session: Session, digest: str) -> bool:
    """Tell whether an artifact is stored."""
    return session.get(Artifact, digest) is not None


def load_artifact(session: Session, digest: str) -> bytes:
    """Return an artifact's bytes; raises NotFoundError when the digest is unknown."""
    artifact = session.get(Artifact, digest)
    if artifact is None:
        raise NotFoundError(f"找不到制品 {digest[:12]}…；数据文件夹不完整，请从备份恢复")
    return artifact.body


def artifacts_of_kind(session: Session, kind: str) -> list[bytes]:
    """Return the bytes of all artifacts of a kind, in no order that means anything."""
    return list(session.exec(select(Artifact.body).where(Artifact.kind == kind)))


PUBLISHED_TEXT = "published_text"


@dataclass(frozen=True)
class AttachedText:
    """A published text that a bureau attached to an instrument: the digest of its file, its name, the text."""

    instrument: str
    sha256: str
    file: str
    text: str
    number: int
    """1, 2, … of the instrument: the last one attached counts."""


def attach_text(session: Session, instrument: str, sha256: str, file: str, text: str) -> AttachedText:
    """Attach the published text of an instrument; the same file again changes nothing."""
    held = _newest_texts(session).get(instrument)
    if held is not None and held.sha256 == sha256:
        return held
    attached = AttachedText(instrument, sha256, file, text, 1 if held is None else held.number + 1)
    store_artifact(session, PUBLISHED_TEXT, canonical_json(asdict(attached)).encode())
    return attached


def attached_texts(session: Session) -> dict[str, str]:
    """Return the published texts that count: instrument → text."""
    return {instrument: held.text for instrument, held in _newest_texts(session).items()}


def _newest_texts(session: Session) -> dict[str, AttachedText]:
    found: dict[str, AttachedText] = {}
    for body in artifacts_of_kind(session, PUBLISHED_TEXT):
        one = AttachedText(**json.loads(body))
        if one.instrument not in found or found[one.instrument].number < one.number:
            found[one.instrument] = one
    return found


def _hash(entry: AuditEntry) -> str:
    content = [
        entry.seq,
        str(entry.id),
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.os_user,
        entry.verb,
        entry.target,
        str(entry.command_id) if entry.command_id else None,
        entry.body,
        entry.previous,
    ]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no passwd entry in a bare container
        return ""
