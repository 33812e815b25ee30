"""What happened, as a hash chain; and the artifacts that results rest on, by digest. Rows are never updated."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class AuditEntry(SQLModel, table=True):
    """One act: who, when (real instant), what, on what; chained by `hash` over the previous entry's hash."""

    __tablename__ = "audit_entry"

    seq: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    id: UUID = Field(default_factory=new_id, unique=True)
    at: datetime = Field(sa_type=Instant)
    actor: str
    os_user: str = ""
    verb: str
    target: str
    command_id: UUID | None = Field(default=None, index=True)
    body: Any = Field(sa_type=Json)
    previous: str
    hash: str


class Artifact(SQLModel, table=True):
    """The exact bytes of a rule pack, flow, notice or template closure that a campaign is pinned to."""

    __tablename__ = "artifact"

    digest: str = Field(primary_key=True)
    kind: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_type=Instant)
