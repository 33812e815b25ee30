"""The register: units, people with titles and dated employments, records of study, and imports on their way in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.register.unit_kinds import EMPLOYER
from xueshi.storage import Instant, Json, new_id


class Unit(SQLModel, table=True):
    """An employer (用人单位) known by its 统一社会信用代码 (GB 32100)."""

    __tablename__ = "unit"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    credit_code: str = Field(unique=True)
    name: str
    area: str = Field(index=True)
    sector: str | None = None
    kind: str = EMPLOYER
    """One of `unit_kinds.UNIT_KINDS`: a flow routes by it."""
    has_department: bool | None = None
    """Whether it has an industry department; None = as its sector says: with one, yes."""


class UnitFormerName(SQLModel, table=True):
    """A name that a unit bore before it was renamed (更名). Written once; its id tells when that was entered."""

    __tablename__ = "unit_former_name"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", index=True)
    name: str
    until: date
    """Last day on which it bore this name."""
    reason: str
    maker: str


class Person(SQLModel, table=True):
    """A professional; one row however many units. The identity number stands encrypted, found by its blind index."""

    __tablename__ = "person"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    identity_index: str = Field(unique=True)
    identity_sealed: bytes
    identity_key: bytes
    """The person's own key, wrapped; destroying it makes the identity number unreadable for good."""
    identity_key_id: str
    name: str
    sex: str
    born: date | None = None
    political_status: str = ""
    photo: bytes | None = None


class Title(SQLModel, table=True):
    """A professional title of a person (职称) with its level, from a day on, until the next one."""

    __tablename__ = "title"
    __table_args__ = (UniqueConstraint("person_id", "since"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    name: str
    level: str | None = None
    """`senior`, `intermediate`, `junior`; None for a title without level."""
    since: date


class TitleSource(SQLModel, table=True):
    """What a title stands on: a workbook that says it, an act, or (neither) what nobody knows any more."""

    __tablename__ = "title_source"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    title_id: UUID = Field(foreign_key="title.id", index=True)
    batch_id: UUID | None = Field(default=None, foreign_key="import_batch.id", index=True)
    command_id: UUID | None = None
    year: int = 0
    """Statistics year of the workbook, year of the act: of several sources the latest names the title."""
    name: str
    level: str | None = None


class Employment(SQLModel, table=True):
    """A person's time at a unit, first to last day; `until` is None while it lasts.

    It stands while one of its sources does; one without any source stands on what nobody knows any more.
    """

    __tablename__ = "employment"
    __table_args__ = (UniqueConstraint("person_id", "unit_id", "since"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    unit_id: UUID = Field(foreign_key="unit.id", index=True)
    area: str
    post: str = ""
    order_in_unit: int
    """1, 2, …: the unit's own order of its people (the rows of its workbook)."""
    since: date
    until: date | None = None
    ended_as: str = ""
    """`transferred` or `left`; empty while it lasts, and where a folder of an older engine did not say."""
    ended_by: UUID | None = None
    """The command, or the workbook's batch, that ended it."""


class EmploymentSource(SQLModel, table=True):
    """What an employment stands on: a workbook that lists the person, an act, or (neither) what nobody knows any more."""

    __tablename__ = "employment_source"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    employment_id: UUID = Field(foreign_key="employment.id", index=True)
    batch_id: UUID | None = Field(default=None, foreign_key="import_batch.id", index=True)
    command_id: UUID | None = None
    year: int = 0
    """Statistics year of the workbook, year of the act: of several sources the latest says post and order."""
    since: date
    """First day as this source says it; the earliest of all counts."""
    post: str = ""
    order_in_unit: int = 0


class StudyRecord(SQLModel, table=True):
    """One item of continuing education that a unit recorded for a person, with typed facts."""

    __tablename__ = "study_record"
    __table_args__ = (Index("study_record_of_unit_and_year", "unit_id", "year"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    unit_id: UUID = Field(foreign_key="unit.id")
    batch_id: UUID | None = Field(default=None, foreign_key="import_batch.id")
    area: str
    year: int
    """Statistics year."""
    position: int
    """Row in the unit's workbook: order of records."""
    kind: str
    facts: Any = Field(sa_type=Json)
    claimed: int | None = None
    """Hundredths of an hour that the unit claims."""
    content: str
    form: str = ""
    result: str = ""
    certificate: str = ""
    start: date | None = None
    end: date | None = None
    version: int = 1
    maker: str
    """`account:{id}` of who recorded it: may not decide it."""
    stage: str = Field(default="registered", index=True)
    """`registered`: a workbook brought it, its campaign judges it; else the stage of the record machine."""
    level: str = ""
    """Level at which a filed record waits; empty where none."""
    channel: str = ""
    """Way by which it was filed; empty for a workbook's."""
    flow_digest: str | None = None
    pack_digest: str | None = None
    """Flow and rules that a filed record is pinned to; None for a workbook's."""
    state: Any = Field(default=None, sa_type=Json, nullable=True)
    """The record machine's state; None for a workbook's."""
    determined: Any = Field(default=None, sa_type=Json, nullable=True)
    """Facts that its verifiers settled (a value within bounds, what was missing): laid over `facts`."""
    filed_at: datetime | None = Field(default=None, sa_type=Instant)
    """Instant of the folder's clock."""
    replaces: UUID | None = Field(default=None, index=True)
    """The record that this entry corrects."""
    class_id: UUID | None = Field(default=None, index=True)
    """The class whose organiser reported it."""
    makeup: bool = False
    """Made up (补训) for `year`, in the make-up window of that year's campaign: counted there, not in its own year."""


class UnitYearStatement(SQLModel, table=True):
    """An amount that a unit states for a year's statistics (经费): a later statement of the same key counts instead."""

    __tablename__ = "unit_year_statement"
    __table_args__ = (Index("unit_year_statement_of_year", "year", "unit_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id")
    area: str
    year: int
    key: str
    """What the amount is for, a word of the region's table; `total` where the table asks for one sum."""
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Hundredths of a yuan (分)."""
    maker: str
    stated_at: datetime = Field(sa_type=Instant)
    """Real instant: says who said what when; which statement counts is told by the id."""


class ImportBatch(SQLModel, table=True):
    """One workbook handed in: staged row by row, then promoted in one transaction, or discarded."""

    __tablename__ = "import_batch"
    __table_args__ = (Index("import_batch_of_unit_and_year", "unit_id", "year"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id")
    area: str
    year: int
    file_name: str
    file_digest: str
    """sha256 of the file's bytes: the same file again changes nothing."""
    state: str = "staged"
    """`staged`, `promoted`, `replaced` (a later workbook took its place) or `discarded`."""
    people: int = 0
    records: int = 0
    maker: str
    handed_in_at: datetime = Field(sa_type=Instant)
    promoted_at: datetime | None = Field(default=None, sa_type=Instant)


class StagingRow(SQLModel, table=True):
    """One checked row of a workbook between staging and promotion; encrypted, deleted at promotion."""

    __tablename__ = "staging_row"

    batch_id: UUID = Field(foreign_key="import_batch.id", primary_key=True)
    sheet: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    body: bytes
