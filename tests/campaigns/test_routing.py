"""Which levels of a flow are left for a unit: pure (L0)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from xueshi.flows.flow import ApprovalFlow, Channel, FlowLevel, Leaving, Only, Signer
from xueshi.flows.routing import UnitFacts, flow_for, holds, sampled_levels
from xueshi.machines.stored_state import dump_flow, load_flow
from xueshi.register.unit_kinds import UNIT_KINDS

SIGNERS = (Signer("r", "某部门"),)


def level(name: str, only: Only | None = None, **more: object) -> FlowLevel:
    return FlowLevel(name, name, "第一条", "unit", "any", SIGNERS, only=only, **more)  # type: ignore[arg-type]


FLOW = ApprovalFlow(
    "X",
    "示例",
    "campaign",
    "X2020",
    (
        level("unit"),
        level("agency", Only(kinds=("hr_agency",))),
        level("department", Only(has_department=True), returns_to=("unit", "agency")),
        level("schools", Only(sectors=("教育",)), returns_to=("department",)),
        level("lot", sample=30, returns_to=("department", "unit")),
        level("wish", optional="on_request"),
        level("usual", optional="yes"),
    ),
)


def ids(flow: ApprovalFlow) -> list[str]:
    return [one.id for one in flow.levels]


def test_a_level_holds_for_the_units_it_names() -> None:
    assert ids(flow_for(FLOW, UnitFacts())) == ["unit", "usual"]
    assert ids(flow_for(FLOW, UnitFacts("hr_agency"))) == ["unit", "agency", "usual"]
    assert ids(flow_for(FLOW, UnitFacts(has_department=True, sector="教育"))) == [
        "unit",
        "department",
        "schools",
        "usual",
    ]


def test_only_a_chosen_unit_passes_a_sampled_level() -> None:
    left = flow_for(FLOW, UnitFacts(), {"lot"})
    assert ids(left) == ["unit", "lot", "usual"]
    assert left.level("lot").returns_to == ("unit",), "it cannot go back to a level that is not there"


def test_a_flow_that_holds_for_all_comes_back_equal() -> None:
    plain = replace(FLOW, levels=(level("unit"), level("centre", returns_to=("unit",))))
    assert flow_for(plain, UnitFacts("base", True, "卫生")) == plain


def test_channels_and_leaving_keep_the_levels_that_are_left() -> None:
    record = replace(
        FLOW,
        purpose="record",
        channels=(Channel("person", "本人", "第二条", SIGNERS, ("unit", "agency", "department")),),
        leaving=Leaving(("unit", "agency"), "第三条"),
    )
    left = flow_for(record, UnitFacts())
    assert left.channel("person").levels == ("unit",)
    assert left.leaving == Leaving(("unit",), "第三条")


def test_a_sample_is_the_share_rounded_up_of_those_it_holds_for() -> None:
    flow = replace(FLOW, levels=(level("unit"), level("lot", Only(has_department=True), sample=30)))
    units = {str(number): UnitFacts(has_department=number < 11) for number in range(20)}
    chosen = sampled_levels(flow, "campaign:x:1", units)
    lots = {unit for unit, levels in chosen.items() if "lot" in levels}
    assert len(lots) == 4
    assert all(units[unit].has_department for unit in lots)
    assert chosen == sampled_levels(flow, "campaign:x:1", dict(reversed(units.items())))
    others = [
        frozenset(unit for unit, levels in sampled_levels(flow, f"campaign:x:{n}", units).items() if levels)
        for n in range(2, 8)
    ]
    assert any(other != lots for other in others), "another campaign draws other units"


units = st.builds(
    UnitFacts, st.sampled_from(sorted(UNIT_KINDS)), st.booleans(), st.sampled_from([None, "教育", "卫生"])
)
onlys = st.none() | st.builds(
    Only,
    st.lists(st.sampled_from(sorted(UNIT_KINDS)), max_size=2, unique=True).map(tuple),
    st.none() | st.booleans(),
    st.lists(st.sampled_from(["教育", "卫生"]), max_size=1).map(tuple),
)


@st.composite
def flows(draw: st.DrawFn) -> ApprovalFlow:
    names = [f"l{number}" for number in range(draw(st.integers(1, 6)))]
    levels = tuple(
        level(
            name,
            draw(onlys),
            returns_to=tuple(names[:place]),
            sample=draw(st.none() | st.integers(1, 99)),
            optional=draw(st.sampled_from(["no", "yes", "on_request"])),
        )
        for place, name in enumerate(names)
    )
    return ApprovalFlow("X", "示例", "campaign", "X2020", levels)


@given(flows(), units, st.sets(st.sampled_from([f"l{number}" for number in range(6)])))
def test_what_is_left_is_closed_and_stays_as_it_is(
    flow: ApprovalFlow, unit: UnitFacts, sampled: set[str]
) -> None:
    left = flow_for(flow, unit, sampled)
    order = ids(flow)
    assert [order.index(name) for name in ids(left)] == sorted(order.index(name) for name in ids(left))
    assert all(holds(flow.level(name).only, unit) for name in ids(left))
    for place, one in enumerate(left.levels):
        assert set(one.returns_to) <= set(ids(left)[:place])
    assert flow_for(left, unit) == left, "nothing is open any more"
    assert load_flow(dump_flow(left)) == left
    assert load_flow(dump_flow(flow)) == flow
