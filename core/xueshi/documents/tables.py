"""Papers that were issued: what they said (by digest), their number and the hash of the printed bytes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, new_id


class IssuedPaper(SQLModel, table=True):
    """One issued paper; reprinting the same content gives the same bytes and no new row."""

    __tablename__ = "issued_paper"
    __table_args__ = (UniqueConstraint("campaign_id", "paper", "subject_id", "content_digest"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID = Field(index=True)
    paper: str
    """Id of the paper kind."""
    subject_id: UUID
    """The person, unit or campaign the paper is about."""
    unit_id: UUID | None = Field(default=None, index=True)
    number: str
    content_digest: str
    bytes_digest: str
    """sha256 of the paper's own bytes."""
    file_digest: str
    """sha256 of the print file it stands in, together with others."""
    pages: int
    file: str
    """Path of the print file inside the data folder."""
    issued_at: datetime = Field(sa_type=Instant)
    """Campaign instant."""
