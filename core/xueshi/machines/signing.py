"""What every machine with levels asks of whoever signs: the right officer, a fresh page, four eyes, one signature a role.

Pure: filings and records hold their own states and their own words; the steps stand here once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from xueshi.flows.flow import FlowLevel


@dataclass(frozen=True)
class Refused:
    """The act does not hold: a stable code for programs, and a sentence that says why and what to do."""

    code: str
    reason: str


@dataclass(frozen=True)
class Signature:
    """One approval at the current level: by which role, by which account (its id), on whose behalf."""

    role: str
    account: str
    principal: str = ""
    """Account whose role was used, where a delegate signed; empty otherwise."""


def stale(expected: int, version: int) -> Refused | None:
    """Refuse an act on a page that shows an older version."""
    if expected == version:
        return None
    return Refused("stale", f"页面已过期：您看到的是第 {expected} 版，现在是第 {version} 版；请刷新后再办")


def not_of_level(level: FlowLevel, role: str) -> Refused | None:
    """Refuse a role that does not sign at a level, naming who does and by which clause."""
    if role in {signer.role for signer in level.signers}:
        return None
    names = "、".join(signer.name for signer in level.signers)
    return Refused("wrong_officer", f"“{level.name}”由{names}办理（{level.clause}）；您的岗位不在其中")


def already_signed(signatures: Collection[Signature], role: str) -> Refused | None:
    """Refuse a second signature of one role at one level."""
    if role not in {signature.role for signature in signatures}:
        return None
    return Refused("already_signed", "本部门已签署，不必重复办理")


def four_eyes(
    eyes: Collection[str], makers: Collection[str | None], acted: Collection[str], *, made: str, signed: str
) -> Refused | None:
    """Refuse whoever made what is decided, or acted on it before in this pass; `made` and `signed` are what is said.

    `eyes` are the account and whoever lent it the role: a delegate is no way round the second pair of eyes.
    """
    looking = set(eyes) - {""}
    if looking & set(makers):
        return Refused("four_eyes", made)
    return Refused("four_eyes", signed) if looking & set(acted) else None


def accounts_of(signatures: Collection[Signature]) -> tuple[str, ...]:
    """Return the accounts behind some signatures, those of their lenders included."""
    return tuple(who for one in signatures for who in (one.account, one.principal) if who)


def waiting_signers(level: FlowLevel, signatures: Collection[Signature]) -> tuple[str, ...]:
    """Return the roles of a level that have not signed yet, in the flow's order."""
    signed = {signature.role for signature in signatures}
    return tuple(signer.role for signer in level.signers if signer.role not in signed)


def completes(level: FlowLevel, signatures: Collection[Signature]) -> bool:
    """Tell whether some signatures are what a level needs (any, all, so many of them)."""
    return level.complete(frozenset(signature.role for signature in signatures))
