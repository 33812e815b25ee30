"""The explanation of a year as plain Chinese lines: for a terminal, a message, a counter."""

from __future__ import annotations

from xueshi.assessment.cures import LEAST, Cure
from xueshi.assessment.explanation import (
    RecordExplanation,
    RequirementExplanation,
    WindowExplanation,
    YearExplanation,
)
from xueshi.hours import show_hours


def text_lines(one: YearExplanation) -> list[str]:
    """Return the explanation as lines: the verdict, what is missing and what would cure it, then every record."""
    lines = [
        f"{one.year}年度（{one.since}至{one.until}）：{one.verdict_text}",
        f"依据：《{one.title}》{one.number}（{one.regulation}）",
    ]
    if one.text:
        return [*lines, one.text]
    lines.append("学时：" + "，".join(f"{label}{show_hours(hours)}" for label, hours in one.totals))
    lines += ["", "【年度要求】", *(requirement_line(each) for each in one.requirements)]
    if one.windows:
        lines += ["", "【跨年度要求】", *(window_line(each) for each in one.windows)]
    lines += [f"提示：{warning}" for warning in one.warnings]
    if one.cures:
        lines += [
            "",
            f"【还可以怎样补足】（{one.until}以前完成的才计入{one.year}年度，补训按主管部门的通知）",
        ]
        for head, ways in cure_groups(one):
            lines += [f"{head}：", *(f"  {way}" for way in ways)]
    lines += ["", "【逐条说明】"]
    for place, each in enumerate(one.records, start=1):
        lines += [
            f"{place}. {line}" if not at else f"   {line}" for at, line in enumerate(record_lines(each))
        ]
    if one.readings:
        lines += ["", "【本年结果所依据的口径】", *one.readings]
    return lines


def cure_groups(one: YearExplanation) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Group the cures by requirement: what is short, and the ways; the total comes last.

    What an earlier group offers is not said again where all of that group counts for this requirement too.
    """
    groups: list[tuple[str, tuple[str, ...]]] = []
    earlier: list[tuple[str, list[Cure]]] = []
    for requirement in sorted(one.requirements, key=lambda each: each.of == "total"):
        offered = [each for each in one.cures if each.requirement == requirement.id]
        if not offered:
            continue
        name = requirement.name or requirement.label
        wholly = [(head, told) for head, told in earlier if all(_counts_too(each, offered) for each in told)]
        lines = []
        if wholly:
            heads = "" if len(wholly) == len(earlier) else "、".join(f"“{head}”" for head, _ in wholly)
            lines.append(f"{heads or '以上'}所列的同时计入")
        told = [each for _, ways in wholly for each in ways]
        lines += [cure_line(each) for each in offered if not _said(each, told)]
        short = f"还差{show_hours(requirement.shortfall)}{requirement.unit}"
        groups.append((f"{name}{'须大于0' if requirement.minimum == LEAST else short}", tuple(lines)))
        earlier.append((name, offered))
    return tuple(groups)


def _counts_too(told: Cure, offered: list[Cure]) -> bool:
    """Tell whether a way of another requirement is among these: what asks for a category more says so at its end."""
    return any(each.rule == told.rule and told.condition.startswith(each.condition) for each in offered)


def _said(one: Cure, told: list[Cure]) -> bool:
    """Tell whether a way was said: in these words, or for each of several categories."""
    same = {
        each.condition for each in told if each.rule == one.rule and each.condition.startswith(one.condition)
    }
    return one.condition in same or len(same) > 1


def requirement_line(one: RequirementExplanation) -> str:
    """Say one requirement: how much there must be, how much there is, what is short."""
    name = one.name or one.label
    lacking = [f"补充{'、'.join(one.missing)}"] if one.missing else []
    if one.missing_years:
        lacking.append(f"{'、'.join(map(str, one.missing_years))}年度的结果")
    if lacking and one.minimum is None:
        return f"{name}（{one.clause}）：还需{'和'.join(lacking)}，才能判定"
    years = f"{one.over_years[0]}至{one.over_years[-1]}年度合计" if one.over_years else ""
    years = f"按“{one.alternative}”{years}" if one.alternative else years
    minimum = "" if one.minimum is None else f"{years}应有{show_hours(one.minimum)}{one.unit}，"
    any_at_all = one.minimum == LEAST
    if any_at_all:
        minimum = "应大于0，"
    state = (
        "达到"
        if one.met
        else f"还差{show_hours(one.shortfall)}{one.unit}"
        if one.shortfall and not any_at_all
        else "未达到"
    )
    if one.by:
        state = one.by
    elif lacking:
        state += f"；还需{'和'.join(lacking)}，才能判定"
    elif one.met is None:
        state += "（有记录待补充或待决定，暂不能判定）"
    limits = f"（{'；'.join(one.limits)}）" if one.limits else ""
    return f"{name}（{one.clause}）：{minimum}已有{show_hours(one.total)}{one.unit}{limits}，{state}"


def window_line(one: WindowExplanation) -> str:
    """Say a requirement over several years: the years, what they come to, whether it is met."""
    years = f"{one.years[0]}至{one.years[-1]}年度，" if one.years else ""
    if one.text and one.met is None:
        return f"{one.name}（{one.clause}）：{years}{one.text}，才能判定"
    state = {True: "达到", False: "未达到", None: "暂不能判定"}[one.met]
    if one.missing_years:
        state += f"（缺{'、'.join(map(str, one.missing_years))}年度的结果）"
    return f"{one.name}（{one.clause}）：{years}{'；'.join((*one.figures, state))}"


def cure_line(one: Cure) -> str:
    """Say one way to earn what is missing."""
    parts = [f"{one.name}（{'、'.join(one.kinds)}，{one.clause}）"]
    if one.condition:
        parts.append(f"条件：{one.condition}")
    parts.append(one.gives)
    if one.room is not None:
        parts.append(f"本年最多还可计{show_hours(one.room)}学时")
    if one.need:
        parts.append(one.need)
    return "；".join(parts)


def record_lines(one: RecordExplanation) -> list[str]:
    """Say one record as lines: hours first, then clause and gist, inputs, steps, readings, and why not more."""
    head, hours, parts = record_parts(one)
    return [f"{head}：{hours}", *(f"{label}：{text}" for label, text in parts)]


def record_parts(one: RecordExplanation) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Say one record in parts: its name, what it counted, and labelled lines (原因, 依据, 标准, …)."""
    head = one.name if one.name == one.kind else f"{one.name}（{one.kind}）"
    category = f"，{one.category}" if one.category else ""
    hours = f"{one.verdict_text}，计{show_hours(one.hours)}学时{category}"
    if one.verdict in ("needs_fact", "manual"):
        hours = f"{one.verdict_text}，尚未计算学时"
    gist = f"（{one.gist}）" if one.gist else ""
    rules = f"，条目{'＋'.join(one.rules)}" if one.rules else ""
    amounts = [
        f"{step.title}{show_hours(step.after)}" for step in one.steps if step.after is not None and step.title
    ]
    parts = (
        ("原因", one.why),
        ("请补充", "、".join(one.missing)),
        ("依据", f"《{one.regulation}》{one.clause}{gist}{rules}" if one.clause else ""),
        ("原文", one.quote),
        ("标准", one.standard),
        ("所填情况", "、".join(one.inputs)),
        ("未填写，按不属于排除的情形处理", "、".join(one.presumed)),
        ("没有条款使用，不影响学时", "、".join(one.unread)),
        ("计算", " → ".join(amounts) if len(amounts) > 1 else ""),
        ("口径", "；".join(one.readings)),
    )
    return head, hours, tuple((label, text) for label, text in parts if text)
