"""The proofs of records and the files that hold them. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import NotFoundError
from xueshi.records.repository import BATCH, STANDING, ListedRecord, _visible
from xueshi.records.tables import Evidence, EvidenceFile
from xueshi.register.tables import Person, StudyRecord, Unit


def evidence_file(session: Session, digest: str) -> EvidenceFile | None:
    """Return a file of evidence by its keyed digest."""
    return session.get(EvidenceFile, digest)


def evidence(session: Session, evidence_id: UUID) -> tuple[Evidence, EvidenceFile]:
    """Return one proof with its file; whether its record may be seen, the caller asks."""
    found = session.get(Evidence, evidence_id)
    if found is None:
        raise NotFoundError(f"证明材料 {evidence_id} 不存在或不在您的管理范围；用 xueshi records show 查看")
    file = session.get(EvidenceFile, found.digest)
    assert file is not None  # a foreign key
    return found, file


def evidence_of(
    session: Session, record_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Evidence, EvidenceFile]]]:
    """Return the proofs of some records, in order of entry."""
    found: dict[UUID, list[tuple[Evidence, EvidenceFile]]] = {}
    for start in range(0, len(record_ids), BATCH):
        query = (
            select(Evidence, EvidenceFile)
            .join(EvidenceFile, col(EvidenceFile.digest) == col(Evidence.digest))
            .where(col(Evidence.record_id).in_(record_ids[start : start + BATCH]))
            .order_by(col(Evidence.id))
        )
        for proof, file in session.exec(query):
            found.setdefault(proof.record_id, []).append((proof, file))
    return found


def proofs_in_use(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of some ids a proof has already."""
    found: set[UUID] = set()
    for start in range(0, len(ids), BATCH):
        query = select(Evidence.id).where(col(Evidence.id).in_(ids[start : start + BATCH]))
        found |= set(session.exec(query))
    return found


def add_proof(session: Session, proof: Evidence) -> None:
    """Attach a stored file to a record."""
    session.add(proof)


def records_with_evidence(session: Session, scope: Scope, digests: Iterable[str]) -> list[ListedRecord]:
    """Return the records in scope that rest on some files and still say something."""
    query = (
        select(StudyRecord, Person.name, Unit.name)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .join(Person, col(Person.id) == col(StudyRecord.person_id))
        .join(Evidence, col(Evidence.record_id) == col(StudyRecord.id))
        .where(
            col(Evidence.digest).in_(sorted(set(digests))),
            col(StudyRecord.stage).in_(STANDING),
            _visible(scope, StudyRecord.person_id),
        )
        .order_by(col(StudyRecord.id))
    )
    unique = {row.id: ListedRecord(row, person, unit) for row, person, unit in session.exec(query)}
    return list(unique.values())


def evidence_in_scope(session: Session, scope: Scope) -> Iterator[tuple[Evidence, EvidenceFile]]:
    """Yield the proofs of the records in a scope with their files, in order of entry; a few at a time."""
    query = (
        select(Evidence, EvidenceFile)
        .join(EvidenceFile, col(EvidenceFile.digest) == col(Evidence.digest))
        .join(StudyRecord, col(StudyRecord.id) == col(Evidence.record_id))
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .where(_visible(scope, StudyRecord.person_id))
        .order_by(col(Evidence.id))
    )
    yield from session.exec(query.execution_options(yield_per=BATCH))


def evidence_paths(session: Session) -> set[str]:
    """Return the paths of all files that a row names."""
    return set(session.exec(select(EvidenceFile.path)))


def drop_unused_files(session: Session, before: datetime) -> int:
    """Remove rows of files that no proof names since an instant (their filing was refused); returns how many."""
    used = select(Evidence.digest)
    result = session.execute(
        delete(EvidenceFile).where(
            col(EvidenceFile.digest).not_in(used), col(EvidenceFile.stored_at) < before
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # a DML result has a row count
