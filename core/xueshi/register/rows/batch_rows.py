"""Import batches and their staged rows. The frame that opened the session commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import NotFoundError
from xueshi.register.rows.shared import visible
from xueshi.register.rows.unit_rows import unit
from xueshi.register.tables import (
    ImportBatch,
    StagingRow,
    Unit,
)


def batches(session: Session, scope: Scope, unit_id: UUID, year: int) -> list[ImportBatch]:
    """Return the promoted workbooks of a unit's year that still count, oldest first."""
    unit(session, scope, unit_id)
    return list(
        session.exec(
            select(ImportBatch)
            .where(ImportBatch.unit_id == unit_id, ImportBatch.year == year, ImportBatch.state == "promoted")
            .order_by(col(ImportBatch.id))
        )
    )


def standing_batches(session: Session, scope: Scope, year: int) -> dict[UUID, ImportBatch]:
    """Return unit → the workbook that its register of a year stands on, for units that have one."""
    query = (
        select(ImportBatch)
        .join(Unit, col(Unit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.year == year, ImportBatch.state == "promoted", visible(scope))
        .order_by(col(ImportBatch.id))
    )
    return {batch.unit_id: batch for batch in session.exec(query) if batch.unit_id is not None}


def standing_people(session: Session, scope: Scope, year: int) -> dict[UUID, int]:
    """Return unit → people of all its workbooks of a year that count: the first, and what was added to it."""
    query = (
        select(ImportBatch.unit_id, func.sum(ImportBatch.people))
        .join(Unit, col(Unit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.year == year, ImportBatch.state == "promoted", visible(scope))
        .group_by(col(ImportBatch.unit_id))
    )
    return {unit_id: int(people) for unit_id, people in session.exec(query) if unit_id is not None}


def batch(session: Session, batch_id: UUID) -> ImportBatch:
    """Return one workbook's batch; NotFoundError when it is gone."""
    found = session.get(ImportBatch, batch_id)
    if found is None:
        raise NotFoundError(f"导入批次 {batch_id} 不存在；请重新导入")
    return found


def staged(session: Session, batch_id: UUID) -> list[StagingRow]:
    """Return the staged rows of a batch, in the order of the workbook."""
    return list(
        session.exec(select(StagingRow).where(StagingRow.batch_id == batch_id).order_by(col(StagingRow.row)))
    )


def finish_batch(session: Session, batch: ImportBatch, state: str, now: datetime) -> None:
    """Note what became of a batch and empty its staging."""
    batch.state = state
    batch.promoted_at = now if state == "promoted" else None
    session.add(batch)
    session.execute(delete(StagingRow).where(col(StagingRow.batch_id) == batch.id))


def discard_staged(session: Session, before: datetime) -> None:
    """Discard batches that were left in staging before an instant: their process died."""
    for left in session.exec(
        select(ImportBatch).where(ImportBatch.state == "staged", col(ImportBatch.handed_in_at) < before)
    ).all():
        finish_batch(session, left, "discarded", before)
