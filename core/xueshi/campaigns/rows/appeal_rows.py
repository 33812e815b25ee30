"""Appeals and their tasks. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.campaigns.tables import (
    Appeal,
    Task,
)
from xueshi.errors import NotFoundError


def appeal(session: Session, scope: Scope, appeal_id: UUID, *, lock: bool = False) -> Appeal:
    """Return an appeal; raises NotFoundError outside the scope."""
    query = select(Appeal).where(
        Appeal.id == appeal_id, scope.clause(Appeal.area, Appeal.sector, Appeal.unit_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(f"找不到申诉 {appeal_id}，或不在您的管理范围；用 xueshi appeals list 查看")
    return found


def appeals(
    session: Session,
    scope: Scope,
    campaign_id: UUID,
    *,
    filing_id: UUID | None = None,
    stages: Sequence[str] | None = None,
) -> list[Appeal]:
    """Return the appeals of a campaign in scope, oldest first."""
    query = (
        select(Appeal)
        .where(Appeal.campaign_id == campaign_id, scope.clause(Appeal.area, Appeal.sector, Appeal.unit_id))
        .order_by(col(Appeal.id))
    )
    if filing_id is not None:
        query = query.where(Appeal.filing_id == filing_id)
    if stages is not None:
        query = query.where(col(Appeal.stage).in_(stages))
    return list(session.exec(query).all())


def appeal_task(session: Session, appeal: Appeal) -> Task | None:
    """Return the open task of an appeal."""
    query = select(Task).where(
        Task.filing_id == appeal.filing_id, Task.kind == "appeal", col(Task.closed_at).is_(None)
    )
    tasks = session.exec(query).all()
    return next((task for task in tasks if task.body.get("appeal") == str(appeal.id)), None)
