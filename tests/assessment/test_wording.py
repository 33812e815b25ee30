"""Refusals in Chinese: what is lacking, in the words of the vocabulary, without the machinery behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.types import YearAssessment
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
READINGS = "readings: {Q1: {ask: 前几名, clause: 一, options: {four: 四, three: 三}, default: four}}\n"


@pytest.mark.parametrize(
    ("needs", "facts", "says"),
    [
        ("[passed]", {"passed": False}, "不符合一的条件：未合格"),
        ("[{rank: upto 3}]", {"rank": 4}, "不符合一的条件：排名超过3"),
        ("[{rank: from 3}]", {"rank": 2}, "不符合一的条件：排名不满3"),
        ("[{level: [national, city]}]", {"level": "other"}, "不符合一的条件：级别不是国家级或市级"),
        (
            "[{any: [passed, approved]}]",
            {"passed": False, "approved": False},
            "不符合一的条件：未合格且未经批准",
        ),
        (
            "[{any: [{role: host}, {role: main, Q1: four, rank: upto 4}, {role: main, Q1: three, rank: upto 3}]}]",
            {"role": "main", "rank": 5},
            "不符合一的条件：角色不是主持人且（角色不是主要完成人或排名超过4）",
        ),
        ("[{not: {level: city}}]", {"level": "city"}, "不符合一的条件：级别为市级"),
    ],
)
def test_a_failing_condition(law: Law, judge: Judge, needs: str, facts: dict[str, Any], says: str) -> None:
    used = "\n2: {clause: 一, for: book, when: {Q1: four}, hours: 1}"
    pack = law(f"1: {{clause: 一, name: 论文, for: paper, needs: {needs}, hours: 5}}{used}", READINGS)
    assert judge(pack, ("r1", "paper", facts)).entry("r1").text == says


def test_an_exclusion(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: paper, except: [{own_field: no}], hours: 5}")
    entry = judge(pack, ("r1", "paper", {"own_field": False})).entry("r1")
    assert entry.text == "属于一排除的情形：非本专业"


def test_no_row_no_rule_and_no_share_say_what_was_stated(law: Law, judge: Judge) -> None:
    pack = law(
        "1:\n  clause: 一\n  name: 论文\n  for: paper\n  share: {rank: {1: 100%, then: -50%}}\n"
        "  rows:\n    1a: {when: {level: national}, hours: 5}"
    )
    result = judge(
        pack,
        ("r1", "paper", {"level": "city"}),
        ("r2", "patent", {}),
        ("r3", "paper", {"level": "national", "rank": 4}),
    )
    assert result.entry("r1").text == "论文（一）没有与所填情况相符的情形：级别为市级"
    assert result.entry("r2").text == "“专利”在《示例办法》中没有对应的认定条款"
    assert result.entry("r3").text == "排名4位按一所占份额为0，不计学时"


def test_caps_and_works_say_before_and_after(law: Law, judge: Judge) -> None:
    pack = law(
        "1: {clause: 一, name: 服务, for: field_service, hours: 8 per day, at_most: {event: 20}}\n"
        "2: {clause: 一, name: 论文, for: paper, hours: stated}",
        "groups: {G: {clause: 一, of: [2], same: work, count: highest, earlier_years: full}}\n",
    )
    result = judge(
        pack,
        ("r1", "field_service", {"days": 3}),
        ("r2", "paper", {"declared_hours": 5, "work": "W"}),
        ("r3", "paper", {"declared_hours": 9, "work": "W"}),
    )
    assert result.entry("r1").text == "服务按一每次最多20学时，24学时计20学时"
    assert result.entry("r2").text == "与记录r3为同一作品，按一只计最高一项，本条5学时计0学时"
