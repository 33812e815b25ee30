"""Campaigns, filings, commands, effects, tasks, counters and what goes out, in SQL: the system of record."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, Json, new_id


class Campaign(SQLModel, table=True):
    """One closing verification: area, year, notice, and the digests of everything it is pinned to."""

    __tablename__ = "campaign"
    __table_args__ = (UniqueConstraint("region", "area", "year", "n"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    public_id: str = Field(unique=True)
    """`campaign:{region}:{area}:{year}:{n}`: also the id of its workflow."""
    region: str
    area: str = Field(index=True)
    area_name: str
    year: int
    n: int
    title: str
    stage: str
    version: int = 0
    standing: bool
    """True in a demo or rehearsal folder: the clock stands still and papers are marked."""
    deadline: datetime = Field(sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    """Campaign instant since which no deadline falls due; None while the campaign runs."""
    makeup_until: datetime | None = Field(default=None, sa_type=Instant)
    """End of the make-up window (补训)."""
    makeup_from: date | None = None
    """First day of the make-up window; None where the notice itself names it: then the day after the statistics year."""
    reassessing: bool = False
    """People are being judged again under a newer rule pack; until that is done nothing is closed."""
    opened_at: datetime = Field(sa_type=Instant)
    verifier: str
    """Body that signs the papers."""
    report_by: date | None = None
    notice_digest: str
    pack_digest: str
    flow_digest: str
    papers_digest: str
    """Artifact that maps each paper's id to the digest of its template closure."""
    flow_overlay_digest: str | None = None
    """Artifact of the bureau's own settings under which `flow_digest` was made; None where there are none."""
    workflow_started: bool = False


class ClockAnchor(SQLModel, table=True):
    """A standing clock's step: from this real instant on, the campaign instant is the one given."""

    __tablename__ = "clock_anchor"

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    seq: int = Field(primary_key=True)
    real: datetime = Field(sa_type=Instant)
    campaign: datetime = Field(sa_type=Instant)


class FolderAnchor(SQLModel, table=True):
    """A step of a standing data folder's clock; a folder without any runs on real time (production)."""

    __tablename__ = "folder_anchor"

    seq: int = Field(primary_key=True)
    real: datetime = Field(sa_type=Instant)
    instant: datetime = Field(sa_type=Instant)


class Filing(SQLModel, table=True):
    """One unit's filing in a campaign and round; `state` is the pure machine's state."""

    __tablename__ = "filing"
    __table_args__ = (UniqueConstraint("campaign_id", "unit_id", "round"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    unit_id: UUID = Field(index=True)
    area: str
    sector: str | None = None
    round: int = 1
    position: int
    """Place of the unit in the campaign, by its code: order of papers and tables."""
    stage: str = Field(index=True)
    level: str
    flow_digest: str | None = None
    """Artifact of the flow that is left for this unit; None = the campaign's own."""
    version: int = 0
    state: Any = Field(sa_type=Json)
    input_version: int = 0
    """Raised by every register handed in; 0 = nothing handed in yet."""
    maker: str | None = None
    approved_input: int = 0
    """`input_version` that was approved last: another one now means that the register changed since."""
    only_person: UUID | None = None
    """In a later round: the one person whose result is corrected; None for the whole unit."""
    note: str = ""
    """Why the unit stands apart: dissolved, merged, reopened; as the bureau wrote it."""
    people: int = 0
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    started: bool = False
    """The unit's workflow was started."""


class FilingPerson(SQLModel, table=True):
    """One of the people whom a filing was last judged with: they are sealed, whatever the register says by then."""

    __tablename__ = "filing_person"

    filing_id: UUID = Field(foreign_key="filing.id", primary_key=True)
    person_id: UUID = Field(primary_key=True)
    place: int
    """1, 2, …: the unit's own order when it was judged."""


class Command(SQLModel, table=True):
    """An act that someone asked for, durable or direct, and its fate: nothing is lost, nothing is done twice."""

    __tablename__ = "command"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    request_id: str = Field(unique=True)
    executor: str
    kind: str
    target_kind: str
    target_id: UUID = Field(index=True)
    workflow_id: str = ""
    expected_version: int | None = None
    payload: Any = Field(sa_type=Json)
    account_id: UUID
    grant_id: UUID
    state: str = Field(index=True)
    code: str = ""
    reason: str = ""
    not_before: datetime = Field(sa_type=Instant)
    inserted_at: datetime = Field(sa_type=Instant)
    made_at: datetime = Field(sa_type=Instant)
    """Campaign instant of insertion."""
    attempts: int = 0
    """Sendings that brought no answer: the next waits the longer for it."""
    lease_until: datetime = Field(sa_type=Instant)


class Effect(SQLModel, table=True):
    """What a done command changed: exactly one row per done command."""

    __tablename__ = "effect"

    command_id: UUID = Field(foreign_key="command.id", primary_key=True)
    campaign_id: UUID | None = Field(default=None, index=True)
    """None for acts that need no campaign."""
    target_id: UUID = Field(index=True)
    outcome: str
    version: int
    """Version of the target afterwards."""
    campaign_at: datetime = Field(sa_type=Instant)
    body: Any = Field(sa_type=Json)


class Determination(SQLModel, table=True):
    """A verifier's value for one fact of one record, where the text leaves it to a person; the latest counts."""

    __tablename__ = "determination"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    record_id: UUID = Field(index=True)
    filing_id: UUID = Field(index=True)
    fact: str
    value: Any = Field(sa_type=Json)
    reason: str = ""
    command_id: UUID = Field(foreign_key="command.id")


class Task(SQLModel, table=True):
    """Something that waits for a person: kind, for which role, on what, by which clause."""

    __tablename__ = "task"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID | None = Field(default=None, index=True)
    filing_id: UUID | None = Field(default=None, index=True)
    """None, with the campaign, for the verifying of a record filed in the year."""
    unit_id: UUID
    area: str = Field(index=True)
    sector: str | None = None
    kind: str
    """`unit`, `record`, `discretion`, `attention`, `appeal`, `escalation` (a task of another role is long overdue),
    `paper` (a paper that could not be printed); without a campaign `verify`, `returned`."""
    role: str
    assignee: UUID | None = Field(default=None, index=True)
    """Account to which the task was handed over; None: whoever holds the role."""
    level: str
    person_id: UUID | None = None
    record_id: UUID | None = Field(default=None, index=True)
    body: Any = Field(sa_type=Json)
    """What is asked: facts, clause, bounds; no personal data."""
    opened_at: datetime = Field(sa_type=Instant)
    came_at: datetime | None = Field(default=None, sa_type=Instant)
    """Instant at which it came to whoever has it now (a hand-over, a person's change of unit); None: at its opening."""
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    due_since: date | None = None
    """Civil day from which `due_days` working days are counted; None where the date rests on no working days."""
    due_days: int | None = None
    due_provisional: bool = False
    """The date rests on a year whose holidays are not published yet (暂定)."""
    returned: bool = False
    """What waits was returned to this level."""
    escalated_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_by: UUID | None = None
    outcome: str = ""


class Appeal(SQLModel, table=True):
    """A unit's appeal (申诉), for itself or one of its people, against what was decided; `stage` is the pure machine's."""

    __tablename__ = "appeal"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    filing_id: UUID = Field(foreign_key="filing.id", index=True)
    unit_id: UUID = Field(index=True)
    area: str
    sector: str | None = None
    person_id: UUID | None = None
    """The person whose result is appealed against; None where the unit appeals against a return or refusal."""
    against: str
    """`refused`, `returned`, `not_met`."""
    against_version: int
    """Version of the filing that was decided: another one later means that the matter has moved on."""
    stage: str = "open"
    version: int = 0
    reason: str
    maker: str
    """Account that filed the appeal: may not decide it."""
    deciders: Any = Field(sa_type=Json)
    """Accounts that made the decision appealed against: may not decide the appeal."""
    filed_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decision: str = ""
    """The reason of the decision."""
    workflow_started: bool = False


class BulkBatch(SQLModel, table=True):
    """Many decisions ordered at once; each row becomes a command of its own with its own fate."""

    __tablename__ = "bulk_batch"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    """Id of the command that ordered it."""
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    account_id: UUID
    grant_id: UUID
    delegation_id: UUID | None = None
    kind: str
    payload: Any = Field(sa_type=Json)
    """What every row has in common: `reason`, `until`, `return_to`."""
    rows: int
    workflow_started: bool = False
    finished: bool = False


class BulkRow(SQLModel, table=True):
    """One unit of a bulk decision: the version its officer saw, the command it became, or why none was made."""

    __tablename__ = "bulk_row"

    batch_id: UUID = Field(foreign_key="bulk_batch.id", primary_key=True)
    seq: int = Field(primary_key=True)
    filing_id: UUID
    expected_version: int
    level: str
    command_id: UUID | None = None
    reason: str = ""
    """Why no command could be made; a command's own fate stands in its row."""


class Reassessment(SQLModel, table=True):
    """Judging a running campaign's people again under a newer rule pack: from which to which, and how far it came."""

    __tablename__ = "reassessment"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    """Id of the command that ordered it."""
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    from_pack: str
    to_pack: str
    flips: Any = Field(sa_type=Json)
    """Units whose people's verdict changed: `{filing id: number of people}`."""
    people: int = 0
    workflow_started: bool = False
    finished: bool = False


class Counter(SQLModel, table=True):
    """How many filings of a campaign are in a stage: kept with every effect, so that no page counts."""

    __tablename__ = "counter"

    campaign_id: UUID = Field(foreign_key="campaign.id", primary_key=True)
    stage: str = Field(primary_key=True)
    filings: int = 0


class CalendarEntry(SQLModel, table=True):
    """A day that a bureau entered for its offices, or the word that a year is complete; the latest of an area counts."""

    __tablename__ = "calendar_entry"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    area: str = Field(index=True)
    year: int
    day: date | None = None
    """None with the word `complete`."""
    word: str
    """`work`, `off`, `published` or `complete`."""
    reason: str
    account_id: UUID
    entered_at: datetime = Field(sa_type=Instant)


class ReminderRun(SQLModel, table=True):
    """A civil day of a clock for which digests were begun: news before `until` is in them."""

    __tablename__ = "reminder_run"

    clock: str = Field(primary_key=True)
    """`real`, or the id of a campaign whose clock stands."""
    day: date = Field(primary_key=True)
    until: datetime = Field(sa_type=Instant)


class PlannedOpening(SQLModel, table=True):
    """A notice stored ahead: on its day the scheduled opener opens the campaign as the officer who planned it."""

    __tablename__ = "planned_opening"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    region: str
    area: str = Field(index=True)
    year: int
    title: str
    notice_digest: str
    opens_at: datetime = Field(sa_type=Instant)
    account_id: UUID
    grant_id: UUID
    state: str = "planned"
    """`planned`, `opened`, `cancelled`."""
    reason: str = ""
    """Why the last try did not open it; empty before the first."""
    campaign_id: UUID | None = None
    planned_at: datetime = Field(sa_type=Instant)
