"""What the bureau does to a campaign and its units: dates, pauses, make-up, later rounds, a newer rule pack, the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.assessment.verdict_words import VERDICT_WORDS
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.judging import reassessing
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Command, Filing
from xueshi.errors import InputError, NotFoundError
from xueshi.hours import show_hours
from xueshi.machines.stored_state import load_state
from xueshi.register.rows import people_rows, unit_rows
from xueshi.storage import reading, transaction
from xueshi_cli.acting import act
from xueshi_cli.adding_units import require_its_law
from xueshi_cli.output import AsJson, AsOfficer, show_fate, show_table
from xueshi_cli.slow_act import shown_when_slow
from xueshi_cli.standing_now import campaign_stands
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
PublicId = Annotated[str, typer.Argument(help="年度验证编号，见 xueshi campaign list")]
Reason = Annotated[str, typer.Option(help="原因")]
UnitCode = Annotated[str, typer.Option("--unit", help="统一社会信用代码")]


def extend(
    public_id: PublicId,
    until: Annotated[datetime, typer.Argument(help="新的截止日期（当日24时）")],
    officer: AsOfficer,
    reason: Reason,
    unit: UnitCode = "",
) -> None:
    """延长申报截止日期（当日24时）；已逾期未申报的单位回到申报。加 --unit 只延长一个单位，也用于恢复撤并的单位。"""
    to = end_of(until.date()).isoformat()
    if unit:
        steer_unit(public_id, officer, unit, "extend_filing", {"until": to, "reason": reason})
    else:
        steer(public_id, officer, "extend", {"to": to, "reason": reason})


def advance(public_id: PublicId, to: datetime, officer: AsOfficer) -> None:
    """把演练时钟拨到某日0时（仅演示、演练文件夹）。"""
    place, campaign = _campaign(public_id, officer)

    def at_their_units() -> int:
        with reading(place.engine) as session:
            return campaign_rows.counters(session, ENGINE, campaign.id).get("filing", 0)

    payload = {"to": start_of(to.date()).isoformat()}
    request = CommandRequest(place.request_id(), "advance", campaign.id, campaign.version, payload)
    with shown_when_slow("拨动时钟", at_their_units):
        row = act(place, officer, request)
    _tell(place, row)


def pause(public_id: PublicId, officer: AsOfficer, reason: Reason) -> None:
    """暂停：期间不办理，期限不到期；恢复时各项期限按暂停的天数顺延。"""
    steer(public_id, officer, "pause", {"reason": reason})


def resume(public_id: PublicId, officer: AsOfficer) -> None:
    """恢复暂停的年度验证，期限按暂停的天数顺延（不足一日按一日）。"""
    steer(public_id, officer, "resume", {})


def makeup(
    public_id: PublicId,
    officer: AsOfficer,
    until: Annotated[datetime | None, typer.Argument(help="补训截止日期（当日24时）")] = None,
    unit: UnitCode = "",
    reason: Reason = "",
) -> None:
    """开放或延长补训；加 --unit 则让一个已审验、有未完成人员的单位开始补报（轮次不变）。"""
    if unit:
        place = Workplace.here()
        with reading(place.engine) as session:
            campaign, _ = filing_of(session, place.actor(session, officer), public_id, unit)
        to = end_of(until.date()) if until else campaign.makeup_until
        payload = {"until": None if to is None else to.isoformat(), "reason": reason}
        steer_unit(public_id, officer, unit, "makeup_filing", payload, place=place)
        return
    if until is None:
        raise InputError("请写明补训截止日期，或用 --unit 指明开始补报的单位")
    steer(public_id, officer, "makeup", {"to": end_of(until.date()).isoformat(), "reason": reason})


def dissolve(
    public_id: PublicId,
    officer: AsOfficer,
    unit: UnitCode,
    reason: Reason,
    into: Annotated[str, typer.Option(help="并入的单位（统一社会信用代码）；重复的单位也用它合并")] = "",
    on: Annotated[datetime | None, typer.Option(help="并入日期；缺省为当日，与 --into 同用")] = None,
) -> None:
    """单位撤并：终止它的申报，此后不再开启；加 --into 则其人员和未办结的学时记录转入并入的单位，由其申报。"""
    payload: dict[str, Any] = {"reason": reason}
    if on is not None and not into:
        raise InputError("--on 是并入日期，须与 --into 同用；请指明并入的单位")
    if into:
        place = Workplace.here()
        with reading(place.engine) as session:
            other = _unit(session, place.actor(session, officer), into)
            payload["reason"] = f"{reason}（并入 {other.name} {other.credit_code}）"
            payload |= {"into": str(other.id), "on": None if on is None else on.date().isoformat()}
    steer_unit(public_id, officer, unit, "dissolve", payload)


def move_unit(
    public_id: PublicId,
    officer: AsOfficer,
    unit: UnitCode,
    area: Annotated[str, typer.Option(help="划入的地区代码（GB/T 2260）")],
    reason: Reason,
) -> None:
    """单位变更地区：此后的登记归新地区，本次申报仍由原地区办完。"""
    place = Workplace.here()
    place.registry.region_for(area)
    steer_unit(public_id, officer, unit, "move_unit", {"area": area, "reason": reason}, place=place)


def add_unit(
    public_id: PublicId,
    officer: AsOfficer,
    unit: UnitCode,
    until: Annotated[
        datetime | None, typer.Option(help="申报截止日期（当日24时）；缺省与其他单位相同，已截止的须写明")
    ] = None,
    reason: Reason = "",
) -> None:
    """加入开启以后才登记的单位，此后与其他单位一样申报；封存以后加入的作为新的一轮，须写明期限和原因。"""
    place, campaign = _campaign(public_id, officer)
    with reading(place.engine) as session:
        found = _unit(session, place.actor(session, officer), unit)
        require_its_law(place, session, campaign, found)
    to = None if until is None else end_of(until.date()).isoformat()
    steer(public_id, officer, "add_unit", {"unit": str(found.id), "to": to, "reason": reason})


def reopen(
    public_id: PublicId,
    officer: AsOfficer,
    unit: UnitCode,
    until: Annotated[datetime, typer.Option(help="重新申报的截止日期（当日24时）")],
    reason: Reason,
    person: Annotated[str, typer.Option(help="只更正一人时：人员编号或身份证号")] = "",
) -> None:
    """封存之后重新开启一个单位（新的一轮）：原结果保留，审验通过后以新结果代替，表卡另出更正件。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        found = _unit(session, place.actor(session, officer), unit)
        person_id = "" if not person else str(person_id_of(place, session, person))
    payload = {
        "to": end_of(until.date()).isoformat(),
        "reason": reason,
        "unit": str(found.id),
        "person": person_id,
    }
    steer(public_id, officer, "reopen", payload)


def migrate(
    public_id: PublicId,
    officer: AsOfficer,
    commit: Annotated[bool, typer.Option("--commit", help="更换；缺省只试算")] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """改用现行的规则包：先试算哪些人的结论或学时会改变，再加 --commit 更换。"""
    place, campaign = _campaign(public_id, officer)
    pack = place.registry.pack_for(campaign.area, campaign.year)
    body = pack.to_bytes()
    digest = audit.digest_of(body)
    with reading(place.engine) as session:
        people, flips = reassessing.foresee_flips(session, campaign, pack)
        names = unit_rows.unit_names(
            session, place.actor(session, officer).scope.of_engine(), (flip.unit_id for flip in flips)
        )
        rows = [
            {
                "单位": names[flip.unit_id],
                "人员": flip.person,
                "原结论": VERDICT_WORDS[flip.verdict],
                "新结论": VERDICT_WORDS[flip.new_verdict],
                "原学时": show_hours(flip.hours),
                "新学时": show_hours(flip.new_hours),
            }
            for flip in flips
        ]
    same = digest == campaign.pack_digest
    empty = "现行规则包就是正在使用的规则包" if same else f"已核算 {people} 人，没有人的结论或学时会改变"
    show_table(f"更换规则包的影响（已核算 {people} 人）", rows, as_json=json, empty=empty)
    if not commit:
        return
    with transaction(place.engine) as session:
        place.actor(session, officer).require("campaign.steer")
        audit.store_artifact(session, "rule_pack", body)
    steer(public_id, officer, "migrate", {"pack": digest, "reason": reason}, version=campaign.version)


def close(
    public_id: PublicId,
    officer: AsOfficer,
    reason: Reason = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="尚有未办结的单位也关闭，列为未审结")] = False,
) -> None:
    """关闭：封存结果、打印表卡、汇总统计。截止之前关闭须写明原因。"""
    place, campaign = _campaign(public_id, officer)
    with reading(place.engine) as session:
        scope = place.actor(session, officer).scope.of_engine()
        waiting = filing_rows.filings(session, scope, campaign.id, stages=("filing",))
        # A make-up of which nothing came ends as approved as it was: such a unit did file.
        unfiled = [one for one in waiting if not load_state(one.state, None).makeup_from]
        named = unit_rows.unit_names(session, scope, (one.unit_id for one in unfiled))
        names = [named[one.unit_id] for one in unfiled]
    if names:
        typer.echo(f"尚在单位、关闭后列为未申报的 {len(names)} 家：{'、'.join(names)}")
    steer(public_id, officer, "close", {"reason": reason, "anyway": anyway})


def archive(public_id: PublicId, officer: AsOfficer) -> None:
    """归档：此后不再重新开启、不再受理申诉。"""
    steer(public_id, officer, "archive", {})


COMMANDS: dict[str, Callable[..., None]] = {
    "extend": extend,
    "advance": advance,
    "pause": pause,
    "resume": resume,
    "makeup": makeup,
    "dissolve": dissolve,
    "move-unit": move_unit,
    "add-unit": add_unit,
    "close": close,
    "reopen": reopen,
    "migrate": migrate,
    "archive": archive,
}
"""Verbs of `xueshi campaign` that change something."""


def steer(
    public_id: str, officer: str, kind: str, payload: dict[str, Any], *, version: int | None = None
) -> None:
    """Give a command on a campaign and print its fate."""
    place, campaign = _campaign(public_id, officer)
    expected = campaign.version if version is None else version
    _carry_out(place, officer, CommandRequest(place.request_id(), kind, campaign.id, expected, payload))


def steer_unit(
    public_id: str,
    officer: str,
    code: str,
    kind: str,
    payload: dict[str, Any],
    *,
    place: Workplace | None = None,
) -> None:
    """Give a command on one unit's filing and print its fate."""
    place = place or Workplace.here()
    with reading(place.engine) as session:
        _, filing = filing_of(session, place.actor(session, officer), public_id, code)
    _carry_out(place, officer, CommandRequest(place.request_id(), kind, filing.id, filing.version, payload))


def _carry_out(place: Workplace, officer: str, request: CommandRequest) -> None:
    """Give a command, print its fate, and what holds now."""
    _tell(place, act(place, officer, request))


def _tell(place: Workplace, row: Command) -> None:
    """Print a command's fate, and what holds now."""
    show_fate(row)
    if row.state == "done":
        with reading(place.engine) as session:
            holds = campaign_stands(session, row.kind, row.target_id)
        if holds:
            typer.echo(holds)


def filing_of(session: Session, actor: Actor, public_id: str, code: str) -> tuple[Campaign, Filing]:
    """Return a unit's latest round in a campaign; raises NotFoundError outside the scope."""
    # A unit's own account sees its filing, not the campaign of the whole area; and the unit may have moved since.
    campaign = campaign_rows.campaign_by_public_id(session, actor.scope.of_engine(), public_id)
    unit = unit_rows.unit_by_code(session, actor.scope.of_engine(), code)
    held = [] if unit is None else filing_rows.rounds_of_unit(session, actor.scope, campaign.id, unit.id)
    if not held:
        raise NotFoundError(f"单位 {code} 不在 {public_id} 之内，或不在您的管理范围；见 xueshi register list")
    return campaign, held[-1]


def person_id_of(place: Workplace, session: Session, person: str) -> UUID:
    """Return a person's id from the id itself or an identity number; an unknown one gives an id that nobody has."""
    try:
        return place.read_id(person)
    except ValueError:
        held = list(people_rows.people_by_identity(session, place.keys, [person]).values())
        return held[0].id if held else UUID(int=0)


def _campaign(public_id: str, officer: str) -> tuple[Workplace, Campaign]:
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaign = campaign_rows.campaign_by_public_id(session, actor.scope, public_id)
        session.expunge_all()
    return place, campaign


def _unit(session: Session, actor: Actor, code: str) -> Any:
    found = unit_rows.unit_by_code(session, actor.scope, code)
    if found is None:
        raise NotFoundError(f"单位 {code} 不存在或不在管理范围；见 xueshi register list")
    return found
