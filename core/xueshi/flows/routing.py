"""Which levels of a flow hold for one unit: pure, so that the machine and a workflow only ever see the outcome.

A flow of a jurisdiction names levels that hold for some units only (`only`), for a part of them (`sample`) or at a
bureau's wish (`optional`). At opening each filing gets the flow that is left for its unit and is pinned to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from xueshi.flows.flow import ApprovalFlow, FlowLevel, Only
from xueshi.register.unit_kinds import EMPLOYER


@dataclass(frozen=True)
class UnitFacts:
    """What a unit is, as far as a flow asks."""

    kind: str = EMPLOYER
    has_department: bool = False
    sector: str | None = None


EMPLOYER_ALONE = UnitFacts()
"""A unit of which nothing is known: an employer without an industry department."""


def holds(only: Only | None, unit: UnitFacts) -> bool:
    """Tell whether a level's `only` holds for a unit."""
    if only is None:
        return True
    return (
        (not only.kinds or unit.kind in only.kinds)
        and (only.has_department is None or only.has_department == unit.has_department)
        and (not only.sectors or unit.sector in only.sectors)
    )


def flow_for(flow: ApprovalFlow, unit: UnitFacts, sampled: Collection[str] = ()) -> ApprovalFlow:
    """Return the flow that is left for a unit: levels that do not hold for it are gone, and nothing is open any more.

    `sampled` are the ids of the sampled levels that this unit was chosen for. A flow without such levels comes back
    equal, so that its digest is the campaign's own.
    """
    levels = tuple(
        replace(level, only=None, sample=None, optional="no")
        for level in flow.levels
        if holds(level.only, unit)
        and level.optional != "on_request"
        and (level.sample is None or level.id in sampled)
    )
    return keeping(flow, levels)


def keeping(flow: ApprovalFlow, levels: tuple[FlowLevel, ...]) -> ApprovalFlow:
    """Return a flow with these levels only; returns, channels and the audit before leaving name no other."""
    ids = {level.id for level in levels}

    def left(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name in ids)

    return replace(
        flow,
        levels=tuple(replace(level, returns_to=left(level.returns_to)) for level in levels),
        channels=tuple(replace(channel, levels=left(channel.levels)) for channel in flow.channels),
        leaving=None if flow.leaving is None else replace(flow.leaving, levels=left(flow.leaving.levels)),
    )


def sampled_levels(
    flow: ApprovalFlow, seed: str, units: Mapping[str, UnitFacts]
) -> dict[str, frozenset[str]]:
    """Return unit (its id) → the sampled levels it was chosen for.

    The choice follows from ids alone (`seed` is the campaign's public id): computed again it is the same, no officer
    can steer it, and a unit cannot foresee it. Of the units for which the level holds the given percent is taken,
    rounded up.
    """
    chosen: dict[str, set[str]] = {unit_id: set() for unit_id in units}
    for level in flow.levels:
        if level.sample is None:
            continue
        eligible = [unit_id for unit_id, facts in units.items() if holds(level.only, facts)]
        count = -(-len(eligible) * level.sample // 100)
        for unit_id in sorted(eligible, key=lambda unit_id: _lot(seed, level, unit_id))[:count]:
            chosen[unit_id].add(level.id)
    return {unit_id: frozenset(levels) for unit_id, levels in chosen.items()}


def _lot(seed: str, level: FlowLevel, unit_id: str) -> str:
    return hashlib.sha256(f"{seed}|{level.id}|{unit_id}".encode()).hexdigest()
