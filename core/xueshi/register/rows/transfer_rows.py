"""A person's going from one unit to another, found again so that it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.register.rows.standing_rows import TRANSFERRED
from xueshi.register.tables import Employment, EmploymentSource


@dataclass(frozen=True)
class LastTransfer:
    """A person's last going from a unit to another by an act: the time that it ended, the one that it began."""

    act: UUID
    left: Employment
    entered: Employment
    listed: bool
    """A workbook of the other unit lists him since."""


def last_transfer(session: Session, person_id: UUID, unit_id: UUID) -> LastTransfer | None:
    """Return the act by which a person went from a unit last; None where he left it otherwise, or never."""
    query = (
        select(Employment)
        .where(Employment.person_id == person_id, Employment.unit_id == unit_id)
        .order_by(col(Employment.until).is_not(None), col(Employment.until).desc())
    )
    left = session.exec(query.limit(1)).first()
    if left is None or left.ended_as != TRANSFERRED or left.ended_by is None:
        return None
    began = (
        select(Employment)
        .join(EmploymentSource, col(EmploymentSource.employment_id) == col(Employment.id))
        .where(
            Employment.person_id == person_id,
            Employment.unit_id != unit_id,
            EmploymentSource.command_id == left.ended_by,
        )
    )
    entered = session.exec(began).first()
    if entered is None:
        return None
    workbook = select(EmploymentSource.id).where(
        EmploymentSource.employment_id == entered.id, col(EmploymentSource.batch_id).is_not(None)
    )
    return LastTransfer(left.ended_by, left, entered, session.exec(workbook).first() is not None)
