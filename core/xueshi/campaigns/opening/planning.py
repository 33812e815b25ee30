"""Openings planned ahead: a notice is stored, and on its day the campaign is opened as the officer who planned it.

A notice is always one of a year: nobody but its issuer knows next year's number and dates, so the engine never derives
one from the last. What opens is the ordinary opening, with the ordinary id; a try that fails says why and is repeated
the next day.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.opening.opening import notice_bytes
from xueshi.campaigns.rows import campaign_rows, clock_rows
from xueshi.campaigns.tables import Campaign, PlannedOpening
from xueshi.errors import InputError, NotAllowedError, XueshiError
from xueshi.messages import repository as messages
from xueshi.messages.repository import NewMessage
from xueshi.real_clock import real_now
from xueshi.storage import new_id, reading, transaction

CampaignOpener = Callable[[str, Notice], Campaign]
"""Opens a campaign as `login:role` from a notice: given by the composition root, which knows the plugins."""
ENGINE = Scope.everything()
DAYS = ("issued", "opens", "closes", "makeup_until", "report_by")

log = structlog.get_logger(__name__)


def plan_opening(session: Session, actor: Actor, notice: Notice, day: date) -> PlannedOpening:
    """Store a notice to be opened as a civil day begins. Raises InputError for a day past or a year planned already."""
    actor.require("campaign.open")
    if not actor.scope.allows(notice.area):
        raise InputError(
            f"通知 {notice.number} 的地区 {notice.area} 不在您的管理范围；请由该地区的业务负责人办理"
        )
    if actor.lent is not None:
        # It would be carried out on a day on which the role may be lent no longer.
        raise NotAllowedError(
            "预定开启不能受托办理：到开启之日委托可能已经终止；请由授权人本人预定，或到期时直接开启"
        )
    real = real_now()
    if start_of(day) <= real:
        raise InputError(f"开启日期 {day} 已到或已过；请直接用 xueshi campaign open 开启，或改为以后的日期")
    if day > notice.closes:
        raise InputError(f"开启日期 {day} 晚于通知的截止日期 {notice.closes}；请核对")
    for planned in campaign_rows.planned_openings(session, actor.scope, state="planned"):
        if (planned.area, planned.year) == (notice.area, notice.year):
            raise InputError(
                f"{notice.area} {notice.year} 年度已定于 {civil_date(planned.opens_at)} 开启；"
                f"如需更改，请先用 xueshi campaign schedule cancel {planned.id} 取消"
            )
    row = PlannedOpening(
        id=new_id(),
        region=notice.region,
        area=notice.area,
        year=notice.year,
        title=notice.title,
        notice_digest=audit.store_artifact(session, "notice", notice_bytes(notice)),
        opens_at=start_of(day),
        account_id=actor.account_id,
        grant_id=actor.grant_id,
        planned_at=real,
    )
    session.add(row)
    _audit(session, f"account:{actor.account_id}", "opening_planned", row)
    return row


def cancel_opening(session: Session, actor: Actor, planned_id: UUID) -> PlannedOpening:
    """Cancel a planned opening. Raises InputError when it is opened or cancelled already."""
    actor.require("campaign.open")
    row = campaign_rows.planned_opening(session, actor.scope, planned_id, lock=True)
    if row.state != "planned":
        words = {"opened": "已开启，不能取消；如需停办，请在年度验证中办理", "cancelled": "早已取消"}
        raise InputError(f"{row.title}{words[row.state]}")
    row.state = "cancelled"
    session.add(row)
    _audit(session, f"account:{actor.account_id}", "opening_cancelled", row)
    return row


def open_due(engine: Engine, opener: CampaignOpener, at: datetime) -> int:
    """Open what is planned until a real instant; returns how many. One that cannot be opened keeps its plan and says why."""
    with reading(engine) as session:
        due = [row.id for row in campaign_rows.planned_openings(session, ENGINE, state="planned", until=at)]
    opened = 0
    for planned_id in due:
        try:
            _open(engine, opener, planned_id)
            opened += 1
        except XueshiError as error:
            _note_trouble(engine, planned_id, str(error))
    return opened


def _open(engine: Engine, opener: CampaignOpener, planned_id: UUID) -> None:
    with reading(engine) as session:
        row = campaign_rows.planned_opening(session, ENGINE, planned_id)
        actor = access.actor_by_grant(session, row.account_id, row.grant_id)
        notice = notice_from(audit.load_artifact(session, row.notice_digest))
        there = campaign_rows.campaign_of_notice(session, row.area, row.year, row.notice_digest)
    # A worker that died between the opening and its note must not open a second one.
    campaign_id = there or opener(f"{actor.login}:{actor.role}", notice).id
    with transaction(engine) as session:
        row = campaign_rows.planned_opening(session, ENGINE, planned_id, lock=True)
        row.state, row.campaign_id, row.reason = "opened", campaign_id, ""
        session.add(row)
        _audit(session, "engine", "opening_done", row)


def _note_trouble(engine: Engine, planned_id: UUID, reason: str) -> None:
    log.warning("opening_failed", planned=str(planned_id), cause=reason)
    with transaction(engine) as session:
        row = campaign_rows.planned_opening(session, ENGINE, planned_id, lock=True)
        if row.reason != reason:
            messages.write(
                session,
                NewMessage(
                    to_role="bureau",
                    to_unit=None,
                    area=row.area,
                    subject="定时开启未成",
                    body={"campaign": row.title, "reason": reason},
                    at=real_now(),
                    urgent=True,
                    standing=clock_rows.only_rehearsals(session),
                ),
            )
        row.reason = reason
        session.add(row)


def notice_from(body: bytes) -> Notice:
    """Read a notice from its stored bytes."""
    data: dict[str, Any] = json.loads(body)
    known = {field.name for field in fields(Notice)}
    read = {name: value for name, value in data.items() if name in known}
    for name in DAYS:
        if read.get(name) is not None:
            read[name] = date.fromisoformat(read[name])
    return Notice(**{**read, "papers": tuple(read["papers"]), "addressees": tuple(read["addressees"])})


def _audit(session: Session, actor: str, verb: str, row: PlannedOpening) -> None:
    audit.append(
        session,
        actor=actor,
        verb=verb,
        target=f"planned_opening:{row.id}",
        body={
            "notice": row.notice_digest,
            "opens_at": row.opens_at.isoformat(),
            "campaign": None if row.campaign_id is None else str(row.campaign_id),
        },
    )
