"""Parameters by year, industry tables, other units, deemed completion, Python amounts, level by date, sector files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.sources import Reason, RegulationSource

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
PAPER = "1: {clause: 一, for: paper, hours: stated}"


def test_a_parameter_that_changes_over_the_years(law: Law, judge: Judge) -> None:
    more = (
        "parameters: {floor: {label: 下限, clause: 一, unit: hour, default: 5, values: {2021: 12, 2024: 15}}}\n"
        "requirements: {R1: {clause: 一, of: total, at_least: floor}}\n"
    )
    pack = law(PAPER, more)
    minimums = {
        year: judge(pack, year=year).requirements[0].minimum for year in (2020, 2021, 2023, 2024, 2030)
    }
    assert minimums == {2020: 500, 2021: 1200, 2023: 1200, 2024: 1500, 2030: 1500}


def test_a_parameter_that_nobody_set_asks_nothing(law: Law, judge: Judge) -> None:
    more = (
        "parameters: {floor: {label: 下限, clause: 一, unit: hour, default: none}}\n"
        "requirements: {R1: {clause: 一, of: total, at_least: 1}, R2: {clause: 一, of: public, at_least: floor}}\n"
    )
    result = judge(law(PAPER, more), ("r1", "paper", {"declared_hours": 1}))
    assert ([one.id for one in result.requirements], result.verdict) == (["R1"], "met")
    asked = judge(law(PAPER, more, floor=1), ("r1", "paper", {"declared_hours": 1}))
    assert asked.shortfall == {"public": 100}


INDUSTRY = """\
parameters: {industry: {label: 行业规定, clause: 一, key: person.industry, columns: {total: hour}, default: none}}
requirements: {R1: {clause: 一, of: total, at_least: [{person.industry: industry.total}, 72]}}
"""


@pytest.mark.parametrize(
    ("person", "minimum"), [({"industry": "卫生"}, 2500), ({"industry": "教育"}, 7200), ({}, 7200)]
)
def test_the_rule_of_the_industry_goes_first(
    law: Law, judge: Judge, person: dict[str, Any], minimum: int
) -> None:
    pack = law(PAPER, INDUSTRY, industry={"卫生": {"total": 25}})
    assert judge(pack, person=person).requirements[0].minimum == minimum


def test_credits_are_converted_by_the_law_only(judge: Judge) -> None:
    more = (
        "kinds: {credit_course: {label: 学分课程}}\n"
        "sums: {all: {label: 折合学时, of: [credits, professional], convert: {credit: 2.5 hours, clause: 一}}}\n"
        "requirements: {R1: {clause: 一, of: all, at_least: 30}}\n"
    )
    rules = PAPER + "\n2: {clause: 一, for: credit_course, hours: stated, category: credits}"
    pack = _with_credits(rules, more)
    result = judge(
        pack, ("r1", "paper", {"declared_hours": 5}), ("r2", "credit_course", {"declared_hours": 10})
    )
    assert result.totals["all"] == 3000
    assert result.verdict == "met"


FACTOR = (
    "parameters: {factor: {label: 学分折算学时的标准, clause: 一, unit: hour, default: %s}}\n"
    "kinds: {credit_course: {label: 学分课程}}\n"
    "sums: {all: {label: 折合学时, of: [credits, professional], convert: {credit: factor, clause: 一}}, wider: {label: 全部, of: [all]}}\n"
    "requirements: {R1: {clause: 一, of: all, at_least: 15}, R2: {clause: 一, of: wider, at_least: 4}}\n"
)
CREDITS = PAPER + "\n2: {clause: 一, for: credit_course, hours: stated, category: credits}"


@pytest.mark.parametrize(
    ("factor", "paper", "credits", "verdict", "total"),
    [
        ("none", 5, 10, "needs_fact", 500),
        ("none", 5, None, "not_met", 500),
        ("none", 15, 10, "met", 1500),
        ("1", 5, 10, "met", 1500),
        ("0.99", 5, 10, "not_met", 1490),
        ("2.5", 5, 4, "met", 1500),
    ],
)
def test_credits_without_a_factor_wait_for_it(
    judge: Judge, factor: str, paper: int, credits: int | None, verdict: str, total: int
) -> None:
    """No adverse verdict rests on what an authority has not set; what suffices without the credits is met."""
    pack = _with_credits(CREDITS, FACTOR % factor)
    records = [("r1", "paper", {"declared_hours": paper})]
    if credits is not None:
        records.append(("r2", "credit_course", {"declared_hours": credits}))
    result = judge(pack, *records)
    assert (result.verdict, result.totals["all"], result.totals["wider"]) == (verdict, total, total)
    told = [point.text for point in result.open if point.code == "needs_factor"]
    expected = "折合学时：学分折算学时的标准尚未由主管部门设定，所得不能折算为学时，不能判定"
    assert told == ([expected] if verdict == "needs_fact" else [])


def test_a_conversion_that_cannot_be_read_does_not_load() -> None:
    for wrong in ("many hours", "stated", "2 to 3", "rate"):
        with pytest.raises(RuleFileError, match=r"E103|E104"):
            _with_credits(CREDITS, (FACTOR % "none").replace("credit: factor", f"credit: {wrong}"))


def test_the_reading_says_that_the_factor_is_to_be_set() -> None:
    lines = "\n".join(read_law(_with_credits(CREDITS, FACTOR % "none")).lines())
    assert "1学分折合参数“学分折算学时的标准”（待主管部门设定）" in lines
    assert "1学分折合2.5学时" in "\n".join(read_law(_with_credits(CREDITS, FACTOR % "2.5")).lines())


def _with_credits(rules: str, more: str) -> RulePack:
    body = "\n".join(f"  {line}" for line in rules.splitlines())
    text = f"""\
xueshi: 1
regulation:
  {{id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}}
clauses: {{一: {{encoded: 示例}}}}
categories: {{professional: 专业科目, credits: {{label: 学分, unit: credit}}}}
year: {{clause: 一, starts: 01-01, person_as_of: end}}
defaults: {{category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}}
{more}rules:
{body}
"""
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text))


def test_a_sum_over_two_units_without_a_conversion_does_not_load() -> None:
    more = (
        "kinds: {credit_course: {label: 学分课程}}\n"
        "sums: {all: {label: 折合学时, of: [credits, professional]}}\n"
        "requirements: {R1: {clause: 一, of: all, at_least: 30}}\n"
    )
    rules = PAPER + "\n2: {clause: 一, for: credit_course, hours: stated, category: credits}"
    with pytest.raises(RuleFileError, match="convert"):
        _with_credits(rules, more)


def test_a_record_may_satisfy_a_requirement_instead_of_giving_hours(law: Law, judge: Judge) -> None:
    more = (
        "requirements: {R1: {clause: 一, of: total, at_least: 10}, R2: {clause: 一, of: public, at_least: 5}}\n"
        "deemed: {D1: {clause: 一, if_record: {kind: field_service, end: in_window}, meets: [R1, R2]}}\n"
    )
    pack = law(PAPER, more)
    result = judge(pack, ("r1", "field_service", {"end": "2021-05-01"}))
    assert (result.verdict, [one.by for one in result.requirements]) == ("met", ["EX-D1", "EX-D1"])
    assert judge(pack, ("r1", "field_service", {"end": "2020-05-01"})).verdict == "not_met"


DEEMED = (
    "requirements: {R1: {clause: 一, of: total, at_least: 10}}\n"
    "deemed: {D1: {clause: 一, name: 援外, if_record: {kind: field_service, approved: yes}, meets: [R1]%s}}\n"
)
SERVICE = "1: {clause: 一, name: 服务, for: field_service, hours: none}"


def entered(pack: RulePack, year: int, of: int | None, **facts: Any) -> YearAssessment:
    record = RecordFacts("r1", "field_service", {"approved": True, **facts}, year=of)
    return evaluate(pack, PersonYearRequest("990100", year, {}, (record,)))


@pytest.mark.parametrize("rules", [PAPER, SERVICE], ids=["no item takes it", "an item of no hours"])
def test_a_record_satisfies_in_its_own_statistics_year_only(law: Law, rules: str) -> None:
    pack = law(rules, DEEMED % "")
    verdicts = {of: entered(pack, 2028, of).verdict for of in (None, 2020, 2027, 2028, 2029)}
    assert [of for of, verdict in verdicts.items() if verdict == "met"] == [None, 2028]
    by_date = {year: entered(pack, 2028, None, end=f"{year}-05-01").verdict for year in (2027, 2028, 2029)}
    assert [year for year, verdict in by_date.items() if verdict == "met"] == [2028]


@pytest.mark.parametrize("rules", [PAPER, SERVICE], ids=["no item takes it", "an item of no hours"])
def test_this_year_and_the_next_have_it_from_what_the_year_hands_on(law: Law, rules: str) -> None:
    pack = law(rules, DEEMED % ", for_years: 2")
    first = entered(pack, 2027, None, end="2027-05-01")
    assert (first.verdict, [(one.year, one.hours) for one in first.later]) == ("met", [(2028, 0)])

    def handed_to(year: int) -> YearAssessment:
        return evaluate(pack, PersonYearRequest("990100", year, {}, (), first.later))

    assert [handed_to(year).verdict for year in (2027, 2028, 2029)] == ["not_met", "met", "not_met"]
    assert handed_to(2028).requirements[0].by == "EX-D1"
    listed_again = [entered(pack, year, None, end="2027-05-01").verdict for year in (2026, 2028, 2029)]
    assert listed_again == ["not_met", "met", "not_met"]
    sentences = [
        one.text for part in read_law(pack).sections if part.name == "deemed" for one in part.sentences
    ]
    assert "当年和次年视为达到" in sentences[0]


def test_a_record_that_its_own_rule_turns_down_satisfies_nothing(law: Law, judge: Judge) -> None:
    rules = "1: {clause: 一, name: 服务, for: field_service, needs: [approved], hours: none}"
    more = (
        "requirements: {R1: {clause: 一, of: total, at_least: 10}}\n"
        "deemed: {D1: {clause: 一, if_record: {kind: field_service}, meets: [R1]}}\n"
    )
    pack = law(rules, more)
    assert judge(pack, ("r1", "field_service", {"approved": True})).verdict == "met"
    assert judge(pack, ("r1", "field_service", {"approved": False})).verdict == "not_met"
    waiting = judge(pack, ("r1", "field_service", {}))
    assert (waiting.verdict, waiting.requirements[0].by) == ("needs_fact", ""), "it waits with its record"


def test_a_fact_may_decide_over_which_years_hours_are_spread(law: Law, judge: Judge) -> None:
    spread = 'spread: {by_years: {yes: [60%, 40%], "no": [100%]}}'
    more = (
        "facts: {by_years: {label: 分年度登记, type: yes_no, values: {yes: 分年度登记, no: 不分年度登记}}}\n"
    )
    pack = law(f"1: {{clause: 一, name: 服务, for: field_service, hours: 120, {spread}}}", more)
    facts = {"end": "2021-05-01"}
    spread_out = judge(pack, ("r1", "field_service", {**facts, "by_years": True}))
    assert (spread_out.totals["total"], [one.hours for one in spread_out.later]) == (7200, [4800])
    at_once = judge(pack, ("r1", "field_service", {**facts, "by_years": False}))
    assert (at_once.totals["total"], at_once.later) == (12000, ())
    assert at_once.ledger[0].text == "按一计120学时"
    open_ = judge(pack, ("r1", "field_service", facts))
    assert (open_.ledger[0].verdict, open_.open[0].facts) == ("needs_fact", ("by_years",))


def test_the_level_is_read_on_the_day_the_law_names(law: Law, judge: Judge) -> None:
    rules, asked = (
        PAPER,
        'requirements: {R1: {clause: 一, of: total, at_least: {person.level: {"senior, intermediate": 72, junior: 42}}}}\n',
    )
    person = {"level": [("2010-01-01", "junior"), ("2021-07-01", "intermediate")]}
    for as_of, minimum in (("start", 4200), ("end", 7200)):
        pack = law(rules, f"year: {{clause: 一, starts: 01-01, person_as_of: {as_of}}}\n{asked}")
        assert judge(pack, person=person).requirements[0].minimum == minimum


# Python amounts


def _hooked(function: Callable[[Mapping[str, Any]], Any] | None) -> RulePack:
    text = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules: {1: {clause: 一, for: book, hours: {python: joint_work, reads: [characters, rank]}, at_most: {event: 20}}}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
"""
    functions = {"joint_work": function} if function else {}
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text), functions=functions)


def test_a_python_amount_sees_its_facts_only_and_the_engine_keeps_the_cap(judge: Judge) -> None:
    seen: list[Mapping[str, Any]] = []

    def joint_work(facts: Mapping[str, Any]) -> int:
        seen.append(dict(facts))
        return 100 * facts["characters"] // 1000 // facts["rank"]

    result = judge(_hooked(joint_work), ("r1", "book", {"characters": 30000, "rank": 1, "role": "sole"}))
    assert seen == [{"characters": 30000, "rank": 1}]
    assert (result.entry("r1").hours, result.entry("r1").code) == (2000, "cap_event")
    lacking = judge(_hooked(joint_work), ("r1", "book", {"characters": 30000}))
    assert lacking.entry("r1").verdict == "needs_fact"


def test_a_python_amount_may_give_a_reason(judge: Judge) -> None:
    pack = _hooked(lambda facts: Reason("too_short", "字数不足"))
    entry = judge(pack, ("r1", "book", {"characters": 1, "rank": 1})).entry("r1")
    assert (entry.hours, entry.code, entry.text) == (0, "hook.too_short", "字数不足")


def test_the_source_of_a_python_amount_is_part_of_the_digest() -> None:
    def one(facts: Mapping[str, Any]) -> int:
        return 1

    def two(facts: Mapping[str, Any]) -> int:
        return 2

    assert _hooked(one).digest == _hooked(one).digest != _hooked(two).digest
    with pytest.raises(RuleFileError, match="joint_work"):
        _hooked(None)


# Sector files

PARENT = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}, 二: {encoded: 行业另有规定的从其规定}}
readings: {Q1: {ask: 行业文件未提到的活动, clause: 二, options: {fall_back: 仍按本办法, nothing: 不计}, default: fall_back}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: paper, hours: 10}
  2: {clause: 一, for: book, hours: 20}
  3: {clause: 一, for: training, hours: 6 per day}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
sector_rules: {clause: 二, replace: [1, 2], silent: Q1}
"""
SECTOR = """\
xueshi: 1
regulation:
  {id: EXM, title: 示例卫生规则, number: none, issuer: 示例委, issued: 2020-02-01, effective: none, years: 2020 to open, area: 990100, parent: EX, sector: medical}
clauses: {甲: {encoded: 论文15}}
rules:
  m1: {change: add, clause: 甲, name: 论文, for: paper, hours: 15}
"""


@pytest.mark.parametrize(("silent", "book"), [("fall_back", 2000), ("nothing", 0)])
def test_a_sector_file_replaces_what_its_parent_lets_go(silent: str, book: int) -> None:
    pack = resolve_pack(
        "EX",
        lambda _: RegulationSource("ex.yaml", PARENT),
        sector_file=RegulationSource("exm.yaml", SECTOR),
        config={"Q1": silent},
    )
    records = (
        RecordFacts("paper", "paper", {}),
        RecordFacts("book", "book", {}),
        RecordFacts("training", "training", {"days": 1}),
    )
    result = evaluate(pack, PersonYearRequest("990100", 2021, {}, records))
    hours = {entry.record: entry.hours for entry in result.ledger}
    assert hours == {"paper": 1500, "book": book, "training": 600}
    assert result.entry("paper").rules == ("EXM-m1",)
    assert result.entry("training").rules == ("EX-3",)


OPEN_FACTOR = "parameters: {credit_hours: {label: 学分折算学时的标准, clause: 一, unit: hour, default: %s}}\n"
BY_CREDITS = "1: {clause: 一, name: 培训, for: training, hours: [stated, credit_hours per credit]}"


@pytest.mark.parametrize(
    ("factor", "facts", "hours", "verdict", "code"),
    [
        ("none", {"credits": 5}, 0, "manual", "needs_factor"),
        ("none", {"credits": 5, "declared_hours": 8}, 800, "credited", ""),
        ("none", {}, 0, "needs_fact", "needs_fact"),
        ("none", {"credits": None}, 0, "uncredited", "no_hours_stated"),
        ("3", {"credits": 5}, 1500, "credited", ""),
        ("2.5", {"credits": "0.5"}, 125, "credited", ""),
    ],
)
def test_a_credit_without_a_factor_has_a_verdict_of_its_own(
    law: Law, judge: Judge, factor: str, facts: dict[str, Any], hours: int, verdict: str, code: str
) -> None:
    result = judge(law(BY_CREDITS, OPEN_FACTOR % factor), ("r1", "training", facts))
    [entry] = result.ledger
    assert (entry.hours, entry.verdict, entry.code) == (hours, verdict, code)
    if code == "needs_factor":
        assert entry.text == "学分折算学时的标准尚未由主管部门设定，不能折算为学时，尚不能认定"
        assert result.verdict == "needs_fact", "nobody is short for what an authority has not set"
        assert [(point.record, point.code) for point in result.open] == [("r1", "needs_factor")]


def test_a_fixed_rate_of_credits_needs_no_parameter(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, name: 培训, for: training, hours: 2 per credit}")
    assert judge(pack, ("r1", "training", {"credits": 5})).totals["total"] == 1000


def test_the_reading_says_what_a_credit_is_worth(law: Law) -> None:
    lines = "\n".join(read_law(law(BY_CREDITS, OPEN_FACTOR % "none")).lines())
    assert "每学分参数“学分折算学时的标准”（待主管部门设定）（按“学分”）" in lines
    assert "每学分3学时（按“学分”）" in "\n".join(read_law(law(BY_CREDITS, OPEN_FACTOR % "3")).lines())


def test_a_factor_that_is_no_parameter_does_not_load(law: Law) -> None:
    with pytest.raises(RuleFileError, match="E103"):
        law(BY_CREDITS)
