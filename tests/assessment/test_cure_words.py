"""Hints say how much is needed and under what condition, and advise nobody to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import cure_groups, text_lines
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
        (["test", "start", {"none": True, "not_stated": True}], False, "开始日期已填写"),
        (
            ["test", "special_exam", {"in": [False], "not_stated": True}],
            True,
            "不属于专项知识考试或专项知识考试未填写",
        ),
    ],
)
def test_a_condition_that_fails_has_no_double_negation(form: list[Any], wanted: bool, says: str) -> None:
    assert condition_text(form, engine_vocabulary().facts, wanted=wanted) == says


def offered(pack: RulePack, *records: RecordFacts) -> dict[str, Any]:
    return {cure.rule: cure for cure in explain(pack, PersonYearRequest("990100", 2021, {}, records)).cures}


def test_what_is_told_by_a_stated_fact_is_offered_too(law: Law) -> None:
    rows = """\
1:
  clause: 一
  name: 研修
  for: training
  rows:
    1a: {when: {any: [{hours_stated: yes}, {hours_stated: not_stated, declared_hours: stated}]}, hours: stated}
    1b: {when: {any: [{hours_stated: no}, {hours_stated: not_stated, half_days: stated}]}, hours: 3 per half_day}
    1c: {when: {passed: no}, hours: 1}
"""
    assert set(offered(law(rows))) == {"EX-1a", "EX-1b"}


def test_a_hint_names_add_ons_and_the_years_over_which_hours_are_spread(law: Law) -> None:
    rules = """\
1: {clause: 一, name: 会议, for: conference, hours: 6, plus: {1p: {when: {paper: yes}, hours: 5}}}
2: {clause: 一, name: 学历, for: degree, hours: 100, spread: [50%, 50%]}
"""
    found = offered(law(rules, ASKED % 72))
    assert found["EX-1"].gives == "6学时；另加：报告论文的，5学时"
    assert found["EX-2"].gives == "100学时；分年登记：第1年50%、第2年50%"
    assert found["EX-2"].need == "补足72学时需2项（每项本年计50学时）", "only half of it is of this year"


@pytest.mark.parametrize(
    ("share", "need"),
    [("100%", "补足20学时需2项"), ("{rank: {1: 80%, 2: 50%}}", "补足20学时需3项（所占份额为80%时）")],
)
def test_a_share_does_not_hide_how_much_is_needed(law: Law, share: str, need: str) -> None:
    pack = law(f"1: {{clause: 一, name: 论文, for: paper, hours: 10, share: {share}}}", ASKED % 20)
    assert offered(pack)["EX-1"].need == need


def test_a_hint_asks_for_no_more_than_a_yearly_limit_leaves(law: Law) -> None:
    pack = law("1: {clause: 一, name: 授课, for: teaching, hours: 4, at_most: {year: 20}}", ASKED % 50)
    [cure] = explain(pack, PersonYearRequest("990100", 2021, {}, ())).cures
    assert (cure.room, cure.need) == (2000, "计满所余20学时需5项")


def test_a_yearly_limit_of_some_rows_is_not_used_up_by_the_others(law: Law) -> None:
    rows = """\
1:
  clause: 一
  name: 境外
  for: abroad
  hours: 10 per day
  rows:
    1a: {when: {months: below 3}, at_most: {event: 30}}
    1b: {when: {months: from 3}, at_most: {event: 60, year: 60}}
"""
    pack = law(rows, ASKED % 100)
    record = RecordFacts("r1", "abroad", {"days": 5, "months": 1})
    assert offered(pack, record)["EX-1b"].room == 6000
    more = RecordFacts("r2", "abroad", {"days": 20, "months": 4})
    judged = explain(pack, PersonYearRequest("990100", 2021, {}, (record, more)))
    assert [one.hours for one in judged.records] == [3000, 6000]


CEILING = """\
requirements:
  R1: {clause: 一, of: total, at_least: 72}
  R2: {clause: 一, of: public, at_most: 24}
"""


def test_nothing_is_offered_above_a_ceiling_and_the_total_says_what_it_leaves_out(law: Law) -> None:
    rules = """\
1: {clause: 一, name: 公共课, for: public_course, hours: stated, category: public}
2: {clause: 一, name: 培训, for: training, hours: stated, category: {content: {public: public, professional: professional}}}
3: {clause: 一, name: 著作, for: book, hours: stated}
"""
    pack = law(rules, CEILING)
    records = (
        RecordFacts("r1", "public_course", {"declared_hours": 40}),
        RecordFacts("r2", "book", {"declared_hours": 40}),
    )
    told = explain(pack, PersonYearRequest("990100", 2021, {}, records))
    assert {cure.rule: cure.condition for cure in told.cures} == {
        "EX-2": "内容类别为专业内容",
        "EX-3": "",
    }
    assert any("已有64学时（公共科目40学时，至多计24学时），还差8学时" in line for line in text_lines(told))


def test_only_what_counts_for_both_is_said_to(law: Law) -> None:
    rules = """\
1: {clause: 一, name: 公共课, for: public_course, hours: stated, category: public}
2: {clause: 一, name: 培训, for: training, hours: stated}
"""
    both = "requirements: {R1: {clause: 一, of: total, at_least: 50}, R2: {clause: 一, of: public, at_least: 20}, R3: {clause: 一, of: professional, at_least: 20}}\n"
    groups = dict(cure_groups(explain(law(rules, both), PersonYearRequest("990100", 2021, {}, ()))))
    assert [len(groups[head]) for head in ("公共科目还差20学时", "专业科目还差20学时", "合计还差50学时")] == [
        1,
        1,
        1,
    ]
    assert groups["合计还差50学时"] == ("以上所列的同时计入",)
    assert "同时计入" not in groups["专业科目还差20学时"][0]


def test_any_hours_at_all_are_asked_for_in_words(law: Law) -> None:
    more = "requirements: {R1: {clause: 一, of: public, at_least: any}}\n"
    pack = law("1: {clause: 一, name: 公共课, for: public_course, hours: 6, category: public}", more)
    lines = text_lines(explain(pack, PersonYearRequest("990100", 2021, {}, ())))
    assert "公共科目（一）：应大于0，已有0学时，未达到" in lines
    assert "公共科目须大于0：" in lines
    assert not [line for line in lines if "0.01" in line]
