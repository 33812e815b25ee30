"""What is stated and weighed by no rule is named; nobody shall think that it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import text_lines
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.assessment.unread import unread_facts
from xueshi.registry import load
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
STATED = "1: {clause: 一, name: 论文, for: paper, hours: stated}"
DAYS = "1: {clause: 一, name: 考察, for: study_tour, hours: 6 per day, less: travel_days, partial: prorate}"


@pytest.mark.parametrize(
    ("rule", "kind", "facts", "unread"),
    [
        (STATED, "paper", {"declared_hours": 8}, ()),
        (
            STATED,
            "paper",
            {"declared_hours": 8, "false_proof": True, "level": "city"},
            ("false_proof", "level"),
        ),
        (STATED, "paper", {"declared_hours": 8, "false_proof": None, "level": "", "daily_hours": []}, ()),
        (STATED, "paper", {"declared_hours": 8, "start": "2021-05-01", "end": "2021-05-02"}, ()),
        (STATED, "patent", {"false_proof": True}, ()),
        (DAYS, "study_tour", {"half_days": 2, "travel_half_days": 1}, ()),
        (DAYS, "study_tour", {"days": 2, "passed": False}, ("passed",)),
    ],
)
def test_facts_that_no_rule_of_the_kind_reads_are_named(
    law: Law, rule: str, kind: str, facts: dict[str, Any], unread: tuple[str, ...]
) -> None:
    assert set(unread_facts(law(rule), RecordFacts("r1", kind, facts))) == set(unread)


def test_what_a_refusal_reads_is_read(law: Law) -> None:
    pack = law(STATED, "refuse: {F: {clause: 一, name: 弄虚作假, when: {false_proof: yes}}}\n")
    assert unread_facts(pack, RecordFacts("r1", "paper", {"false_proof": True})) == ()


def test_the_explanation_says_it_in_chinese(law: Law) -> None:
    record = RecordFacts("r1", "paper", {"declared_hours": 8, "false_proof": True, "daily_hours": [6, 2]})
    request = PersonYearRequest("990100", 2021, {}, (record,))
    lines = text_lines(explain(law(STATED), request))
    assert any("没有条款使用，不影响学时：每日学时6、2学时、证明虚假" in line for line in lines) or any(
        "没有条款使用，不影响学时：证明虚假、每日学时6、2学时" in line for line in lines
    )


def test_a_false_proof_where_no_clause_speaks_of_it_is_named() -> None:
    record = RecordFacts("r1", "paper", {"false_proof": True})
    assert "false_proof" in unread_facts(load().pack_of("SZ2013"), record)


@pytest.mark.parametrize("instrument", ["CZ2011", "CQ2007", "WZ2017", "JS2023", "CZ2024"])
def test_a_false_proof_where_a_clause_speaks_of_it_is_refused(instrument: str) -> None:
    record = RecordFacts("r1", "paper", {"false_proof": True})
    pack = load().pack_of(instrument)
    year = pack.data["instrument"]["years"][0]
    [entry] = evaluate(pack, PersonYearRequest(pack.area, year, {}, (record,))).ledger
    assert (entry.verdict, entry.hours) == ("refused", 0)
    assert unread_facts(pack, record) == ()
