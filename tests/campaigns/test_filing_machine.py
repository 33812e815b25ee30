"""The pure machine of a filing: what officers may do when, and what holds after any sequence of acts (L0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_count import note

from xueshi.flows.flow import ApprovalFlow, FlowLevel, Signer
from xueshi.machines.filing_machine import (
    BRINGS_BACK,
    FINISHED,
    Accepted,
    FilingCommand,
    FilingState,
    Refused,
    assessed,
    campaign_closed,
    decide,
    opening_state,
    reconsidered,
    shifted,
    waiting_roles,
    window_ended,
)

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


def approved() -> FilingState:
    state = assessed(submitted())
    for role in ("a", "b", "centre"):
        state = accepted(state, act(state, role=role))
    assert state.stage == "approved"
    return state


def test_a_unit_that_did_not_file_comes_back_when_its_window_is_extended() -> None:
    late = window_ended(opening_state(FLOW, DEADLINE), DEADLINE)
    assert refused(late, act(late, role="ce")) == "finished"
    back = accepted(late, act(late, "extend", until=AFTER), DEADLINE)
    assert (back.stage, back.level, back.round, back.version) == ("filing", "unit", 1, late.version + 1)
    assert window_ended(back, DEADLINE).stage == "filing"


def test_a_return_after_the_deadline_names_by_when_to_mend() -> None:
    state = assessed(submitted())
    assert refused(state, act(state, "return", role="a"), AFTER) == "no_window"
    later = AFTER + timedelta(days=5)
    state = accepted(state, act(state, "return", role="a", until=later), AFTER)
    assert state.deadline == later
    assert window_ended(state, AFTER).stage == "filing", "the unit is not late at the moment of its return"


def test_a_unit_does_not_take_back_what_it_could_not_file_again() -> None:
    state = assessed(submitted())
    assert (
        refused(state, act(state, "withdraw", role="ce", made_at=DEADLINE), AFTER) == "too_late_to_withdraw"
    )


def test_a_make_up_keeps_the_round_and_ends_in_a_new_approval() -> None:
    before = approved()
    until = AFTER + timedelta(days=30)
    state = accepted(before, act(before, "makeup", until=until), AFTER)
    assert (state.stage, state.level, state.round) == ("filing", "unit", before.round)
    for role in ("ce", "personnel"):
        state = accepted(state, act(state, role=role, made_at=AFTER), AFTER)
    state = assessed(state)
    for role in ("a", "b", "centre"):
        state = accepted(state, act(state, role=role), AFTER)
    assert (state.stage, state.makeup_from) == ("approved", "")


def test_a_make_up_of_which_nothing_came_leaves_the_approval() -> None:
    before = approved()
    state = accepted(before, act(before, "makeup", until=AFTER), DEADLINE)
    assert window_ended(state, AFTER).stage == "approved"
    assert window_ended(state, AFTER, changed=True) == state, "a changed register waits for somebody's word"
    assert campaign_closed(state).stage == "approved"
    assert campaign_closed(state, changed=True).stage == "not_decided"


def test_only_an_approved_unit_makes_up() -> None:
    state = assessed(submitted())
    assert refused(state, act(state, "makeup", until=AFTER)) == "not_approved"


def test_a_dissolved_unit_is_out_and_can_be_taken_back() -> None:
    state = assessed(submitted())
    assert refused(state, act(state, "dissolve", reason="")) == "no_reason"
    out = accepted(state, act(state, "dissolve"))
    assert out.stage == "dissolved"
    assert refused(out, act(out, role="a")) == "finished"
    back = accepted(out, act(out, "extend", until=AFTER))
    assert (back.stage, back.level, back.hands) == ("filing", "unit", ())


def test_closing_tells_unfiled_from_undecided() -> None:
    assert campaign_closed(opening_state(FLOW, DEADLINE)).stage == "not_filed"
    assert campaign_closed(assessed(submitted())).stage == "not_decided"
    assert campaign_closed(approved()).stage == "approved"


def test_a_refused_filing_is_decided_again_at_its_level_by_whoever_did_not_act_before() -> None:
    state = assessed(submitted())
    for role in ("a", "b"):
        state = accepted(state, act(state, role=role))
    state = accepted(state, act(state, "refuse", role="centre"))
    again = reconsidered(state, FLOW)
    assert (again.stage, again.level) == ("deciding", "centre")
    assert refused(again, act(again, role="centre", account="account-a")) == "four_eyes"
    assert accepted(again, act(again, role="centre")).stage == "approved"


def test_a_return_to_a_middle_level_lets_its_officers_look_again_and_nobody_before_them() -> None:
    flow = replace(FLOW, levels=(*FLOW.levels[:2], replace(FLOW.levels[2], returns_to=("district", "unit"))))
    state = assessed(submitted())
    before = state.hands
    for role in ("a", "b"):
        state = accepted(state, act(state, role=role))
    judged = decide(state, flow, act(state, "return", role="centre", return_to="district"), BEFORE)
    assert isinstance(judged, Accepted)
    back = judged.state
    assert (back.stage, back.level, back.hands) == ("deciding", "district", before)
    assert refused(back, act(back, role="a", account=before[0])) == "four_eyes"
    for role in ("a", "b"):
        back = accepted(back, act(back, role=role))
    assert back.level == "centre"
    assert refused(back, act(back, role="centre", account="account-a")) == "four_eyes"
    assert accepted(back, act(back, role="centre")).stage == "approved"


def test_a_return_undone_by_appeal_goes_on_where_it_was() -> None:
    state = assessed(submitted())
    back = accepted(state, act(state, "return", role="a"))
    again = reconsidered(back, FLOW)
    assert (again.stage, again.level, again.hands) == ("deciding", "district", state.hands)


def test_a_pause_moves_what_has_not_ended() -> None:
    by = timedelta(days=3)
    assert shifted(opening_state(FLOW, DEADLINE), by).deadline == DEADLINE + by
    assert shifted(approved(), by) == approved()


def test_a_delegate_is_no_way_round_the_second_pair_of_eyes() -> None:
    state = replace(opening_state(FLOW, DEADLINE), maker="clerk")
    assert refused(state, act(state, role="ce", account="deputy", principal="clerk")) == "four_eyes"
    assert refused(state, act(state, role="ce", account="clerk", principal="account-ce")) == "four_eyes"
    state = accepted(state, act(state, role="ce", account="deputy", principal="account-ce"))
    assert refused(state, act(state, role="personnel", account="deputy")) == "four_eyes"
    assert refused(state, act(state, role="personnel", account="account-ce")) == "four_eyes"
    state = assessed(accepted(state, act(state, role="personnel")))
    for account, principal in (("deputy", ""), ("x", "deputy"), ("account-ce", ""), ("x", "account-ce")):
        assert refused(state, act(state, role="a", account=account, principal=principal)) == "four_eyes"


ROLES = ("ce", "personnel", "a", "b", "c", "centre", "stranger")
acts = st.tuples(
    st.sampled_from(
        ("approve", "approve", "approve", "return", "refuse", "withdraw", "extend", "makeup", "dissolve")
    ),
    st.sampled_from(ROLES),
    # Mostly what an officer would do: an act that is refused at once tries nothing behind it.
    st.sampled_from((None, None, None, None, "unit", "district", "centre")),
    st.sampled_from((0, 0, 0, 0, -1, 1)),
    st.sampled_from((BEFORE, BEFORE, AFTER)),
    st.sampled_from(("", "", "", "account-ce", "account-a")),
    st.sampled_from(("", "", "", "account-ce", "account-b")),
    st.sampled_from(("assessed", "assessed", "", "", "clock", "reconsidered", "closed")),
)


@pytest.mark.sequences
@given(st.lists(acts, max_size=40))
def test_no_sequence_of_acts_breaks_the_invariants(
    sequence: list[tuple[str, str, str | None, int, datetime, str, str, str]],
) -> None:
    state = opening_state(FLOW, DEADLINE)
    order = [level.id for level in FLOW.levels]
    held = 0
    for verb, role, level, drift, made_at, account, principal, event in sequence:
        before = state
        command = act(
            state,
            verb,
            role,
            level=level or state.level,
            expected_version=state.version + drift,
            made_at=made_at,
            account=account or f"account-{role}",
            principal=principal,
            until=state.deadline + timedelta(days=1),
        )
        judged = decide(state, FLOW, command, made_at)
        if isinstance(judged, Accepted):
            state = judged.state
            held += 1
            assert before.stage not in FINISHED or verb in BRINGS_BACK.get(before.stage, ()), (
                "a finished filing accepts only what brings it back by name"
            )
            assert state.round == before.round, "no act of an officer starts a round"
            assert before.stage != "assessing", "nobody decides during assessment"
            assert drift == 0, "a stale screen is refused"
            if judged.outcome == "advanced":
                assert order.index(state.level) == order.index(before.level) + 1, "no level is skipped"
            if judged.outcome == "approved":
                assert before.level == order[-1], "only the last level approves"
            if verb == "approve":
                eyes = {command.account, command.principal} - {""}
                signed = {who for one in before.signatures for who in (one.account, one.principal)}
                assert not eyes & (set(before.hands) | signed), "nobody acts twice in one pass"
        assert state.version >= before.version, "the version never falls"
        assert state.version - before.version <= 1, "no act raises the version by more than one"
        before = state
        if event == "assessed":
            state = assessed(state)
        elif event == "clock":
            state = window_ended(state, AFTER)
            assert state.stage in (before.stage, "not_filed", "approved"), (
                "the end of the window closes what was not filed, and leaves an approval as it is"
            )
        elif event == "reconsidered":
            state = reconsidered(state, FLOW)
        elif event == "closed":
            assert campaign_closed(state).stage in FINISHED, "closing leaves nothing open"
        assert state.version >= before.version, "the version never falls"
        assert state.level in order, "a filing is always at a level of its flow"
    note("filing", len(sequence), held)
