"""Every reason has one sentence, and the sentence holds what the officer asks next: which clause, how much, what else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import record_lines
from xueshi.assessment.reasons import REASONS
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
Record = tuple[str, str, dict[str, Any]]


class Told(NamedTuple):
    """A rule, the records put to it, and what the ledger says of the last one."""

    template: str
    rule: str
    records: tuple[Record, ...]
    code: str
    text: str
    more: str = ""


def paper(name: str = "r1", **facts: Any) -> Record:
    return (name, "paper", facts)


WORK = "groups: {G: {clause: 一, of: [1], same: work, count: once, earlier_years: increase}}\n"
FALSE = "refuse: {F: {clause: 一, name: 虚假, when: {false_proof: yes}, cancels: [professional]}}\n"
STATED = "1: {clause: 一, name: 论文, for: paper, hours: stated}"
TOLD = [
    Told("credited", STATED, (paper(declared_hours=8),), "", "按一计8学时"),
    Told("no_rule", STATED, (("r1", "patent", {}),), "no_rule", "“专利”在《示例办法》中没有对应的认定条款"),
    Told("not_of_item", "1: {clause: 一, name: 论文, for: paper, when: {any: [cn, {level: national}]}, hours: 8}", (paper(cn=False, level="city"),), "not_of_item", "不属于论文（一）所列的情形：无CN刊号且级别不是国家级"),
    Told("no_row", "1: {clause: 一, name: 论文, for: paper, rows: {1a: {when: {level: national}, hours: 8}}}", (paper(level="city"),), "no_row", "论文（一）没有与所填情况相符的情形：级别为市级"),
    Told("not_in_table", "1: {clause: 一, name: 论文, for: paper, hours: {level: {national: 8}}}", (paper(level="city"),), "not_in_table", "论文按一没有列明“级别为市级”的学时"),
    Told("needs", "1: {clause: 一, name: 论文, for: paper, needs: [cn], hours: 8}", (paper(cn=False),), "needs.cn", "不符合一的条件：无CN刊号"),
    Told("except", "1: {clause: 一, name: 论文, for: paper, except: [{own_field: no}], hours: 8}", (paper(own_field=False),), "except.own_field", "属于一排除的情形：非本专业"),
    Told("outside_range", "1: {clause: 一, name: 论文, for: paper, hours: 6 to 12, undecided: needs_decision}", (paper(granted=13),), "outside_range", "认定值超出一规定的幅度（6至12学时），不予认定，请在幅度内重新认定"),
    Told("no_decision", "1: {clause: 一, name: 论文, for: paper, hours: decided}", (paper(),), "no_decision", "论文按一须由有权部门或认定人作出决定，尚未决定"),
    Told("no_decision_in_range", "1: {clause: 一, name: 论文, for: paper, hours: 6 to 12, undecided: needs_decision}", (paper(),), "no_decision", "论文按一在6至12学时之间由认定人确定，尚未认定"),
    Told("no_hours_stated", STATED, (paper(declared_hours=None),), "no_hours_stated", "论文按一以“载明学时数”计算，但填写为无"),
    Told("none_by_clause", "1: {clause: 一, name: 论文, for: paper, hours: none}", (paper(),), "none_by_clause", "按一不计学时"),
    Told("below_one_unit", "1: {clause: 一, name: 进修, for: abroad, hours: 10 per month, partial: whole}", (("r1", "abroad", {"start": "2021-03-01", "end": "2021-03-12"}),), "none_by_clause", "开始日期2021-03-01、结束日期2021-03-12、月数0.40个月，按一不满一个月的不计学时"),
    Told("share_zero", "1: {clause: 一, name: 论文, for: paper, hours: 8, share: {rank: {1: 100%, from 2: 0%}}}", (paper(rank=2),), "share_zero", "排名2位按一所占份额为0，不计学时"),
    Told("cap_day", "1: {clause: 一, name: 培训, for: training, hours: 1 per hour, partial: prorate, at_most: {day: 8}}", (("r1", "training", {"hours": 20, "days": 2}),), "cap_day", "培训按一每天有上限，20学时计16学时"),
    Told("cap_event", "1: {clause: 一, name: 论文, for: paper, hours: stated, at_most: {event: 5}}", (paper(declared_hours=8),), "cap_event", "论文按一每篇最多5学时，8学时计5学时"),
    Told("cancelled", STATED, (paper("r0", false_proof=True), paper(declared_hours=8)), "refused.F", "因记录r0（虚假），按一取消当年度全部专业科目学时，本条8学时计0学时", FALSE),
    Told("cancelled_open", STATED, (paper("r0", false_proof=True), paper()), "refused.F", "因记录r0（虚假），按一取消当年度全部专业科目学时，本条不再认定", FALSE),
    Told("cap_year", "1: {clause: 一, name: 论文, for: paper, hours: stated, at_most: {year: 10}}", (paper("r1", declared_hours=8), paper("r2", declared_hours=8)), "cap_year", "论文按一每年最多10学时，8学时计2学时"),
    Told("dedupe", STATED, (paper("r1", declared_hours=8, work="W"), paper("r2", declared_hours=9, work="W")), "dedupe", "与记录r1为同一作品，按一只计一次，本条9学时计0学时", WORK),
    Told("earlier_years", STATED, (paper(declared_hours=8, work="W"),), "earlier_years", "同一作品以前年度已计5.5学时，按一本条8学时计2.5学时", WORK),
    Told("other_year", STATED, (paper(declared_hours=8, end="2022-01-01"),), "other_year", "属于2022年度，不计入2021年度"),
    Told("needs_fact", STATED, (paper(),), "needs_fact", "还需补充：载明学时数"),
    Told("more_taken_than_there_is", "1: {clause: 一, name: 考察, for: study_tour, hours: 6 per day, less: travel_days, partial: prorate}", (("r1", "study_tour", {"days": 1, "travel_days": 2}),), "needs_fact", "扣除的天数多于申报的天数，请核对：天数、在途天数"),
    Told("refused", STATED, (paper(declared_hours=8, false_proof=True),), "refused.F", "弄虚作假，按一不予认定", "refuse: {F: {clause: 一, name: 弄虚作假, when: {false_proof: yes}}}\n"),
    Told("unset", "1: {clause: 一, name: 其他, for: other, hours: {way: rates}}", (("r1", "other", {"way": "讲座"}),), "no_decision", "所需的参数“其他途径”尚未由主管部门设定", "parameters: {rates: {label: 其他途径, clause: 一, key: way, unit: hour, default: none}}\n"),
    Told("handed_on", "1: {clause: 一, name: 毕业, for: degree, hours: 100, dated: graduated, spread: [50%, 50%]}", (("r1", "degree", {"graduated": "2020-07-01"}),), "earlier_years", "按一分年登记的第2部分（5.5学时）已由以前年度的登记转入本年，本条不重复计"),
    Told("spread", "1: {clause: 一, name: 毕业, for: degree, hours: 100, dated: graduated, spread: [50%, 50%]}", (("r1", "degree", {"graduated": "2021-07-01"}),), "", "按一分年登记，本年为第1部分，计50学时"),
]  # fmt: skip
ELSEWHERE = {
    *("removed", "no_rule_set", "hook", "makeup", "needs_years", "needs_figures"),
    *("over_years", "part_of_period"),
    *("needs_factor", "no_factor", "deemed"),
}
"""Told of a difference file, of a year without law and of make-up, below; the reasons of a Python amount are its own
words; the years that a verdict rests on stand in test_year_of_several and test_deciding_windows, parts of years in test_periods, credits in
test_special_forms."""

SPREAD = LedgerEntry("old", 2021, 2, ("EX-1",), "EX", "一", "professional", 550, None, "credited", "", "")
EARLIER = LedgerEntry(
    "old", 2020, 1, ("EX-1",), "EX", "一", "professional", 550, None, "credited", "", "", "work:W"
)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.template)
def test_a_reason_is_one_whole_sentence(law: Law, judge: Judge, told: Told) -> None:
    # `refuse` and `groups` stand after the rules in a file; the order of sections is free for the reader.
    pack = law(told.rule, told.more)
    earlier = {"earlier_years": (EARLIER,), "handed_on": (SPREAD,)}.get(told.template, ())
    entry = judge(pack, *told.records, earlier=earlier).entry(told.records[-1][0])
    assert (entry.code, entry.text) == (told.code, told.text)


def test_a_year_without_law_names_the_nearest_year(law: Law, judge: Judge) -> None:
    entry = judge(law(STATED), paper(declared_hours=8), year=2019).ledger[0]
    assert entry.code == "no_rule_set"
    assert entry.text == "EX适用于2020至现在年度，2019年度没有可用的规定；最近的已编入年度是2020年"


def test_what_is_made_up_counts_for_the_year_it_makes_up_and_says_so(law: Law) -> None:
    pack = law(STATED)
    record = RecordFacts("r1", "paper", {"declared_hours": 8, "end": "2022-02-01"}, 2021, makeup=True)
    request = PersonYearRequest("990100", 2021, {}, (record,))
    entry = evaluate(pack, request).ledger[0]
    assert (entry.year, entry.hours, entry.verdict) == (2021, 800, "credited")
    assert entry.text == "补训，计入2021年度；按一计8学时"
    [told] = explain(pack, request).records
    assert any("补训，计入2021年度" in line for line in record_lines(told))
    assert "补训，计入2021年度" in [node.text for node in evaluate(pack, request).trace]
    own = evaluate(pack, PersonYearRequest("990100", 2022, {}, (record,))).ledger[0]
    assert (own.hours, own.code) == (0, "other_year"), "never also in its own year"


def test_what_a_later_notice_took_away_names_the_notice(judge: Judge) -> None:
    head = "issuer: 示例局, issued: 2020-01-08, effective: none, area: 990100"
    files = {
        "EX": f"""\
xueshi: 1
regulation: {{id: EX, title: 示例办法, number: none, years: 2020 to 2020, {head}}}
clauses: {{一: {{encoded: 示例}}}}
categories: {{professional: 专业科目}}
year: {{clause: 一, starts: 01-01, person_as_of: end}}
defaults: {{category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}}
rules: {{1: {{clause: 一, name: 专利, for: patent, hours: 8}}, 2: {{clause: 一, name: 论文, for: paper, hours: 8}}}}
requirements: {{R1: {{clause: 一, of: total, at_least: 10}}}}
""",
        "EY": f"""\
xueshi: 1
regulation: {{id: EY, title: 示例通知, number: none, years: 2021 to open, {head}, parent: EX}}
clauses: {{甲: {{encoded: 示例}}}}
rules: {{1: {{change: remove, clause: 甲, why: 不再认定}}}}
""",
    }
    pack = resolve_pack("EY", lambda name: RegulationSource(f"{name.lower()}.yaml", files[name]))
    entry = judge(pack, ("r1", "patent", {})).ledger[0]
    assert (entry.code, entry.clause) == ("removed", "甲")
    assert entry.text == "原条款“专利”已由EY甲取消，不再认定"


def test_no_sentence_is_left_untold() -> None:
    assert {told.template for told in TOLD} | ELSEWHERE == set(REASONS)


TWO_ITEMS = """\
1: {clause: 一, name: 培训, for: training, when: {organiser: hrss}, hours: 8}
2: {clause: 一, name: 进修, for: training, when: {Q1: yes, organiser: society, level: national}, hours: 9}
"""
READING = "readings: {Q1: {ask: 是否, clause: 一, options: {yes: 是, no: 否}, default: %s}}\n"


def test_a_record_that_no_item_of_its_kind_takes_names_each_with_what_fails(law: Law, judge: Judge) -> None:
    pack = law(TWO_ITEMS, READING % "yes")
    result = judge(pack, ("r1", "training", {"organiser": "society", "level": "city"}))
    [entry] = result.ledger
    assert (entry.code, entry.clause, entry.rules) == ("not_of_item", "一", ())
    assert entry.text == (
        "不属于培训（一）所列的情形：主办单位不是人社部门；也不属于进修（一）所列的情形：主办单位不是学会协会或级别不是国家级"
    )
    assert "EX-Q1" in result.readings
    assert [node.clause for node in result.trace if node.code == "not_of_item"] == ["一", "一"]


def test_an_item_that_a_reading_switches_off_is_said_so(law: Law, judge: Judge) -> None:
    pack = law(TWO_ITEMS, READING % "no")
    [entry] = judge(pack, ("r1", "training", {"organiser": "society"})).ledger
    assert entry.text.endswith("；也不属于进修（一）所列的情形：按现取口径不适用")


def test_a_fact_that_could_still_make_it_of_the_item_is_asked_for(law: Law, judge: Judge) -> None:
    pack = law(TWO_ITEMS, READING % "yes")
    [entry] = judge(pack, ("r1", "training", {"level": "city"})).ledger
    assert (entry.verdict, entry.text) == ("needs_fact", "还需补充：主办单位")


@pytest.mark.parametrize(
    ("hours", "facts", "says"),
    [
        ("10 per half_year", {"months": 5}, "月数5个月，按一不满半年的不计学时"),
        ("10 per year", {"months": "11.9"}, "月数11.90个月，按一不满一年的不计学时"),
        ("10 per half_year, partial: prorate", {"months": "0.5"}, "月数0.50个月，按一不满一个月的不计学时"),
        ("10 per year, partial: prorate", {"months": "0.5"}, "月数0.50个月，按一不满一个月的不计学时"),
        (
            "{months: {below 12: 0, from 12: 50 per year}}, partial: prorate",
            {"months": "0.5"},
            "月数0.50个月，按一不满一年的不计学时",
        ),
        ("10 per month", {"months": 0}, "按一计0学时"),
        ("6 per 1000 characters", {"characters": 999}, "字数999字，按一不满1000字的不计学时"),
    ],
)
def test_less_than_one_unit_says_of_what(
    law: Law, judge: Judge, hours: str, facts: dict[str, Any], says: str
) -> None:
    pack = law(
        f"1: {{clause: 一, name: 进修, for: abroad, hours: {hours}{'' if 'partial' in hours else ', partial: whole'}}}"
    )
    [entry] = judge(pack, ("r1", "abroad", facts)).ledger
    assert (entry.code, entry.text, entry.hours) == ("none_by_clause", says, 0)


def test_a_rate_of_something_stated_as_none_names_it(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, name: 考试, for: exam, hours: 30 per subject}")
    [entry] = judge(pack, ("r1", "exam", {"subjects": None})).ledger
    assert (entry.code, entry.text) == ("no_hours_stated", "考试按一以“科目数”计算，但填写为无")


def test_a_gate_on_the_kind_is_said_in_chinese(law: Law, judge: Judge) -> None:
    rule = "1: {clause: 一, name: 培训, for: [training, base_training], %s, hours: 8}"
    both = law(rule % "needs: [{any: [{kind: base_training}, {level: national}]}]")
    assert judge(both, ("r1", "training", {"level": "city"})).ledger[0].text == (
        "不符合一的条件：级别不是国家级"
    )
    only = law(rule % "needs: [{kind: base_training}]")
    assert judge(only, ("r1", "training", {})).ledger[0].text == ("不符合一的条件：种类不是继续教育基地培训")


def test_a_parameter_is_named_in_chinese(law: Law, judge: Judge) -> None:
    parameters = (
        "parameters: {rates: {label: 其他途径的学时, clause: 一, key: way, unit: hour, default: none}}\n"
    )
    pack = law("1: {clause: 一, name: 其他, for: other, hours: {way: rates}}", parameters)
    [entry] = judge(pack, ("r1", "other", {"way": "讲座"})).ledger
    assert entry.text == "所需的参数“其他途径的学时”尚未由主管部门设定"
