"""The pure machine of a record: who may file, verify, return, refuse, withdraw, and what holds after any sequence (L0)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_count import note

from xueshi.flows.flow import ApprovalFlow, Channel, FlowLevel, Signer
from xueshi.machines.filing_machine import Refused
from xueshi.machines.record_machine import (
    SETTLED,
    RecordAccepted,
    RecordCommand,
    RecordState,
    came_to_another_unit,
    decide,
    file,
    waiting_roles,
)

MADE = datetime(2024, 3, 1, tzinfo=UTC)
UNIT = FlowLevel(
    "unit",
    "单位核准",
    "五(二)",
    "unit",
    "all",
    (Signer("ce", "教育科"), Signer("personnel", "人事科")),
    may_refuse=True,
)
DEPARTMENT = FlowLevel(
    "department", "主管部门审核", "五(三)", "area", "any", (Signer("department", "主管部门"),), 1, ("unit",)
)
PERSONAL = Channel(
    "unit",
    "本人申请",
    "五(二)",
    (Signer("person", "本人"), Signer("ce", "教育科")),
    ("unit", "department"),
    True,
)
ORGANISED = Channel("organiser", "组织机构统一登记", "第十一条", (Signer("organiser", "组织机构"),), ())
CENTRE = FlowLevel(
    "centre",
    "抽查",
    "六",
    "area",
    "any",
    (Signer("centre", "中心"),),
    1,
    ("unit", "department"),
    may_refuse=True,
)
LONG = Channel("long", "逐级审核", "六", (Signer("ce", "教育科"),), ("unit", "department", "centre"))
FLOW = ApprovalFlow(
    "records", "学时登记", "record", "EX", (UNIT, DEPARTMENT, CENTRE), (PERSONAL, ORGANISED, LONG)
)


def filed(role: str = "unit_clerk", account: str = "clerk", *, for_person: bool = True) -> RecordState:
    begun = file(FLOW, PERSONAL, role=role, account=account, for_person=for_person)
    assert isinstance(begun, RecordAccepted), begun
    return begun.state


def act(state: RecordState, verb: str = "verify", role: str = "ce", **given_: object) -> RecordCommand:
    defaults: dict[str, object] = {
        "id": "c1",
        "verb": verb,
        "role": role,
        "account": f"account-{role}",
        "expected_version": state.version,
        "made_at": MADE,
        "reason": "证明不清",
    }
    return RecordCommand(**{**defaults, **given_})  # type: ignore[arg-type]


def accepted(state: RecordState, command: RecordCommand) -> RecordState:
    judged = decide(state, FLOW, PERSONAL, command)
    assert isinstance(judged, RecordAccepted), judged
    return judged.state


def refused(state: RecordState, command: RecordCommand) -> str:
    judged = decide(state, FLOW, PERSONAL, command)
    assert isinstance(judged, Refused), judged
    assert judged.reason
    return judged.code


def verified() -> RecordState:
    state = filed()
    for role in ("ce", "personnel", "department"):
        state = accepted(state, act(state, role=role))
    return state


def test_a_record_passes_the_levels_of_its_channel_in_order() -> None:
    state = filed()
    assert waiting_roles(state, FLOW) == ("ce", "personnel")
    state = accepted(state, act(state, role="personnel"))
    assert (state.stage, state.level, waiting_roles(state, FLOW)) == ("deciding", "unit", ("ce",))
    state = accepted(state, act(state, role="ce"))
    assert (state.stage, state.level) == ("deciding", "department")
    state = accepted(state, act(state, role="department"))
    assert (state.stage, state.level, waiting_roles(state, FLOW)) == ("verified", "", ())


def test_a_channel_without_levels_registers_by_filing() -> None:
    begun = file(FLOW, ORGANISED, role="organiser", account="o")
    assert isinstance(begun, RecordAccepted)
    assert (begun.state.stage, begun.outcome) == ("verified", "verified")


def test_a_person_cannot_apply_for_what_the_organiser_registers() -> None:
    begun = file(FLOW, ORGANISED, role="unit_clerk", account="c", for_person=True)
    assert isinstance(begun, Refused)
    assert begun.code == "no_personal_application"
    assert "组织机构登记（第十一条）" in begun.reason


def test_a_role_that_the_channel_does_not_name_cannot_file() -> None:
    begun = file(FLOW, PERSONAL, role="department", account="d")
    assert isinstance(begun, Refused)
    assert begun.code == "wrong_filer"


def test_whoever_filed_never_verifies_whatever_role_he_has() -> None:
    state = filed("ce", "account-ce", for_person=False)
    assert refused(state, act(state, role="ce")) == "four_eyes"
    assert refused(state, act(state, role="personnel", account="account-ce")) == "four_eyes"


def test_whoever_resubmitted_never_verifies_either() -> None:
    state = filed()
    state = accepted(state, act(state, "return", role="ce"))
    state = accepted(state, act(state, "resubmit", "unit_clerk", account="second", for_person=True))
    assert state.stage == "deciding"
    assert refused(state, act(state, role="ce", account="second")) == "four_eyes"
    assert refused(state, act(state, role="ce", account="clerk")) == "four_eyes"


def test_nobody_signs_at_two_levels_of_one_pass() -> None:
    state = filed()
    state = accepted(state, act(state, role="ce", account="both"))
    state = accepted(state, act(state, role="personnel"))
    assert refused(state, act(state, role="department", account="both")) == "four_eyes"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role": "department"}, "wrong_officer"),
        ({"verb": "return", "reason": " "}, "no_reason"),
        ({"verb": "refuse", "reason": ""}, "no_reason"),
        ({"verb": "return", "return_to": "department"}, "may_not_return"),
        ({"verb": "resubmit", "role": "ce"}, "not_returned"),
        ({"expected_version": 9}, "stale"),
    ],
)
def test_what_the_unit_may_not_do(change: dict[str, object], code: str) -> None:
    state = filed()
    assert refused(state, act(state, **change)) == code  # type: ignore[arg-type]


def test_a_level_without_leave_to_refuse_may_return_only() -> None:
    state = filed()
    for role in ("ce", "personnel"):
        state = accepted(state, act(state, role=role))
    assert refused(state, act(state, "refuse", role="department")) == "may_not_refuse"
    back = accepted(state, act(state, "return", role="department", return_to="unit"))
    assert (back.stage, back.level) == ("deciding", "unit")
    assert accepted(back, act(back, role="ce")).signatures, "the same department looks again"


def test_a_return_to_the_middle_lets_that_level_look_again_and_no_earlier_officer_sign_there() -> None:
    state = RecordState("deciding", "unit", makers=("clerk",))
    for role in ("ce", "personnel", "department"):
        judged = decide(state, FLOW, LONG, act(state, role=role))
        assert isinstance(judged, RecordAccepted)
        state = judged.state
    judged = decide(state, FLOW, LONG, act(state, "return", role="centre", return_to="department"))
    assert isinstance(judged, RecordAccepted)
    state = judged.state
    assert state.level == "department"
    earlier = decide(state, FLOW, LONG, act(state, role="department", account="account-ce"))
    assert isinstance(earlier, Refused)
    assert earlier.code == "four_eyes"
    again = decide(state, FLOW, LONG, act(state, role="department"))
    assert isinstance(again, RecordAccepted)
    assert again.state.level == "centre"


def test_a_record_with_its_filer_waits_for_no_verifier() -> None:
    state = accepted(filed(), act(filed(), "return", role="ce"))
    assert refused(state, act(state, role="personnel")) == "with_filer"


def test_withdrawal_ends_when_the_first_verifier_signed() -> None:
    state = filed()
    withdraw = {"account": "clerk", "for_person": True}
    assert accepted(state, act(state, "withdraw", "unit_clerk", **withdraw)).stage == "withdrawn"
    begun = accepted(state, act(state, role="ce"))
    assert refused(begun, act(begun, "withdraw", "unit_clerk", **withdraw)) == "too_late_to_withdraw"


def test_another_unit_signs_a_level_from_the_beginning_and_keeps_what_was_through() -> None:
    untouched = filed()
    assert came_to_another_unit(untouched) == untouched, (
        "nobody had signed: nothing is void, no page is stale"
    )
    begun = accepted(untouched, act(untouched, role="ce"))
    moved = came_to_another_unit(begun)
    assert (moved.signatures, moved.version) == ((), begun.version + 1)
    assert waiting_roles(moved, FLOW) == ("ce", "personnel")
    assert refused(moved, act(begun, role="personnel")) == "stale"
    through = accepted(begun, act(begun, role="personnel"))
    assert came_to_another_unit(through) == through, "a level that was through is that unit's word"
    assert [hand.level for hand in through.hands] == ["unit", "unit"]


def test_a_refused_record_stays_refused() -> None:
    state = filed()
    state = accepted(state, act(state, "refuse", role="ce"))
    assert refused(state, act(state, role="personnel")) == "settled"
    assert refused(state, act(state, "replace")) == "settled"


def test_a_verified_record_is_changed_by_a_correction_only() -> None:
    state = verified()
    assert refused(state, act(state, "return", role="department")) == "settled"
    assert accepted(state, act(state, "replace")).stage == "replaced"


ROLES = ("ce", "personnel", "department", "unit_clerk", "stranger")
acts = st.tuples(
    st.sampled_from(("verify", "verify", "verify", "return", "refuse", "resubmit", "withdraw", "replace")),
    st.sampled_from(ROLES),
    st.sampled_from(("", "clerk", "account-ce", "account-department")),
    st.integers(-1, 1).map(lambda drift: drift if drift > 0 else 0),
    st.sampled_from(("", "unit", "department")),
    st.booleans(),
)


@pytest.mark.sequences
@given(st.lists(acts, max_size=40))
def test_no_sequence_of_acts_breaks_the_invariants(
    sequence: list[tuple[str, str, str, int, str, bool]],
) -> None:
    state = filed()
    order = list(PERSONAL.levels)
    passed: set[str] = set()
    held = 0
    for verb, role, account, drift, return_to, for_person in sequence:
        before = state
        command = act(
            state,
            verb,
            role,
            account=account or f"account-{role}",
            expected_version=state.version + drift,
            return_to=return_to,
            for_person=for_person,
        )
        judged = decide(state, FLOW, PERSONAL, command)
        assert state == before, "the machine changes nothing in place"
        if isinstance(judged, Refused):
            assert judged.code, "every refusal has a code"
            continue
        state = judged.state
        held += 1
        assert 0 <= state.version - before.version <= 1, "no act raises the version by more than one"
        assert drift == 0, "a stale screen is refused"
        if before.stage in SETTLED:
            assert (before.stage, state.stage) == ("verified", "replaced"), "settled but for a correction"
        if verb == "verify":
            assert command.account not in before.makers, "whoever filed never verifies"
            assert command.account not in {hand.account for hand in before.hands}, (
                "nobody signs at two levels"
            )
        if judged.outcome in ("returned", "resubmitted"):
            passed.clear()
        if judged.outcome == "advanced":
            assert order.index(state.level) == order.index(before.level) + 1, "no level is skipped"
            passed.add(before.level)
        if judged.outcome == "verified":
            assert passed | {before.level} == set(order), "every level of the channel approved"
        accounts = [one.account for one in (*state.hands, *state.signatures)]
        assert len(accounts) == len(set(accounts)), "nobody signs twice in one pass"
    note("record", len(sequence), held)
