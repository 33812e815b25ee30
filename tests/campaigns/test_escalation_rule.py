"""Escalation as data: read from a flow's file, kept by the pinned bytes, checked statically."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xueshi.flows.flow import ApprovalFlow, Escalation, FlowLevel, Signer
from xueshi.flows.flow_check import flow_findings
from xueshi.machines.stored_state import dump_flow, load_flow
from xueshi.plugin_files import LevelFile

RULE = Escalation(after_days=5, to_role="bureau", clause="X 第九条")
UNIT = FlowLevel("unit", "单位", "X 第一条", "unit", "any", (Signer("unit_hr", "人事"),))
BODY = FlowLevel("body", "审验", "X 第二条", "area", "any", (Signer("body", "中心"),), days=10, escalate=RULE)
FLOW = ApprovalFlow("X", "示例", "campaign", "X", (UNIT, BODY))


def test_a_pinned_flow_keeps_its_rule_and_an_older_one_has_none() -> None:
    assert load_flow(dump_flow(FLOW)) == FLOW
    older = dump_flow(replace(FLOW, levels=(UNIT,))).decode().replace('"escalate":null,', "")
    assert "escalate" not in older
    assert load_flow(older).levels[0].escalate is None


def test_a_file_says_it_in_one_line() -> None:
    read = LevelFile.model_validate(
        {
            "id": "body",
            "name": "审验",
            "clause": "X 第二条",
            "body": "area",
            "signers": [{"role": "body", "name": "中心"}],
            "days": 10,
            "escalate": {"after_days": 5, "to_role": "bureau", "clause": "X 第九条"},
        }
    )
    assert read.escalate is not None
    assert Escalation(**dict(read.escalate)) == RULE


def test_a_sound_rule_passes() -> None:
    assert flow_findings(FLOW) == []


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (
            replace(BODY, escalate=replace(RULE, clause="")),
            "F102 X: the escalation of level body has no clause",
        ),
        (replace(BODY, days=None), "F121 X: level body escalates, but has no days"),
        (
            replace(BODY, escalate=replace(RULE, after_days=-1)),
            "F120 X: level body escalates after -1 working days",
        ),
        (
            replace(BODY, escalate=replace(RULE, to_role="body")),
            "F122 X: level body escalates to body, who acts at it already",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_found(level: FlowLevel, words: str) -> None:
    (problem,) = flow_findings(replace(FLOW, levels=(UNIT, level)))
    assert words in str(problem)
