"""The explanation of a year: every hour with clause and inputs, every shortage with what would cure it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from random_years import INSTRUMENTS, QUICK, pack_of, requests

from xueshi.assessment.evaluate import evaluate, not_judged
from xueshi.assessment.explanation import YearExplanation, explain
from xueshi.assessment.explanation_text import text_lines
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts
from xueshi.registry import load
from xueshi.regulations.pack import RulePack
from xueshi.regulations.published_text import PublishedText

RULES = """
1: {clause: 一, name: 短期培训, for: training, needs: [passed], hours: 6 per day, less: travel_days, at_most: {event: 20}}
2: {clause: 一, name: 学术会议, for: conference, rows: {2a: {when: {level: national}, hours: 10}, 2b: {when: {level: city}, hours: none}}}
3: {clause: 一, name: 公共课, for: public_course, hours: 5 per course, category: public, at_most: {year: 10}}
4: {clause: 一, name: 专著, for: book, needs: [{person.level: senior}], hours: 30}
"""
ASKED = (
    "requirements: {R1: {clause: 一, of: total, at_least: 40}, R2: {clause: 一, of: public, at_least: 12}}\n"
)
Law = Callable[..., RulePack]


def explained(pack: RulePack, *records: tuple[str, str, dict[str, Any]], **person: Any) -> YearExplanation:
    facts = tuple(RecordFacts(name, kind, stated) for name, kind, stated in records)
    return explain(pack, PersonYearRequest("990100", 2021, person, facts))


@pytest.fixture
def pack(law: Law) -> RulePack:
    return law(RULES, ASKED)


def test_an_hour_stands_with_its_clause_gist_and_inputs(pack: RulePack) -> None:
    year = explained(pack, ("a", "training", {"passed": True, "days": "5", "travel_days": "1"}))
    [record] = year.records
    assert (record.hours, record.clause, record.gist, record.category) == (2000, "一", "示例", "专业科目")
    assert {"天数5天", "合格", "在途天数1天"} <= set(record.inputs)
    assert record.standard == "每天6学时（按“天数”，扣除在途天数）；每次最多20学时"
    assert [(step.title, step.after) for step in record.steps] == [("按标准", 2400), ("每次上限", 2000)]
    assert "每次最多20学时" in record.why


def test_another_record_is_named_by_what_was_studied_not_by_its_id(law: Law) -> None:
    group = "groups: {G: {clause: 一, of: [1], same: work, count: once, earlier_years: nothing}}\n"
    pack = law("1: {clause: 一, name: 论文, for: paper, hours: stated}", group)
    papers = [
        RecordFacts(f"r000{number}", "paper", {"declared_hours": 8, "work": "W"}, name=name)
        for number, name in ((1, "混凝土论文"), (2, "同一论文再报"))
    ]
    year = explain(pack, PersonYearRequest("990100", 2021, {}, tuple(papers)))
    assert year.records[1].why.startswith("与记录“混凝土论文”为同一作品")
    assert not any("r0001" in step.text for step in year.records[1].steps)
    unnamed = [RecordFacts(one.id, one.kind, one.facts) for one in papers]
    year = explain(pack, PersonYearRequest("990100", 2021, {}, tuple(unnamed)))
    assert year.records[1].why.startswith("与记录r0001为同一作品"), "an id that its author gave stays"


def test_an_attached_text_is_quoted_beside_the_gist(pack: RulePack) -> None:
    facts = (RecordFacts("a", "training", {"passed": True, "days": "2"}),)
    request = PersonYearRequest("990100", 2021, {}, facts)
    text = PublishedText("关于某事的通知\n一、培训每天6学时，每次最多20学时。\n")
    [record] = explain(pack, request, texts={"EX": text}).records
    assert (record.gist, record.quote) == ("示例", "培训每天6学时，每次最多20学时。")
    lines = text_lines(explain(pack, request, texts={"EX": text}))
    assert "   原文：培训每天6学时，每次最多20学时。" in lines
    assert not any("原文" in line for line in text_lines(explain(pack, request)))


def test_a_record_of_no_hours_says_why_and_a_blank_one_asks(pack: RulePack) -> None:
    year = explained(
        pack,
        ("a", "training", {"passed": False, "days": "5"}),
        ("b", "conference", {"level": "city"}),
        ("c", "paper", {}),
        ("d", "conference", {}),
    )
    failed, none, unknown, blank = year.records
    assert "未合格" in failed.why
    assert "不计学时" in none.why
    assert "论文" in unknown.why
    assert (blank.verdict, blank.missing) == ("needs_fact", ("级别",))
    lines = text_lines(year)
    assert any(line.endswith("请补充：级别") for line in lines)
    assert all(record.why for record in year.records)


def test_what_would_cure_a_shortage_names_kinds_amounts_and_the_last_day(pack: RulePack) -> None:
    year = explained(pack, ("a", "public_course", {"courses": "1"}))
    total = {cure.rule: cure for cure in year.cures if cure.requirement == "R1"}
    public = [cure for cure in year.cures if cure.requirement == "R2"]
    assert [cure.rule for cure in public] == ["EX-3"]
    assert (public[0].room, public[0].until) == (500, "2021-12-31")
    assert public[0].need == "计满所余5学时需1门", "no more than the limit of the year leaves"
    assert total["EX-1"].need == "补足35学时需6天，至少分2次"
    assert total["EX-2a"].need == "补足35学时需4项"
    assert total["EX-2a"].condition == "级别为国家级"
    assert "EX-2b" not in total  # by its clause no hours
    assert total["EX-4"].kinds == ("著作",)


def test_a_cure_that_the_person_cannot_use_is_left_out(pack: RulePack) -> None:
    junior = explained(pack, ("a", "public_course", {"courses": "2"}), level="junior")
    assert "EX-4" not in {cure.rule for cure in junior.cures}
    assert "EX-3" not in {cure.rule for cure in junior.cures}, "its limit of the year is used up"
    assert "EX-4" in {cure.rule for cure in explained(pack, level="senior").cures}


def test_the_cures_cure(pack: RulePack) -> None:
    """Six days in two trainings and four conferences each fill what they say they fill."""
    before: tuple[str, str, dict[str, Any]] = ("a", "public_course", {"courses": "1"})
    days = [(f"t{n}", "training", {"passed": True, "days": "3"}) for n in range(2)]
    meetings = [(f"k{n}", "conference", {"level": "national"}) for n in range(4)]
    for more in (days, meetings):
        [total, _] = explained(pack, before, *more).requirements
        assert total.met, more
        [total, _] = explained(pack, before, *more[:-1]).requirements
        assert not total.met, more


def test_a_year_without_law_is_told_with_the_nearest_year(pack: RulePack) -> None:
    request = PersonYearRequest("990100", 2012, {}, (RecordFacts("a", "training", {}),))
    year = explain(pack, request)
    assert (year.verdict, year.cures) == ("not_judged", ())
    assert "最近的已编入年度是2020年" in "\n".join(text_lines(year))
    assert explain(pack, request, not_judged(request, "没有文件")).text == "没有文件"


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_record_and_hour_is_explained_in_chinese(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        result = evaluate(pack, request)
        year = explain(pack, request, result)
        json.dumps(year.to_json())
        lines = text_lines(year)
        assert sum(record.hours for record in year.records) == result.totals["total"]
        for record, entry in zip(year.records, result.ledger, strict=True):
            assert record.hours == entry.hours
            assert record.why or record.verdict == "credited"
            assert record.gist or not record.clause
            assert not (record.verdict == "needs_fact" and not record.missing)
        for one in result.requirements:
            if one.shortfall and not one.by:
                assert any(cure.requirement == one.id for cure in year.cures), one.id
        for line in lines:
            assert not re.search(r"True|False|None|Fraction|\{|\[", line), line

    holds()


def test_what_an_earlier_law_hands_on_is_shown_with_its_title_and_gist(pack: RulePack) -> None:
    registry = load(strict=False)
    earlier = registry.pack_of("CZ2011")
    clause = next(iter(earlier.data["clauses"]["CZ2011"]))
    entry = LedgerEntry(
        "r1", 2021, 2, ("CZ2011-3.5a",), "CZ2011", clause, "professional", 5000, None, "credited", "", ""
    )
    request = PersonYearRequest("990100", 2021, {}, (), (entry,))
    [record] = explain(pack, request, laws={"CZ2011": earlier}).records
    assert (record.regulation, record.gist) == (earlier.title, earlier.gist("CZ2011", clause))
    assert record.gist
