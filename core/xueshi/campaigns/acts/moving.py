"""What goes with a person from one unit to another: the time of employment, and the records that wait at the old unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.rows import task_rows
from xueshi.campaigns.rows.pinned_rows import flow_by
from xueshi.campaigns.year_round import record_entries
from xueshi.machines.record_machine import came_to_another_unit
from xueshi.machines.stored_state import load_record_state
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows
from xueshi.register.tables import Employment, StudyRecord, Unit
from xueshi.storage import new_id


@dataclass(frozen=True)
class Move:
    """One person who goes: his lasting time at the old unit, his first day and his post at the new one."""

    employment: Employment
    day: date
    post: str


def change_unit(session: Session, moves: Sequence[Move], to: Unit, *, by: UUID) -> None:
    """End people's time at a unit on the day before, and begin it at another on that day, at the end of its order.

    Both stand on the act that says so (`by`): no workbook takes them back any more. However many they are, the other
    unit's order is asked for once, and what is written goes in batches.
    """
    if not moves:
        return
    end_of_order = records.next_order(session, to.id)
    entered = []
    for place, move in enumerate(moves, start=end_of_order):
        last = move.day - timedelta(days=1)
        standing_rows.end(session, move.employment, by, last, standing_rows.TRANSFERRED)
        entered.append(
            Employment(
                id=new_id(),
                person_id=move.employment.person_id,
                unit_id=to.id,
                area=to.area,
                post=move.post,
                order_in_unit=place,
                since=move.day,
            )
        )
    session.add_all(entered)
    session.flush()
    for employment in entered:
        standing_rows.said_by_act(session, employment, by, employment.since.year)


def send_along(session: Session, moved: Sequence[StudyRecord], to: Unit) -> list[UUID]:
    """Give undecided records, and the tasks on them, to the unit to which their person goes: it settles them now.

    A level that was through stays so: who filed, verified or returned a record stays noted with it. Of a level at
    which some departments of the old unit had signed and others not, the new unit's sign from the beginning, since a
    level is one unit's word; returns the ids of such records.
    """
    now = folder_now(session, real_now())
    for record in moved:
        record.unit_id, record.area = to.id, to.area
        session.add(record)
    task_rows.move_record_tasks(session, [record.id for record in moved], to.id, to.area, to.sector, now)
    return [record.id for record in moved if _signed_anew(session, record, to, now)]


def _signed_anew(session: Session, record: StudyRecord, to: Unit, now: datetime) -> bool:
    """Let a record's level begin again at another unit; False where nobody had signed there yet."""
    if record.state is None or record.flow_digest is None:
        return False
    before = load_record_state(record.state)
    after = came_to_another_unit(before)
    if after == before:
        return False
    record_entries.put(record, after)
    session.add(record)
    task_rows.close_record_tasks(session, record.id, at=now, command_id=None, outcome="moved")
    flow = flow_by(session, record.flow_digest)
    record_entries.open_tasks(session, record, flow, after, to.sector, now)
    return True
