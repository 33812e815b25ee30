"""Entering records: first everything is looked at and nothing written, then all of it is written in the caller's transaction."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.delegating import signature
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.clocks.office_calendar import calendar_of, due_after
from xueshi.campaigns.clocks.working_days import WorkCalendar, working_day_after
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.campaigns.year_round import counted_once, makeup
from xueshi.campaigns.year_round.record_law import (
    RecordLaw,
    RecordSaid,
    routed,
    way_in,
    what_law_says,
    year_is_handed_over,
)
from xueshi.flows.flow import ApprovalFlow, Channel
from xueshi.machines.filing_machine import Refused
from xueshi.machines.record_machine import (
    STAGE_WORDS,
    RecordState,
    file,
    replaced,
    waiting_roles,
)
from xueshi.machines.stored_state import dump_flow, dump_record_state, load_record_state
from xueshi.records import repository as records
from xueshi.records.repository import Employed
from xueshi.records.rows import class_rows, evidence_rows
from xueshi.records.tables import Evidence
from xueshi.register.tables import StudyRecord
from xueshi.storage import new_id


@dataclass(frozen=True)
class Entry:
    """A record that somebody wants to enter: whose, what (plain values as in a command's payload), by which way."""

    person_id: UUID
    body: Mapping[str, Any]
    """`kind`, `facts`, `content`, `claimed` (hundredths), `form`, `result`, `certificate`, `start`, `end`."""
    year: int
    channel: str = ""
    for_person: bool | None = None
    """Said to be filed for the professional himself; None leaves it to the channel and the actor's role."""
    evidence: Sequence[Mapping[str, str]] = ()
    """`digest` of the stored file, `name` sealed and in base64."""
    replaces: UUID | None = None
    class_id: UUID | None = None
    makeup: bool = False
    """Filed to make up (补训) for `year`, whose make-up window is open."""

    def day(self, name: str) -> date | None:
        """Return `start` or `end`."""
        value = self.body.get(name)
        return None if value is None else date.fromisoformat(value)


@dataclass(frozen=True)
class Planned:
    """An entry that may be written: where the person works, by which way it comes in, how the machine begins it."""

    entry: Entry
    employed: Employed
    channel: Channel
    state: RecordState
    late: bool = False
    hours: int | None = field(default=None)
    """Hundredths that the rules give it alone, before anything that acts across records; None while a fact is missing."""


def plan(
    session: Session,
    law: RecordLaw,
    actor: Actor,
    entry: Entry,
    now: datetime,
    *,
    scope: Scope,
    employed: Employed | None = None,
) -> Planned | Refused:
    """Look at everything an entry must satisfy; nothing is written. `scope` bounds whose records may be entered."""
    today = civil_date(now)
    found = employed or records.working_or_last(session, scope, [entry.person_id], today).get(entry.person_id)
    if found is None:
        return Refused("not_employed", f"此人{today}不在您管理范围内的单位任职；请核对人员，或由其现单位申报")
    after = _after_leaving(law, entry, found, today)
    if after is not None:
        return after
    law = routed(law, found.unit)
    looked = look(session, law, entry, found.unit.id, found.unit.area, now)
    if isinstance(looked, Refused):
        return looked
    said, channel = looked.said, looked.channel
    begun = file(
        law.flow,
        channel,
        role=actor.role,
        account=str(actor.account_id),
        principal=signature(actor)["principal"],
        for_person=acts_for_person(channel, actor, entry.for_person),
    )
    if isinstance(begun, Refused):
        return begun
    if begun.state.stage == "verified" and said.open_facts:
        # Filing is the registration here: nobody comes after who could say what is missing.
        return Refused("needs_fact", f"{said.open_text}；请补齐后再登记")
    counted = counted_once.refused(session, entry) if begun.state.stage == "verified" else None
    if counted is not None:
        return counted
    hours = None if said.open_facts else said.entry.hours
    return Planned(
        entry,
        found,
        channel,
        begun.state,
        reported_late(channel, entry.day("end"), today, calendar_of(session, found.unit.area)),
        hours,
    )


def _after_leaving(law: RecordLaw, entry: Entry, found: Employed, today: date) -> Refused | None:
    """Refuse a study that ended when its person worked nowhere any more; what he did before, his last unit files.

    A study without days is of its year, and what is made up comes after it.
    """
    until = found.employment.until
    if until is None or until >= today or entry.makeup:
        return None
    end = entry.day("end") or law.pack.year_window(entry.year)[0]
    if end <= until:
        return None
    return Refused(
        "after_leaving",
        f"此人已于 {until} 离开{found.unit.name}，现不在单位任职；这项学习在其离开以后，不由该单位申报，请核对日期",
    )


@dataclass(frozen=True)
class Looked:
    """What the rules say of an entry that may stand in the register, and by which way it comes in."""

    said: RecordSaid
    channel: Channel


def look(
    session: Session, law: RecordLaw, entry: Entry, unit_id: UUID, area: str, now: datetime
) -> Looked | Refused:
    """Look at what an entry says, whether it is new or amends one that was returned; nothing is written.

    `law` is the one left for the unit of the entry.
    """
    refused = makeup.refused(session, law.pack, entry, unit_id, now) or year_is_handed_over(
        session, entry.person_id, unit_id, entry.year, law.pack
    )
    if refused is not None:
        return refused
    today, end = civil_date(now), entry.day("end")
    if end is not None and end > today:
        return Refused(
            "not_over", f"学习的结束日期 {end} 还没有到（今天是 {today}）；请在学习结束后申报，或核对日期"
        )
    title = records.title_on(session, entry.person_id, end or today)
    said = what_law_says(
        law,
        area=area,
        year=entry.year,
        kind=entry.body["kind"],
        facts=entry.body["facts"],
        claimed=entry.body.get("claimed"),
        level=title.level if title else None,
        makeup=entry.makeup,
    )
    if isinstance(said, Refused):
        return said
    channel = way_in(law, said.entry, entry.channel)
    return channel if isinstance(channel, Refused) else Looked(said, channel)


def acts_for_person(channel: Channel, actor: Actor, said: bool | None) -> bool:
    """Tell whether an actor files for the professional himself, as a unit's clerk does for its people.

    A role that the channel names files in its own right; only somebody of a unit can act for one of its people.
    """
    if actor.unit_id is None:
        return False
    if said is not None:
        return said
    roles = {signer.role for signer in channel.filed_by}
    return actor.role not in roles and PERSON in roles


def reported_late(channel: Channel, end: date | None, today: date, calendar: WorkCalendar) -> bool:
    """Tell whether a report comes after the days that its channel gives (超期). It is shown, never refused.

    The texts oblige the reporter; that he is late takes no hours from the person.
    """
    if end is None:
        return False
    if channel.within_days is not None:
        return today > working_day_after(calendar, end, channel.within_days).day
    days = channel.within_calendar_days
    return days is not None and (today - end).days > days


def write(session: Session, law: RecordLaw, row: Command, planned: Planned, now: datetime) -> StudyRecord:
    """Write a planned entry: record, proofs, tasks of its verifiers; where it holds at once, it takes its place."""
    entry, unit = planned.entry, planned.employed.unit
    law = routed(law, unit)
    audit.store_artifact(session, "flow", dump_flow(law.flow))
    body = entry.body
    record = StudyRecord(
        id=new_id(),
        person_id=entry.person_id,
        unit_id=unit.id,
        batch_id=None,
        area=unit.area,
        year=entry.year,
        position=records.next_position(session, entry.person_id),
        kind=body["kind"],
        facts=dict(body["facts"]),
        claimed=body.get("claimed"),
        content=body["content"],
        form=body.get("form", ""),
        result=body.get("result", ""),
        certificate=body.get("certificate", ""),
        start=entry.day("start"),
        end=entry.day("end"),
        maker=f"account:{row.account_id}",
        channel=planned.channel.id,
        flow_digest=law.flow_digest,
        pack_digest=law.pack_digest,
        filed_at=now,
        replaces=entry.replaces,
        class_id=entry.class_id,
        makeup=entry.makeup,
    )
    put(record, planned.state)
    session.add(record)
    session.flush()
    attach(session, record, entry.evidence, record.maker)
    open_tasks(session, record, law.flow, planned.state, unit.sector, now, late=planned.late)
    return record


def put(record: StudyRecord, state: RecordState) -> None:
    """Lay the machine's state into a record's row."""
    record.stage, record.level, record.version = state.stage, state.level, state.version
    record.state = dump_record_state(state)


def attach(session: Session, record: StudyRecord, evidence: Sequence[Mapping[str, str]], maker: str) -> int:
    """Attach stored files to a record; one that it has already is passed over. Returns how many are new."""
    held = {file.digest for _, file in evidence_rows.evidence_of(session, [record.id]).get(record.id, [])}
    fresh = [one for one in evidence if one["digest"] not in held]
    for one in fresh:
        session.add(
            Evidence(
                id=new_id(),
                record_id=record.id,
                digest=one["digest"],
                name_sealed=base64.b64decode(one["name"]),
                maker=maker,
            )
        )
    session.flush()
    return len(fresh)


def open_tasks(
    session: Session,
    record: StudyRecord,
    flow: ApprovalFlow,
    state: RecordState,
    sector: str | None,
    now: datetime,
    *,
    late: bool = False,
) -> None:
    """Open one task for each role that a record waits for: its verifiers, or whoever filed it once it is returned."""
    if state.stage not in ("deciding", "returned"):
        return
    level = flow.level(state.level)
    returned = state.stage == "returned"
    body = {"name": level.name, "clause": level.clause, "version": state.version, "late": late}
    unit_id, area = _desk_of_filer(session, record) if returned else (record.unit_id, record.area)
    rests = None if returned or level.days is None else due_after(session, area, now, level.days)
    for role in (state.filer,) if returned else waiting_roles(state, flow):
        session.add(
            Task(
                id=new_id(),
                unit_id=unit_id,
                area=area,
                sector=sector,
                kind="returned" if returned else "verify",
                role=role,
                level=level.id,
                person_id=record.person_id,
                record_id=record.id,
                body={**body, "stage": STAGE_WORDS[state.stage]},
                opened_at=now,
                **({} if rests is None else rests.of_task()),
            )
        )


def _desk_of_filer(session: Session, record: StudyRecord) -> tuple[UUID, str]:
    """Return the unit and area where a returned record is completed: the organiser's own for one of his class."""
    organiser = "" if record.class_id is None else class_rows.organiser_of_class(session, record.class_id)
    kind, _, where = organiser.partition(":")
    if kind == "unit":
        return UUID(where), record.area
    if kind == "area":
        return record.unit_id, where.partition(":")[0]
    return record.unit_id, record.area


def take_place(session: Session, correction: StudyRecord, row: Command, now: datetime) -> None:
    """Let a correction that holds now take the place of the entry it corrects; that one stays, marked replaced."""
    if correction.replaces is None:
        return
    old = records.record(session, Scope.everything(), correction.replaces, lock=True)
    mark_replaced(session, old, row, now)


def mark_replaced(session: Session, old: StudyRecord, row: Command, now: datetime) -> None:
    """Mark an entry as replaced by a correction; whatever waited for it waits no longer."""
    if old.state is None:
        # A workbook brought it: it has no state of the machine, only the stage that says whether it counts.
        old.stage, old.version = "replaced", old.version + 1
    else:
        judged = replaced(load_record_state(old.state))
        if isinstance(judged, Refused):
            return
        put(old, judged.state)
    session.add(old)
    task_rows.close_record_tasks(session, old.id, at=now, command_id=row.id, outcome="replaced")
