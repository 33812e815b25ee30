"""What the interpreter does with amounts, conditions, missing facts, works, caps and years (rule language 3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from xueshi.assessment.types import YearAssessment
from xueshi.errors import RuleError, RuleFileError
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
TRAINING = "1: {clause: 一, name: 培训, for: training, needs: [passed], hours: 6 per day}"


def hours(result: YearAssessment, record: str = "r1") -> int:
    return result.entry(record).hours


# Amounts


@pytest.mark.parametrize(
    ("amount", "facts", "hundredths"),
    [
        ("10", {}, 1000),
        ("6 per day", {"days": "2.5"}, 1500),
        ("6 per day", {"half_days": 5}, 1500),
        ("3 per half_day", {"days": 2}, 1200),
        ("6 per 1000 characters", {"characters": 1234}, 740),
        ("2 per hour", {"hours": "1.25"}, 250),
        ("60 per half_year", {"months": 9}, 9000),
        ("50 per year", {"months": 6}, 2500),
        ("stated", {"declared_hours": "12.34"}, 1234),
        ("[stated, 6 per day]", {"days": 2}, 1200),
        ("[stated, 6 per day]", {"days": 2, "declared_hours": 9}, 900),
        ("{level: {national: 50, otherwise: 5}}", {"level": "city"}, 500),
        ("{level: {national: {rank: {1: 50, 2: 40}}, not_stated: 1}}", {"level": "national", "rank": 2}, 4000),
        ("{level: {national: 50, not_stated: 1}}", {}, 100),
        ("{rank: {upto 3: 9, over 3: 4}}", {"rank": 4}, 400),
        ("{rank: {1: 10, then: -3}}", {"rank": 3}, 400),
        ("{rank: {1: 10, then: -3}}", {"rank": 9}, 0),
        ("{rank: {1: 10, then: x80%}}", {"rank": 3}, 640),
    ],
)  # fmt: skip
def test_amounts(law: Law, judge: Judge, amount: str, facts: dict[str, Any], hundredths: int) -> None:
    pack = law(f"1: {{clause: 一, for: training, hours: {amount}}}")
    assert hours(judge(pack, ("r1", "training", facts))) == hundredths


def test_half_a_hundredth_is_rounded_up_once_after_the_share(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: book, hours: 1 per 10000 characters, share: 50%}")
    assert hours(judge(pack, ("r1", "book", {"characters": 10100}))) == 51  # 0.505
    assert hours(judge(pack, ("r1", "book", {"characters": 10098}))) == 50  # 0.5049


def test_whole_units_round_the_quantity_down_before_the_rate(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: book, partial: whole, hours: 6 per 1000 characters}")
    assert hours(judge(pack, ("r1", "book", {"characters": 1999}))) == 600


def test_travel_and_free_days_are_subtracted(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: abroad, hours: 8 per day, less: [travel_days, free_days]}")
    assert hours(judge(pack, ("r1", "abroad", {"days": 5, "travel_days": 1, "free_days": 1}))) == 2400
    result = judge(pack, ("r1", "abroad", {"days": 5}))
    assert hours(result) == 4000
    assert any("travel_days" in node.presumed for node in result.trace)


def test_more_days_of_travel_than_days_is_asked_about_not_negative(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: abroad, hours: 8 per day, less: travel_days}")
    result = judge(pack, ("r1", "abroad", {"days": 2, "travel_days": 3}))
    assert result.entry("r1").verdict == "needs_fact"
    assert hours(result) == 0


@pytest.mark.parametrize(
    ("granted", "verdict", "hundredths"),
    [("10", "credited", 1000), ("15", "credited", 1500), ("9.99", "refused", 0), ("15.01", "refused", 0)],
)
def test_a_range_refuses_what_lies_outside_and_never_clamps(
    law: Law, judge: Judge, granted: str, verdict: str, hundredths: int
) -> None:
    pack = law("1: {clause: 一, for: paper, hours: 10 to 15, undecided: needs_decision}")
    result = judge(pack, ("r1", "paper", {"granted": Decimal(granted)}))
    assert (result.entry("r1").verdict, hours(result)) == (verdict, hundredths)


@pytest.mark.parametrize(
    ("undecided", "verdict", "hundredths"),
    [("lower", "credited", 1000), ("higher", "credited", 1500), ("needs_decision", "manual", 0)],
)
def test_a_range_that_nobody_chose_from(
    law: Law, judge: Judge, undecided: str, verdict: str, hundredths: int
) -> None:
    pack = law(f"1: {{clause: 一, for: paper, hours: 10 to 15, undecided: {undecided}}}")
    result = judge(pack, ("r1", "paper", {}))
    assert (result.entry("r1").verdict, hours(result)) == (verdict, hundredths)


# Conditions and missing facts


def test_a_blank_fact_asks_and_a_stated_none_refuses(law: Law, judge: Judge) -> None:
    pack = law(TRAINING)
    asked = judge(pack, ("r1", "training", {"days": 2}))
    assert asked.entry("r1").verdict == "needs_fact"
    assert asked.open[0].facts == ("passed",)
    assert "合格" in asked.open[0].text
    none = judge(pack, ("r1", "training", {"days": 2, "passed": None}))
    assert (none.entry("r1").verdict, none.entry("r1").code) == ("uncredited", "needs.passed")


def test_an_exclusion_not_mentioned_is_presumed_not_so_and_shown(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: paper, except: [{own_field: no}], hours: 20}")
    result = judge(pack, ("r1", "paper", {}))
    assert hours(result) == 2000
    assert any("own_field" in node.presumed for node in result.trace)
    assert hours(judge(pack, ("r1", "paper", {"own_field": False}))) == 0


def test_no_adverse_verdict_rests_on_a_missing_fact(law: Law, judge: Judge) -> None:
    pack = law(TRAINING)
    done = ("r1", "training", {"days": 2, "passed": True})
    waiting = ("r2", "training", {"days": 2})
    refused = ("r2", "training", {"days": 2, "passed": False})
    assert judge(pack, waiting).verdict == "needs_fact"
    assert judge(pack, refused).verdict == "not_met"
    assert judge(pack, done, waiting).verdict == "met"


def test_a_fact_that_selects_a_row_is_asked_unless_absence_is_a_row(law: Law, judge: Judge) -> None:
    rows = "1:\n  clause: 一\n  for: paper\n  rows:\n    1a: {when: {level: national}, hours: 20}\n    1b: {when: {level: %s}, hours: 5}"
    assert judge(law(rows % "city"), ("r1", "paper", {})).entry("r1").verdict == "needs_fact"
    assert hours(judge(law(rows % "[city, not_stated]"), ("r1", "paper", {}))) == 500


def test_a_failing_gate_of_the_item_decides_although_the_row_cannot_be_told(law: Law, judge: Judge) -> None:
    pack = law(
        "1:\n  clause: 一\n  for: paper\n  needs: [cn]\n  rows:\n    1a: {when: {level: national}, hours: 20}"
    )
    assert judge(pack, ("r1", "paper", {"cn": False})).entry("r1").code == "needs.cn"


def test_what_no_rule_takes_gives_nothing_and_says_so(law: Law, judge: Judge) -> None:
    pack = law(TRAINING + "\n2: {clause: 一, for: paper, when: {level: national}, hours: 20}")
    result = judge(pack, ("r1", "patent", {}), ("r2", "paper", {"level": "city"}))
    assert [result.entry(name).code for name in ("r1", "r2")] == ["no_rule", "not_of_item"]
    assert "专利" in result.entry("r1").text
    assert result.entry("r1").rules == ()


def test_a_value_that_is_not_in_the_table_is_named(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: project, hours: {rank: {1: 50, 2: 40}}}")
    entry = judge(pack, ("r1", "project", {"rank": 3})).entry("r1")
    assert (entry.code, entry.hours) == ("not_in_table", 0)
    assert "3" in entry.text


def test_false_proof_is_refused_before_anything_else(law: Law, judge: Judge) -> None:
    pack = law(TRAINING, "refuse: {F: {clause: 一, name: 弄虚作假, when: {false_proof: yes}}}\n")
    entry = judge(pack, ("r1", "training", {"false_proof": True, "days": 2, "passed": True})).entry("r1")
    assert (entry.verdict, entry.code, entry.hours) == ("refused", "refused.F", 0)
    assert "EX-F" in entry.rules


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"dayz": 2}, "dayz"),
        ({"days": "two"}, "天数"),
        ({"days": -1}, "天数"),
        ({"days": "1.234"}, "两位小数"),
        ({"passed": "perhaps"}, "合格"),
        ({"level": "nationl"}, "级别"),
        ({"end": "2021-02-30"}, "结束日期"),
    ],
)
def test_a_value_that_cannot_be_read_stops_with_record_fact_and_cure(
    law: Law, judge: Judge, facts: dict[str, Any], says: str
) -> None:
    with pytest.raises(RuleError, match=says) as stopped:
        judge(law(TRAINING), ("r1", "training", facts))
    assert "r1" in str(stopped.value)


# Add-ons and caps


def test_an_add_on_goes_on_top_and_both_rules_are_named(law: Law, judge: Judge) -> None:
    pack = law(
        "1:\n  clause: 一\n  for: conference\n  hours: 10\n  plus:\n    1p: {when: {paper: yes}, hours: 5}"
    )
    with_paper = judge(pack, ("r1", "conference", {"paper": True})).entry("r1")
    assert (with_paper.hours, with_paper.rules) == (1500, ("EX-1", "EX-1p"))
    without = judge(pack, ("r1", "conference", {"paper": False})).entry("r1")
    assert (without.hours, without.rules) == (1000, ("EX-1",))


def test_the_cap_of_an_event_and_of_a_year(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: field_service, hours: 8 per day, at_most: {event: 20, year: 30}}")
    result = judge(
        pack,
        ("r1", "field_service", {"days": 2, "end": "2021-03-01"}),
        ("r2", "field_service", {"days": 3, "end": "2021-01-01"}),
    )
    assert (hours(result, "r2"), result.entry("r2").code) == (2000, "cap_event")
    assert (hours(result, "r1"), result.entry("r1").code) == (1000, "cap_year")
    assert result.entry("r1").verdict == "reduced"
    assert result.totals["total"] == 3000


def test_the_cap_of_a_day(law: Law, judge: Judge) -> None:
    listed = law(
        "1: {clause: 一, for: unit_self_study, hours: [stated in daily_hours, stated], at_most: {day: 8}}"
    )
    assert hours(judge(listed, ("r1", "unit_self_study", {"daily_hours": [10, 3]}))) == 1100
    assert hours(judge(listed, ("r1", "unit_self_study", {"declared_hours": 30, "days": 3}))) == 2400
    two = judge(
        listed,
        ("r1", "unit_self_study", {"daily_hours": {"2021-03-01": 5}}),
        ("r2", "unit_self_study", {"daily_hours": {"2021-03-01": 5, "2021-03-02": 5}}),
    )
    assert two.totals["total"] == 1300


SELF_STUDY = (
    "1: {clause: 一, for: unit_self_study, hours: [stated in daily_hours, stated], at_most: {day: 8}}"
)
MAY_1 = {"start": "2021-05-01", "end": "2021-05-01"}


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        ({"declared_hours": 6, **MAY_1}, {"declared_hours": 6, **MAY_1}, (600, 200)),
        ({"declared_hours": 6, "days": 1, "end": "2021-05-01"}, {"declared_hours": 6, **MAY_1}, (600, 200)),
        ({"declared_hours": 2, **MAY_1}, {"declared_hours": 6, **MAY_1}, (200, 600)),
        ({"declared_hours": 10, **MAY_1}, {"declared_hours": 1, **MAY_1}, (800, 0)),
        ({"declared_hours": 6, **MAY_1}, {"daily_hours": [6], "end": "2021-05-01"}, (600, 200)),
        ({"declared_hours": 6, **MAY_1}, {"daily_hours": [6, 6], "start": "2021-05-01", "end": "2021-05-02"}, (600, 800)),
        ({"declared_hours": 6, **MAY_1}, {"daily_hours": {"2021-05-01": 6}, "end": "2021-06-01"}, (600, 200)),
        ({"declared_hours": 6, **MAY_1}, {"declared_hours": 6, "start": "2021-05-02", "end": "2021-05-02"}, (600, 600)),
        ({"declared_hours": 6, **MAY_1}, {"declared_hours": 6, "half_days": 1, "end": "2021-05-01"}, (600, 200)),
        ({"declared_hours": 6, "days": 1}, {"declared_hours": 6, "days": 1}, (600, 600)),
        ({"declared_hours": 6, **MAY_1}, {"declared_hours": 12, "days": 2, "end": "2021-05-01"}, (600, 1200)),
    ],
)  # fmt: skip
def test_records_of_one_day_share_its_cap(
    law: Law, judge: Judge, first: dict[str, Any], second: dict[str, Any], given: tuple[int, int]
) -> None:
    for records in ((("r1", first), ("r2", second)), (("r2", second), ("r1", first))):
        result = judge(law(SELF_STUDY), *((name, "unit_self_study", facts) for name, facts in records))
        assert (hours(result, "r1"), hours(result, "r2")) == given


def test_a_record_of_one_day_needs_no_number_of_days_and_one_of_several_does(law: Law, judge: Judge) -> None:
    pack = law(SELF_STUDY)
    one = judge(pack, ("r1", "unit_self_study", {"declared_hours": 10, **MAY_1}))
    assert (hours(one), one.entry("r1").code) == (800, "cap_day")
    more = judge(
        pack, ("r1", "unit_self_study", {"declared_hours": 10, "start": "2021-05-01", "end": "2021-05-03"})
    )
    assert more.entry("r1").verdict == "needs_fact"


# The same work, and years


def test_the_same_work_counts_once_or_the_highest(law: Law, judge: Judge) -> None:
    rules = "1: {clause: 一, for: paper, hours: stated}"
    group = "groups: {G: {clause: 一, of: [1], same: work, count: %s, earlier_years: %s}}\n"
    two = (
        ("r1", "paper", {"declared_hours": 5, "work": "W", "end": "2021-01-01"}),
        ("r2", "paper", {"declared_hours": 9, "work": "W", "end": "2021-02-01"}),
        ("r3", "paper", {"declared_hours": 1, "work": "V"}),
    )
    once = judge(law(rules, group % ("once", "nothing")), *two)
    assert [hours(once, name) for name in ("r1", "r2", "r3")] == [500, 0, 100]
    highest = judge(law(rules, group % ("highest", "increase")), *two)
    assert [hours(highest, name) for name in ("r1", "r2", "r3")] == [0, 900, 100]
    assert highest.entry("r1").code == "dedupe"
    assert "r2" in highest.entry("r1").text


@pytest.mark.parametrize(("policy", "hundredths"), [("nothing", 0), ("increase", 400), ("full", 900)])
def test_hours_of_earlier_years_for_the_same_work(
    law: Law, judge: Judge, policy: str, hundredths: int
) -> None:
    pack = law(
        "1: {clause: 一, for: paper, hours: stated}",
        f"groups: {{G: {{clause: 一, of: [1], same: work, count: highest, earlier_years: {policy}}}}}\n",
    )
    first = judge(pack, ("old", "paper", {"declared_hours": 5, "work": "W"}), year=2020)
    second = judge(pack, ("new", "paper", {"declared_hours": 9, "work": "W"}), earlier=first.ledger)
    assert hours(second, "new") == hundredths


@pytest.mark.parametrize(
    ("count", "earlier", "hundredths"),
    # 同一课程自第二次起减半：5、9、4，另一课程1；最高一项以外减半；以前年度讲过的，本年各次都减半。
    [
        ("once", "full", [500, 450, 200, 100]),
        ("highest", "full", [250, 900, 200, 100]),
        ("once", "nothing", [250, 450, 200, 100]),
    ],
)
def test_the_others_of_the_same_may_count_at_a_share(
    law: Law, judge: Judge, count: str, earlier: str, hundredths: list[int]
) -> None:
    pack = law(
        "1: {clause: 一, for: teaching, hours: 2 per hour, partial: prorate}",
        f"groups: {{G: {{clause: 一, of: [1], same: work, count: {count}, again: 50%, earlier_years: {earlier}}}}}\n",
    )
    before = judge(pack, ("old", "teaching", {"hours": 5, "work": "W", "end": "2020-05-01"}), year=2020)
    taught = judge(
        pack,
        ("r1", "teaching", {"hours": "2.5", "work": "W", "end": "2021-01-01"}),
        ("r2", "teaching", {"hours": "4.5", "work": "W", "end": "2021-02-01"}),
        ("r3", "teaching", {"hours": 2, "work": "W", "end": "2021-03-01"}),
        ("r4", "teaching", {"hours": "0.5", "work": "V", "end": "2021-03-01"}),
        earlier=before.ledger,
    )
    assert [hours(taught, f"r{place}") for place in range(1, 5)] == hundredths
    reduced = taught.entry("r3")
    assert (reduced.verdict, reduced.code) == ("reduced", "dedupe")
    assert "按份额计" in reduced.text
    assert taught.entry("r4").code == ""


def test_a_record_belongs_to_the_year_of_its_date(law: Law, judge: Judge) -> None:
    pack = law(
        "1: {clause: 一, for: paper, hours: 5}", "year: {clause: 一, starts: 11-01, person_as_of: end}\n"
    )
    result = judge(
        pack,
        ("r1", "paper", {"end": "2020-10-31"}),
        ("r2", "paper", {"end": "2020-11-01"}),
        ("r3", "paper", {"end": "2021-10-31"}),
        ("r4", "paper", {"end": "2021-11-01"}),
        ("r5", "paper", {}),
    )
    assert [hours(result, f"r{place}") for place in range(1, 6)] == [0, 500, 500, 0, 500]
    assert result.entry("r1").code == "other_year"
    assert "2020" in result.entry("r1").text


def test_hours_spread_over_years_add_up_and_come_again_next_year(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, for: degree, hours: 33.33, dated: graduated, spread: [50%, 50%]}")
    graduate = ("r1", "degree", {"graduated": "2020-07-01"})
    first = judge(pack, graduate, year=2020)
    assert hours(first) == 1667
    [rest] = first.later
    assert (rest.year, rest.hours, rest.part) == (2021, 1666, 2)
    again = judge(pack, graduate, year=2021)
    assert (hours(again), again.entry("r1").part) == (1666, 2)
    assert hours(judge(pack, graduate, year=2022)) == 0


# Requirements


def test_minimum_by_level_and_as_a_share(law: Law, judge: Judge) -> None:
    asked = """\
requirements:
  R1: {clause: 一, of: total, at_least: {person.level: {"senior, intermediate": 72, junior: 42}}}
  R2: {clause: 一, of: public, at_least: 1/3 of R1}
"""
    pack = law(
        "1: {clause: 一, for: paper, hours: stated, category: {content: {public: public, not_stated: professional}}}",
        asked,
    )
    junior = judge(pack, ("r1", "paper", {"declared_hours": 42}), person={"level": "junior"})
    assert {one.of: one.minimum for one in junior.requirements} == {"total": 4200, "public": 1400}
    assert junior.shortfall == {"public": 1400}
    unknown = judge(pack, ("r1", "paper", {"declared_hours": 90}))
    assert unknown.verdict == "needs_fact"
    assert "职称层级" in unknown.open[0].text


def test_a_ceiling_bounds_what_a_category_gives_to_the_total(law: Law, judge: Judge) -> None:
    asked = "requirements: {R1: {clause: 一, of: total, at_least: 30}, C: {clause: 一, of: public, at_most: 20}}\n"
    pack = law("1: {clause: 一, for: paper, hours: stated, category: public}", asked)
    result = judge(pack, ("r1", "paper", {"declared_hours": 50}))
    assert result.totals == {"public": 5000, "professional": 0, "total": 2000}
    assert result.shortfall == {"total": 1000}


def test_a_ceiling_may_be_a_share_of_another_minimum(law: Law, judge: Judge) -> None:
    asked = "requirements: {R1: {clause: 一, of: total, at_least: 30}, C: {clause: 一, of: public, at_most: 1/3 of R1}}\n"
    pack = law("1: {clause: 一, for: paper, hours: stated, category: public}", asked)
    result = judge(pack, ("r1", "paper", {"declared_hours": 50}))
    assert result.totals == {"public": 5000, "professional": 0, "total": 1000}
    assert result.shortfall == {"total": 2000}


@pytest.mark.parametrize("wrong", ["1/3 of R7", "any", "4/3 of R1"])
def test_a_ceiling_of_what_is_no_minimum_does_not_load(law: Law, wrong: str) -> None:
    asked = f"requirements: {{R1: {{clause: 一, of: total, at_least: 30}}, C: {{clause: 一, of: public, at_most: {wrong}}}}}\n"
    with pytest.raises(RuleFileError):
        law("1: {clause: 一, for: paper, hours: stated, category: public}", asked)


def test_a_warning_does_not_change_the_verdict(law: Law, judge: Judge) -> None:
    asked = "requirements: {R1: {clause: 一, of: total, at_least: 5}, W: {clause: 一, of: public, at_least: any, effect: warn, key: nothing_public}}\n"
    pack = law("1: {clause: 一, for: paper, hours: 5}", asked)
    result = judge(pack, ("r1", "paper", {}))
    assert (result.verdict, result.warnings) == ("met", ("nothing_public",))


def test_alternatives(law: Law, judge: Judge) -> None:
    asked = """\
requirements:
  R1: {clause: 一, of: total, at_least: 90}
  R2: {clause: 一, of: public, at_least: 5}
  R9: {clause: 一, any_of: [R1, R2]}
"""
    pack = law("1: {clause: 一, for: paper, hours: 5, category: public}", asked)
    result = judge(pack, ("r1", "paper", {}))
    assert [one.id for one in result.requirements] == ["R9"]
    assert result.verdict == "met"


def test_every_step_of_the_trace_names_rule_and_clause(law: Law, judge: Judge) -> None:
    pack = law(
        "1: {clause: 一, for: field_service, needs: [approved], hours: 8 per day, at_most: {event: 20}}"
    )
    result = judge(pack, ("r1", "field_service", {"days": 3, "approved": True}))
    steps = [node for node in result.trace if node.record == "r1"]
    assert steps
    assert all(node.rule and node.clause for node in result.trace)
    assert [(node.before, node.after) for node in steps if node.code == "cap_event"] == [(2400, 2000)]
    quiet = judge(pack, ("r1", "field_service", {"days": 3, "approved": True}), trace=False)
    assert quiet.trace == ()
    assert quiet.ledger == result.ledger


def test_the_answer_survives_json(law: Law, judge: Judge) -> None:
    result = judge(law(TRAINING), ("r1", "training", {"days": "2.5", "passed": True, "end": "2021-05-01"}))
    told = json.loads(json.dumps(result.to_json()))
    again = YearAssessment.from_json(told)
    assert again.to_json() == told
    assert (again.ledger, again.totals, again.verdict) == (result.ledger, result.totals, result.verdict)


@pytest.mark.parametrize("granted", [5, 13])
def test_a_grant_outside_the_range_is_named_among_what_is_open(law: Law, judge: Judge, granted: int) -> None:
    """The verdict is what it is; whoever decided has to decide anew, and is told of which record."""
    pack = law("1: {clause: 一, name: 论文, for: paper, hours: 6 to 12, undecided: lower}")
    result = judge(pack, ("r1", "paper", {"granted": granted}), ("r2", "paper", {"granted": 6}))
    assert (result.verdict, result.entry("r1").verdict) == ("not_met", "refused")
    assert [(point.record, point.facts, point.code) for point in result.open] == [
        ("r1", ("granted",), "outside_range")
    ]
    assert "请在幅度内重新认定" in result.open[0].text


def test_a_grant_within_the_range_leaves_nothing_open(law: Law, judge: Judge) -> None:
    pack = law("1: {clause: 一, name: 论文, for: paper, hours: 6 to 12, undecided: lower}")
    assert judge(pack, ("r1", "paper", {"granted": 12})).open == ()
