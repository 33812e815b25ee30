"""Static checks of an approval flow: the contract, `regions check` and the publication gate call the same."""

from __future__ import annotations

from xueshi.campaigns.flow import ApprovalFlow


def flow_problems(flow: ApprovalFlow) -> list[str]:
    """Return what is wrong with a flow, statically: no levels, no clause, nobody who can act, a return forward."""
    problems = [] if flow.levels else [f"{flow.id}: no levels"]
    ids = [level.id for level in flow.levels]
    for position, level in enumerate(flow.levels):
        where = f"{flow.id}, level {level.id}"
        roles = {signer.role for signer in level.signers}
        if ids.count(level.id) > 1:
            problems.append(f"{where}: the id stands twice, the second level is never reached")
        if not level.clause:
            problems.append(f"{where}: no clause")
        if not roles:
            problems.append(f"{where}: nobody can act at it")
        if level.mode == "n_of" and not 1 <= level.needed <= len(roles):
            problems.append(f"{where}: {level.needed} of {len(roles)} signers can never be had")
        problems.extend(
            f"{where}: returns to {target}, which is no earlier level"
            for target in level.returns_to
            if target not in ids[:position]
        )
        if level.escalate is not None:
            if not level.escalate.clause:
                problems.append(f"{where}: escalate: no clause")
            if level.days is None:
                problems.append(f"{where}: escalates, but has no days that could pass")
            if level.escalate.after_days < 0:
                problems.append(f"{where}: escalate: after_days is below 0")
            if level.escalate.to_role in roles:
                problems.append(f"{where}: escalates to {level.escalate.to_role}, who acts at it already")
    for channel in flow.channels:
        where = f"{flow.id}, channel {channel.id}"
        if not channel.clause:
            problems.append(f"{where}: no clause")
        if not channel.filed_by:
            problems.append(f"{where}: nobody can file by it")
        problems.extend(
            f"{where}: passes {level}, which is no level of the flow"
            for level in channel.levels
            if level not in ids
        )
    if flow.purpose == "campaign" and flow.levels and flow.levels[0].body != "unit":
        problems.append(f"{flow.id}: the first level of a campaign is the unit's own")
    return problems
