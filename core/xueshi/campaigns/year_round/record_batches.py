"""Many records at once: an organiser's roster of one class, and what another system hands over. One transaction each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round import counted_once
from xueshi.campaigns.year_round import record_entries as entries
from xueshi.campaigns.year_round.record_acts import actor_of, content_digest, organiser_of
from xueshi.campaigns.year_round.record_entries import Entry, Planned
from xueshi.campaigns.year_round.record_law import RecordLaw, law_by, year_is_handed_over
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.records.repository import Employed
from xueshi.records.rows import class_rows
from xueshi.records.tables import RecordSource, StudyClass
from xueshi.register.tables import StudyRecord
from xueshi.storage import new_id

TOLD_AT_MOST = 20
"""Refused rows that one refusal names; their number is told in full."""

OWN_ONLY = Refused(
    "own_only", "本人账号只能申报本人的学时（xueshi records file）；名单和导入由主办单位、登记单位办理"
)


@dataclass(frozen=True)
class RefusedRow:
    """A row of a batch that cannot be entered: its number in the file, and why."""

    row: int
    refusal: Refused


def _report_roster(session: Session, row: Command) -> Refused | None:
    """Register a class for all its attendees: class facts once, a record for each by the channel of the class."""
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    if actor.person_id is not None:
        return OWN_ONLY
    law = law_by(session, payload["flow"], payload["pack"])
    said: Mapping[str, Any] = payload["class"]
    digest = content_digest({**said, "year": payload["year"]})
    held = class_rows.class_by_code(session, organiser_of(actor), said["code"])
    if held is not None and held.content_digest != digest:
        return Refused(
            "class_known",
            f"班次 {said['code']} 已登记，内容与本次不同；同一班次的更正请逐条另报更正，新的班次请用新的编号",
        )
    class_id = held.id if held is not None else new_id()
    there = class_rows.attendees(session, class_id)
    fresh = [one for one in payload["attendees"] if UUID(one["person"]) not in there]
    working = _working(session, actor, [UUID(one["person"]) for one in fresh], now)

    def entry_of(one: Mapping[str, Any]) -> Entry:
        body = {**said["record"], **one.get("record", {})}
        body["facts"] = {**said["record"]["facts"], **one.get("facts", {})}
        return Entry(
            UUID(one["person"]),
            body,
            int(payload["year"]),
            str(payload.get("channel", "")),
            class_id=class_id,
            makeup=bool(payload.get("makeup")),
        )

    planned, refused = _plan_all(session, law, actor, fresh, entry_of, working, now)
    if refused and not payload.get("valid_only"):
        return _all_refused(refused)
    if not planned and not there:
        return _all_refused(refused) if refused else Refused("nobody", "名单中没有可登记的人员；请核对后再报")
    late = any(one.late for _, one in planned)
    if held is None:
        _enter_class(session, row, organiser_of(actor), class_id, digest, late, now)
    for _, one in planned:
        entries.write(session, law, row, one, now)
    complete(
        session,
        row,
        None,
        "reported" if planned else "unchanged",
        1,
        now,
        study_class=str(class_id),
        entered=len(planned),
        there=len(payload["attendees"]) - len(fresh),
        left_out=len(refused) + int(payload.get("left_out", 0)),
        late=late,
    )
    return None


def _enter_class(
    session: Session, row: Command, organiser: str, class_id: UUID, digest: str, late: bool, now: datetime
) -> None:
    said = row.payload["class"]
    body = said["record"]
    session.add(
        StudyClass(
            id=class_id,
            organiser=organiser,
            code=said["code"],
            area=row.payload["area"],
            year=int(row.payload["year"]),
            kind=body["kind"],
            content=body["content"],
            facts=body["facts"],
            start=_day(body.get("start")),
            end=_day(body.get("end")),
            content_digest=digest,
            late=late,
            maker=f"account:{row.account_id}",
            reported_at=now,
        )
    )
    session.flush()


def _import_records(session: Session, row: Command) -> Refused | None:
    """Take in what another system hands over: new entries are entered, the same change nothing, changed ones correct."""
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    if actor.person_id is not None:
        return OWN_ONLY
    law = law_by(session, payload["flow"], payload["pack"])
    area, source = actor.area, str(payload["source"])
    rows: Sequence[Mapping[str, Any]] = payload["rows"]
    held = class_rows.sources(session, area, source, [one["source_id"] for one in rows])
    changed = [
        one
        for one in rows
        if one["source_id"] not in held or held[one["source_id"]].content_digest != _source_digest(one)
    ]
    working = _working(session, actor, [UUID(one["person"]) for one in changed], now)
    standing: dict[str, StudyRecord] = {}
    barred: list[RefusedRow] = []
    for one in changed:
        known = held.get(one["source_id"])
        if known is None:
            continue
        found = _may_correct(session, law, known, one, int(payload["year"]))
        if isinstance(found, Refused):
            barred.append(RefusedRow(int(one["row"]), found))
        elif found is not None:
            standing[one["source_id"]] = found

    def entry_of(one: Mapping[str, Any]) -> Entry:
        old = standing.get(one["source_id"])
        return Entry(
            UUID(one["person"]),
            one["record"],
            int(payload["year"]),
            str(payload.get("channel", "")),
            replaces=None if old is None else old.id,
        )

    bars = {one.row for one in barred}
    wanted = [one for one in changed if int(one["row"]) not in bars]
    planned, refused = _plan_all(session, law, actor, wanted, entry_of, working, now)
    refused = sorted([*barred, *refused], key=lambda one: one.row)
    if refused and not payload.get("valid_only"):
        return _all_refused(refused)
    corrected = 0
    for one, plan in planned:
        old = standing.get(one["source_id"])
        record = entries.write(session, law, row, plan, now)
        if old is not None:
            corrected += 1
            if old.stage in records.OPEN or record.stage == "verified":
                entries.mark_replaced(session, old, row, now)
        _note_source(session, held.get(one["source_id"]), area, source, one, record)
    complete(
        session,
        row,
        None,
        "imported" if planned else "unchanged",
        1,
        now,
        source=source,
        entered=len(planned) - corrected,
        corrected=corrected,
        unchanged=len(rows) - len(changed),
        left_out=len(refused) + int(payload.get("left_out", 0)),
    )
    return None


def _may_correct(
    session: Session, law: RecordLaw, known: RecordSource, one: Mapping[str, Any], year: int
) -> StudyRecord | Refused | None:
    """Return the entry that a changed row corrects; None where it was refused or withdrawn and a new one begins.

    Where somebody corrected it here since, that correction stands for it. Its own year may not be handed over, whatever
    year the row belongs to now.
    """
    if known.person_id != UUID(one["person"]):
        return Refused(
            "other_person", f"来源编号 {one['source_id']} 先前是另一人的记录；请在来源系统核对编号后再导入"
        )
    found = records.in_its_place(session, known.record_id)
    if found is None:
        return None
    barred = year_is_handed_over(
        session, found.person_id, found.unit_id, found.year, law.pack
    ) or counted_once.in_sealed_year(session, found, year)
    if barred is not None:
        return barred
    under_way = records.open_correction(session, found.id)
    if under_way is not None:
        return Refused("correction_under_way", f"来源编号 {one['source_id']} 的记录已有更正在办；请等其办结")
    return found


def _note_source(
    session: Session,
    known: RecordSource | None,
    area: str,
    source: str,
    one: Mapping[str, Any],
    record: StudyRecord,
) -> None:
    digest = _source_digest(one)
    if known is None:
        known = RecordSource(
            area=area,
            source=source,
            source_id=one["source_id"],
            record_id=record.id,
            person_id=record.person_id,
            content_digest=digest,
        )
    known.record_id, known.content_digest = record.id, digest
    session.add(known)


def _source_digest(one: Mapping[str, Any]) -> str:
    return content_digest({"person": one["person"], **one["record"]})


def _working(session: Session, actor: Actor, people: Sequence[UUID], now: datetime) -> dict[UUID, Employed]:
    """Return where people work today, or worked last, in the actor's area: attendees of a class come from many units."""
    return records.working_or_last(session, Scope((actor.area,)), people, civil_date(now))


def _plan_all(
    session: Session,
    law: RecordLaw,
    actor: Actor,
    rows: Sequence[Mapping[str, Any]],
    entry_of: Callable[[Mapping[str, Any]], Entry],
    working: Mapping[UUID, Employed],
    now: datetime,
) -> tuple[list[tuple[Mapping[str, Any], Planned]], list[RefusedRow]]:
    """Look at all rows before any is written."""
    planned: list[tuple[Mapping[str, Any], Planned]] = []
    refused: list[RefusedRow] = []
    by_person: dict[UUID, list[tuple[int, Entry]]] = defaultdict(list)
    for one in rows:
        entry = entry_of(one)
        found = working.get(entry.person_id)
        looked: Planned | Refused
        if found is None:
            looked = Refused("not_employed", "此人现不在本地区的单位任职；请核对身份证号，或由其现单位登记")
        else:
            looked = entries.plan(session, law, actor, entry, now, scope=Scope((actor.area,)), employed=found)
        if isinstance(looked, Planned) and looked.state.stage == "verified":
            looked = counted_once.twice_in_file(entry, by_person[entry.person_id]) or looked
        if isinstance(looked, Refused):
            refused.append(RefusedRow(int(one["row"]), looked))
        else:
            planned.append((one, looked))
            by_person[entry.person_id].append((int(one["row"]), entry))
    return planned, refused


def _all_refused(refused: Sequence[RefusedRow]) -> Refused:
    """Refuse a whole batch, naming the first rows and how many there are."""
    shown = "；".join(f"第{one.row}行：{one.refusal.reason}" for one in refused[:TOLD_AT_MOST])
    more = f"（另有 {len(refused) - TOLD_AT_MOST} 行）" if len(refused) > TOLD_AT_MOST else ""
    return Refused("rows_refused", f"有 {len(refused)} 行不能登记，全部没有写入。{shown}{more}")


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


ACTS: dict[str, Callable[[Session, Command], Refused | None]] = {
    "report_roster": _report_roster,
    "import_records": _import_records,
}
