"""The pure machine of an appeal (申诉): open until another officer than the one who decided upholds or grants it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from xueshi.machines.filing_machine import Refused

AppealStage = Literal["open", "upheld", "granted", "withdrawn"]
AppealVerb = Literal["uphold", "grant", "withdraw"]
STAGE_AFTER: dict[AppealVerb, AppealStage] = {
    "uphold": "upheld",
    "grant": "granted",
    "withdraw": "withdrawn",
}
STAGE_WORDS: dict[AppealStage, str] = {
    "open": "待决定",
    "upheld": "维持原决定",
    "granted": "支持申诉",
    "withdrawn": "已撤回",
}


@dataclass(frozen=True)
class AppealState:
    """Where an appeal stands, who filed it and who made the decision: account ids only."""

    stage: AppealStage
    maker: str
    deciders: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True)
class AppealCommand:
    """An act on an appeal, as it travels through its workflow."""

    id: str
    verb: AppealVerb
    role: str
    account: str
    expected_version: int
    made_at: datetime
    reason: str = ""
    until: datetime | None = None
    """`grant` after the seal: until when the reopened unit may hand in."""
    principal: str = ""


@dataclass(frozen=True)
class AppealAccepted:
    """The command holds: the state after it."""

    state: AppealState


def decide_appeal(state: AppealState, command: AppealCommand) -> AppealAccepted | Refused:
    """Judge one command on an appeal."""
    if state.stage != "open":
        return Refused("finished", f"该申诉已办结（{STAGE_WORDS[state.stage]}），不能再办理")
    if command.expected_version != state.version:
        return Refused(
            "stale",
            f"页面已过期：您看到的是第 {command.expected_version} 版，现在是第 {state.version} 版；请刷新后再办",
        )
    if command.verb != "withdraw":
        eyes = {command.account, command.principal} - {""}
        if eyes & set(state.deciders):
            return Refused("four_eyes", "原决定由您（或委托您的人）作出，申诉须由他人决定")
        if state.maker in eyes:
            return Refused("four_eyes", "申诉由您（或委托您的人）提出，须由他人决定")
        if not command.reason.strip():
            return Refused("no_reason", "申诉的决定须写明理由")
    return AppealAccepted(replace(state, stage=STAGE_AFTER[command.verb], version=state.version + 1))
