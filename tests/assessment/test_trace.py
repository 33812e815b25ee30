"""A node of the trace: it says what was noted, nothing more, and is equal by what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.program import Cited
from xueshi.assessment.trace import Citation, TraceNode
from xueshi.assessment.types import YearAssessment
from xueshi.regulations.pack import RulePack

FACTS = {"days": 2, "half_days": None, "year": 2024}
CITED = Cited("EX-1", "EX", "一", "培训", ("EX-Q1",))
NAMES = ("days", "half_days", "level")


def node(cited: Citation | Cited = CITED, names: tuple[str, ...] = NAMES) -> TraceNode:
    return TraceNode("r1", 7, cited, FACTS, names, ("level",), None, 1200, "c", "t")


def test_a_node_says_what_was_noted_and_only_what_is_stated_was_read() -> None:
    one = node()
    assert (one.rule, one.regulation, one.clause, one.readings) == ("EX-1", "EX", "一", ("EX-Q1",))
    assert one.read == {"days": 2, "half_days": None}
    assert node(names=()).read == {}


def test_a_node_is_equal_by_what_it_says() -> None:
    same = node(Citation("EX-1", "EX", "一", ("EX-Q1",)), ("half_days", "days"))
    assert node() == same
    assert (node() != same) is False
    assert hash(node()) == hash(same)
    assert node() != node(names=("days",))
    assert node() != node(Citation("EX-2", "EX", "一", ("EX-Q1",)))
    assert node() != ("r1", 7, CITED, FACTS, NAMES, ("level",), None, 1200, "c", "t")
    assert (node(), node()) == (same, same)


def test_a_node_cannot_be_changed_and_survives_json() -> None:
    one = node()
    with pytest.raises(AttributeError):
        one.text = ""  # type: ignore[misc]
    with pytest.raises(AttributeError):
        one.rule = ""  # type: ignore[misc]
    assert TraceNode.from_json(one.to_json()) == one
    assert list(one.to_json()) == [
        "record", "step", "rule", "regulation", "clause", "read", "presumed", "readings", "before", "after", "code", "text",
    ]  # fmt: skip


def test_a_year_and_its_trace_survive_json(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    pack = law("1: {clause: 一, for: training, hours: 6 per day}")
    judged = judge(pack, ("a", "training", {"days": 2}), ("b", "training", {}), ("c", "paper", {}))
    assert {one.code for one in judged.trace} == {"", "needs_fact", "no_rule"}
    again = YearAssessment.from_json(judged.to_json())
    assert again == judged
    assert again.to_json() == judged.to_json()


def test_what_a_record_states_is_as_it_was_when_it_was_judged(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    """A node holds the facts of its record and copies none, but whoever changes what he handed in does not change it."""
    pack = law("1: {clause: 一, for: training, hours: 6 per day}")
    stated = {"days": 2}
    judged = judge(pack, ("a", "training", stated))
    stated["days"] = 9
    assert [one.read for one in judged.trace if one.step == 7] == [{"days": 2}]
