"""Drafts of a bureau's own rule values and settings of flows, published ones among them, and the impacts computed for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class RuleDraft(SQLModel, table=True):
    """One step of an area's own values or flows: an overlay to hold from its publication on, or one to be taken back."""

    __tablename__ = "rule_draft"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    """`overlay`: a file of readings and parameters; `rollback`: `takes_back` is to hold no longer. Of flows `flow`: a file of
    settings; `flow_end`: those of number `setting` are to hold no longer."""
    region: str
    area: str = Field(index=True)
    instrument: str
    """The instrument whose readings and parameters the overlay sets."""
    body: str
    """Who decided it, as the file says."""
    document: str
    """The document (发文) by which it was decided."""
    decided: str
    """Day of the decision, written 2021-03-01."""
    first_year: int
    last_year: int | None = None
    """None while open."""
    file: str
    """Name of the file, for messages."""
    digest: str = Field(index=True)
    """The artifact that holds the text; of a rollback, the digest of what it takes back and when it was asked for."""
    takes_back: UUID | None = None
    reason: str = ""
    """Why the earlier value is to hold again (rollback)."""
    setting: int | None = None
    """Number of a flow's settings: under which a `flow` holds, which a `flow_end` ends."""
    maker: UUID
    made_for: UUID | None = None
    """The account that lent its role to the maker; None where the maker acted in his own."""
    made_at: datetime = Field(sa_type=Instant)
    state: str = Field(index=True)
    """`draft`, `published`, `taken_back` (it held, and holds no longer), `done` (a rollback that was carried out)."""
    publisher: UUID | None = None
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    publish_reason: str = ""
    accepted: Any = Field(default=None, sa_type=Json, nullable=True)
    """Codes of the warnings that were accepted by name."""
    impact_id: UUID | None = None
    review_digest: str = ""
    """The artifact that says what was checked when it was published."""
    taken_back_by: UUID | None = None
    """The rollback after which it holds no longer."""
    taken_back_at: datetime | None = Field(default=None, sa_type=Instant)


class RuleImpact(SQLModel, table=True):
    """Whom a draft would affect, as counted once: numbers only, no person."""

    __tablename__ = "rule_impact"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    draft_id: UUID = Field(foreign_key="rule_draft.id", index=True)
    area: str
    year: int | None = None
    """None: all years that the draft serves."""
    basis: str
    """Digest of the draft and of the laws in force that it was compared with."""
    judged: int
    """Years of persons that were judged under both laws."""
    counts: Any = Field(sa_type=Json)
    """Kind of change → years of persons."""
    computed_by: UUID
    computed_at: datetime = Field(sa_type=Instant)
