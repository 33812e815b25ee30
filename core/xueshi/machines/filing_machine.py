"""The pure machine of one unit's filing: `decide(state, flow, command, now)`.

The workflow calls it in validators, `apply_decision` calls it again on the stored row; both see the same rules.
No SQL, no clock, no I/O. Invariants (tests/campaigns/test_filing_machine.py): the version never falls, no level
is skipped, nobody acts twice in one pass, a finished filing accepts only what brings it back by name (an extension
for a unit that did not file or was dissolved, a make-up for an approved one).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from xueshi.flows.flow import ApprovalFlow, FlowLevel
from xueshi.machines.signing import (
    Refused,
    Signature,
    accounts_of,
    already_signed,
    completes,
    four_eyes,
    not_of_level,
    stale,
    waiting_signers,
)

__all__ = ["Refused", "Signature"]

Stage = Literal[
    "filing", "assessing", "deciding", "approved", "refused", "not_filed", "dissolved", "not_decided"
]
FINISHED: frozenset[Stage] = frozenset({"approved", "refused", "not_filed", "dissolved", "not_decided"})

FilingVerb = Literal["approve", "return", "refuse", "withdraw", "extend", "makeup", "dissolve"]
Outcome = Literal[
    "signed",
    "submitted",
    "advanced",
    "approved",
    "returned",
    "refused",
    "withdrawn",
    "extended",
    "makeup_opened",
    "dissolved",
]
OVER_THE_LEVELS: frozenset[FilingVerb] = frozenset({"withdraw", "extend", "makeup", "dissolve"})
"""Verbs that are no act of the level at which the filing stands."""
BRINGS_BACK: dict[Stage, frozenset[FilingVerb]] = {
    "approved": frozenset({"makeup"}),
    "not_filed": frozenset({"extend", "dissolve"}),
    "dissolved": frozenset({"extend"}),
}
"""What a finished filing still accepts while its campaign is open."""


FINISHED_WORDS: dict[Stage, str] = {
    "approved": "已审验通过",
    "refused": "已不予通过",
    "not_filed": "逾期未申报，已截止",
    "dissolved": "因单位撤并已终止",
    "not_decided": "在关闭时未审结",
}


NO_MAKEUP = "本次年度验证没有开放补训；请业务负责人先开放（xueshi campaign makeup）"


@dataclass(frozen=True)
class FilingState:
    """Where a unit's filing stands. Holds ids and instants only."""

    stage: Stage
    level: str
    deadline: datetime
    """Instant at which the window of the first level ends."""
    version: int = 0
    round: int = 1
    signatures: tuple[Signature, ...] = ()
    """Approvals at the current level."""
    hands: tuple[str, ...] = ()
    """Accounts that acted at earlier levels since the last return: they may not act again (four eyes)."""
    came: tuple[tuple[str, int], ...] = ()
    """Level → how many hands there were when the filing came to it: a return to that level frees those that followed."""
    maker: str | None = None
    """Account that handed in the register; known to the stored row only."""
    returns: int = 0
    makeup_from: str = ""
    """During a make-up (补训): the level at which the filing was approved before; empty outside one."""
    returned_from: str = ""
    """After a return, until the unit submits again: the level that returned it. An appeal may undo the return."""
    hands_before_return: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Tell whether nothing more can happen in this round."""
        return self.stage in FINISHED


@dataclass(frozen=True)
class FilingCommand:
    """An officer's act on a unit's filing, as it travels through the workflow. No personal data."""

    id: str
    verb: FilingVerb
    level: str
    role: str
    account: str
    expected_version: int
    made_at: datetime
    """Campaign instant at which the command was inserted: late or not is judged by it."""
    reason: str = ""
    return_to: str = ""
    until: datetime | None = None
    """End of the window that an extension, a make-up or a return after the deadline opens."""
    principal: str = ""
    """Account that lent its role to `account`; empty where it acts in its own right."""


@dataclass(frozen=True)
class Accepted:
    """The command holds: the state after it, and what happened in one word."""

    state: FilingState
    outcome: Outcome


def opening_state(flow: ApprovalFlow, deadline: datetime, round_: int = 1) -> FilingState:
    """Return the state of a filing on opening day: everything is at the unit."""
    return FilingState(stage="filing", level=flow.levels[0].id, deadline=deadline, round=round_)


def decide(
    state: FilingState, flow: ApprovalFlow, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    """Judge one command on one filing; `now` is the campaign instant."""
    refusal = _not_now(state, command)
    if refusal is not None:
        return refusal
    if command.verb == "extend":
        return _extend(state, flow, command, now)
    if command.verb == "withdraw":
        return _withdraw(state, flow, command)
    if command.verb == "makeup":
        return _open_makeup(state, flow, command, now)
    if command.verb == "dissolve":
        return _dissolve(state, command)
    level = flow.level(state.level)
    refusal = _not_by(state, level, command) or _late(state, flow, command)
    if refusal is not None:
        return refusal
    if command.verb == "approve":
        return _approve(state, flow, level, command)
    if not command.reason.strip():
        return Refused("no_reason", "退回或不予通过须写明原因；请补写原因后再办")
    if command.verb == "return":
        return _return(state, flow, level, command, now)
    if not level.may_refuse:
        return Refused(
            "may_not_refuse", f"“{level.name}”不能作不予通过的决定（{level.clause}）；可以退回补正"
        )
    return Accepted(replace(state, stage="refused", version=state.version + 1), "refused")


def assessed(state: FilingState) -> FilingState:
    """Return the state once every person of a submitted filing was judged: the next level may decide."""
    return replace(state, stage="deciding") if state.stage == "assessing" else state


def register_changed(state: FilingState) -> FilingState:
    """Return the state once another register stands than the one that was looked at: whoever signed it signs again.

    The version rises, so that a page that shows the former register is refused; a return was answered by it, and can
    not be undone any more.
    """
    return replace(state, version=state.version + 1, signatures=(), returned_from="", hands_before_return=())


def window_ended(state: FilingState, now: datetime, *, changed: bool = False) -> FilingState:
    """Return the state when the window is over: a filing still at its unit ends as not filed (未申报).

    A make-up of which nothing came ends as approved as it was. One whose register was changed (`changed`) and not
    approved stays at its unit: neither the old approval nor the new register may count without somebody's word.
    """
    if state.stage != "filing" or now < state.deadline:
        return state
    if state.makeup_from:
        return state if changed else _lapsed(state)
    return replace(state, stage="not_filed", version=state.version + 1)


def campaign_closed(state: FilingState, *, changed: bool = False) -> FilingState:
    """Return the state when the bureau closes the campaign over an unfinished filing.

    Not filed stays not filed; what was filed and never decided is told apart (未审结).
    """
    if state.finished:
        return state
    if state.stage == "filing" and state.makeup_from and not changed:
        return _lapsed(state)
    unfiled = state.stage == "filing" and not state.makeup_from
    return replace(state, stage="not_filed" if unfiled else "not_decided", version=state.version + 1)


def reconsidered(state: FilingState, flow: ApprovalFlow) -> FilingState:
    """Return a decided filing to the level that decided it (an appeal was granted, its results changed).

    Whoever acted at earlier levels stays barred; the deciding level itself must act again.
    """
    if state.stage == "filing" and state.returned_from:
        return replace(
            state,
            stage="deciding",
            level=state.returned_from,
            version=state.version + 1,
            signatures=(),
            hands=state.hands_before_return,
            returned_from="",
            hands_before_return=(),
        )
    if state.stage not in ("approved", "refused"):
        return state
    level = flow.levels[-1].id if state.stage == "approved" else state.level
    return replace(state, stage="deciding", level=level, version=state.version + 1, signatures=())


def shifted(state: FilingState, by: timedelta) -> FilingState:
    """Return the state after a pause: what has not ended yet ends later by its length."""
    return state if state.finished else replace(state, deadline=state.deadline + by)


def _lapsed(state: FilingState) -> FilingState:
    return replace(
        state,
        stage="approved",
        level=state.makeup_from,
        version=state.version + 1,
        signatures=(),
        makeup_from="",
    )


def waiting_roles(state: FilingState, flow: ApprovalFlow) -> tuple[str, ...]:
    """Return the roles whose act the filing waits for; empty while it is assessed or finished."""
    if state.stage not in ("filing", "deciding"):
        return ()
    return waiting_signers(flow.level(state.level), state.signatures)


def _not_now(state: FilingState, command: FilingCommand) -> Refused | None:
    if state.finished and command.verb not in BRINGS_BACK.get(state.stage, frozenset()):
        return Refused("finished", f"该单位本轮{FINISHED_WORDS[state.stage]}，不能再办理")
    if state.stage == "assessing":
        return Refused("assessing", "该单位已提交，正在逐人核算；核算完成后再办")
    refusal = stale(command.expected_version, state.version)
    if refusal is not None:
        return refusal
    if command.verb not in OVER_THE_LEVELS and command.level != state.level:
        return Refused(
            "wrong_level", f"该单位现在“{state.level}”环节，不在“{command.level}”环节；请刷新后再办"
        )
    return None


def _not_by(state: FilingState, level: FlowLevel, command: FilingCommand) -> Refused | None:
    return (
        not_of_level(level, command.role)
        or already_signed(state.signatures, command.role)
        or four_eyes(
            (command.account, command.principal),
            (state.maker,),
            (*accounts_of(state.signatures), *state.hands),
            made="登记由您（或委托您的人）经手，须由他人审核（经办、审核分离）",
            signed="您（或委托您的人）已在本次申报中签署过，须由他人办理（经办、审核分离）",
        )
    )


def _late(state: FilingState, flow: ApprovalFlow, command: FilingCommand) -> Refused | None:
    if state.level == flow.levels[0].id and command.made_at >= state.deadline:
        return Refused("late", "已过申报截止时间，逾期；如确有原因，请向主管部门申请延期")
    return None


def _approve(state: FilingState, flow: ApprovalFlow, level: FlowLevel, command: FilingCommand) -> Accepted:
    signatures = (*state.signatures, Signature(command.role, command.account, command.principal))
    if not completes(level, signatures):
        # A signature that does not complete its level leaves the version: two signers must not refuse each other.
        return Accepted(replace(state, signatures=signatures), "signed")
    following = flow.after(level.id)
    passed = replace(state, version=state.version + 1, signatures=())
    if following is None:
        # The last level's hands bar nobody: should the filing come back, the same level decides again.
        return Accepted(replace(passed, stage="approved", makeup_from=""), "approved")
    first = level.id == flow.levels[0].id
    hands = (*state.hands, *accounts_of(signatures))
    came = () if first else state.came
    passed = replace(passed, hands=hands, came=(*came, (following.id, len(hands))))
    if first:
        submitted = replace(
            passed, stage="assessing", level=following.id, returned_from="", hands_before_return=()
        )
        return Accepted(submitted, "submitted")
    return Accepted(replace(passed, level=following.id), "advanced")


def _return(
    state: FilingState, flow: ApprovalFlow, level: FlowLevel, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    target = command.return_to or (level.returns_to[0] if level.returns_to else "")
    if target not in level.returns_to:
        return Refused("may_not_return", f"“{level.name}”不能退回到“{target or '—'}”（{level.clause}）")
    first = target == flow.levels[0].id
    deadline = state.deadline if command.until is None else max(state.deadline, command.until)
    if first and deadline <= now:
        # Without a new date the unit would be late at the moment of the return.
        return Refused("no_window", "申报已截止，退回单位须写明补正期限（--until，晚于今日）")
    return Accepted(
        replace(
            state,
            stage="filing" if first else "deciding",
            level=target,
            deadline=deadline if first else state.deadline,
            version=state.version + 1,
            signatures=(),
            hands=() if first else _hands_before(state, target),
            returns=state.returns + 1,
            returned_from=level.id if first else "",
            hands_before_return=state.hands if first else (),
        ),
        "returned",
    )


def _hands_before(state: FilingState, level: str) -> tuple[str, ...]:
    """Return who acted before a level: whoever acted at it, or after it, looks again once it comes back there."""
    number = next((number for came, number in reversed(state.came) if came == level), len(state.hands))
    return state.hands[:number]


def _withdraw(state: FilingState, flow: ApprovalFlow, command: FilingCommand) -> Accepted | Refused:
    own = flow.levels[0]
    if command.role not in {signer.role for signer in own.signers}:
        return Refused("wrong_officer", f"撤回由“{own.name}”办理；您的岗位不在其中")
    if state.stage != "deciding" or state.level != flow.levels[1].id or state.signatures:
        return Refused("too_late_to_withdraw", "上级已开始办理或尚未提交，不能撤回；请联系审核单位退回")
    if command.made_at >= state.deadline:
        return Refused("too_late_to_withdraw", "申报已截止，撤回后不能再报；请联系审核单位退回并写明补正期限")
    return Accepted(
        replace(state, stage="filing", level=own.id, version=state.version + 1, signatures=(), hands=()),
        "withdrawn",
    )


def _extend(
    state: FilingState, flow: ApprovalFlow, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    if command.until is None or command.until <= state.deadline:
        return Refused("not_later", "延期后的截止时间须晚于原截止时间")
    if command.until <= now:
        return Refused("not_later", "延期后的截止时间须晚于当前时间")
    return Accepted(extended(state, flow, command.until), "extended")


def extended(state: FilingState, flow: ApprovalFlow, until: datetime) -> FilingState:
    """Return the state with a later deadline; a unit that did not file or was dissolved begins at its level again."""
    moved = replace(state, deadline=until, version=state.version + 1)
    if state.stage not in ("not_filed", "dissolved"):
        return moved
    return replace(moved, stage="filing", level=flow.levels[0].id, signatures=(), hands=(), makeup_from="")


def _open_makeup(
    state: FilingState, flow: ApprovalFlow, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    """Return an approved filing to its unit for what its people make up (补训); the round stays."""
    if state.stage != "approved":
        return Refused("not_approved", "补训在审验通过之后办理；尚在办理的单位请按流程退回补正")
    if command.until is None:
        return Refused("no_makeup", NO_MAKEUP)
    if command.until <= now:
        return Refused("not_later", "补训已截止；如需再开放，请业务负责人延长补训期限")
    opened = replace(
        state,
        stage="filing",
        level=flow.levels[0].id,
        deadline=command.until,
        version=state.version + 1,
        signatures=(),
        hands=(),
        makeup_from=state.level,
    )
    return Accepted(opened, "makeup_opened")


def _dissolve(state: FilingState, command: FilingCommand) -> Accepted | Refused:
    if not command.reason.strip():
        return Refused("no_reason", "单位撤并须写明原因和依据（如批文、并入何单位）")
    return Accepted(replace(state, stage="dissolved", version=state.version + 1, signatures=()), "dissolved")
