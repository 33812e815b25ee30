"""The explanation of a year as plain Chinese lines: for a terminal, a message, a counter."""

from __future__ import annotations

from xueshi.assessment.cures import Cure
from xueshi.assessment.explanation import RecordExplanation, RequirementExplanation, YearExplanation
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
    lines += [f"提示：{warning}" for warning in one.warnings]
    if one.cures:
        lines += ["", f"【还可以怎样补足】（须在{one.until}前完成）"]
        lines += _cure_lines(one)
    lines += ["", "【逐条说明】"]
    for place, each in enumerate(one.records, start=1):
        lines += [
            f"{place}. {line}" if not at else f"   {line}" for at, line in enumerate(record_lines(each))
        ]
    if one.readings:
        lines += ["", "【本年结果所依据的口径】", *one.readings]
    return lines


def _cure_lines(one: YearExplanation) -> list[str]:
    """Say the cures by requirement; what an earlier line already offers is not said again for a wider sum."""
    lines: list[str] = []
    told: set[str] = set()
    wide_last = sorted(one.requirements, key=lambda each: each.of == "total")
    for requirement in wide_last:
        offered = [each for each in one.cures if each.requirement == requirement.id]
        if not offered:
            continue
        lines.append(
            f"{requirement.name or requirement.label}还差{show_hours(requirement.shortfall)}{requirement.unit}："
        )
        if any(each.rule in told for each in offered):
            lines.append("  以上所列的同时计入")
        lines += [f"  {cure_line(each)}" for each in offered if each.rule not in told]
        told.update(each.rule for each in offered)
    return lines


def requirement_line(one: RequirementExplanation) -> str:
    """Say one requirement: how much there must be, how much there is, what is short."""
    name = one.name or one.label
    if one.missing:
        return f"{name}（{one.clause}）：还需补充{'、'.join(one.missing)}，才能判定"
    minimum = "" if one.minimum is None else f"应有{show_hours(one.minimum)}{one.unit}，"
    state = "达到" if one.met else f"还差{show_hours(one.shortfall)}{one.unit}" if one.shortfall else "未达到"
    if one.by:
        state = f"视为达到（{one.by}）"
    elif one.met is None:
        state += "（有记录待补充或待决定，暂不能判定）"
    return f"{name}（{one.clause}）：{minimum}已有{show_hours(one.total)}{one.unit}，{state}"


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
    """Say one record: hours, clause and gist, inputs, steps, readings, and why not more."""
    category = f"，{one.category}" if one.category else ""
    head = one.name if one.name == one.kind else f"{one.name}（{one.kind}）"
    lines = [f"{head}：{one.verdict_text}，计{show_hours(one.hours)}学时{category}"]
    if one.verdict in ("needs_fact", "manual"):
        lines = [f"{head}：{one.verdict_text}，尚未计算学时"]
    if one.why:
        lines.append(f"原因：{one.why}")
    if one.missing:
        lines.append(f"请补充：{'、'.join(one.missing)}")
    if one.clause:
        gist = f"（{one.gist}）" if one.gist else ""
        rules = f"，条目{'＋'.join(one.rules)}" if one.rules else ""
        lines.append(f"依据：《{one.regulation}》{one.clause}{gist}{rules}")
    if one.standard:
        lines.append(f"标准：{one.standard}")
    if one.inputs:
        lines.append(f"所填情况：{'、'.join(one.inputs)}")
    if one.presumed:
        lines.append(f"未填写，按没有该情形处理：{'、'.join(one.presumed)}")
    amounts = [
        f"{step.title}{show_hours(step.after)}" for step in one.steps if step.after is not None and step.title
    ]
    if len(amounts) > 1:
        lines.append(f"计算：{' → '.join(amounts)}")
    if one.readings:
        lines.append(f"口径：{'；'.join(one.readings)}")
    return lines
