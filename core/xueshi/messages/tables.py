"""The outbox: a message is written in the transaction of its effect and carried later, however often that takes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class OutgoingMessage(SQLModel, table=True):
    """A message to a role of a unit or area, or an officer's digest of one civil day."""

    __tablename__ = "outgoing_message"
    __table_args__ = (UniqueConstraint("account_id", "clock", "day", name="one_digest_of_a_day"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID | None = Field(default=None, index=True)
    """None for a digest of the real clock: it may speak of several campaigns."""
    filing_id: UUID | None = None
    to_role: str
    to_unit: UUID | None = None
    to_person: UUID | None = None
    """Whose own account it is for, where it is for a professional himself."""
    area: str = ""
    account_id: UUID | None = None
    """The officer of a digest; other messages find their officers by role when they are carried."""
    clock: str = ""
    """Of a digest: `real`, or the campaign whose clock stands."""
    day: date | None = None
    """Of a digest: its civil day."""
    standing: bool = False
    """From a demo or rehearsal: never mailed, written as a file marked 示例."""
    subject: str
    body: Any = Field(sa_type=Json)
    """What it says; ids, names of units, counts, dates: no person's data."""
    written_at: datetime = Field(sa_type=Instant)
    """Campaign instant of its effect."""
    state: str = Field(default="written", index=True)
    """`written`, `folded` (told in digests), `sent`, `filed` (as a file), `failed` (`next_try` says when again)."""
    attempts: int = 0
    next_try: datetime | None = Field(default=None, sa_type=Instant)
    """Real instant from which it may be carried; None waits for a digest, or for an officer once it failed."""
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str = ""
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    """Real instant at which it was handed over."""
