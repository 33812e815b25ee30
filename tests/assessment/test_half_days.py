"""Days and half-days are one quantity: converted where only the other is stated, travel taken off once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.types import YearAssessment
from xueshi.regulations.pack import RulePack

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
BOTH = "1: {clause: 一, for: training, hours: 6 per day, less: [travel_days, travel_half_days]}"
ONE = "1: {clause: 一, for: training, hours: 6 per day, less: travel_days}"
HALVES = "1: {clause: 一, for: training, hours: 3 per half_day, less: travel_half_days}"


@pytest.mark.parametrize(
    ("rule", "facts", "hours"),
    [
        (BOTH, {"days": "3", "travel_days": "1"}, 12),
        (BOTH, {"days": "3", "travel_half_days": "1"}, 15),
        (BOTH, {"days": "3", "travel_days": "1", "travel_half_days": "1"}, 9),
        (BOTH, {"days": "3"}, 18),
        (ONE, {"days": "3", "travel_half_days": "2"}, 12),
        (ONE, {"half_days": "3", "travel_half_days": "1"}, 6),
        (ONE, {"half_days": "3", "travel_days": "1"}, 3),
        (HALVES, {"days": "3", "travel_days": "1"}, 12),
    ],
)
def test_travel_is_taken_off_once_in_the_right_unit(
    rule: str, facts: dict[str, Any], hours: int, law: Law, judge: Judge
) -> None:
    assert judge(law(rule), ("r", "training", facts)).entry("r").hours == hours * 100


def test_a_cap_of_a_day_counts_the_days_that_are_left(law: Law, judge: Judge) -> None:
    pack = law(
        "1: {clause: 一, for: training, hours: 6 per day, less: [travel_days, travel_half_days], at_most: {day: 4}}"
    )
    facts = {"days": "3", "travel_days": "1"}
    assert judge(pack, ("r", "training", facts)).entry("r").hours == 800


def test_a_converted_fact_stands_in_the_trace_and_its_twin_is_not_presumed(law: Law, judge: Judge) -> None:
    judged = judge(law(BOTH), ("r", "training", {"half_days": "6", "travel_half_days": "1"}))
    [node] = [node for node in judged.trace if node.step == 7]
    assert {"half_days", "travel_half_days"} <= set(node.read)
    assert node.presumed == ()


@pytest.mark.parametrize(
    ("facts", "hours"),
    [({"days": "2"}, 12), ({"half_days": "4"}, 12), ({"half_days": "5"}, 20), ({"days": "2.5"}, 20)],
)
def test_a_band_of_days_is_met_by_half_days(
    facts: dict[str, Any], hours: int, law: Law, judge: Judge
) -> None:
    rule = "1: {clause: 一, for: training, rows: {1a: {when: {days: upto 2}, hours: 12}, 1b: {when: {days: over 2}, hours: 20}}}"
    assert judge(law(rule), ("r", "training", facts)).entry("r").hours == hours * 100
