"""What an officer sees of a campaign and of one unit in it: progress, and whatever stands out from the straight way."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import Actor
from xueshi.access.roles import role_words
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import appeal_acts
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date, show_deadline
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import (
    appeal_rows,
    campaign_rows,
    command_rows,
    filing_rows,
    paper_rows,
    side_work_rows,
    task_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.machines.appeal_machine import STAGE_WORDS
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now
from xueshi.register.rows import people_rows, unit_rows

ENGINE = Scope.everything()

STAGES = {
    "filing": "待单位申报",
    "assessing": "核算中",
    "deciding": "待审验",
    "approved": "审验通过",
    "refused": "不予通过",
    "not_filed": "未申报",
    "dissolved": "已撤并",
    "not_decided": "未审结",
}
CAMPAIGN_STAGES = {
    "open": "办理中",
    "closing": "正在关闭",
    "sealed": "已封存",
    "printed": "已打印",
    "finished": "已办结",
    "archived": "已归档",
}
DATES = {"extend": "延期", "pause": "暂停", "resume": "恢复", "makeup": "补训开放", "close": "关闭"}
"""Acts on a campaign whose reason and date an officer must know."""


def campaign_record(session: Session, actor: Actor, campaign: Campaign) -> dict[str, object]:
    """Return a campaign's progress, and under their own headings whatever stands out; empty ones are left out."""
    counts = campaign_rows.counters(session, actor.scope, campaign.id)
    later = filing_rows.later_stages(session, campaign.id)
    record: dict[str, object] = {
        "编号": campaign.public_id,
        "名称": campaign.title,
        "阶段": CAMPAIGN_STAGES[campaign.stage],
        "截止": show_deadline(campaign.deadline),
        "规则包": campaign.pack_digest[:12],
        **{
            STAGES.get(stage, stage): number - later.get(stage, 0)
            for stage, number in counts.items()
            if number > later.get(stage, 0)
        },
    }
    extra: dict[str, object] = {
        "暂停自": civil_date(campaign.paused_at) if campaign.paused_at else "",
        "补训截止": show_deadline(campaign.makeup_until) if campaign.makeup_until else "",
        "上报期限": _report_by(session, campaign),
        "办理记录": "；".join(_steps(session, campaign)),
        "补训中": "、".join(_in_makeup(session, actor, campaign)),
        "特别注明": "；".join(_notes(session, actor, campaign)),
        "重新开启": "、".join(f"{STAGES[stage]} {number}" for stage, number in later.items()),
        "申诉": "；".join(_appeals(session, actor, campaign)),
        "后台办理": "正在封存、打印；久无进展的，运行 xueshi doctor"
        if campaign.stage in campaign_rows.UNDER_WAY
        else "",
        "未能打印": _left_out(session, actor, campaign),
        "重新核算": "；".join(_migrations(session, campaign)),
        "疑似重复单位": "；".join(doubled(session, actor, campaign)),
    }
    return record | {name: value for name, value in extra.items() if value}


def unit_record(session: Session, actor: Actor, campaign: Campaign, code: str) -> dict[str, Any]:
    """Return where one unit stands in a campaign, round by round, who must act, and who came or left."""
    unit = unit_rows.unit_by_code(session, ENGINE, code)
    assert unit is not None, "the caller found its filing"
    rounds = filing_rows.rounds_of_unit(session, actor.scope, campaign.id, unit.id)
    filing = rounds[-1]
    state = load_state(filing.state, filing.maker)
    flow = flow_of(session, campaign, filing)
    tasks = task_rows.open_tasks(session, actor.scope, filing_id=filing.id)
    names = access.account_names(session, [task.assignee for task in tasks if task.assignee])
    waiting = [
        f"{role_words(task.role)}，移交 {names[task.assignee]}" if task.assignee else role_words(task.role)
        for task in tasks
        if task.kind in ("unit", "appeal")
    ]
    record: dict[str, Any] = {
        "单位": unit.name,
        "统一社会信用代码": unit.credit_code,
        "轮次": f"第{filing.round}轮" + ("（只更正一人）" if filing.only_person else ""),
        "阶段": STAGES[filing.stage] + ("（补训）" if state.makeup_from else ""),
        "环节": flow.level(filing.level).name,
        "版本": filing.version,
        "期限": show_deadline(state.deadline),
        "人数": filing.people,
        "待办": "、".join(waiting),
        "待认定记录": sum(task.kind in RECORD_TASKS for task in tasks),
    }
    extra: dict[str, object] = {
        "退回次数": state.returns,
        "注明": filing.note,
        "地区": f"现属 {unit.area}，本次申报在 {filing.area} 办理" if unit.area != filing.area else "",
        "申诉": "；".join(_appeals(session, actor, campaign, filing)),
        "往轮": "；".join(f"第{one.round}轮 {STAGES[one.stage]}" for one in rounds[:-1]),
        "人员变动": "；".join(_movers(session, campaign, filing)),
    }
    return record | {name: value for name, value in extra.items() if value}


def doubled(session: Session, actor: Actor, campaign: Campaign) -> list[str]:
    """Name units of a campaign that stand twice under two credit codes, with the cure."""
    inside = {
        one.unit_id
        for one in filing_rows.filings(session, actor.scope, campaign.id)
        if one.stage != "dissolved"
    }
    return [
        f"{first.name}：{first.credit_code} 与 {second.credit_code} 同名同地区，如为同一单位，"
        "用 xueshi campaign dissolve --into 合并"
        for first, second in unit_rows.namesakes(session, actor.scope)
        if {first.id, second.id} <= inside
    ]


def _left_out(session: Session, actor: Actor, campaign: Campaign) -> str:
    """Count by unit the papers that could not be printed, with the way to print them."""
    left = Counter(task.unit_id for task in paper_rows.left_out(session, actor.scope, campaign.id))
    names = unit_rows.unit_names(session, ENGINE, left)
    told = "、".join(f"{names[unit]} {number} 份" for unit, number in left.items())
    return f"{told}；原因见待办，补齐后用 xueshi forms issue 打印" if told else ""


def _report_by(session: Session, campaign: Campaign) -> str:
    if campaign.report_by is None:
        return ""
    today = civil_date(campaign_now(session, campaign, real_now()))
    return f"{campaign.report_by}{'（已过）' if today > campaign.report_by else ''}"


def _steps(session: Session, campaign: Campaign) -> list[str]:
    steps = []
    for command in command_rows.done_on(session, campaign.id, tuple(DATES)):
        day, reason = civil_date(command.made_at), command.payload.get("reason", "")
        to = command.payload.get("to")
        until = f"至 {show_deadline(datetime.fromisoformat(to))}" if to else ""
        steps.append(f"{day} {DATES[command.kind]}{until}" + (f"（{reason}）" if reason else ""))
    return steps


def _in_makeup(session: Session, actor: Actor, campaign: Campaign) -> list[str]:
    under_way = ("filing", "assessing", "deciding")
    found = filing_rows.filings(session, actor.scope, campaign.id, stages=under_way)
    under_makeup = [one for one in found if load_state(one.state, None).makeup_from]
    names = unit_rows.unit_names(session, ENGINE, (one.unit_id for one in under_makeup))
    return [names[one.unit_id] for one in under_makeup]


def _notes(session: Session, actor: Actor, campaign: Campaign) -> list[str]:
    noted = [one for one in filing_rows.filings(session, actor.scope, campaign.id) if one.note]
    names = unit_rows.unit_names(session, ENGINE, (one.unit_id for one in noted))
    return [f"{names[one.unit_id]}{f'第{one.round}轮' if one.round > 1 else ''}：{one.note}" for one in noted]


def _appeals(session: Session, actor: Actor, campaign: Campaign, filing: Filing | None = None) -> list[str]:
    found = appeal_rows.appeals(
        session, actor.scope, campaign.id, filing_id=None if filing is None else filing.id
    )
    names = unit_rows.unit_names(session, ENGINE, (one.unit_id for one in found))
    return [
        f"{names[one.unit_id]} 对{appeal_acts.AGAINST[one.against]}"
        f"（{civil_date(one.filed_at)}）：{STAGE_WORDS[one.stage]}"  # type: ignore[index]  # the machine's words only
        for one in found
    ]


def _migrations(session: Session, campaign: Campaign) -> list[str]:
    return [
        f"规则包 {one.from_pack[:12]} → {one.to_pack[:12]}，"
        + (f"{sum(one.flips.values())} 人结论改变" if one.finished else "正在重新核算")
        for one in side_work_rows.reassessments(session, campaign.id)
    ]


def _movers(session: Session, campaign: Campaign, filing: Filing) -> list[str]:
    """Tell who changed between this unit and another in the statistics year: judged where employed on its last day."""
    first, last = pack_of(session, campaign).year_window(campaign.year)
    lines = []
    moved = people_rows.movers(session, ENGINE, filing.unit_id, first, last)
    names = people_rows.person_names(session, ENGINE, filing.unit_id, (one.person_id for one in moved))
    units = unit_rows.unit_names(session, ENGINE, (one.unit_id for one in moved))
    for one in moved:
        name, other = names[one.person_id], units[one.unit_id]
        if one.left is not None:
            lines.append(f"{name} {one.left} 调往 {other}，由其核算")
        else:
            lines.append(f"{name} {one.came} 由 {other} 调入，由本单位核算")
    return lines
