"""What a campaign writes to officers and units, put into the outbox. The frame that opened the session commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from xueshi.access.scope import Scope
from xueshi.campaigns.rows.campaign_rows import campaign
from xueshi.campaigns.tables import (
    Filing,
    FolderAnchor,
)
from xueshi.messages import repository as messages
from xueshi.register.tables import Unit


def write_message(
    session: Session,
    *,
    filing: Filing,
    to_role: str,
    subject: str,
    body: dict[str, object],
    at: datetime,
    urgent: bool = False,
    to_body: bool = False,
) -> None:
    """Write a message to the unit of a filing: an urgent one is carried at once, others stand in the next digest.

    `to_body`: to whoever holds the role in the filing's area instead, as the bureau does.
    """
    messages.write(
        session,
        messages.NewMessage(
            to_role=to_role,
            to_unit=None if to_body else filing.unit_id,
            area=filing.area,
            subject=subject,
            body=body,
            at=at,
            urgent=urgent,
            standing=campaign(session, Scope.everything(), filing.campaign_id).standing,
            campaign_id=filing.campaign_id,
            filing_id=filing.id,
        ),
    )


def write_unit_message(
    session: Session,
    *,
    unit_id: UUID,
    to_role: str,
    subject: str,
    body: dict[str, object],
    at: datetime,
    to_person: UUID | None = None,
) -> None:
    """Write a message to a unit, or to one of its people himself, that belongs to no campaign: it stands in the next digest."""
    unit = session.get_one(Unit, unit_id)
    standing = session.exec(select(FolderAnchor.seq).limit(1)).first() is not None
    messages.write(
        session,
        messages.NewMessage(
            to_role=to_role,
            to_unit=unit_id,
            to_person=to_person,
            area=unit.area,
            subject=subject,
            body=body,
            at=at,
            standing=standing,
        ),
    )
