"""The pure machine of a campaign as a whole: its standing clock, its dates, its pauses, its end and what comes after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from xueshi.machines.filing_machine import Refused

CampaignStage = Literal["open", "closing", "sealed", "printed", "finished", "archived"]
CampaignVerb = Literal[
    "advance", "extend", "close", "pause", "resume", "makeup", "migrate", "reopen", "add_unit", "archive"
]
CampaignOutcome = Literal[
    "advanced_clock",
    "extended",
    "closing",
    "paused",
    "resumed",
    "makeup_opened",
    "migrated",
    "reopened",
    "unit_added",
    "archived",
]
STAGES_OF: dict[CampaignVerb, frozenset[CampaignStage]] = {
    "advance": frozenset({"open", "finished"}),
    "reopen": frozenset({"finished"}),
    "add_unit": frozenset({"open", "finished"}),
    "archive": frozenset({"finished"}),
}
"""Stages in which an act has its place; all others belong to an open campaign."""
WHILE_PAUSED: frozenset[CampaignVerb] = frozenset({"advance", "resume"})
NEEDS_REASON: dict[CampaignVerb, str] = {
    "extend": "延期",
    "pause": "暂停",
    "reopen": "重新开启",
    "migrate": "更换规则包",
}


@dataclass(frozen=True)
class CampaignState:
    """Where a campaign stands. Holds instants and numbers only."""

    stage: CampaignStage
    deadline: datetime
    standing: bool
    version: int = 0
    paused_at: datetime | None = None
    """Campaign instant since which no deadline falls due; None while the campaign runs."""
    makeup_until: datetime | None = None
    """End of the make-up window (补训); None where none is open or was named."""


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
    """New campaign instant (`advance`), new deadline (`extend`, `makeup`), window of one unit (`reopen`, `add_unit`)."""
    reason: str = ""
    anyway: bool = False
    """`close`: although units are undecided; they end as not decided (未审结)."""
    pack: str = ""
    """`migrate`: digest of the newer rule pack."""
    unit: str = ""
    """`reopen`, `add_unit`: id of the unit."""
    person: str = ""
    """`reopen`: id of the one person whose result is to be corrected; empty for the whole unit."""
    principal: str = ""


@dataclass(frozen=True)
class CampaignAccepted:
    """The command holds: the state after it, and what happened."""

    state: CampaignState
    outcome: CampaignOutcome


def decide_campaign(
    state: CampaignState, command: CampaignCommand, now: datetime
) -> CampaignAccepted | Refused:
    """Judge one command on the campaign; `now` is the campaign instant."""
    refusal = _not_now(state, command)
    if refusal is not None:
        return refusal
    nxt = replace(state, version=state.version + 1)
    match command.verb:
        case "advance":
            return _advance(state, nxt, command, now)
        case "extend":
            if command.to is None or command.to <= max(state.deadline, now):
                return Refused("not_later", "延期后的截止时间须晚于原截止时间和当前时间")
            return CampaignAccepted(replace(nxt, deadline=command.to), "extended")
        case "pause":
            return CampaignAccepted(replace(nxt, paused_at=now), "paused")
        case "resume":
            return _resume(state, nxt, now)
        case "makeup":
            if command.to is None or command.to <= max(state.makeup_until or now, now):
                return Refused("not_later", "补训截止时间须晚于当前时间和原补训截止时间")
            return CampaignAccepted(replace(nxt, makeup_until=command.to), "makeup_opened")
        case "migrate":
            if not command.pack:
                return Refused("no_pack", "没有指明新的规则包；请先以 xueshi campaign migrate 试算")
            return CampaignAccepted(nxt, "migrated")
        case "reopen":
            if not command.unit or command.to is None or command.to <= now:
                return Refused("not_later", "重新开启须指明单位和晚于当前时间的申报期限（--until）")
            return CampaignAccepted(nxt, "reopened")
        case "add_unit":
            return _add_unit(state, nxt, command, now)
        case "archive":
            return CampaignAccepted(replace(nxt, stage="archived"), "archived")
        case "close":
            return _close(state, nxt, command, now)


def pause_length(paused_at: datetime, now: datetime) -> timedelta:
    """Return by how much a pause moves deadlines: its days, a begun one whole.

    A deadline ends at 24:00 of a day (architecture section 8, decision 9) and shall do so after a pause as well.
    """
    return timedelta(days=-((paused_at - now) // timedelta(days=1)))


def _not_now(state: CampaignState, command: CampaignCommand) -> Refused | None:
    if state.stage not in STAGES_OF.get(command.verb, frozenset({"open"})):
        return Refused("closed", _wrong_stage(state, command))
    if command.expected_version != state.version:
        return Refused(
            "stale",
            f"页面已过期：您看到的是第 {command.expected_version} 版，现在是第 {state.version} 版；请刷新后再办",
        )
    if state.paused_at is not None and command.verb not in WHILE_PAUSED:
        return Refused("paused", "该年度验证已暂停；请先恢复（xueshi campaign resume）再办")
    word = NEEDS_REASON.get(command.verb)
    if word is not None and not command.reason.strip():
        return Refused("no_reason", f"{word}须写明原因")
    return None


def _wrong_stage(state: CampaignState, command: CampaignCommand) -> str:
    if state.stage == "archived":
        return "该年度验证已归档，不能再办理"
    if state.stage == "open":
        return "该年度验证尚在办理，封存之后才有此项办理；未封存的单位请按流程退回"
    if state.stage == "finished" and command.verb not in STAGES_OF:
        return "该年度验证已关闭并封存，不能再办理；个别单位确需更正的，用 xueshi campaign reopen 重新开启"
    return "该年度验证已关闭，正在封存、打印；办结后再办"


def _advance(
    state: CampaignState, nxt: CampaignState, command: CampaignCommand, now: datetime
) -> CampaignAccepted | Refused:
    if not state.standing:
        return Refused("real_clock", "正式环境按实际时间运行，不能拨动时钟；只有演示、演练文件夹可以")
    if command.to is None or command.to <= now:
        return Refused("not_later", "演练时钟只能向后拨")
    return CampaignAccepted(nxt, "advanced_clock")


def added_until(state: CampaignState, to: datetime | None) -> datetime | None:
    """Return until when a unit that is added may hand in: with the others, later where so said; after the seal as said."""
    if state.stage != "open":
        return to
    return state.deadline if to is None else max(state.deadline, to)


def _add_unit(
    state: CampaignState, nxt: CampaignState, command: CampaignCommand, now: datetime
) -> CampaignAccepted | Refused:
    if not command.unit:
        return Refused("no_unit", "没有指明要加入的单位（--unit）")
    if state.stage == "finished" and not command.reason.strip():
        return Refused("no_reason", "封存之后加入单位须写明原因")
    until = added_until(state, command.to)
    if until is None or until <= now:
        return Refused("not_later", "申报已截止，加入单位须写明晚于当前时间的申报期限（--until）")
    return CampaignAccepted(nxt, "unit_added")


def _resume(state: CampaignState, nxt: CampaignState, now: datetime) -> CampaignAccepted | Refused:
    if state.paused_at is None:
        return Refused("not_paused", "该年度验证没有暂停，不必恢复")
    by = pause_length(state.paused_at, now)
    moved = replace(nxt, paused_at=None)
    # What had ended before the pause is not brought back by it.
    if state.deadline > state.paused_at:
        moved = replace(moved, deadline=state.deadline + by)
    if state.makeup_until is not None and state.makeup_until > state.paused_at:
        moved = replace(moved, makeup_until=state.makeup_until + by)
    return CampaignAccepted(moved, "resumed")


def _close(
    state: CampaignState, nxt: CampaignState, command: CampaignCommand, now: datetime
) -> CampaignAccepted | Refused:
    if not command.reason.strip():
        if now < state.deadline:
            return Refused("window_open", "申报窗口尚未截止；提前关闭须写明原因（--reason）")
        if state.makeup_until is not None and now < state.makeup_until:
            return Refused("window_open", "补训尚未截止；提前关闭须写明原因（--reason）")
        if command.anyway:
            return Refused("no_reason", "尚有未办结单位而关闭，须写明原因（--reason）")
    return CampaignAccepted(replace(nxt, stage="closing"), "closing")
