"""What happens to a person in mid-year: a change of unit, a new title. Dated, so that each day keeps its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.moving import Move, change_unit, send_along
from xueshi.campaigns.acts.touched_filings import no_year_disturbed, sign_anew
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import command_rows, letter_rows
from xueshi.campaigns.rows.pinned_rows import flow_by
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.register.rows import standing_rows, transfer_rows, unit_rows
from xueshi.register.tables import StudyRecord, Title
from xueshi.storage import new_id

ENGINE = Scope.everything()
LEVELS = ("senior", "intermediate", "junior", None)


def _transfer(session: Session, row: Command) -> Refused | None:
    """End a person's time at a unit and begin it at another.

    Where the text says so, levels of the old unit settle his records before; else what waits there goes along.
    """
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    day = date.fromisoformat(payload["day"])
    old = unit_rows.unit(session, actor.scope, UUID(payload["from"]))
    new = unit_rows.unit(session, ENGINE, UUID(payload["to"]))
    employment = records.lasting_employment(session, row.target_id, old.id)
    if employment is None:
        return Refused("not_employed", f"此人现不在{old.name}任职；请核对人员和原单位")
    if new.id == old.id:
        return Refused("same_unit", "新单位与原单位相同；请核对新单位的统一社会信用代码")
    if day <= employment.since:
        return Refused(
            "before_entry", f"转入日期 {day} 不晚于此人在原单位的入职日期 {employment.since}；请核对日期"
        )
    if day > civil_date(now):
        return Refused(
            "day_not_come", f"转入日期 {day} 还没有到（今天是 {civil_date(now)}）；请在当日以后办理"
        )
    if records.lasting_employment(session, row.target_id, new.id) is not None:
        return Refused("already_there", f"此人已在{new.name}任职；如须结束原单位的任职，请先核对两处登记")
    waiting = _waiting_at_unit(session, row.target_id, old.id)
    stay = len(records.open_at_unit(session, row.target_id, old.id)) - len(waiting)
    refused = _decided_first(session, waiting, old.name) or no_year_disturbed(session, (old.id, new.id), day)
    if refused is not None:
        return refused
    change_unit(session, [Move(employment, day, str(payload.get("post", "")))], new, by=row.id)
    begun_anew = send_along(session, waiting, new)
    void = sign_anew(session, (old.id, new.id), day, f"有一名人员于{day}由{old.name}转入{new.name}")
    _tell_both(session, row, (old.id, new.id), ("已转出", "已转入"), day, len(waiting), now)
    complete(
        session,
        row,
        None,
        "transferred",
        1,
        now,
        left=str(old.id),
        entered=str(new.id),
        day=day.isoformat(),
        **_along(waiting, begun_anew),
        **({"stay": stay} if stay else {}),
        **void,
    )
    return None


def _undo_transfer(session: Session, row: Command) -> Refused | None:
    """Take back the last transfer from a unit (`from`, `reason`): the person is there again as if he had never gone.

    The entry stays, this one corrects it. What nobody decided at the other unit goes back with him; what was verified
    stays as it is.
    """
    payload = row.payload
    now = folder_now(session, real_now())
    old = unit_rows.unit(session, actor_of(session, row).scope, UUID(payload["from"]))
    if not str(payload.get("reason", "")).strip():
        return Refused("no_reason", "撤销转单位须写明原因；请补写原因后再办")
    moved = transfer_rows.last_transfer(session, row.target_id, old.id)
    said = None if moved is None else command_rows.effect(session, moved.act)
    if moved is None or said is None or said.outcome != "transferred":
        return Refused(
            "not_transferred",
            f"没有可撤销的转单位：此人最近一次离开{old.name}不是转出；"
            "登记离开的用 xueshi records leave --undo，单位撤并的在年度验证中恢复该单位",
        )
    new = unit_rows.unit(session, ENGINE, moved.entered.unit_id)
    if moved.entered.until is not None:
        return Refused("moved_on", f"此人后来又离开了{new.name}；请先撤销其后的登记，再撤销这一次")
    if records.lasting_employment(session, row.target_id, old.id) is not None:
        return Refused("still_employed", f"此人现在又在{old.name}任职，没有可撤销的转出")
    if moved.listed:
        return Refused(
            "listed_there",
            f"{new.name}的登记工作簿已列有此人；请先由该单位更换工作簿（--replace），不再列入此人，再撤销",
        )
    day = moved.entered.since
    refused = no_year_disturbed(session, (old.id, new.id), day)
    if refused is not None:
        return refused
    waiting = _waiting_at_unit(session, row.target_id, new.id)
    standing_rows.take_out(session, [moved.entered])
    standing_rows.go_on(session, moved.left)
    session.flush()
    begun_anew = send_along(session, waiting, old)
    void = sign_anew(session, (old.id, new.id), day, f"有一名人员由{old.name}转入{new.name}的登记已撤销")
    _tell_both(session, row, (old.id, new.id), ("转出已撤销", "转入已撤销"), day, len(waiting), now)
    complete(
        session,
        row,
        None,
        "transfer_undone",
        1,
        now,
        left=str(new.id),
        entered=str(old.id),
        day=day.isoformat(),
        **_along(waiting, begun_anew),
        **void,
    )
    return None


def _along(waiting: Sequence[StudyRecord], begun_anew: Sequence[UUID]) -> dict[str, object]:
    """Return what effect and audit say of the records that go along, and of those whose signatures are void by it."""
    said: dict[str, object] = {}
    if waiting:
        said["records"] = [str(record.id) for record in waiting]
    if begun_anew:
        said["begun_anew"] = [str(record_id) for record_id in begun_anew]
    return said


def _tell_both(
    session: Session,
    row: Command,
    units: tuple[UUID, UUID],
    what: tuple[str, str],
    day: date,
    waiting: int,
    now: datetime,
) -> None:
    """Tell the unit that a person leaves, and the one that he comes to, how many undecided records go along."""
    for unit_id, subject in zip(units, what, strict=True):
        letter_rows.write_unit_message(
            session,
            unit_id=unit_id,
            to_role="unit_clerk",
            subject=f"人员{subject}",
            body={"person": str(row.target_id), "day": day.isoformat(), "records": waiting},
            at=now,
        )


def _waiting_at_unit(session: Session, person_id: UUID, unit_id: UUID) -> list[StudyRecord]:
    """Return a person's records that wait for his unit: for a level of its own, or for whoever filed them there."""
    return [
        record
        for record in records.open_at_unit(session, person_id, unit_id)
        if record.stage == "returned" or _flow_of(session, record).level(record.level).body == "unit"
    ]


def _decided_first(session: Session, waiting: Sequence[StudyRecord], unit_name: str) -> Refused | None:
    """Refuse to let a person leave before what the flow of his records says is settled; most flows say nothing."""
    clauses = []
    for record in waiting:
        leaving = _flow_of(session, record).leaving
        if leaving is not None and (record.stage == "returned" or record.level in leaving.levels):
            clauses.append(leaving.clause)
    if not clauses:
        return None
    return Refused(
        "records_open",
        f"此人还有 {len(clauses)} 条学时记录在{unit_name}未办结；转出前须由原单位审核其学时记录（{clauses[0]}），"
        "请先认定、不予认定，或由申报人撤回",
    )


def _flow_of(session: Session, record: StudyRecord) -> ApprovalFlow:
    assert record.flow_digest is not None  # only a filed record is open
    return flow_by(session, record.flow_digest)


def _set_level(session: Session, row: Command) -> Refused | None:
    """Enter a title from a day on; the year reads it on the day that its instrument names."""
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    since = date.fromisoformat(payload["since"])
    level = payload.get("level")
    if level not in LEVELS:
        return Refused(
            "no_level", f"没有“{level}”这一级别；可用：senior 高级、intermediate 中级、junior 初级"
        )
    if not str(payload.get("title", "")).strip():
        return Refused("no_title", "没有写明职称；请写明所取得的职称名称")
    if not records.knows_person(session, actor.scope, row.target_id):
        return Refused("not_employed", "此人不在您管理范围内的单位任职；请由其单位办理")
    unit_ids = tuple(records.units_of_person(session, row.target_id, since))
    refused = no_year_disturbed(session, unit_ids, since)
    if refused is not None:
        return refused
    held = records.title_from(session, row.target_id, since)
    if held is not None and (held.name, held.level) == (payload["title"], level):
        return Refused("unchanged", "该职称已经登记，没有变化")
    title = held or Title(id=new_id(), person_id=row.target_id, name="", since=since)
    title.name, title.level = str(payload["title"]), level
    session.add(title)
    session.flush()
    standing_rows.title_said_by_act(session, title, row.id, now.year)
    here = records.units_of_person(session, row.target_id, civil_date(now))
    void = sign_anew(session, (*unit_ids, *here), since, f"有一名人员自{since}起职称变动")
    complete(session, row, None, "level_set", 1, now, level=level, since=since.isoformat(), **void)
    return None


ACTS: dict[str, Callable[[Session, Command], Refused | None]] = {
    "transfer_person": _transfer,
    "undo_transfer": _undo_transfer,
    "set_level": _set_level,
}
