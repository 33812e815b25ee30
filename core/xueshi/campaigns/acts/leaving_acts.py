"""A person who leaves a unit and enters no other (retired, dead, moved away), and the taking back of a wrong entry of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.touched_filings import no_year_disturbed, sign_anew
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import letter_rows
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows, unit_rows
from xueshi.register.tables import Unit

ENGINE = Scope.everything()


def _leave(session: Session, row: Command) -> Refused | None:
    """End a person's time at a unit (`unit`, `day`: his last day there, `reason`); his records stay where they are.

    What waits there is decided as before: no other unit could.
    `year` is the statistics year of that day: a workbook of a later one that lists him says the contrary.
    """
    payload = row.payload
    now = folder_now(session, real_now())
    day = date.fromisoformat(payload["day"])
    unit = unit_rows.unit(session, actor_of(session, row).scope, UUID(payload["unit"]))
    if not str(payload.get("reason", "")).strip():
        return Refused("no_reason", "人员离开须写明原因，如退休、去世、调往外地；请补写原因后再办")
    employment = records.lasting_employment(session, row.target_id, unit.id)
    if employment is None:
        return Refused("not_employed", f"此人现不在{unit.name}任职；请核对人员和单位")
    if day < employment.since:
        return Refused(
            "before_entry", f"离开日期 {day} 早于此人在{unit.name}的入职日期 {employment.since}；请核对日期"
        )
    if day > civil_date(now):
        return Refused("not_over", f"离开日期 {day} 还没有到；请在离开之后办理")
    later = standing_rows.listed_after(session, employment, int(payload.get("year", day.year)))
    if later is not None:
        return Refused(
            "listed_later",
            f"此人在{unit.name} {later} 年度的登记中仍在职，与离开日期 {day} 不符；"
            f"请核对日期，或先更正 {later} 年度的登记",
        )
    refused = no_year_disturbed(session, (unit.id,), day)
    if refused is not None:
        return refused
    standing_rows.end(session, employment, row.id, day, standing_rows.LEFT)
    _tell(session, row, unit, "人员已离开", day)
    void = sign_anew(session, (unit.id,), day, f"有一名人员于{day}离开")
    complete(session, row, None, "left", 1, now, unit=str(unit.id), day=day.isoformat(), **void)
    return None


def _undo_leave(session: Session, row: Command) -> Refused | None:
    """Take back the leave that was entered last at a unit (`unit`, `reason`): the entry stays, this one corrects it."""
    payload = row.payload
    now = folder_now(session, real_now())
    unit = unit_rows.unit(session, actor_of(session, row).scope, UUID(payload["unit"]))
    if not str(payload.get("reason", "")).strip():
        return Refused("no_reason", "撤销离开须写明原因；请补写原因后再办")
    if records.lasting_employment(session, row.target_id, unit.id) is not None:
        return Refused("still_employed", f"此人现在{unit.name}任职，没有可撤销的离开")
    employment = standing_rows.last_left(session, row.target_id, unit.id)
    if employment is None or employment.until is None:
        return Refused(
            "not_left",
            f"{unit.name}没有登记过此人离开；由工作簿写明离开的，请更正该工作簿；转出的，请按转单位办理",
        )
    refused = no_year_disturbed(session, (unit.id,), employment.until)
    if refused is not None:
        return refused
    until = employment.until
    standing_rows.go_on(session, employment)
    _tell(session, row, unit, "人员离开已撤销", until)
    void = sign_anew(session, (unit.id,), until, "有一名人员离开的登记已撤销")
    complete(session, row, None, "leave_undone", 1, now, unit=str(unit.id), day=until.isoformat(), **void)
    return None


def _tell(session: Session, row: Command, unit: Unit, subject: str, day: date) -> None:
    letter_rows.write_unit_message(
        session,
        unit_id=unit.id,
        to_role="unit_clerk",
        subject=subject,
        body={"person": str(row.target_id), "day": day.isoformat()},
        at=folder_now(session, real_now()),
    )


ACTS: dict[str, Callable[[Session, Command], Refused | None]] = {
    "leave_person": _leave,
    "undo_leave": _undo_leave,
}
"""Direct commands: settled in one SQL transaction, never sent to a workflow (campaigns.md, section 4)."""
