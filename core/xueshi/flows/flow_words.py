"""A flow as Chinese sentences: who files, who verifies, within which time, by which clause. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xueshi.flows.flow import ApprovalFlow, Channel, FlowLevel, Only, Signer
from xueshi.flows.flow_check import units_that_matter
from xueshi.flows.routing import flow_for
from xueshi.register.unit_kinds import UNIT_KINDS

PURPOSES = {"campaign": "年度验证", "record": "学时登记"}


def flow_sentences(flow: ApprovalFlow) -> list[str]:
    """Return a flow in sentences: its head, its levels in order, then the ways in (of a flow for records)."""
    where = f"，限地区 {flow.area}" if flow.area else ""
    basis = f"依据：{flow.clause}。" if flow.clause else _silent(flow)
    lines = [f"{PURPOSES[flow.purpose]}“{flow.title}”（{flow.id}，{flow.instrument}{where}）。{basis}"]
    firsts = {left.levels[0].id for unit in units_that_matter(flow) if (left := flow_for(flow, unit)).levels}
    lines += [
        f"{number}. {_level(flow, level, first=level.id in firsts)}"
        for number, level in enumerate(flow.levels, start=1)
    ]
    lines += [f"· {_channel(flow, channel)}" for channel in flow.channels]
    if flow.leaving is not None:
        names = {level.id: level.name for level in flow.levels}
        by = _list([f"“{names.get(level, level)}”" for level in flow.leaving.levels], "或")
        lines.append(
            f"工作单位变动的：离职前由{by}审核其登记{_by_unit(flow, flow.leaving.levels)}。依据：{flow.leaving.clause}。"
        )
    return lines


def way_sentences(flow: ApprovalFlow, channel_id: str) -> list[str]:
    """Return the levels that a record filed by a channel passes, in order; none where filing is the registration."""
    return [_level(flow, flow.level(level), first=False) for level in flow.channel(channel_id).levels]


def _silent(flow: ApprovalFlow) -> str:
    return "文件没有规定，由主管部门的通知组织。" if flow.purpose == "campaign" else ""


def _level(flow: ApprovalFlow, level: FlowLevel, *, first: bool) -> str:
    parts = [f"{level.name}：{_only(level.only)}由{_signers(level)}"]
    if first and flow.purpose == "campaign":
        parts.append("完成即为提交")
    if level.sample is not None:
        parts.append(f"抽查{level.sample}%的单位，其余不经过")
    if level.returns_to:
        names = {one.id: one.name for one in flow.levels}
        parts.append(f"可退回{'或'.join(f'“{names.get(target, target)}”' for target in level.returns_to)}")
    if level.may_refuse:
        parts.append("可不予通过")
    if level.days is not None:
        parts.append(f"{level.days}个工作日内办结")
    if level.optional == "yes":
        parts.append("主管部门可以不设")
    if level.optional == "on_request":
        parts.append("缺省不设，主管部门可以要求")
    return f"{'，'.join(parts)}。{_rests_on(level.clause, level.reading)}"


def _channel(flow: ApprovalFlow, channel: Channel) -> str:
    names = {level.id: level.name for level in flow.levels}
    asked = "，本人须申请" if channel.personal_application else "，本人不用申请"
    within = ""
    if channel.within_days is not None:
        within = f"在活动结束后{channel.within_days}个工作日内"
    elif channel.within_calendar_days is not None:
        within = f"在活动结束后{channel.within_calendar_days}日内"
    passed = (
        f"，经{_list([f'“{names.get(level, level)}”' for level in channel.levels], '、')}{_by_unit(flow, channel.levels)}"
        if len(channel.levels) > 1
        else f"，经“{names.get(channel.levels[0], channel.levels[0])}”"
        if channel.levels
        else "，登记即生效"
    )
    filers = _list([signer.name for signer in channel.filed_by], "或")
    return f"{channel.name}（{channel.id}）：由{filers}{within}填报{passed}{asked}。{_rests_on(channel.clause, '')}"


def _signers(level: FlowLevel) -> str:
    names = _list([_named(signer) for signer in level.signers], "、")
    if len(level.signers) == 1:
        return f"{names}办理"
    return {
        "all": f"{names}共同签署",
        "any": f"{names}任一办理",
        "n_of": f"{names}中的{level.needed}个签署",
    }[level.mode]


def _named(signer: Signer) -> str:
    return f"{signer.name}（{signer.role}）"


def _by_unit(flow: ApprovalFlow, levels: Iterable[str]) -> str:
    """Say that not every unit passes all of some levels, where one of them is for some units only."""
    return "（按单位情况适用）" if any(flow.level(level).only is not None for level in levels) else ""


def _only(only: Only | None) -> str:
    if only is None:
        return ""
    parts = []
    if only.kinds:
        parts.append(_list([UNIT_KINDS.get(kind, kind) for kind in only.kinds], "、"))
    if only.has_department is not None:
        parts.append("有行业主管部门的单位" if only.has_department else "无行业主管部门的单位")
    if only.sectors:
        parts.append(f"{_list(only.sectors, '、')}系统的单位")
    return f"限{'、且为'.join(parts)}，" if parts else ""


def _rests_on(clause: str, reading: str) -> str:
    return f"依据：{clause}。" + (f"口径：{reading}。" if reading else "")


def _list(words: Sequence[str], joint: str) -> str:
    return joint.join(words)
