"""Flows and rule packs by the digest they are pinned by: read from SQL once per process.

A digest is the content's own: other bytes have another one, so nothing that is kept here can grow old. Which digest a
campaign, filing or record is pinned to is asked of its row each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from xueshi.audit import repository as audit
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.stored_state import load_flow
from xueshi.regulations.pack import RulePack

KEPT = 64
"""How many of each a process holds; a bureau has a handful of campaigns, a province some dozens of packs."""

Held = TypeVar("Held")
_flows: dict[str, ApprovalFlow] = {}
_packs: dict[str, RulePack] = {}


def flow_by(session: Session, digest: str) -> ApprovalFlow:
    """Return the flow of a digest. Raises NotFoundError where it is not stored."""
    return _once(_flows, session, digest, load_flow)


def pack_by(session: Session, digest: str) -> RulePack:
    """Return the rule pack of a digest. Raises NotFoundError where it is not stored."""
    return _once(_packs, session, digest, RulePack.from_bytes)


def flow_of(session: Session, campaign: Campaign, filing: Filing) -> ApprovalFlow:
    """Return the flow that a filing is pinned to: what was left for its unit at opening, else the campaign's own."""
    return flow_by(session, filing.flow_digest or campaign.flow_digest)


def _once(held: dict[str, Held], session: Session, digest: str, read: Callable[[bytes], Held]) -> Held:
    found = held.get(digest)
    if found is None:
        found = read(audit.load_artifact(session, digest))
        if len(held) >= KEPT:
            held.clear()
        held[digest] = found
    return found
