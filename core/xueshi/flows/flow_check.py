"""Static checks of one approval flow, each with a stable code: F101 … Region-wide ones: `region_flows.py`.

The contract, `regions check` and the opening of a campaign under a bureau's overlay call the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

from xueshi.access.roles import PERSON, verbs_of
from xueshi.flows.flow import ApprovalFlow, Channel, Escalation, FlowLevel, Leaving
from xueshi.flows.routing import UnitFacts, flow_for, holds
from xueshi.register.unit_kinds import UNIT_KINDS
from xueshi.regulations.diagnostics import Diagnostic, did_you_mean, nearest

ANOTHER = "another sector"
"""A sector that a flow does not name: what holds for it holds for all others."""


@dataclass(frozen=True)
class FlowPlaces:
    """Where a flow stands: its file, and the line of each part; a flow made in Python stands in its hook."""

    file: str = "hook approval_flows"
    line_of: Callable[..., int] = field(default=lambda *_: 1, compare=False)


class FlowFindings:
    """Collects the findings of one flow with file, line and clause."""

    def __init__(self, flow: ApprovalFlow, places: FlowPlaces) -> None:
        self.flow = flow
        self.places = places
        self.found: list[Diagnostic] = []

    def add(
        self, code: str, path: tuple[str | int, ...], message: str, repair: str, clause: str = ""
    ) -> None:
        """Record one error; `path` leads to the part of the file."""
        line = self.places.line_of(*path)
        finding = Diagnostic(code, "E", self.places.file, line, clause, f"{self.flow.id}: {message}", repair)
        if finding not in self.found:
            self.found.append(finding)


def flow_findings(flow: ApprovalFlow, places: FlowPlaces | None = None) -> list[Diagnostic]:
    """Return what is wrong with one flow, in the order of its file."""
    findings = FlowFindings(flow, places or FlowPlaces())
    if flow.purpose == "campaign" and not flow.levels:
        findings.add(
            "F101", (), "a campaign without levels: nobody submits and nobody decides", "levels: add them"
        )
    if flow.purpose == "record" and not flow.channels:
        findings.add("F101", (), "a flow for records without channels: no way in", "channels: add one")
    for position, level in enumerate(flow.levels):
        _level(findings, position, level)
    for position, channel in enumerate(flow.channels):
        _channel(findings, position, channel)
    if flow.leaving is not None:
        _leaving(findings, flow.leaving)
    if flow.purpose == "record":
        _never_passed(findings)
    elif flow.levels and not findings.found:
        _walk(findings)
    return sorted(findings.found, key=lambda finding: (finding.line, finding.code))


def units_that_matter(flow: ApprovalFlow) -> Iterator[UnitFacts]:
    """Yield one unit for each combination of facts that a flow can tell apart."""
    sectors = sorted({sector for level in flow.levels if level.only for sector in level.only.sectors})
    for kind, has_department, sector in product(UNIT_KINDS, (True, False), (*sectors, ANOTHER)):
        yield UnitFacts(kind, has_department, sector)


def _level(findings: FlowFindings, position: int, level: FlowLevel) -> None:
    flow = findings.flow
    here = ("levels", position)
    ids = [one.id for one in flow.levels]
    if level.id in ids[:position]:
        findings.add(
            "F103", (*here, "id"), f"level {level.id} stands twice; the second is never reached",
            "give the second another id", level.clause,
        )  # fmt: skip
    if not level.clause.strip():
        findings.add("F102", here, f"level {level.id} has no clause", "clause: the article it rests on")
    _signers(findings, here, level)
    _returns(findings, here, position, level)
    _only(findings, here, level)
    if level.days is not None and level.days < 1:
        findings.add(
            "F120", (*here, "days"), f"level {level.id} has {level.days} working days",
            "days: at least 1, or none where the text names none", level.clause,
        )  # fmt: skip
    if level.escalate is not None:
        _escalation(findings, here, level, level.escalate)
    if level.sample is not None and flow.purpose == "record":
        findings.add(
            "F114", (*here, "sample"), f"level {level.id} takes a sample of units, but a record has no units to choose from",
            "delete sample; a sample belongs to a campaign", level.clause,
        )  # fmt: skip
    if flow.purpose == "campaign" and position == 0 and (level.sample is not None or level.optional != "no"):
        word = "sample" if level.sample is not None else "optional"
        findings.add(
            "F119", (*here, word), f"level {level.id} is the unit's own: every unit submits by it",
            f"delete {word}", level.clause,
        )  # fmt: skip


def _escalation(
    findings: FlowFindings, here: tuple[str | int, ...], level: FlowLevel, escalate: Escalation
) -> None:
    place = (*here, "escalate")
    if not escalate.clause.strip():
        findings.add(
            "F102",
            place,
            f"the escalation of level {level.id} has no clause",
            "clause: the article it rests on",
        )
    if level.days is None:
        findings.add(
            "F121", place, f"level {level.id} escalates, but has no days that could pass",
            "days: the working days that the text gives it", level.clause,
        )  # fmt: skip
    if escalate.after_days < 0:
        findings.add(
            "F120", place, f"level {level.id} escalates after {escalate.after_days} working days",
            "after_days: 0 or more", level.clause,
        )  # fmt: skip
    if escalate.to_role in {signer.role for signer in level.signers}:
        findings.add(
            "F122", place, f"level {level.id} escalates to {escalate.to_role}, who acts at it already",
            "to_role: another role of the area", level.clause,
        )  # fmt: skip


def _signers(findings: FlowFindings, here: tuple[str | int, ...], level: FlowLevel) -> None:
    place = (*here, "signers")
    roles = [signer.role for signer in level.signers]
    able = [role for role in roles if _may_decide(role, level)]
    if not able:
        why = f": {', '.join(roles)} may not decide" if roles else ""
        findings.add(
            "F104", place, f"nobody can act at level {level.id}{why}",
            "signers: - {role: …, name: …} with a role that signs", level.clause,
        )  # fmt: skip
    elif len(able) < len(roles) and level.mode == "all":
        never = next(role for role in roles if role not in able)
        findings.add(
            "F104", place, f"level {level.id} needs all of its signers, and {never} may not decide",
            f"remove {never}, or mode: any", level.clause,
        )  # fmt: skip
    twice = next((role for role in roles if roles.count(role) > 1), None)
    if twice is not None:
        findings.add(
            "F105", place, f"role {twice} stands twice at level {level.id}; one role signs once",
            "give each signer a role of its own", level.clause,
        )  # fmt: skip
    if level.mode == "n_of" and not 1 <= level.needed <= len(set(roles)):
        findings.add(
            "F106", (*here, "needed"), f"level {level.id} needs {level.needed} of {len(set(roles))} signers; that can never be had",
            f"needed: 1 to {max(len(set(roles)), 1)}", level.clause,
        )  # fmt: skip


def _may_decide(role: str, level: FlowLevel) -> bool:
    return role != PERSON and "filing.decide" in verbs_of(role, of_unit=level.body == "unit")


def _returns(findings: FlowFindings, here: tuple[str | int, ...], position: int, level: FlowLevel) -> None:
    levels = findings.flow.levels
    earlier = [one.id for one in levels[:position]]
    for number, target in enumerate(level.returns_to):
        place = (*here, "returns_to", number)
        if target not in earlier:
            near = nearest(target, earlier) or (earlier[-1] if earlier else None)
            findings.add(
                "F107", place, f"level {level.id} returns to {target}, which is no earlier level{did_you_mean(target, earlier)}",
                f"returns_to: [{near}]" if near else "delete returns_to", level.clause,
            )  # fmt: skip
        elif not any(
            holds(level.only, unit) and holds(one.only, unit)
            for unit in units_that_matter(findings.flow)
            for one in levels
            if one.id == target
        ):
            findings.add(
                "F108", place, f"level {level.id} returns to {target}, but no unit ever passes both",
                f"delete {target}, or mend `only` of one of them", level.clause,
            )  # fmt: skip


def _only(findings: FlowFindings, here: tuple[str | int, ...], level: FlowLevel) -> None:
    if level.only is None:
        return
    unknown = next((kind for kind in level.only.kinds if kind not in UNIT_KINDS), None)
    if unknown is not None:
        findings.add(
            "F109", (*here, "only"), f'level {level.id} is only for units of kind "{unknown}", which no unit is{did_you_mean(unknown, UNIT_KINDS)}',
            f"kind: {nearest(unknown, UNIT_KINDS) or ' | '.join(UNIT_KINDS)}", level.clause,
        )  # fmt: skip
    elif not any(holds(level.only, unit) for unit in units_that_matter(findings.flow)):
        findings.add(
            "F109", (*here, "only"), f"`only` of level {level.id} can never hold",
            "name at least one kind or sector that units have", level.clause,
        )  # fmt: skip


def _channel(findings: FlowFindings, position: int, channel: Channel) -> None:
    flow = findings.flow
    here = ("channels", position)
    ids = [level.id for level in flow.levels]
    if flow.purpose == "campaign":
        findings.add(
            "F114", here, f"a campaign has no channels, {channel.id} stands in it",
            "move it to the flow with purpose: record", channel.clause,
        )  # fmt: skip
    if channel.id in [one.id for one in flow.channels[:position]]:
        findings.add(
            "F103", (*here, "id"), f"channel {channel.id} stands twice", "give the second another id",
            channel.clause,
        )  # fmt: skip
    if not channel.clause.strip():
        findings.add("F102", here, f"channel {channel.id} has no clause", "clause: the article it rests on")
    if not channel.filed_by:
        findings.add(
            "F113", (*here, "filed_by"), f"nobody can file by channel {channel.id}",
            "filed_by: - {role: …, name: …}", channel.clause,
        )  # fmt: skip
    if channel.within_days is not None and channel.within_days < 1:
        findings.add(
            "F120", (*here, "within_days"), f"channel {channel.id} has {channel.within_days} working days",
            "within_days: at least 1, or none where the text names none", channel.clause,
        )  # fmt: skip
    if channel.within_calendar_days is not None and (
        channel.within_calendar_days < 1 or channel.within_days is not None
    ):
        findings.add(
            "F120", (*here, "within_calendar_days"),
            f"channel {channel.id} has {channel.within_calendar_days} calendar days"
            + (f" and {channel.within_days} working days" if channel.within_days is not None else ""),
            "one of within_days (工作日) and within_calendar_days (日), at least 1", channel.clause,
        )  # fmt: skip
    unknown = [level for level in channel.levels if level not in ids]
    for level in unknown:
        findings.add(
            "F111", (*here, "levels"), f"channel {channel.id} passes {level}, which is no level of the flow{did_you_mean(level, ids)}",
            f"levels: [{nearest(level, ids) or 'a level of this flow'}]", channel.clause,
        )  # fmt: skip
    if unknown:
        return
    order = [ids.index(level) for level in channel.levels]
    if order != sorted(set(order)):
        findings.add(
            "F112", (*here, "levels"), f"channel {channel.id} passes its levels in another order than the flow's",
            f"levels: [{', '.join(level for level in ids if level in channel.levels)}]", channel.clause,
        )  # fmt: skip
    elif channel.levels:
        _unseen(findings, here, channel)


def _leaving(findings: FlowFindings, leaving: Leaving) -> None:
    ids = [level.id for level in findings.flow.levels]
    if findings.flow.purpose == "campaign":
        findings.add(
            "F114", ("leaving",), "a campaign does not know when a person leaves",
            "move leaving to the flow with purpose: record", leaving.clause,
        )  # fmt: skip
    if not leaving.clause.strip():
        findings.add("F102", ("leaving",), "leaving has no clause", "clause: the article it rests on")
    if not leaving.levels:
        findings.add(
            "F104",
            ("leaving",),
            "leaving names nobody who settles the records",
            "levels: [a level of this flow]",
            leaving.clause,
        )
    for level in leaving.levels:
        if level not in ids:
            findings.add(
                "F111", ("leaving", "levels"), f"leaving passes {level}, which is no level of the flow{did_you_mean(level, ids)}",
                f"levels: [{nearest(level, ids) or 'a level of this flow'}]", leaving.clause,
            )  # fmt: skip


def _unseen(findings: FlowFindings, here: tuple[str | int, ...], channel: Channel) -> None:
    """A channel that names verifiers must leave one for every unit."""
    for unit in units_that_matter(findings.flow):
        if not flow_for(findings.flow, unit).channel(channel.id).levels:
            findings.add(
                "F117", (*here, "levels"), f"channel {channel.id} names verifiers, but {_said(unit)} has none of them",
                "add a level that holds for it", channel.clause,
            )  # fmt: skip
            return


def _never_passed(findings: FlowFindings) -> None:
    passed = {level for channel in findings.flow.channels for level in channel.levels}
    for position, level in enumerate(findings.flow.levels):
        if level.id not in passed:
            findings.add(
                "F110", ("levels", position), f"no channel passes level {level.id}; it is never reached",
                "name it in the levels of a channel, or delete it", level.clause,
            )  # fmt: skip


def _walk(findings: FlowFindings) -> None:
    """Walk the flow that is left for each unit, in the least case: it was not chosen for any sample."""
    flow = findings.flow
    positions = {level.id: position for position, level in enumerate(flow.levels)}
    told: set[tuple[str, str]] = set()

    def add(code: str, level: FlowLevel | None, message: str, repair: str, *part: str) -> None:
        """Tell a fault of a level for the first unit that meets it."""
        name = level.id if level else ""
        if (code, name) not in told:
            told.add((code, name))
            place: tuple[str | int, ...] = ("levels", positions.get(name, 0), *part)
            findings.add(code, place, message, repair, level.clause if level else "")

    for unit in units_that_matter(flow):
        levels = flow_for(flow, unit).levels
        if not levels or levels[0].body != "unit":
            first = levels[0] if levels else None
            add(
                "F115", first, f"{_said(unit)} begins at {first.id if first else 'no level'}, not at a level of its own",
                "put a level with body: unit before it, for every unit",
            )  # fmt: skip
        elif len(levels) == 1:
            add(
                "F116", levels[0], f"for {_said(unit)} only {levels[0].id} is left: nobody decides on what it submits",
                "add a level that decides and holds for it",
            )  # fmt: skip
        elif not _settles(levels[1]):
            add(
                "F118", levels[1], f"level {levels[1].id} decides, but none of its signers may settle what the text leaves to a verifier",
                "role: unit_verifier, where the unit itself verifies", "signers",
            )  # fmt: skip


def _settles(level: FlowLevel) -> bool:
    return any(
        "record.determine" in verbs_of(signer.role, of_unit=level.body == "unit") for signer in level.signers
    )


def _said(unit: UnitFacts) -> str:
    department = "with" if unit.has_department else "without"
    sector = "" if unit.sector == ANOTHER else f" of sector {unit.sector}"
    return f"a unit of kind {unit.kind} {department} a department{sector}"
