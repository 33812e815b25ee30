"""Work beside the filings: bulk decisions, new assessments, what is not started yet. The frame that opened the session commits."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from xueshi.campaigns.ports import SideWork
from xueshi.campaigns.tables import (
    Appeal,
    BulkBatch,
    BulkRow,
    Reassessment,
)
from xueshi.errors import NotFoundError


def bulk_batch(session: Session, batch_id: UUID, *, lock: bool = False) -> BulkBatch:
    """Return an order of many decisions; raises NotFoundError."""
    found = session.get(BulkBatch, batch_id, with_for_update=lock or None)
    if found is None:
        raise NotFoundError(f"找不到批量办理 {batch_id}")
    return found


def bulk_rows(session: Session, batch_id: UUID, *, after: int = 0, limit: int | None = None) -> list[BulkRow]:
    """Return rows of a bulk decision in order."""
    query = (
        select(BulkRow).where(BulkRow.batch_id == batch_id, BulkRow.seq > after).order_by(col(BulkRow.seq))
    )
    return list(session.exec(query if limit is None else query.limit(limit)).all())


def reassessment(session: Session, reassessment_id: UUID, *, lock: bool = False) -> Reassessment:
    """Return an order to judge a campaign again; raises NotFoundError."""
    found = session.get(Reassessment, reassessment_id, with_for_update=lock or None)
    if found is None:
        raise NotFoundError(f"找不到重新核算 {reassessment_id}")
    return found


def reassessments(session: Session, campaign_id: UUID) -> list[Reassessment]:
    """Return the changes of rule pack of a campaign, oldest first."""
    query = select(Reassessment).where(Reassessment.campaign_id == campaign_id).order_by(col(Reassessment.id))
    return list(session.exec(query).all())


def unstarted(session: Session) -> list[tuple[SideWork, UUID]]:
    """Return what was stored and whose workflow was not started yet: kind (`appeal`, `bulk`, `reassess`) and id."""
    waiting: list[tuple[SideWork, UUID]] = []
    tables: tuple[tuple[SideWork, type[Appeal] | type[BulkBatch] | type[Reassessment]], ...] = (
        ("appeal", Appeal),
        ("bulk", BulkBatch),
        ("reassess", Reassessment),
    )
    for kind, table in tables:
        query = select(table.id).where(col(table.workflow_started).is_(False))
        waiting.extend((kind, one) for one in session.exec(query).all())
    return waiting


def note_beside_started(session: Session, kind: SideWork, row_id: UUID) -> None:
    """Note that the workflow of an appeal, bulk decision or reassessment was started."""
    tables: dict[SideWork, type[Appeal] | type[BulkBatch] | type[Reassessment]] = {
        "appeal": Appeal,
        "bulk": BulkBatch,
        "reassess": Reassessment,
    }
    table = tables[kind]
    session.execute(update(table).where(col(table.id) == row_id).values(workflow_started=True))
