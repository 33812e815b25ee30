"""What goes with a person from one unit to another: the time of employment, and the records that wait at the old unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from xueshi.campaigns.rows import task_rows
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows
from xueshi.register.tables import Employment, StudyRecord, Unit
from xueshi.storage import new_id


def change_unit(
    session: Session, employment: Employment, to: Unit, day: date, post: str, *, by: UUID
) -> None:
    """End a person's time at a unit on the day before, and begin it at another on that day, at the end of its order.

    Both stand on the act that says so (`by`): no workbook takes them back any more.
    """
    standing_rows.end(session, employment, by, day - timedelta(days=1), standing_rows.TRANSFERRED)
    entered = Employment(
        id=new_id(),
        person_id=employment.person_id,
        unit_id=to.id,
        area=to.area,
        post=post,
        order_in_unit=records.next_order(session, to.id),
        since=day,
    )
    session.add(entered)
    session.flush()
    standing_rows.said_by_act(session, entered, by, day.year)


def send_along(session: Session, moved: Sequence[StudyRecord], to: Unit) -> None:
    """Give undecided records, and the tasks on them, to the unit to which their person goes: it settles them now.

    Who filed, signed or returned a record stays noted with it: the new unit goes on where the old one stopped.
    """
    for record in moved:
        record.unit_id, record.area = to.id, to.area
        session.add(record)
        task_rows.move_record_tasks(session, record.id, to.id, to.area, to.sector)
