"""What is settled when a law is compiled is what its functions would give; cells that stand as they come are typed alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest
from random_years import INSTRUMENTS, pack_of

from xueshi.assessment import amounts
from xueshi.assessment.facts import LARGEST, FactTypes, type_facts
from xueshi.assessment.program import program
from xueshi.assessment.types import PersonYearRequest, RequirementResult, YearAssessment
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import Fact

FACTS = {
    "yes": Fact("yes", "yes_no", "可否", "", {"yes": "可", "no": "不可"}),
    "count": Fact("count", "count", "次数", "次"),
    "number": Fact("number", "number", "天数", "天"),
    "word": Fact("word", "word", "级别", "", {"city": "市级"}),
    "bounded": Fact("bounded", "count", "排名", "位", {}, (1, 1000)),
    "list": Fact("list", "list", "每日学时", "学时", {}, (0, 24)),
    "free": Fact("free", "word", "单位"),
    "id": Fact("id", "id", "作品"),
    "day": Fact("day", "date", "日期"),
}
TYPES = FactTypes.of(FACTS)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_fixed_hours_and_minimums_are_what_their_formulas_give(instrument: str) -> None:
    compiled = program(pack_of(instrument))
    rows = [row for items in compiled.items.values() for item in items for row in item.rows]
    assert rows
    for row in rows:
        assert row.fixed is None or row.fixed == row.hours.value({})
        assert not row.always or row.when.holds({}) is True
        assert [gate for _, _, gate in row.checks] == list(row.gates)
    for one in compiled.requirements:
        assert one.fixed is None or (one.at_least is not None and one.fixed == one.at_least.value({}))
        assert one.binds is None or one.when.holds({}) is one.binds


@pytest.mark.parametrize(
    ("name", "raw", "typed"),
    [
        ("yes", True, True),
        ("yes", "否", False),
        ("count", 3, 3),
        ("count", "3", 3),
        ("number", 0, 0),
        ("bounded", 1, 1),
        ("bounded", 1000, 1000),
        ("list", [8, 24], (8, 24)),
        ("number", "7.5", Fraction(15, 2)),
        ("number", LARGEST, LARGEST),
        ("word", "city", "city"),
        ("free", "甲单位", "甲单位"),
        ("id", 7, "7"),
        ("day", "2024-05-01", date(2024, 5, 1)),
        ("word", None, None),
    ],
)
def test_a_cell_is_typed(name: str, raw: object, typed: object) -> None:
    found = type_facts({name: raw}, TYPES, {"year": 2024}, "r1")
    assert found == {"year": 2024, name: typed}
    assert type(found[name]) is type(typed)


def test_a_blank_cell_is_not_stated() -> None:
    assert type_facts({"word": "", "yes": "", "count": ""}, TYPES, {}, "r1") == {}
    assert type_facts({"list": [], "day": ""}, TYPES, {}, "r1") == {}
    assert type_facts({"list": {}}, TYPES, {"list": (8,)}, "r1") == {"list": (8,)}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("yes", 1),
        ("count", True),
        ("count", "1.5"),
        ("number", -1),
        ("number", LARGEST + 1),
        ("number", 1.5),
        ("word", "town"),
        ("word", 1),
        ("word", ["city"]),
        ("word", {"city": 1}),
        ("bounded", 0),
        ("bounded", 1001),
        ("bounded", "1001"),
        ("list", [25]),
        ("list", {"2024-05-01": "24.01"}),
        ("day", "5月1日"),
        ("unknown", 1),
    ],
)
def test_a_cell_that_its_fact_does_not_take_is_refused_with_the_record_named(name: str, raw: object) -> None:
    with pytest.raises(RuleError, match="记录r1"):
        type_facts({name: raw}, TYPES, {}, "r1")
    with pytest.raises(RuleError, match="本人"):
        type_facts({name: raw}, TYPES, {}, None)


def test_records_do_not_share_their_facts(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    pack = law("1: {clause: 一, for: training, hours: 6 per day}")
    first: tuple[str, str, dict[str, Any]] = ("a", "training", {"days": 2})
    judged = judge(pack, first, ("b", "training", {}))
    assert [entry.verdict for entry in judged.ledger] == ["credited", "needs_fact"]


def test_a_cell_is_laid_over_the_persons_and_a_blank_one_is_not() -> None:
    beside = {"year": 2024, "word": "city"}
    assert type_facts({"word": None, "count": 2}, TYPES, beside, "r1") == {
        "year": 2024,
        "word": None,
        "count": 2,
    }
    assert type_facts({"word": ""}, TYPES, beside, "r1") == beside == {"year": 2024, "word": "city"}
    assert type_facts(MappingProxyType({"id": 7}), TYPES, beside, "r1") == {**beside, "id": "7"}


def test_a_kind_is_the_records_own_whatever_its_facts_say(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    pack = law("1: {clause: 一, for: training, when: {kind: training}, hours: 6 per day}")
    judged = judge(pack, ("a", "training", {"days": 2, "kind": None}), ("b", "training", {"days": 1}))
    assert [entry.hours for entry in judged.ledger] == [1200, 600]


def test_sentences_of_hours_are_those_of_their_row_and_not_kept_without_end(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amounts, "KEPT", 2)
    pack = law(
        "1: {clause: 一, for: training, hours: 6 per day}\n2: {clause: 一, for: teaching, hours: stated}"
    )
    for days in (1, 2, 3, 1):
        judged = judge(
            pack, ("a", "training", {"days": days}), ("b", "teaching", {"declared_hours": days * 6})
        )
        assert [entry.text for entry in judged.ledger] == [f"按一计{days * 6}学时"] * 2
    for items in program(pack).items.values():
        assert all(len(row.credits) <= 2 for item in items for row in item.rows)


def test_an_assessment_cannot_be_changed_nor_what_it_was_not_given_be_filled() -> None:
    results: tuple[RequirementResult, ...] = ()
    one, other = (
        YearAssessment("EX", "", 1, "990100", 2024, "met", {}, results, (), (), (), ()) for _ in "ab"
    )
    assert one == other
    assert (one.trace, one.windows, one.text, one.later) == ((), (), "", ())
    assert YearAssessment.from_json(one.to_json()) == one
    with pytest.raises(AttributeError):
        one.verdict = "not_met"  # type: ignore[misc]
    with pytest.raises(TypeError):
        one.counts["works"] = 1  # type: ignore[index]
    request = PersonYearRequest("990100", 2024, {}, ())
    assert request.years == {}
    with pytest.raises(TypeError):
        request.years[2023] = None  # type: ignore[index]
