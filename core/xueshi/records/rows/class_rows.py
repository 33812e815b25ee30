"""Classes that organisers reported, and rows of other systems: what came in many at once. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.records.repository import BATCH, STANDING, _locked
from xueshi.records.tables import RecordSource, StudyClass
from xueshi.register.tables import StudyRecord


def class_by_code(session: Session, organiser: str, code: str) -> StudyClass | None:
    """Return an organiser's class by its number, locked."""
    query = select(StudyClass).where(StudyClass.organiser == organiser, StudyClass.code == code)
    return session.exec(_locked(query)).first()


def organiser_of_class(session: Session, class_id: UUID) -> str:
    """Return who reported a class; empty where there is none."""
    found = session.get(StudyClass, class_id)
    return "" if found is None else found.organiser


def reported_by(session: Session, organiser: str, record_id: UUID) -> bool:
    """Tell whether a record belongs to a class of an organiser."""
    query = (
        select(StudyClass.id)
        .join(StudyRecord, col(StudyRecord.class_id) == col(StudyClass.id))
        .where(StudyRecord.id == record_id, StudyClass.organiser == organiser)
    )
    return session.exec(query).first() is not None


def attendees(session: Session, class_id: UUID) -> dict[UUID, StudyRecord]:
    """Return person → his standing record of a class."""
    query = select(StudyRecord).where(StudyRecord.class_id == class_id, col(StudyRecord.stage).in_(STANDING))
    return {row.person_id: row for row in session.exec(query)}


def sources(session: Session, area: str, source: str, source_ids: Sequence[str]) -> dict[str, RecordSource]:
    """Return source id → the entry that stands for it now, locked."""
    found: dict[str, RecordSource] = {}
    for start in range(0, len(source_ids), BATCH):
        query = select(RecordSource).where(
            RecordSource.area == area,
            RecordSource.source == source,
            col(RecordSource.source_id).in_(source_ids[start : start + BATCH]),
        )
        found.update({row.source_id: row for row in session.exec(_locked(query))})
    return found
