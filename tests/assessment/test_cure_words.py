"""Hints say how much is needed and under what condition, and advise nobody to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.explanation import explain
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.registry import load
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.regulations.wording import condition_text

Law = Callable[..., RulePack]
ASKED = "requirements: {R1: {clause: 一, of: total, at_least: %s}}\n"


@pytest.mark.parametrize(
    ("kind", "hours", "partial", "least", "need", "facts"),
    [
        ("book", "10 per 10000 characters", "prorate", 28, "28000字", {"characters": 28000}),
        ("book", "10 per 10000 characters", "whole", 28, "30000字", {"characters": 30000}),
        ("field_service", "50 per year", "prorate", 28, "7个月", {"months": 7}),
        ("field_service", "50 per year", "whole", 28, "1年", {"months": 12}),
        ("field_service", "60 per half_year", "prorate", 80, "8个月", {"months": 8}),
        ("field_service", "60 per half_year", "whole", 80, "2半年", {"months": 12}),
        ("training", "6 per day", "prorate", 28, "5天", {"days": 5}),
        ("training", "6 per day", "prorate", 27, "4.5天", {"days": "4.5"}),
        ("training", "6 per day", "whole", 27, "5天", {"days": 5}),
        ("training", "1 per hour", "prorate", 28, "28课时", {"hours": 28}),
        ("exam", "30 per subject", "prorate", 28, "1科", {"subjects": 1}),
    ],
)
def test_a_hint_asks_for_no_more_than_is_needed_and_suffices(
    law: Law, kind: str, hours: str, partial: str, least: int, need: str, facts: dict[str, Any]
) -> None:
    setting = "" if kind == "exam" else f", partial: {partial}"
    pack = law(f"1: {{clause: 一, name: 某项, for: {kind}, hours: {hours}{setting}}}", ASKED % least)
    [cure] = explain(pack, PersonYearRequest("990100", 2021, {}, ())).cures
    assert cure.need == f"补足{least}学时需{need}"
    record = RecordFacts("r1", kind, facts)
    assert explain(pack, PersonYearRequest("990100", 2021, {}, (record,))).verdict == "met"


def test_nobody_is_advised_to_fail(law: Law) -> None:
    pack = law(
        "1:\n  clause: 一\n  name: 考试\n  for: exam\n  hours: 20\n  rows:\n    1a: {when: {passed: yes}}\n    1b: {when: {passed: no}, share: 50%}"
    )
    assert {cure.rule for cure in explain(pack, PersonYearRequest("990100", 2021, {}, ())).cures} == {"EX-1a"}
    for region, year in (("500000", 2021), ("320400", 2024)):
        shipped = load().pack_for(region, year)
        cures = explain(shipped, PersonYearRequest(region, year, {"level": "senior"}, ())).cures
        assert not [cure for cure in cures if cure.condition.startswith("未合格")]


def test_a_row_for_the_rest_says_that_it_is_for_the_rest(law: Law) -> None:
    pack = law(
        "1:\n  clause: 一\n  name: 课题\n  for: project\n  rows:\n    1a: {when: {level: national}, hours: 20}\n    1b: {hours: 10}"
    )
    cures = {cure.rule: cure for cure in explain(pack, PersonYearRequest("990100", 2021, {}, ())).cures}
    assert cures["EX-1a"].condition == "级别为国家级"
    assert cures["EX-1b"].condition == "不属于该条所列的其他情形"


@pytest.mark.parametrize(
    ("form", "wanted", "says"),
    [
        (["test", "special_exam", {"in": [False], "not_stated": True}], False, "属于专项知识考试"),
        (["test", "special_exam", {"in": [True], "not_stated": True}], False, "不属于专项知识考试"),
        (["test", "special_exam", {"in": [False]}], False, "属于专项知识考试"),
        (
            ["test", "special_exam", {"in": [False], "not_stated": True}],
            True,
            "不属于专项知识考试或专项知识考试未填写",
        ),
    ],
)
def test_a_condition_that_fails_has_no_double_negation(form: list[Any], wanted: bool, says: str) -> None:
    assert condition_text(form, engine_vocabulary().facts, wanted=wanted) == says
