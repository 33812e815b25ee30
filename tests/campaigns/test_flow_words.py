"""A flow in Chinese sentences, as officers read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flow_folder import registry_of, write

from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_words import flow_sentences


def flows(folder: Path, **changed: str) -> dict[str, ApprovalFlow]:
    found = registry_of(write(folder, **changed)).ask("example").approval_flows(2021)
    return {flow.purpose: flow for flow in found}


def test_a_closing_says_who_signs_when_and_by_which_clause(tmp_path: Path) -> None:
    head, unit, own, department, hrss = flow_sentences(flows(tmp_path)["campaign"])
    assert head == "年度验证“年度验证”（EX-yearly，EX2020）。依据：EX2020 三。"
    assert "由继续教育部门（unit_ce）、人事部门（unit_personnel）共同签署，完成即为提交" in unit
    assert own.startswith("2. 单位考核：限无行业主管部门的单位，由考核人")
    assert (
        "可退回“单位审核”，10个工作日内办结，主管部门可以不设。依据：EX2020 三。口径：本行业的主管部门。"
        in department
    )
    assert "中的2个签署，抽查20%的单位，其余不经过" in hrss


def test_a_flow_for_records_says_who_files_and_what_the_person_need_not_do(tmp_path: Path) -> None:
    lines = flow_sentences(flows(tmp_path)["record"])
    [person] = [line for line in lines if "（person）" in line]
    [reported] = [line for line in lines if "（hrss）：" in line]
    assert "由本人填报，经“单位核准”、“机构核准”（按单位情况适用），本人须申请" in person
    assert "由人社部门在活动结束后20个工作日内填报，登记即生效，本人不用申请" in reported
    assert lines[-1].startswith("工作单位变动的：离职前由“单位核准”或“机构核准”审核其登记")
    assert not any("完成即为提交" in line for line in lines)


def test_levels_that_every_unit_passes_are_not_said_to_depend_on_the_unit(tmp_path: Path) -> None:
    flow = flows(tmp_path)["record"]
    plain = replace(flow, levels=tuple(replace(level, only=None) for level in flow.levels))
    lines = flow_sentences(plain)
    [person] = [line for line in lines if "（person）" in line]
    assert "由本人填报，经“单位核准”、“机构核准”，本人须申请" in person
    assert not any("按单位情况适用" in line for line in lines)


def test_a_closing_that_no_text_orders_says_so(tmp_path: Path) -> None:
    import flow_folder

    text = flow_folder.YEARLY.replace("clause: EX2020 三\nlevels", "levels")
    [head, *_] = flow_sentences(flows(tmp_path, yearly=text)["campaign"])
    assert head.endswith("文件没有规定，由主管部门的通知组织。")
