"""The pure machine of one record of study: `file(...)` begins it, `decide(state, flow, channel, command)` goes on.

A record passes the levels that its channel names, in order; a channel without levels registers by filing. No SQL, no
clock, no I/O. Invariants (tests/campaigns/test_record_machine.py): the version never falls, no level is skipped,
whoever filed or resubmitted a record never decides it, nobody signs twice in one pass, what is settled stays settled
but for a correction that takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from xueshi.access.roles import PERSON
from xueshi.flows.flow import ApprovalFlow, Channel, FlowLevel
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

RecordStage = Literal["deciding", "returned", "verified", "refused", "replaced", "withdrawn"]
SETTLED: frozenset[RecordStage] = frozenset({"verified", "refused", "replaced", "withdrawn"})
OPEN: frozenset[RecordStage] = frozenset({"deciding", "returned"})

RecordVerb = Literal["verify", "return", "refuse", "resubmit", "withdraw", "replace"]
RecordOutcome = Literal[
    "filed", "signed", "advanced", "verified", "returned", "refused", "resubmitted", "withdrawn", "replaced"
]

STAGE_WORDS: dict[str, str] = {
    "registered": "已登记",
    "deciding": "待认定",
    "returned": "已退回",
    "verified": "已认定",
    "refused": "不予认定",
    "replaced": "已被更正代替",
    "withdrawn": "已撤回",
}
"""What an officer reads; `registered` is the stage of records that a workbook brought."""


@dataclass(frozen=True)
class Hand:
    """Who approved at an earlier level in this pass: the level, the account."""

    level: str
    account: str


@dataclass(frozen=True)
class RecordState:
    """Where a record stands. Holds ids only; the record's own facts stand in its row."""

    stage: RecordStage
    level: str
    """Id of the level it waits at or, once returned, of its first one; empty where no level is passed."""
    version: int = 1
    makers: tuple[str, ...] = ()
    """Accounts that filed or resubmitted it, lenders of their role included: none of them may decide it (four eyes)."""
    signatures: tuple[Signature, ...] = ()
    """Approvals at the current level."""
    hands: tuple[Hand, ...] = ()
    """Approvals at earlier levels in this pass, lenders included: those accounts may not act again."""
    returns: int = 0
    filer: str = ""
    """Role that filed it: gets it back when it is returned."""

    @property
    def settled(self) -> bool:
        """Tell whether the record waits for nobody."""
        return self.stage in SETTLED


@dataclass(frozen=True)
class RecordCommand:
    """An act on a record: by which account in which role, on which version."""

    id: str
    verb: RecordVerb
    role: str
    account: str
    expected_version: int
    made_at: datetime
    """Instant of the folder's or campaign's clock at which it was inserted."""
    reason: str = ""
    return_to: str = ""
    """Id of an earlier level; empty returns to whoever filed."""
    for_person: bool = False
    """The actor acts for the professional himself."""

    principal: str = ""
    """Account whose role is used, where a delegate acts; empty otherwise."""

    @property
    def eyes(self) -> tuple[str, ...]:
        """The account and whoever lent it the role: a delegate is no way round the second pair of eyes."""
        return tuple(who for who in (self.account, self.principal) if who)


@dataclass(frozen=True)
class RecordAccepted:
    """The act holds: the state after it, and what happened in one word."""

    state: RecordState
    outcome: RecordOutcome


def file(
    flow: ApprovalFlow,
    channel: Channel,
    *,
    role: str,
    account: str,
    principal: str = "",
    for_person: bool = False,
) -> RecordAccepted | Refused:
    """Begin a record: at its channel's first level, or verified at once where filing is the registration.

    `principal` is the account that lent its role to `account`, where it did.
    """
    refusal = _may_file(channel, role, for_person)
    if refusal is not None:
        return refusal
    makers = (account, principal) if principal else (account,)
    begun = RecordState("deciding", "", makers=makers, filer=role)
    if not channel.levels:
        return RecordAccepted(replace(begun, stage="verified"), "verified")
    return RecordAccepted(replace(begun, level=flow.level(channel.levels[0]).id), "filed")


def decide(
    state: RecordState, flow: ApprovalFlow, channel: Channel, command: RecordCommand
) -> RecordAccepted | Refused:
    """Judge one act on one record."""
    if command.verb == "replace":
        return stale(command.expected_version, state.version) or replaced(state)
    refusal = _not_now(state, command)
    if refusal is not None:
        return refusal
    if command.verb == "resubmit":
        return _resubmit(state, flow, channel, command)
    if command.verb == "withdraw":
        return _withdraw(state, channel, command)
    if state.stage != "deciding":
        return Refused("with_filer", "该记录已退回申报人补正，尚未重新提交；请等重新提交后再办")
    level = flow.level(state.level)
    refusal = _not_by(state, level, command)
    if refusal is not None:
        return refusal
    if command.verb == "verify":
        return _verify(state, channel, level, command)
    if not command.reason.strip():
        return Refused("no_reason", "退回或不予认定须写明原因；请补写原因后再办")
    if command.verb == "return":
        return _return(state, channel, level, command)
    if not level.may_refuse:
        return Refused(
            "may_not_refuse", f"“{level.name}”不能作不予认定的决定（{level.clause}）；可以退回补正"
        )
    return RecordAccepted(
        replace(state, stage="refused", level="", version=state.version + 1, signatures=()), "refused"
    )


def waiting_roles(state: RecordState, flow: ApprovalFlow) -> tuple[str, ...]:
    """Return the roles of verifiers whose act the record waits for; empty while it is with its filer or settled."""
    if state.stage != "deciding":
        return ()
    return waiting_signers(flow.level(state.level), state.signatures)


def _may_file(channel: Channel, role: str, for_person: bool) -> Refused | None:
    """Refuse who may not file by a channel, naming who may and by which clause."""
    roles = {signer.role for signer in channel.filed_by}
    if for_person and PERSON in roles:
        return None
    if not for_person and role in roles:
        return None
    names = "、".join(signer.name for signer in channel.filed_by)
    if for_person:
        return Refused(
            "no_personal_application",
            f"“{channel.name}”不由本人申请，由{names}登记（{channel.clause}）；请联系登记单位",
        )
    return Refused(
        "wrong_filer", f"“{channel.name}”由{names}登记（{channel.clause}）；您的岗位不在其中，请由其登记"
    )


def _not_now(state: RecordState, command: RecordCommand) -> Refused | None:
    if state.settled:
        cure = "如有错误，请另报更正" if state.stage == "verified" else "如有新的证明，请另行申报"
        return Refused("settled", f"该记录{STAGE_WORDS[state.stage]}，不能再办理；{cure}")
    return stale(command.expected_version, state.version)


def _not_by(state: RecordState, level: FlowLevel, command: RecordCommand) -> Refused | None:
    acted = (*(hand.account for hand in state.hands), *accounts_of(state.signatures))
    # After four eyes: a second role of one account must hear the true reason.
    return (
        not_of_level(level, command.role)
        or four_eyes(
            command.eyes,
            state.makers,
            acted,
            made="该记录由您（或委托您的人）登记，须由他人认定（经办、审核分离）",
            signed="您（或委托您的人）已在本次认定中签署过，须由他人办理（经办、审核分离）",
        )
        or already_signed(state.signatures, command.role)
    )


def _verify(state: RecordState, channel: Channel, level: FlowLevel, command: RecordCommand) -> RecordAccepted:
    signatures = (*state.signatures, Signature(command.role, command.account, command.principal))
    if not completes(level, signatures):
        # As in a filing: a signature that does not complete its level leaves the version for the other signers.
        return RecordAccepted(replace(state, signatures=signatures), "signed")
    passed = replace(
        state,
        version=state.version + 1,
        signatures=(),
        hands=(*state.hands, *(Hand(level.id, who) for who in accounts_of(signatures))),
    )
    following = channel.levels.index(level.id) + 1
    if following == len(channel.levels):
        return RecordAccepted(replace(passed, stage="verified", level=""), "verified")
    return RecordAccepted(replace(passed, level=channel.levels[following]), "advanced")


def _return(
    state: RecordState, channel: Channel, level: FlowLevel, command: RecordCommand
) -> RecordAccepted | Refused:
    """Return to whoever filed, which every level may (how else is a proof completed?), or to an earlier level."""
    back = replace(state, version=state.version + 1, signatures=(), returns=state.returns + 1)
    if not command.return_to:
        return RecordAccepted(
            replace(back, stage="returned", level=channel.levels[0], hands=()),
            "returned",
        )
    earlier = channel.levels[: channel.levels.index(level.id)]
    if command.return_to not in level.returns_to or command.return_to not in earlier:
        return Refused("may_not_return", f"“{level.name}”不能退回到“{command.return_to}”（{level.clause}）")
    # Whoever approved at the level it goes back to, or after it, looks again; those before it have acted.
    kept = channel.levels[: channel.levels.index(command.return_to)]
    hands = tuple(hand for hand in state.hands if hand.level in kept)
    return RecordAccepted(replace(back, level=command.return_to, hands=hands), "returned")


def _resubmit(
    state: RecordState, flow: ApprovalFlow, channel: Channel, command: RecordCommand
) -> RecordAccepted | Refused:
    if state.stage != "returned":
        return Refused("not_returned", "该记录没有退回，不能重新提交；如有错误，请撤回后另报或另报更正")
    refusal = _may_file(channel, command.role, command.for_person)
    if refusal is not None:
        return refusal
    makers = tuple(dict.fromkeys((*state.makers, *command.eyes)))
    return RecordAccepted(
        replace(
            state,
            stage="deciding",
            level=flow.level(channel.levels[0]).id,
            version=state.version + 1,
            makers=makers,
            signatures=(),
            hands=(),
        ),
        "resubmitted",
    )


def _withdraw(state: RecordState, channel: Channel, command: RecordCommand) -> RecordAccepted | Refused:
    refusal = _may_file(channel, command.role, command.for_person)
    if refusal is not None:
        return refusal
    begun = state.stage == "deciding" and (state.level != channel.levels[0] or bool(state.signatures))
    if begun:
        return Refused("too_late_to_withdraw", "认定已开始，不能撤回；请联系认定单位退回")
    return RecordAccepted(replace(state, stage="withdrawn", level="", version=state.version + 1), "withdrawn")


def came_to_another_unit(state: RecordState) -> RecordState:
    """Return the state once the person's new unit settles the record: signatures of the old one at this level are void.

    Levels that were through stay so. The version rises with them, so that a page from before is refused.
    """
    if not state.signatures:
        return state
    return replace(state, version=state.version + 1, signatures=())


def replaced(state: RecordState) -> RecordAccepted | Refused:
    """Let a correction take a record's place: the engine's own act once the correction holds."""
    if state.stage in ("replaced", "withdrawn", "refused"):
        return Refused("settled", f"该记录{STAGE_WORDS[state.stage]}，不能更正；请另行申报")
    return RecordAccepted(
        replace(state, stage="replaced", level="", version=state.version + 1, signatures=()), "replaced"
    )
