"""Year results and their ledgers. Append-only: a new assessment is a new revision, never a change of an old one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class YearResult(SQLModel, table=True):
    """One person's year as judged once: facts snapshot, pack and outcome. The latest revision counts."""

    __tablename__ = "year_result"
    __table_args__ = (UniqueConstraint("campaign_id", "unit_id", "person_id", "revision"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID = Field(index=True)
    unit_id: UUID = Field(index=True)
    person_id: UUID = Field(index=True)
    area: str
    year: int
    revision: int
    """1, 2, … per person and campaign; the highest counts."""
    level: str | None = None
    verdict: str
    totals: Any = Field(sa_type=Json)
    """Hundredths of an hour by category, with `total`."""
    shortfalls: Any = Field(sa_type=Json)
    warnings: Any = Field(sa_type=Json)
    open_records: Any = Field(sa_type=Json)
    """Records that wait for a fact: `[{record, facts}]`."""
    request: Any = Field(sa_type=Json)
    """The facts that were judged (no name, no identity number): what a replay evaluates again."""
    handed_on: Any = Field(default=None, sa_type=Json, nullable=True)
    """Ledger entries that later years read: works and projects given hours, parts of a spread; None where none."""
    pack_digest: str
    input_digest: str
    assessed_at: datetime = Field(sa_type=Instant)
    """Campaign instant."""


class LedgerRow(SQLModel, table=True):
    """One entry of a result's ledger: an amount, why, by which rule and clause."""

    __tablename__ = "ledger_row"

    result_id: UUID = Field(foreign_key="year_result.id", primary_key=True)
    seq: int = Field(primary_key=True)
    record_id: UUID | None = Field(default=None, index=True)
    year: int | None = None
    part: int | None = None
    rules: str
    """Ids of base rule, add-on and limiting group, joined by `+`."""
    regulation: str
    clause: str
    category: str
    hours: int | None
    """Hundredths; None while a fact is missing: not counted and not zero."""
    claimed: int | None
    verdict: str
    code: str
    text: str
    inputs_hash: str


class SealedResult(SQLModel, table=True):
    """The revision that counts after closing, with the paper number given to the person. Written once a round.

    A correction after closing is a seal of a later round that supersedes the earlier one; the newest counts.
    """

    __tablename__ = "sealed_result"
    __table_args__ = (
        UniqueConstraint("campaign_id", "person_id", "unit_id", "round", name="sealed_result_once_a_round"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID = Field(index=True)
    unit_id: UUID = Field(index=True)
    person_id: UUID
    round: int = 1
    supersedes: UUID | None = None
    """The seal whose place this one takes."""
    result_id: UUID = Field(foreign_key="year_result.id")
    position: int
    """1, 2, … in the campaign, by unit code and order in the unit: the running number of papers."""
    digest: str
    """Over request, ledger, verdict and pack: what is sealed."""
    sealed_at: datetime = Field(sa_type=Instant)


class EndedSeal(SQLModel, table=True):
    """The end of a seal: a later round of the unit was approved that no longer judged the person. Written once.

    The seal itself stays as it is; it counts no more.
    """

    __tablename__ = "ended_seal"

    seal_id: UUID = Field(foreign_key="sealed_result.id", primary_key=True)
    filing_id: UUID
    """The round that judged the unit without the person."""
    ended_at: datetime = Field(sa_type=Instant)
    """Campaign instant."""


class SealedWords(SQLModel, table=True):
    """What the card of a sealed result says of its person beside hours: name, post, title, unit as printed.

    Encrypted under the person's own key, as his identity number is: whoever destroys that key destroys these too.
    """

    __tablename__ = "sealed_words"

    seal_id: UUID = Field(foreign_key="sealed_result.id", primary_key=True)
    body: bytes
