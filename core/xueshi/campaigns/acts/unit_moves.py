"""A unit that goes to another area in mid-campaign: its register goes along, its filing stays until closing."""

from __future__ import annotations

import re

from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import campaign_rows, filing_rows, letter_rows
from xueshi.campaigns.tables import Command
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows

ENGINE = Scope.everything()


def move_unit(session: Session, row: Command) -> Refused | None:
    """Give a unit another area (`area`, `reason`).

    What it registers from now on belongs to the new area; the filing keeps the area in which it was opened, so that
    whoever began it ends it. The unit's own accounts see both.
    """
    filing = filing_rows.filing(session, ENGINE, row.target_id, lock=True)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    area = str(row.payload.get("area", ""))
    unit = unit_rows.unit(session, ENGINE, filing.unit_id)
    if not re.fullmatch(r"[0-9]{6}", area):
        return Refused("no_area", f"地区代码应为6位数字（GB/T 2260），而不是“{area}”")
    if area == unit.area:
        return Refused("same_area", f"该单位已在地区 {area}，不必变更")
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "单位变更地区须写明原因和依据")
    before = unit.area
    unit_rows.move_unit(session, ENGINE, unit.id, area)
    for held in access.grants_of_unit(session, unit.id):
        held.former_area, held.area = filing.area, area
        session.add(held)
    now = campaign_now(session, campaign, real_now())
    filing.note = (
        f"{civil_date(now)} 由地区 {before} 划入 {area}（{row.payload['reason']}）；"
        f"本次申报由原地区 {filing.area} 办完"
    )
    session.add(filing)
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="单位变更地区",
        body={"campaign": campaign.title, "from": before, "to": area},
        at=now,
    )
    complete(
        session,
        row,
        campaign.id,
        "unit_moved",
        filing.version,
        now,
        **{"from": before, "to": area},
    )
    return None
