"""A hint with an amount is true: the records that it speaks of, entered beside the others, give what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hinted_records import gain, hinted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_years import INSTRUMENTS, QUICK, pack_of, requests

from xueshi.assessment.explanation import explain
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
ASKED = "requirements: {R1: {clause: 一, of: total, at_least: %s}}\n"


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_what_a_hint_says_is_what_the_records_give(instrument: str) -> None:
    pack = pack_of(instrument)
    tried: Counter[str] = Counter()

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        for cure in explain(pack, request).cures:
            if not cure.plan or tried[cure.rule] > 3:
                continue
            records = hinted(pack, request, cure)
            assert records is not None, cure
            tried[cure.rule] += 1
            assert gain(pack, request, cure.requirement, records) >= cure.fills, (cure, records)
            if not more_by_add_on(pack, cure.rule):
                fewer = gain(pack, request, cure.requirement, records[:-1])
                assert fewer < cure.fills, "no more than needed"

    holds()
    assert tried or not any(cure.plan for cure in explain(pack, nothing(pack)).cures)


def nothing(pack: RulePack) -> PersonYearRequest:
    return PersonYearRequest(pack.area, pack.data["instrument"]["years"][0], {"level": "senior"}, ())


def more_by_add_on(pack: RulePack, rule: str) -> bool:
    rows = [row for item in pack.data["items"] for row in item["rows"]]
    return any(row["plus"] for row in rows if row["rule"] == rule)


@pytest.mark.parametrize(
    ("rows", "least", "needs"),
    [
        (
            "1a: {when: {days: upto 5}, hours: 6 per day}",
            60,
            {"1a": ("补足60学时需10天，至少分2次", ("5", "5"))},
        ),
        (
            "1a: {when: {days: upto 5}, hours: 6 per day}\n    1b: {hours: 5 per day}",
            60,
            {"1a": ("补足60学时需10天，至少分2次", ("5", "5")), "1b": ("补足60学时需12天", ("12",))},
        ),
        (
            "1a: {when: {days: upto 5}, hours: 6 per day}\n    1b: {hours: 5 per day}",
            12,
            {"1a": ("补足12学时需2天", ("2",)), "1b": ("补足12学时需5.5天", ("5.5",))},
        ),
        (
            "1a: {when: {days: over 5 below 15}, hours: 5 per day, at_most: {event: 60}}",
            90,
            {"1a": ("补足90学时需18天，至少分2次", ("12", "6"))},
        ),
        (
            "1a: {when: {days: over 5 below 15}, hours: 5 per day, at_most: {event: 60}}",
            70,
            {"1a": ("补足70学时需17.5天，至少分2次", ("12", "5.5"))},
        ),
        (
            "1a: {when: {half_days: upto 3}, hours: 6 per day}",
            20,
            {"1a": ("补足20学时需3.5天，至少分3次", ("1.5", "1.5", "0.5"))},
        ),
        (
            "1a: {when: {days: from 3}, hours: 3 per half_day, partial: whole}",
            10,
            {"1a": ("补足10学时需6半天", ("6",))},
        ),
    ],
)
def test_a_hint_stays_within_the_band_of_its_row(
    law: Law, rows: str, least: int, needs: dict[str, tuple[str, tuple[str, ...]]]
) -> None:
    """Ten days under 不超过5天 are two times five: one training of ten days falls under another row or none."""
    pack = law(f"1:\n  clause: 一\n  name: 培训\n  for: training\n  rows:\n    {rows}", ASKED % least)
    request = PersonYearRequest("990100", 2021, {}, ())
    found = {cure.rule.removeprefix("EX-"): cure for cure in explain(pack, request).cures}
    assert {rule: (cure.need, cure.plan) for rule, cure in found.items()} == needs
    for cure in found.values():
        records = hinted(pack, request, cure)
        assert records is not None
        assert gain(pack, request, "R1", records) == least * 100
        assert gain(pack, request, "R1", records[:-1]) < least * 100


@settings(QUICK, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    rate=st.integers(1, 9),
    unit=st.sampled_from(["day", "half_day", "hour", "course", "month", "1000 characters"]),
    partial=st.sampled_from(["prorate", "whole", "up", "up_to_half", "as_half"]),
    first=st.integers(1, 9),
    more=st.integers(1, 9),
    cap=st.sampled_from(
        ["", ", at_most: {event: 20}", ", at_most: {year: 30}", ", at_most: {event: 7, year: 30}"]
    ),
    share=st.sampled_from(["", ", share: 60%", ", share: {rank: {1: 80%, 2: 50%}}"]),
    spread=st.sampled_from(
        [
            "",
            ", spread: [50%, 30%, 20%]",
            ", spread: {study: {academic_degree: [60%, 40%], otherwise: [40%, 60%]}}",
        ]
    ),
    least=st.integers(1, 120),
)
def test_whatever_the_bands_limits_shares_and_spread_the_hint_holds(
    law: Law,
    rate: int,
    unit: str,
    partial: str,
    first: int,
    more: int,
    cap: str,
    share: str,
    spread: str,
    least: int,
) -> None:
    fact = {
        "day": "days",
        "half_day": "half_days",
        "hour": "hours",
        "course": "courses",
        "month": "months",
    }.get(unit, "characters")
    times = 1000 if fact == "characters" else 1
    low, high = first * times, (first + more) * times
    needless = fact == "courses" or (fact == "months" and partial == "prorate")
    setting = "" if needless else f", partial: {partial}"
    rest = f"{setting}{cap}{share}{spread}"
    rows = f"""\
1:
  clause: 一
  name: 甲
  for: training
  rows:
    1a: {{when: {{{fact}: upto {low}}}, hours: {rate} per {unit}{rest}}}
    1b: {{when: {{{fact}: over {low} below {high}}}, hours: {rate + 1} per {unit}{rest}}}
    1c: {{hours: {rate} per {unit}{rest}}}
"""
    pack = law(rows, ASKED % least)
    request = PersonYearRequest("990100", 2021, {}, ())
    for cure in explain(pack, request).cures:
        if not cure.plan:
            continue
        records = hinted(pack, request, cure)
        assert records is not None, cure
        assert gain(pack, request, "R1", records) >= cure.fills, (cure, records)
        assert gain(pack, request, "R1", records[:-1]) < cure.fills, (cure, records)


def test_a_degree_that_is_spread_says_what_it_gives_this_year(law: Law) -> None:
    rule = "1: {clause: 一, name: 学历, for: degree, hours: 90, spread: [50%, 30%, 20%]}"
    request = PersonYearRequest("990100", 2021, {}, ())
    [cure] = explain(law(rule, ASKED % 60), request).cures
    assert cure.need == "补足60学时需2项（每项本年计45学时）"
    [cure] = explain(law(rule, ASKED % 45), request).cures
    assert cure.need == "补足45学时需1项（每项本年计45学时）"
    by_fact = rule.replace("[50%, 30%, 20%]", "{study: {academic_degree: [50%, 50%], otherwise: [30%, 70%]}}")
    [cure] = explain(law(by_fact, ASKED % 60), request).cures
    assert cure.need == "补足60学时需2项（每项本年至多计45学时）"


def test_months_are_no_more_than_a_year_has(law: Law) -> None:
    rule = "1: {clause: 一, name: 支援, for: field_service, hours: 50 per year, partial: prorate}"
    request = PersonYearRequest("990100", 2021, {}, ())
    [cure] = explain(law(rule, ASKED % 72), request).cures
    assert (cure.need, cure.fills, cure.plan) == ("一年最多12个月，本年可计50学时", 5000, ("12",))


def test_what_counts_once_in_a_year_is_not_advised_twice(law: Law) -> None:
    rules = "1: {clause: 一, name: 课题, for: project, hours: 20}"
    groups = "groups: {1g: {clause: 一, name: 一年内的课题, of: [1], same: year, count: highest, earlier_years: full}}\n"
    request = PersonYearRequest("990100", 2021, {}, ())
    [cure] = explain(law(rules, groups + ASKED % 50), request).cures
    assert (cure.need, cure.fills) == ("一年只计一项，本年可计20学时", 2000)
    done = request._replace(records=(RecordFacts("r1", "project", {}),))
    assert [cure.need for cure in explain(law(rules, groups + ASKED % 50), done).cures] == []


BY_KIND = """\
categories: {public: 公共科目, professional: 专业科目}
sums: {courses: {label: 面授, where: {kind: [training, public_course]}}, done: {label: 课程门数, count: [1], where: {passed: yes}}}
requirements:
  R1: {clause: 一, of: courses, at_least: 20}
  R2: {clause: 一, of: done, at_least: 2}
"""
RULES_BY_KIND = """\
1: {clause: 一, name: 培训, for: [training, abroad], hours: 6 per day}
2: {clause: 一, name: 论文, for: paper, hours: 10}
3: {clause: 一, name: 公需课程, for: public_course, hours: 5 per course}
4: {clause: 一, name: 缺勤, for: other, hours: none}
"""


def test_a_sum_by_kind_offers_the_kinds_that_count_toward_it(law: Law) -> None:
    more = BY_KIND.partition("\n")[2]
    pack = law(RULES_BY_KIND, more)
    request = PersonYearRequest("990100", 2021, {}, ())
    cures = [cure for cure in explain(pack, request).cures if cure.requirement == "R1"]
    assert {cure.rule: cure.kinds for cure in cures} == {
        "EX-1": (pack.kinds["training"],),
        "EX-3": (pack.kinds["public_course"],),
    }
    assert [cure.condition for cure in cures] == ["", ""]
    [counted] = [cure for cure in explain(pack, request).cures if cure.requirement == "R2"]
    assert (counted.rule, counted.need, counted.condition) == ("EX-1", "需2项", "合格")
    for cure in (*cures, counted):
        records = hinted(pack, request, cure)
        assert records is not None
        assert gain(pack, request, cure.requirement, records) >= cure.fills


def test_a_row_without_hours_is_offered_where_records_are_counted(law: Law) -> None:
    more = "sums: {absences: {label: 派驻, count: [4]}}\nrequirements: {R1: {clause: 一, of: absences, at_least: 1}, R2: {clause: 一, of: total, at_least: 5}}\n"
    cures = explain(law(RULES_BY_KIND, more), PersonYearRequest("990100", 2021, {}, ())).cures
    assert [(cure.rule, cure.need) for cure in cures if cure.requirement == "R1"] == [("EX-4", "需1项")]
    assert "EX-4" not in {cure.rule for cure in cures if cure.requirement == "R2"}
