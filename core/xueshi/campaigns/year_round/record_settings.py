"""A bureau's own settings of a flow for records: published and withdrawn as audited acts, laid over the flow when a record is filed.

What is published is an artifact of its own kind, never changed; the newest of the closest area that covers the year
counts. A record keeps the flow under which it was filed: nothing here reaches one that is on its way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import area_prefix
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.canonical import canonical_json
from xueshi.errors import InputError, NotFoundError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay, overlaid
from xueshi.jurisdictions import area_contains
from xueshi.real_clock import real_now

KIND = "record_flow_overlay"
WITHDRAWN = "record_flow_overlay_end"


@dataclass(frozen=True)
class RecordSetting:
    """Settings of a flow for records as a bureau published them."""

    number: int
    """1, 2, … in the data folder: by this they are withdrawn."""
    area: str
    """Area whose records they are for, with all it contains."""
    instrument: str
    overlay: FlowOverlay
    published: date
    """Civil day of the folder's clock; records filed from that act on pass the flow so set."""
    ended: date | None = None

    def covers(self, area: str, flow: ApprovalFlow, year: int) -> bool:
        """Tell whether they are for the records of an area and year under a flow."""
        return (
            self.ended is None
            and (self.overlay.of, self.instrument) == (flow.id, flow.instrument)
            and year in self.overlay.years
            and area_contains(self.area, area)
        )


def published(session: Session) -> list[RecordSetting]:
    """Return all settings that were ever published, in their order, those withdrawn with the day of it."""
    ended = {
        one["number"]: date.fromisoformat(one["day"])
        for one in map(json.loads, audit.artifacts_of_kind(session, WITHDRAWN))
    }
    found = (_read(json.loads(body)) for body in audit.artifacts_of_kind(session, KIND))
    return sorted((replace(one, ended=ended.get(one.number)) for one in found), key=lambda one: one.number)


def flow_as_set(session: Session, area: str, flow: ApprovalFlow, year: int) -> ApprovalFlow:
    """Return a flow for records as the closest bureau's newest settings leave it; itself where none are in force.

    Raises InputError when the installed flow changed so that they no longer fit it.
    """
    in_force = [one for one in published(session) if one.covers(area, flow, year)]
    if not in_force:
        return flow
    setting = max(in_force, key=lambda one: (len(area_prefix(one.area)), one.number))
    try:
        return overlaid(flow, setting.overlay, year)
    except InputError as error:
        raise InputError(
            f"{setting.overlay.source}对学时登记流程的调整（第{setting.number}号）与现行流程不符，暂不能申报；"
            f"请业务负责人改正后重新发布（xueshi flows publish），或撤销（xueshi flows withdraw {setting.number}）：{error}"
        ) from error


def publish(
    session: Session, actor: Actor, area: str, overlay: FlowOverlay, made: ApprovalFlow
) -> RecordSetting:
    """Publish settings for the records of an area, from now on; `made` is what they leave of the flow, all checks passed.

    The same settings again change nothing. Raises InputError outside the actor's areas or before the day of the
    document, NotAllowedError without the right.
    """
    _may(actor, area)
    if made.purpose != "record":
        raise InputError(
            f"流程 {overlay.of} 是年度验证的流程，它的调整在开启时指明：xueshi campaign open --flow-overlay {overlay.file}"
        )
    today = civil_date(folder_now(session, real_now()))
    if overlay.decided > today:
        raise InputError(
            f"{overlay.file}: decided: 文件日期 {overlay.decided} 还没有到（今天是 {today}）；请核对日期，或届时再发布"
        )
    audit.lock_chain(session)
    held = published(session)
    setting = RecordSetting(len(held) + 1, area, made.instrument, replace(overlay, file="", lines={}), today)
    same = next((one for one in held if _same(one, setting)), None)
    if same is not None and not _overtaken(held, same):
        return same
    digest = audit.store_artifact(session, KIND, canonical_json(_plain(setting)).encode())
    body = {"number": setting.number, "settings": digest, "flow": overlay.of}
    _note(session, actor, "record_flow_set", area, body)
    return setting


def withdraw(session: Session, actor: Actor, number: int, reason: str) -> RecordSetting:
    """End published settings: what is filed from now on passes the flow without them.

    Raises InputError without a reason or where they ended already, NotFoundError for a number that is not there or
    another bureau's, NotAllowedError without the right.
    """
    actor.require("campaign.steer")
    audit.lock_chain(session)
    found = next((one for one in published(session) if one.number == number), None)
    if found is None or not actor.scope.allows(found.area):
        raise NotFoundError(f"没有第{number}号流程调整，或不在您的管理范围；请用 xueshi flows list 核对编号")
    if found.ended is not None:
        raise InputError(f"第{number}号流程调整已于 {found.ended} 撤销")
    if not reason.strip():
        raise InputError("撤销流程调整须写明原因；请用 --reason 写明")
    today = civil_date(folder_now(session, real_now()))
    body = {"number": number, "day": today.isoformat()}
    audit.store_artifact(session, WITHDRAWN, canonical_json(body).encode())
    _note(session, actor, "record_flow_end", found.area, {**body, "reason": reason.strip()})
    return replace(found, ended=today)


def _may(actor: Actor, area: str) -> None:
    actor.require("campaign.steer")
    if not actor.scope.allows(area):
        raise InputError(f"地区 {area} 不在您的管理范围；请由该地区的业务负责人发布")


def _note(session: Session, actor: Actor, verb: str, area: str, body: dict[str, Any]) -> None:
    audit.append(
        session, actor=f"account:{actor.account_id}", verb=verb, target=f"record_flow:{area}", body=body
    )


def _same(one: RecordSetting, other: RecordSetting) -> bool:
    return one.ended is None and replace(one, number=0, published=date.min) == replace(
        other, number=0, published=date.min
    )


def _overtaken(held: list[RecordSetting], one: RecordSetting) -> bool:
    """Tell whether later settings of the same area and flow stand: the older ones, published again, come before them."""
    return any(
        later.number > one.number
        and later.ended is None
        and (later.area, later.overlay.of) == (one.area, one.overlay.of)
        for later in held
    )


def _plain(setting: RecordSetting) -> dict[str, Any]:
    return {
        "number": setting.number,
        "area": setting.area,
        "instrument": setting.instrument,
        "published": setting.published.isoformat(),
        "overlay": setting.overlay.as_plain(),
    }


def _read(plain: dict[str, Any]) -> RecordSetting:
    return RecordSetting(
        number=plain["number"],
        area=plain["area"],
        instrument=plain["instrument"],
        published=date.fromisoformat(plain["published"]),
        overlay=FlowOverlay.of_plain(plain["overlay"]),
    )
