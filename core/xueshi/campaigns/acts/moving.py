"""What goes with a person from one unit to another: the time of employment, and the records that wait at the old unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.campaigns.rows import task_rows
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


def send_along(session: Session, moved: Sequence[StudyRecord], to: Unit) -> None:
    """Give undecided records, and the tasks on them, to the unit to which their person goes: it settles them now.

    Who filed, signed or returned a record stays noted with it: the new unit goes on where the old one stopped.
    """
    for record in moved:
        record.unit_id, record.area = to.id, to.area
        session.add(record)
    task_rows.move_record_tasks(session, [record.id for record in moved], to.id, to.area, to.sector)
