"""A bureau's own settings of its flows that hold: laid over the flow when a record is filed, or named when a campaign opens.

What is published is an artifact of its own kind, never changed. Of settings for records the newest of the closest area
that covers the year counts; a record keeps the flow under which it was filed, a campaign the one it was opened under:
nothing here reaches what is on its way. Who may publish is the business of `bureau_rules`: two persons.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session

from xueshi.access.scope import area_prefix
from xueshi.audit import repository as audit
from xueshi.canonical import canonical_json
from xueshi.errors import InputError, NotFoundError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay, overlaid
from xueshi.jurisdictions import area_contains

KIND, WITHDRAWN = "record_flow_overlay", "record_flow_overlay_end"
"""Kinds of the artifacts, called so when there were settings for records only."""


@dataclass(frozen=True)
class FlowSetting:
    """Settings of a flow as a bureau published them."""

    number: int
    """1, 2, … in the data folder: by this they are withdrawn."""
    area: str
    """Area whose records or campaigns they are for, with all it contains."""
    instrument: str
    overlay: FlowOverlay
    published: date
    """Civil day of the folder's clock; what is filed or opened from that act on passes the flow so set."""
    purpose: str = "record"
    """That of the flow: `record`, or `campaign`, whose opening names them."""
    ended: date | None = None

    def covers(self, area: str, flow: ApprovalFlow, year: int) -> bool:
        """Tell whether they are for the records of an area and year under a flow."""
        return (
            self.ended is None
            and (self.overlay.of, self.instrument) == (flow.id, flow.instrument)
            and year in self.overlay.years
            and area_contains(self.area, area)
        )


def published(session: Session) -> list[FlowSetting]:
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
            f"请业务负责人改正后重新起草、发布（xueshi flows draft），或撤销（xueshi flows withdraw {setting.number}）：{error}"
        ) from error


def require_published(session: Session, area: str, overlay: FlowOverlay) -> None:
    """Raise InputError unless settings of a campaign's flow were published for an area and not withdrawn since."""
    wanted = replace(overlay, file="", lines={})
    if not any(
        one.ended is None and one.overlay == wanted and area_contains(one.area, area)
        for one in published(session)
    ):
        raise InputError(
            f"{overlay.file or overlay.source}：流程调整还没有发布，或已撤销，不能用于开启；"
            "请先起草（xueshi flows draft），由另一人发布（xueshi flows publish）；演练（--standing、campaign rehearse）不须发布"
        )


def put_in_force(session: Session, setting: FlowSetting) -> FlowSetting:
    """Let settings hold from now on, under the next number; the same that hold already change nothing.

    Raises InputError before the day of the document.
    """
    overlay = setting.overlay
    if overlay.decided > setting.published:
        raise InputError(
            f"{overlay.source}：文件日期 {overlay.decided} 还没有到（今天是 {setting.published}）；请核对日期，或届时再发布"
        )
    audit.lock_chain(session)
    held = published(session)
    setting = replace(setting, number=len(held) + 1, overlay=replace(overlay, file="", lines={}))
    same = next((one for one in held if _same(one, setting)), None)
    if same is not None and not _overtaken(held, same):
        return same
    audit.store_artifact(session, KIND, canonical_json(_plain(setting)).encode())
    return setting


def in_force(session: Session, number: int) -> FlowSetting:
    """Return settings that hold, by number. Raises NotFoundError for an unknown one, InputError for one that ended."""
    found = next((one for one in published(session) if one.number == number), None)
    if found is None:
        raise NotFoundError(f"没有第{number}号流程调整，或不在您的管理范围；请用 xueshi flows list 核对编号")
    if found.ended is not None:
        raise InputError(f"第{number}号流程调整已于 {found.ended} 撤销")
    return found


def end(session: Session, number: int, today: date) -> FlowSetting:
    """Let settings hold no longer: what is filed or opened from now on passes the flow without them."""
    audit.lock_chain(session)
    found = in_force(session, number)
    body = {"number": number, "day": today.isoformat()}
    audit.store_artifact(session, WITHDRAWN, canonical_json(body).encode())
    return replace(found, ended=today)


def _same(one: FlowSetting, other: FlowSetting) -> bool:
    return one.ended is None and replace(one, number=0, published=date.min) == replace(
        other, number=0, published=date.min
    )


def _overtaken(held: list[FlowSetting], one: FlowSetting) -> bool:
    """Tell whether later settings of the same area and flow stand: the older ones, published again, come before them."""
    return any(
        later.number > one.number
        and later.ended is None
        and (later.area, later.overlay.of) == (one.area, one.overlay.of)
        for later in held
    )


def _plain(setting: FlowSetting) -> dict[str, Any]:
    return {
        "number": setting.number,
        "area": setting.area,
        "instrument": setting.instrument,
        "published": setting.published.isoformat(),
        **({} if setting.purpose == "record" else {"purpose": setting.purpose}),
        "overlay": setting.overlay.as_plain(),
    }


def _read(plain: dict[str, Any]) -> FlowSetting:
    return FlowSetting(
        number=plain["number"],
        area=plain["area"],
        instrument=plain["instrument"],
        published=date.fromisoformat(plain["published"]),
        purpose=plain.get("purpose", "record"),
        overlay=FlowOverlay.of_plain(plain["overlay"]),
    )
