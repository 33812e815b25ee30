"""What stands beside a record filed in the year: evidence, the class it was earned in, the system it came from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class EvidenceFile(SQLModel, table=True):
    """One file of evidence, whoever handed it in how often: encrypted in the data folder, known by a keyed digest."""

    __tablename__ = "evidence_file"

    digest: str = Field(primary_key=True)
    """HMAC of the content under a key of this folder: tells nothing outside it."""
    path: str
    """Below `evidence/`."""
    type: str
    """`pdf`, `png`, `jpeg`."""
    size: int
    """Bytes of the plain content."""
    sealed_key: bytes
    """The file's own key, wrapped; destroying it makes the file unreadable for good."""
    key_id: str
    stored_at: datetime = Field(sa_type=Instant)
    """Real instant."""


class Evidence(SQLModel, table=True):
    """One proof of one record: which file, under which name it was handed in, by whom."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("record_id", "digest"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    record_id: UUID = Field(foreign_key="study_record.id", index=True)
    digest: str = Field(foreign_key="evidence_file.digest", index=True)
    name_sealed: bytes
    """The file's own name, encrypted: it often holds a person's."""
    maker: str


class StudyClass(SQLModel, table=True):
    """A class whose organiser reported all attendees at once (由组织机构统一登记学时)."""

    __tablename__ = "study_class"
    __table_args__ = (UniqueConstraint("organiser", "code"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organiser: str
    """`unit:{id}` of the organising unit, or `area:{code}:{role}` of an area's body."""
    code: str
    """The organiser's own number of the class."""
    area: str = Field(index=True)
    year: int
    kind: str
    content: str
    facts: Any = Field(sa_type=Json)
    start: date | None = None
    end: date | None = None
    content_digest: str
    """Over all that the class says: the same number with another content is refused."""
    late: bool = False
    """Reported after the days that the channel gives (超期)."""
    maker: str
    reported_at: datetime = Field(sa_type=Instant)
    """Instant of the folder's clock."""


class RecordSource(SQLModel, table=True):
    """Where an imported record came from: the same entry again changes nothing, a changed one is a correction."""

    __tablename__ = "record_source"

    area: str = Field(primary_key=True)
    """Area of the body that imports: two areas may call their systems alike."""
    source: str = Field(primary_key=True)
    source_id: str = Field(primary_key=True)
    record_id: UUID = Field(foreign_key="study_record.id", index=True)
    """The entry that stands for it now."""
    person_id: UUID
    content_digest: str
