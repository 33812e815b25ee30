"""The pure machine of a campaign: which act has its place when, and what holds after any sequence of acts (L0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_count import note

from xueshi.machines.appeal_machine import (
    AppealAccepted,
    AppealCommand,
    AppealState,
    decide_appeal,
)
from xueshi.machines.campaign_machine import (
    CampaignAccepted,
    CampaignCommand,
    CampaignState,
    added_until,
    decide_campaign,
    pause_length,
)
from xueshi.machines.filing_machine import Refused

DEADLINE = datetime(2021, 11, 30, 16, tzinfo=UTC)
BEFORE = DEADLINE - timedelta(days=10)
AFTER = DEADLINE + timedelta(days=1)
OPEN = CampaignState("open", DEADLINE, standing=True)
DAY = timedelta(days=1)


def act(state: CampaignState, verb: str, **given_: object) -> CampaignCommand:
    defaults: dict[str, object] = {
        "id": "c1",
        "verb": verb,
        "role": "bureau",
        "account": "b",
        "expected_version": state.version,
        "made_at": BEFORE,
        "reason": "原因",
    }
    return CampaignCommand(**{**defaults, **given_})  # type: ignore[arg-type]


def accepted(state: CampaignState, command: CampaignCommand, now: datetime = BEFORE) -> CampaignState:
    judged = decide_campaign(state, command, now)
    assert isinstance(judged, CampaignAccepted), judged
    return judged.state


def refused(state: CampaignState, command: CampaignCommand, now: datetime = BEFORE) -> str:
    judged = decide_campaign(state, command, now)
    assert isinstance(judged, Refused), judged
    assert judged.reason
    return judged.code


def test_a_pause_moves_deadlines_by_its_length_when_it_ends() -> None:
    state = accepted(replace(OPEN, makeup_until=AFTER), act(OPEN, "pause"))
    assert state.paused_at == BEFORE
    back = accepted(state, act(state, "resume"), BEFORE + 3 * DAY)
    assert (back.deadline, back.makeup_until) == (DEADLINE + 3 * DAY, AFTER + 3 * DAY)
    assert back.paused_at is None


def test_a_begun_day_of_a_pause_counts_whole_so_that_deadlines_still_end_with_a_day() -> None:
    assert pause_length(BEFORE, BEFORE) == timedelta(0)
    assert pause_length(BEFORE, BEFORE + timedelta(hours=1)) == DAY
    assert pause_length(BEFORE, BEFORE + DAY) == DAY
    assert pause_length(BEFORE, BEFORE + DAY + timedelta(minutes=1)) == 2 * DAY


def test_what_had_ended_before_a_pause_is_not_brought_back_by_it() -> None:
    state = accepted(OPEN, act(OPEN, "pause"), AFTER)
    assert accepted(state, act(state, "resume"), AFTER + 5 * DAY).deadline == DEADLINE


@pytest.mark.parametrize("verb", ["extend", "close", "makeup", "migrate", "pause"])
def test_a_paused_campaign_is_resumed_before_anything_else(verb: str) -> None:
    state = accepted(OPEN, act(OPEN, "pause"))
    assert refused(state, act(state, verb, to=AFTER + DAY, pack="p")) == "paused"


def test_nobody_resumes_what_is_not_paused() -> None:
    assert refused(OPEN, act(OPEN, "resume")) == "not_paused"


def test_the_clock_of_a_paused_rehearsal_goes_on() -> None:
    state = accepted(OPEN, act(OPEN, "pause"))
    accepted(state, act(state, "advance", to=AFTER))


@pytest.mark.parametrize("verb", ["pause", "extend", "migrate"])
def test_these_acts_say_why(verb: str) -> None:
    assert refused(OPEN, act(OPEN, verb, to=AFTER, pack="p", reason=" ")) == "no_reason"


def test_closing_early_says_why() -> None:
    assert refused(OPEN, act(OPEN, "close", reason="")) == "window_open"
    assert accepted(OPEN, act(OPEN, "close")).stage == "closing"
    assert accepted(OPEN, act(OPEN, "close", reason=""), DEADLINE).stage == "closing"


def test_an_open_make_up_window_makes_closing_early() -> None:
    state = accepted(OPEN, act(OPEN, "makeup", to=AFTER + DAY))
    assert refused(state, act(state, "close", reason=""), AFTER) == "window_open"
    assert accepted(state, act(state, "close", reason=""), AFTER + DAY).stage == "closing"


def test_closing_over_undecided_units_says_why_even_after_the_deadline() -> None:
    assert refused(OPEN, act(OPEN, "close", reason="", anyway=True), AFTER) == "no_reason"


def test_a_make_up_window_only_grows() -> None:
    state = accepted(OPEN, act(OPEN, "makeup", to=AFTER))
    assert refused(state, act(state, "makeup", to=AFTER)) == "not_later"
    assert accepted(state, act(state, "makeup", to=AFTER + DAY)).makeup_until == AFTER + DAY


def test_a_unit_is_opened_again_after_the_seal_only() -> None:
    assert refused(OPEN, act(OPEN, "reopen", unit="u", to=AFTER)) == "closed"
    for stage in ("closing", "sealed", "printed"):
        assert refused(replace(OPEN, stage=stage), act(OPEN, "reopen", unit="u", to=AFTER)) == "closed"  # type: ignore[arg-type]
    finished = replace(OPEN, stage="finished")
    assert accepted(finished, act(finished, "reopen", unit="u", to=AFTER)).stage == "finished"
    assert refused(finished, act(finished, "reopen", unit="u", to=BEFORE)) == "not_later"
    archived = accepted(finished, act(finished, "archive"))
    assert refused(archived, act(archived, "reopen", unit="u", to=AFTER)) == "closed"


def test_a_unit_is_added_while_there_is_time_to_file() -> None:
    assert accepted(OPEN, act(OPEN, "add_unit", unit="u")).stage == "open"
    assert refused(OPEN, act(OPEN, "add_unit")) == "no_unit"
    assert refused(OPEN, act(OPEN, "add_unit", unit="u"), AFTER) == "not_later"
    late = act(OPEN, "add_unit", unit="u", to=AFTER + timedelta(days=1))
    assert accepted(OPEN, late, AFTER).deadline == OPEN.deadline, "the others have no more time"
    assert added_until(OPEN, late.to) == late.to
    assert added_until(OPEN, BEFORE) == OPEN.deadline, "nor has the newcomer less"
    finished = replace(OPEN, stage="finished")
    assert refused(finished, act(finished, "add_unit", unit="u", to=None)) == "not_later"
    assert accepted(finished, act(finished, "add_unit", unit="u", to=AFTER)).stage == "finished"
    assert refused(finished, act(finished, "add_unit", unit="u", to=AFTER, reason="")) == "no_reason"
    for stage in ("closing", "archived"):
        assert refused(replace(OPEN, stage=stage), act(OPEN, "add_unit", unit="u")) == "closed"  # type: ignore[arg-type]


VERBS = (
    "advance",
    "extend",
    "close",
    "pause",
    "resume",
    "makeup",
    "migrate",
    "reopen",
    "add_unit",
    "archive",
)
acts = st.tuples(
    st.sampled_from(VERBS),
    st.integers(0, 30),
    st.sampled_from((0, 0, 0, 0, -1, 1)),
    st.sampled_from((True, True, False)),
)


@pytest.mark.sequences
@given(st.lists(acts, max_size=30))
def test_no_sequence_of_acts_breaks_the_invariants(sequence: list[tuple[str, int, int, bool]]) -> None:
    state, now, accepted = OPEN, BEFORE, 0
    order = ["open", "closing", "finished", "archived"]
    for verb, days, drift, why in sequence:
        before = state
        command = act(
            state,
            verb,
            expected_version=state.version + drift,
            to=now + timedelta(days=days),
            reason="原因" if why else "",
            pack="p",
            unit="u",
        )
        judged = decide_campaign(state, command, now)
        if isinstance(judged, CampaignAccepted):
            state = judged.state
            accepted += 1
            assert drift == 0, "a stale screen is refused"
            assert state.version == before.version + 1, "every accepted act raises the version by one"
            assert before.stage != "archived", "an archived campaign accepts nothing"
            assert before.paused_at is None or verb in ("advance", "resume"), (
                "a paused campaign accepts only the clock and the end of the pause"
            )
            assert state.deadline >= before.deadline, "no act takes time away"
            if verb == "advance":
                now = command.to or now
        assert order.index(state.stage) >= order.index(before.stage), "no stage comes twice"
        if state.stage == "closing":
            state = replace(state, stage="finished")  # sealed and printed meanwhile
    note("campaign", len(sequence), accepted)


# ---------------------------------------------------------------- appeals


APPEAL = AppealState("open", maker="clerk", deciders=("verifier", "lender"))


def appeal(verb: str = "uphold", **given_: object) -> AppealCommand:
    defaults: dict[str, object] = {
        "id": "c",
        "verb": verb,
        "role": "bureau",
        "account": "chief",
        "expected_version": 0,
        "made_at": AFTER,
        "reason": "理由",
    }
    return AppealCommand(**{**defaults, **given_})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "verifier"}, "four_eyes"),
        ({"account": "lender"}, "four_eyes"),
        ({"account": "deputy", "principal": "verifier"}, "four_eyes"),
        ({"account": "clerk"}, "four_eyes"),
        ({"reason": " "}, "no_reason"),
        ({"expected_version": 3}, "stale"),
    ],
)
def test_an_appeal_is_decided_by_somebody_else_with_a_reason(change: dict[str, object], code: str) -> None:
    judged = decide_appeal(APPEAL, appeal("grant", **change))
    assert isinstance(judged, Refused)
    assert judged.code == code


def test_an_appeal_is_decided_once() -> None:
    judged = decide_appeal(APPEAL, appeal())
    assert isinstance(judged, AppealAccepted)
    again = decide_appeal(judged.state, appeal(expected_version=1))
    assert isinstance(again, Refused)
    assert again.code == "finished"


def test_its_maker_takes_an_appeal_back() -> None:
    judged = decide_appeal(APPEAL, appeal("withdraw", account="clerk", reason=""))
    assert isinstance(judged, AppealAccepted)
    assert judged.state.stage == "withdrawn"


appeal_acts = st.tuples(
    st.sampled_from(("uphold", "grant", "withdraw")),
    st.sampled_from(("chief", "clerk", "verifier", "lender", "deputy")),
    st.sampled_from(("", "chief", "clerk", "verifier")),
    st.sampled_from((0, 0, 0, -1, 1)),
    st.booleans(),
)


@pytest.mark.sequences
@given(st.lists(appeal_acts, max_size=15))
def test_no_sequence_of_acts_breaks_an_appeal(sequence: list[tuple[str, str, str, int, bool]]) -> None:
    state, held = APPEAL, 0
    for verb, account, principal, drift, why in sequence:
        before = state
        given_words = {
            "account": account,
            "principal": principal,
            "expected_version": state.version + drift,
            "reason": "理由" if why else " ",
        }
        judged = decide_appeal(state, appeal(verb, **given_words))
        if isinstance(judged, Refused):
            assert judged.code, "every refusal has a code"
            continue
        state = judged.state
        held += 1
        assert before.stage == "open", "an appeal is settled once"
        assert drift == 0, "a stale screen is refused"
        assert state.version == before.version + 1, "every accepted act raises the version by one"
        if verb != "withdraw":
            eyes = {account, principal}
            assert not eyes & {*APPEAL.deciders, APPEAL.maker}, "nobody decides on his own act or appeal"
            assert why, "a decision says why"
    note("appeal", len(sequence), held)
