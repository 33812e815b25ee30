"""Queries on issued papers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from xueshi.documents.tables import IssuedPaper


def issue(session: Session, rows: Iterable[IssuedPaper]) -> None:
    """Write issued papers; a paper of the same content that was issued before is passed over."""
    for row in rows:
        known = session.exec(
            select(IssuedPaper.id).where(
                IssuedPaper.campaign_id == row.campaign_id,
                IssuedPaper.paper == row.paper,
                IssuedPaper.subject_id == row.subject_id,
                IssuedPaper.content_digest == row.content_digest,
            )
        ).first()
        if known is None:
            session.add(row)
    session.flush()


def issued_of_unit(session: Session, campaign_id: UUID, unit_id: UUID) -> list[IssuedPaper]:
    """Return the papers issued to a unit and its people, in the order of their numbers."""
    query = (
        select(IssuedPaper)
        .where(IssuedPaper.campaign_id == campaign_id, IssuedPaper.unit_id == unit_id)
        .order_by(col(IssuedPaper.paper), col(IssuedPaper.number))
    )
    return list(session.exec(query).all())


def replaced(papers: Sequence[IssuedPaper]) -> dict[UUID, IssuedPaper]:
    """Return paper id → the paper that took its place: of one kind and subject the one issued last counts."""
    newest: dict[tuple[str, UUID], IssuedPaper] = {}
    for paper in sorted(papers, key=lambda one: one.id):
        newest[paper.paper, paper.subject_id] = paper
    return {
        paper.id: newest[paper.paper, paper.subject_id]
        for paper in papers
        if newest[paper.paper, paper.subject_id].id != paper.id
    }


def papers_of_subject(session: Session, campaign_id: UUID, subject_id: UUID) -> list[IssuedPaper]:
    """Return the papers issued about one person, unit or campaign, oldest first."""
    query = (
        select(IssuedPaper)
        .where(IssuedPaper.campaign_id == campaign_id, IssuedPaper.subject_id == subject_id)
        .order_by(col(IssuedPaper.id))
    )
    return list(session.exec(query).all())


def issued_by_digest(session: Session, digest: str) -> list[IssuedPaper]:
    """Return the papers whose bytes, or whose print file, have a digest."""
    query = (
        select(IssuedPaper)
        .where(or_(col(IssuedPaper.bytes_digest) == digest, col(IssuedPaper.file_digest) == digest))
        .order_by(col(IssuedPaper.paper), col(IssuedPaper.number))
    )
    return list(session.exec(query).all())


def issued(session: Session, campaign_id: UUID, papers: Sequence[str] | None = None) -> list[IssuedPaper]:
    """Return all papers issued in a campaign, optionally of some kinds only."""
    query = (
        select(IssuedPaper)
        .where(IssuedPaper.campaign_id == campaign_id)
        .order_by(col(IssuedPaper.paper), col(IssuedPaper.number), col(IssuedPaper.id))
    )
    if papers is not None:
        query = query.where(col(IssuedPaper.paper).in_(papers))
    return list(session.exec(query).all())
