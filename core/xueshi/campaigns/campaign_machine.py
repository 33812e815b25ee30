"""The pure machine of a campaign as a whole: opening, advancing its standing clock, extending, closing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from xueshi.campaigns.filing_machine import Refused

CampaignStage = Literal["open", "closing", "sealed", "printed", "finished"]
CampaignVerb = Literal["advance", "extend", "close"]
CampaignOutcome = Literal["advanced_clock", "extended", "closing"]


@dataclass(frozen=True)
class CampaignState:
    """Where a campaign stands. Holds instants and numbers only."""

    stage: CampaignStage
    deadline: datetime
    standing: bool
    version: int = 0


@dataclass(frozen=True)
class CampaignCommand:
    """An act of the bureau on the whole campaign."""

    id: str
    verb: CampaignVerb
    role: str
    account: str
    expected_version: int
    made_at: datetime
    to: datetime | None = None
    """New campaign instant (`advance`) or new deadline (`extend`)."""
    reason: str = ""


@dataclass(frozen=True)
class CampaignAccepted:
    """The command holds: the state after it, and what happened."""

    state: CampaignState
    outcome: CampaignOutcome


def decide_campaign(
    state: CampaignState, command: CampaignCommand, now: datetime
) -> CampaignAccepted | Refused:
    """Judge one command on the campaign; `now` is the campaign instant."""
    if state.stage != "open":
        return Refused("closed", "该年度验证已关闭，不能再办理")
    if command.expected_version != state.version:
        return Refused(
            "stale",
            f"页面已过期：您看到的是第 {command.expected_version} 版，现在是第 {state.version} 版；请刷新后再办",
        )
    nxt = replace(state, version=state.version + 1)
    if command.verb == "advance":
        if not state.standing:
            return Refused("real_clock", "正式环境按实际时间运行，不能拨动时钟；只有演示、演练文件夹可以")
        if command.to is None or command.to <= now:
            return Refused("not_later", "演练时钟只能向后拨")
        return CampaignAccepted(nxt, "advanced_clock")
    if command.verb == "extend":
        if command.to is None or command.to <= max(state.deadline, now):
            return Refused("not_later", "延期后的截止时间须晚于原截止时间和当前时间")
        if not command.reason.strip():
            return Refused("no_reason", "延期须写明原因")
        return CampaignAccepted(replace(nxt, deadline=command.to), "extended")
    if now < state.deadline:
        return Refused("window_open", "申报窗口尚未截止，不能关闭；截止后再关闭")
    return CampaignAccepted(replace(nxt, stage="closing"), "closing")
