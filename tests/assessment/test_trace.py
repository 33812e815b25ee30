"""The trace: noted as it happens, dressed as nodes when read, and equal by what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.program import Cited
from xueshi.assessment.trace import Trace, node_of
from xueshi.assessment.types import TraceNode, YearAssessment
from xueshi.regulations.pack import RulePack

CITED = Cited("EX-1", "EX", "一", "培训", ("EX-Q1",))
NODE = TraceNode(
    "r1", 7, "EX-1", "EX", "一", {"days": 2, "half_days": None}, ("level",), ("EX-Q1",), None, 1200, "c", "t"
)


def noted(names: tuple[str, ...] = ("days", "half_days", "level")) -> Trace:
    facts = {"days": 2, "half_days": None, "year": 2024}
    return Trace([("r1", 7, CITED, facts, names, ("level",), None, 1200, "c", "t")])


def test_a_node_says_what_was_noted_and_only_what_is_stated_was_read() -> None:
    [node] = noted()
    assert node == NODE == noted()[0]


def test_a_trace_is_equal_to_what_says_the_same_and_to_nothing_else() -> None:
    trace = noted()
    assert trace == noted()
    assert trace == (NODE,)
    assert trace == (NODE,)
    assert trace != noted(("days",))
    assert trace != ()
    assert trace != [NODE]
    assert (len(trace), bool(trace), bool(Trace([])), repr(trace)) == (1, True, False, repr((NODE,)))
    with pytest.raises(TypeError):
        hash(trace)


def test_nodes_are_made_once() -> None:
    trace = noted()
    assert trace.nodes() is trace.nodes()
    assert next(iter(trace)) is trace.nodes()[0]


def test_a_note_without_names_has_read_nothing() -> None:
    assert node_of(("", 16, CITED, {"level": "senior"}, (), (), 1, 2, "", "合计")).read == {}


def test_a_year_and_its_trace_survive_json(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    pack = law("1: {clause: 一, for: training, hours: 6 per day}")
    judged = judge(pack, ("a", "training", {"days": 2}), ("b", "training", {}), ("c", "paper", {}))
    assert {node.code for node in judged.trace} == {"", "needs_fact", "no_rule"}
    again = YearAssessment.from_json(judged.to_json())
    assert again == judged
    assert again.to_json() == judged.to_json()


def test_what_a_record_states_is_as_it_was_when_it_was_judged(
    law: Callable[..., RulePack], judge: Callable[..., YearAssessment]
) -> None:
    """Nodes are dressed later, but whoever changes a record afterwards does not change its trace."""
    pack = law("1: {clause: 一, for: training, hours: 6 per day}")
    stated = {"days": 2}
    judged = judge(pack, ("a", "training", stated))
    stated["days"] = 9
    assert [node.read for node in judged.trace if node.step == 7] == [{"days": 2}]
