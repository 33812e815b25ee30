"""The pure machine of a filing: what officers may do when, and what holds after any sequence of acts (L0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xueshi.campaigns.filing_machine import (
    FINISHED,
    Accepted,
    FilingCommand,
    FilingState,
    Refused,
    assessed,
    decide,
    opening_state,
    waiting_roles,
    window_ended,
)
from xueshi.campaigns.flow import ApprovalFlow, FlowLevel, Signer

DEADLINE = datetime(2021, 11, 30, 16, tzinfo=UTC)
BEFORE = DEADLINE - timedelta(days=1)
AFTER = DEADLINE + timedelta(days=1)
FLOW = ApprovalFlow(
    "flow",
    "年度验证",
    "campaign",
    "EX",
    (
        FlowLevel(
            "unit",
            "单位会签",
            "第八条",
            "unit",
            "all",
            (Signer("ce", "教育科"), Signer("personnel", "人事科")),
        ),
        FlowLevel(
            "district",
            "区级审核",
            "第九条",
            "area",
            "n_of",
            (Signer("a", "甲"), Signer("b", "乙"), Signer("c", "丙")),
            2,
            ("unit",),
        ),
        FlowLevel(
            "centre",
            "审验",
            "一",
            "area",
            "any",
            (Signer("centre", "中心"),),
            1,
            ("unit", "district"),
            may_refuse=True,
        ),
    ),
)


def act(state: FilingState, verb: str = "approve", role: str = "ce", **given_: object) -> FilingCommand:
    defaults: dict[str, object] = {
        "id": "c1",
        "verb": verb,
        "level": state.level,
        "role": role,
        "account": f"account-{role}",
        "expected_version": state.version,
        "made_at": BEFORE,
        "reason": "材料不全",
    }
    return FilingCommand(**{**defaults, **given_})  # type: ignore[arg-type]


def accepted(state: FilingState, command: FilingCommand, now: datetime = BEFORE) -> FilingState:
    judged = decide(state, FLOW, command, now)
    assert isinstance(judged, Accepted), judged
    return judged.state


def refused(state: FilingState, command: FilingCommand, now: datetime = BEFORE) -> str:
    judged = decide(state, FLOW, command, now)
    assert isinstance(judged, Refused), judged
    assert judged.reason
    return judged.code


def submitted() -> FilingState:
    state = opening_state(FLOW, DEADLINE)
    state = accepted(state, act(state, role="ce"))
    return accepted(state, act(state, role="personnel"))


def test_both_departments_sign_before_the_filing_is_submitted() -> None:
    state = opening_state(FLOW, DEADLINE)
    assert waiting_roles(state, FLOW) == ("ce", "personnel")
    state = accepted(state, act(state, role="personnel"))
    assert (state.stage, waiting_roles(state, FLOW)) == ("filing", ("ce",))
    state = accepted(state, act(state, role="ce"))
    assert (state.stage, state.level) == ("assessing", "district")


def test_a_signature_that_does_not_complete_its_level_leaves_the_other_signers_screen_valid() -> None:
    state = opening_state(FLOW, DEADLINE)
    other_screen = act(state, role="personnel")
    state = accepted(state, act(state, role="ce"))
    assert accepted(state, other_screen).stage == "assessing"


def test_nobody_decides_while_people_are_being_assessed() -> None:
    state = submitted()
    assert refused(state, act(state, role="a")) == "assessing"


def test_two_of_three_complete_an_n_of_level() -> None:
    state = assessed(submitted())
    state = accepted(state, act(state, role="c"))
    assert state.level == "district"
    assert accepted(state, act(state, role="a")).level == "centre"


def test_a_stale_screen_is_refused_with_both_versions() -> None:
    state = assessed(submitted())
    judged = decide(state, FLOW, act(state, role="a", expected_version=0), BEFORE)
    assert isinstance(judged, Refused)
    assert "第 0 版" in judged.reason
    assert f"第 {state.version} 版" in judged.reason


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role": "centre"}, "wrong_officer"),
        ({"level": "centre"}, "wrong_level"),
        ({"account": "account-ce"}, "four_eyes"),
        ({"verb": "refuse"}, "may_not_refuse"),
        ({"verb": "return", "reason": "  "}, "no_reason"),
        ({"verb": "return", "return_to": "centre"}, "may_not_return"),
    ],
)
def test_what_a_level_may_not_do(change: dict[str, object], code: str) -> None:
    state = assessed(submitted())
    assert refused(state, act(state, **{"role": "a", **change})) == code  # type: ignore[arg-type]


def test_the_maker_of_the_register_may_not_approve_it() -> None:
    state = replace(opening_state(FLOW, DEADLINE), maker="account-ce")
    assert refused(state, act(state, role="ce")) == "four_eyes"


def test_one_role_signs_once() -> None:
    state = assessed(submitted())
    state = accepted(state, act(state, role="a"))
    assert refused(state, act(state, role="a", account="someone else")) == "already_signed"


def test_a_returned_filing_is_corrected_and_signed_again_by_the_same_departments() -> None:
    state = assessed(submitted())
    state = accepted(state, act(state, "return", role="a"))
    assert (state.stage, state.level, state.returns) == ("filing", "unit", 1)
    state = accepted(state, act(state, role="ce"))
    assert accepted(state, act(state, role="personnel")).stage == "assessing"


def test_a_filing_made_in_time_is_not_late_however_late_it_arrives() -> None:
    state = opening_state(FLOW, DEADLINE)
    assert isinstance(decide(state, FLOW, act(state, made_at=BEFORE), AFTER), Accepted)
    assert refused(state, act(state, made_at=DEADLINE), AFTER) == "late"


def test_the_window_ends_for_those_who_did_not_file_only() -> None:
    state = opening_state(FLOW, DEADLINE)
    assert window_ended(state, BEFORE) == state
    assert window_ended(state, DEADLINE).stage == "not_filed"
    assert window_ended(submitted(), AFTER).stage == "assessing"


def test_withdrawal_ends_when_the_next_level_has_begun() -> None:
    state = assessed(submitted())
    assert accepted(state, act(state, "withdraw", role="ce")).stage == "filing"
    begun = accepted(state, act(state, role="a"))
    assert refused(begun, act(begun, "withdraw", role="ce")) == "too_late_to_withdraw"


def test_an_extension_moves_the_deadline_forward_only() -> None:
    state = opening_state(FLOW, DEADLINE)
    longer = accepted(state, act(state, "extend", until=AFTER))
    assert window_ended(longer, DEADLINE).stage == "filing"
    assert refused(state, act(state, "extend", until=BEFORE)) == "not_later"


ROLES = ("ce", "personnel", "a", "b", "c", "centre", "stranger")
acts = st.tuples(
    st.sampled_from(("approve", "return", "refuse", "withdraw", "extend")),
    st.sampled_from(ROLES),
    st.sampled_from(("unit", "district", "centre", None)),
    st.integers(-1, 1),
    st.sampled_from((BEFORE, AFTER)),
    st.sampled_from(("", "account-ce", "account-a")),
    st.booleans(),
)


@given(st.lists(acts, max_size=40))
def test_no_sequence_of_acts_breaks_the_invariants(
    sequence: list[tuple[str, str, str | None, int, datetime, str, bool]],
) -> None:
    state = opening_state(FLOW, DEADLINE)
    order = [level.id for level in FLOW.levels]
    for verb, role, level, drift, made_at, account, tick in sequence:
        before = state
        command = act(
            state,
            verb,
            role,
            level=level or state.level,
            expected_version=state.version + drift,
            made_at=made_at,
            account=account or f"account-{role}",
            until=state.deadline + timedelta(days=1),
        )
        judged = decide(state, FLOW, command, made_at)
        if isinstance(judged, Accepted):
            state = judged.state
            assert before.stage not in FINISHED, "a finished filing accepts nothing"
            assert before.stage != "assessing", "nobody decides during assessment"
            assert drift == 0, "a stale screen is refused"
            if judged.outcome == "advanced":
                assert order.index(state.level) == order.index(before.level) + 1, "no level is skipped"
            if judged.outcome == "approved":
                assert before.level == order[-1], "only the last level approves"
            if verb == "approve":
                assert command.account not in before.hands, "nobody acts twice in one pass"
        assert state.version >= before.version, "the version never falls"
        assert state.version - before.version <= 1
        if tick:
            state = assessed(state)
