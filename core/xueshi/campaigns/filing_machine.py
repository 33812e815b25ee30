"""The pure machine of one unit's filing: `decide(state, flow, command, now)`.

The workflow calls it in validators, `apply_decision` calls it again on the stored row; both see the same rules.
No SQL, no clock, no I/O. Invariants (tests/campaigns/test_filing_machine.py): the version never falls, no level
is skipped, nobody acts twice in one pass, a finished filing accepts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from xueshi.campaigns.flow import ApprovalFlow, FlowLevel

Stage = Literal["filing", "assessing", "deciding", "approved", "refused", "not_filed"]
FINISHED: frozenset[Stage] = frozenset({"approved", "refused", "not_filed"})

FilingVerb = Literal["approve", "return", "refuse", "withdraw", "extend"]
Outcome = Literal[
    "signed", "submitted", "advanced", "approved", "returned", "refused", "withdrawn", "extended"
]


@dataclass(frozen=True)
class Signature:
    """One approval at the current level: by which role, by which account (its id)."""

    role: str
    account: str


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
    maker: str | None = None
    """Account that handed in the register; known to the stored row only."""
    returns: int = 0

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


@dataclass(frozen=True)
class Accepted:
    """The command holds: the state after it, and what happened in one word."""

    state: FilingState
    outcome: Outcome


@dataclass(frozen=True)
class Refused:
    """The command does not hold: a stable code, and the reason as the officer reads it."""

    code: str
    reason: str


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
        return _extend(state, command, now)
    if command.verb == "withdraw":
        return _withdraw(state, flow, command)
    level = flow.level(state.level)
    refusal = _not_by(state, level, command) or _late(state, flow, command)
    if refusal is not None:
        return refusal
    if command.verb == "approve":
        return _approve(state, flow, level, command)
    if not command.reason.strip():
        return Refused("no_reason", "退回或不予通过须写明原因；请补写原因后再办")
    if command.verb == "return":
        return _return(state, flow, level, command)
    if not level.may_refuse:
        return Refused(
            "may_not_refuse", f"“{level.name}”不能作不予通过的决定（{level.clause}）；可以退回补正"
        )
    return Accepted(replace(state, stage="refused", version=state.version + 1), "refused")


def assessed(state: FilingState) -> FilingState:
    """Return the state once every person of a submitted filing was judged: the next level may decide."""
    return replace(state, stage="deciding") if state.stage == "assessing" else state


def window_ended(state: FilingState, now: datetime) -> FilingState:
    """Return the state when the window is over: a filing still at its unit ends as not filed (未申报)."""
    if state.stage != "filing" or now < state.deadline:
        return state
    return replace(state, stage="not_filed", version=state.version + 1)


def waiting_roles(state: FilingState, flow: ApprovalFlow) -> tuple[str, ...]:
    """Return the roles whose act the filing waits for; empty while it is assessed or finished."""
    if state.stage not in ("filing", "deciding"):
        return ()
    signed = {signature.role for signature in state.signatures}
    return tuple(signer.role for signer in flow.level(state.level).signers if signer.role not in signed)


def _not_now(state: FilingState, command: FilingCommand) -> Refused | None:
    if state.finished:
        words = {"approved": "已审验通过", "refused": "已不予通过", "not_filed": "逾期未申报，已截止"}
        return Refused("finished", f"该单位本轮{words[state.stage]}，不能再办理")
    if state.stage == "assessing":
        return Refused("assessing", "该单位已提交，正在逐人核算；核算完成后再办")
    if command.expected_version != state.version:
        return Refused(
            "stale",
            f"页面已过期：您看到的是第 {command.expected_version} 版，现在是第 {state.version} 版；请刷新后再办",
        )
    if command.verb not in ("extend", "withdraw") and command.level != state.level:
        return Refused(
            "wrong_level", f"该单位现在“{state.level}”环节，不在“{command.level}”环节；请刷新后再办"
        )
    return None


def _not_by(state: FilingState, level: FlowLevel, command: FilingCommand) -> Refused | None:
    if command.role not in {signer.role for signer in level.signers}:
        names = "、".join(signer.name for signer in level.signers)
        return Refused("wrong_officer", f"“{level.name}”由{names}办理（{level.clause}）；您的岗位不在其中")
    if command.role in {signature.role for signature in state.signatures}:
        return Refused("already_signed", "本部门已签署，不必重复办理")
    if command.account == state.maker:
        return Refused("four_eyes", "登记由您经手，须由他人审核（经办、审核分离）")
    if command.account in state.hands or command.account in {
        signature.account for signature in state.signatures
    }:
        return Refused("four_eyes", "您已在本次申报中签署过，须由他人办理（经办、审核分离）")
    return None


def _late(state: FilingState, flow: ApprovalFlow, command: FilingCommand) -> Refused | None:
    if state.level == flow.levels[0].id and command.made_at >= state.deadline:
        return Refused("late", "已过申报截止时间，逾期；如确有原因，请向主管部门申请延期")
    return None


def _approve(state: FilingState, flow: ApprovalFlow, level: FlowLevel, command: FilingCommand) -> Accepted:
    signatures = (*state.signatures, Signature(command.role, command.account))
    if not level.complete(frozenset(signature.role for signature in signatures)):
        # A signature that does not complete its level leaves the version: two signers must not refuse each other.
        return Accepted(replace(state, signatures=signatures), "signed")
    following = flow.after(level.id)
    passed = replace(
        state,
        version=state.version + 1,
        signatures=(),
        hands=(*state.hands, *(signature.account for signature in signatures)),
    )
    if following is None:
        return Accepted(replace(passed, stage="approved"), "approved")
    if level.id == flow.levels[0].id:
        return Accepted(replace(passed, stage="assessing", level=following.id), "submitted")
    return Accepted(replace(passed, level=following.id), "advanced")


def _return(
    state: FilingState, flow: ApprovalFlow, level: FlowLevel, command: FilingCommand
) -> Accepted | Refused:
    target = command.return_to or (level.returns_to[0] if level.returns_to else "")
    if target not in level.returns_to:
        return Refused("may_not_return", f"“{level.name}”不能退回到“{target or '—'}”（{level.clause}）")
    first = target == flow.levels[0].id
    return Accepted(
        replace(
            state,
            stage="filing" if first else "deciding",
            level=target,
            version=state.version + 1,
            signatures=(),
            hands=() if first else state.hands,
            returns=state.returns + 1,
        ),
        "returned",
    )


def _withdraw(state: FilingState, flow: ApprovalFlow, command: FilingCommand) -> Accepted | Refused:
    own = flow.levels[0]
    if command.role not in {signer.role for signer in own.signers}:
        return Refused("wrong_officer", f"撤回由“{own.name}”办理；您的岗位不在其中")
    if state.stage != "deciding" or state.level != flow.levels[1].id or state.signatures:
        return Refused("too_late_to_withdraw", "上级已开始办理或尚未提交，不能撤回；请联系审核单位退回")
    return Accepted(
        replace(state, stage="filing", level=own.id, version=state.version + 1, signatures=(), hands=()),
        "withdrawn",
    )


def _extend(state: FilingState, command: FilingCommand, now: datetime) -> Accepted | Refused:
    if command.until is None or command.until <= state.deadline:
        return Refused("not_later", "延期后的截止时间须晚于原截止时间")
    if command.until <= now:
        return Refused("not_later", "延期后的截止时间须晚于当前时间")
    return Accepted(replace(state, deadline=command.until, version=state.version + 1), "extended")
