"""`xueshi appeals`: file an appeal (申诉), list, decide, take back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from xueshi.access.scope import Scope
from xueshi.campaigns.acts import appeal_acts
from xueshi.campaigns.clocks.clock import civil_date, end_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import appeal_rows, campaign_rows
from xueshi.errors import InputError
from xueshi.machines.appeal_machine import STAGE_WORDS
from xueshi.register.rows import people_rows, unit_rows
from xueshi.storage import reading
from xueshi_cli.acting import act
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_fate, show_table
from xueshi_cli.steering import PublicId, Reason, UnitCode, person_id_of, steer_unit
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()

app = Noun("申诉：提出、列表、决定、撤回")
AppealId = Annotated[UUID, typer.Argument(help="申诉编号，见 xueshi appeals list")]


@app.command("file")
def file(
    public_id: PublicId,
    officer: AsOfficer,
    unit: UnitCode,
    reason: Reason,
    person: Annotated[str, typer.Option(help="对一人的结论申诉时：人员编号或身份证号")] = "",
) -> None:
    """单位对退回、不予通过，或对其人员未完成的结论提出申诉。"""
    place = Workplace.here()
    person_id = ""
    if person:
        with reading(place.engine) as session:
            person_id = str(person_id_of(place, session, person))
    steer_unit(public_id, officer, unit, "appeal", {"reason": reason, "person": person_id}, place=place)


@app.command("list")
def list_(public_id: PublicId, officer: AsOfficer, json: AsJson = False) -> None:
    """列出一次年度验证的申诉。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        campaign = campaign_rows.campaign_by_public_id(session, ENGINE, public_id)
        found = appeal_rows.appeals(session, actor.scope, campaign.id)
        units = unit_rows.unit_names(session, ENGINE, (one.unit_id for one in found))
        rows = [
            {
                "申诉": str(one.id),
                "单位": units[one.unit_id],
                "人员": people_rows.person_name(session, ENGINE, one.unit_id, one.person_id)
                if one.person_id
                else "",
                "对": appeal_acts.AGAINST[one.against],
                "理由": one.reason,
                "提出": civil_date(one.filed_at),
                "状态": STAGE_WORDS[one.stage],  # type: ignore[index]  # the column holds the machine's words only
                "决定理由": one.decision,
            }
            for one in found
        ]
    show_table("申诉", rows, as_json=json, empty="没有申诉")


@app.command("decide")
def decide(
    appeal_id: AppealId,
    officer: AsOfficer,
    reason: Reason,
    uphold: Annotated[bool, typer.Option("--uphold", help="维持原决定")] = False,
    grant: Annotated[bool, typer.Option("--grant", help="支持申诉：由原环节重新办理")] = False,
    until: Annotated[datetime | None, typer.Option(help="已封存的，支持申诉即重新开启：申报截止日期")] = None,
) -> None:
    """决定一件申诉；原决定的经办人、申诉的提出人不能决定。"""
    if uphold is grant:
        raise InputError("请指明 --uphold（维持原决定）或 --grant（支持申诉），二者取一")
    to = None if until is None else end_of(until.date()).isoformat()
    _act(appeal_id, officer, "grant_appeal" if grant else "uphold_appeal", reason, to)


@app.command("withdraw")
def withdraw(appeal_id: AppealId, officer: AsOfficer, reason: Reason = "") -> None:
    """单位撤回尚未决定的申诉。"""
    _act(appeal_id, officer, "withdraw_appeal", reason, None)


def _act(appeal_id: UUID, officer: str, kind: str, reason: str, until: str | None) -> None:
    place = Workplace.here()
    with reading(place.engine) as session:
        appeal = appeal_rows.appeal(session, place.actor(session, officer).scope, appeal_id)
    payload = {"reason": reason, "until": until}
    request = CommandRequest(place.request_id(), kind, appeal.id, appeal.version, payload)
    show_fate(act(place, officer, request))
