"""Reports sent upward, reports received from below, and the keys by which the two sides know each other."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.reports.manifest import report_number
from xueshi.storage import Instant, Json, new_id


class Report(SQLModel, table=True):
    """One revision of an area's yearly report, on the sending side; its package is the artifact `digest`."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("region", "area", "year", "revision"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    region: str
    area: str = Field(index=True)
    area_name: str
    year: int
    revision: int
    """1, 2, …: a report that was rejected, or that has other figures now, gets the next one."""
    campaign_id: UUID | None = None
    """The campaign whose sealed results were counted; None for a count of the register as of `made_on`."""
    made_on: date
    report_by: date | None = None
    standing: bool = False
    """True in a demo or rehearsal folder: no timer runs and the package is marked."""
    state: str
    """A word of `report_machine.ReportState`."""
    reasons: Any = Field(sa_type=Json)
    digest: str
    """sha256 of the package: the artifact that holds it."""
    key_id: str
    built_by: str
    built_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    receipt_digest: str = ""
    """Artifact that holds the receipt as it came."""
    reminders: int = 0
    """How often the officers were reminded that no receipt has come."""
    workflow: str = ""
    """How far its workflow knows: empty, `started`, or `told` that the report is settled."""

    @property
    def name(self) -> str:
        """The report's number (报告编号), the same on both sides."""
        return report_number(self.region, self.area, self.year, self.revision)


class ReceivedReport(SQLModel, table=True):
    """One report as it came from below and passed every check; its package is the artifact `digest`."""

    __tablename__ = "received_report"
    __table_args__ = (UniqueConstraint("region", "area", "year", "revision"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    region: str
    area: str = Field(index=True)
    area_name: str
    year: int
    revision: int
    digest: str
    key_id: str
    sample: bool = False
    state: str
    """A word of `report_machine.ReceivedState`."""
    reasons: Any = Field(sa_type=Json)
    received_by: str
    received_at: datetime = Field(sa_type=Instant)
    settled_by: str = ""
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    receipt_digest: str = ""

    @property
    def name(self) -> str:
        """The report's number (报告编号), the same on both sides."""
        return report_number(self.region, self.area, self.year, self.revision)


class TrustedKey(SQLModel, table=True):
    """A public key that an officer here trusts for an area: of a body that reports, or of the one reported to."""

    __tablename__ = "trusted_key"
    __table_args__ = (UniqueConstraint("area", "key_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    area: str = Field(index=True)
    key_id: str
    body: str
    """Name of the body whose key it is."""
    public_key: str
    """32 bytes in hexadecimal."""
    trusted_by: str
    trusted_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """From then on nothing that it signs is accepted."""
