"""Static checks of all flows of one jurisdiction against its areas, instruments and rules: F201 …"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_check import FlowPlaces, flow_findings
from xueshi.jurisdictions import Jurisdiction, area_contains
from xueshi.regulations.diagnostics import Diagnostic, did_you_mean, nearest
from xueshi.regulations.rule_channels import NamedChannel


@dataclass(frozen=True)
class PlacedFlow:
    """A flow with the statistics years in which its jurisdiction answered with it, and where it stands."""

    flow: ApprovalFlow
    years: tuple[int, ...]
    places: FlowPlaces = field(default_factory=FlowPlaces)


@dataclass(frozen=True)
class FlowSurroundings:
    """What a jurisdiction's flows must fit to."""

    who: Jurisdiction
    clauses: Mapping[str, Collection[str]]
    """Encoded instrument → the numbers of its clauses, the parent's among them; a notice's id → nothing."""
    channels: Sequence[NamedChannel] = ()


def region_findings(flows: Sequence[PlacedFlow], around: FlowSurroundings) -> list[Diagnostic]:
    """Return everything that is wrong with a jurisdiction's flows, file by file, E before W."""
    found: list[Diagnostic] = []
    for placed in flows:
        found += flow_findings(placed.flow, placed.places)
        found += _instrument(placed, around)
        found += _clauses(placed, around)
        found += _bodies(placed, around.who)
    found += _overlaps(flows)
    found += _channels(flows, around)
    return sorted(dict.fromkeys(found), key=lambda one: (one.severity, one.file, one.line, one.code))


def _fault(
    placed: PlacedFlow, code: str, path: tuple[str | int, ...], message: str, repair: str, clause: str = ""
) -> Diagnostic:
    where = placed.places
    return Diagnostic(
        code, "E", where.file, where.line_of(*path), clause, f"{placed.flow.id}: {message}", repair
    )


def _instrument(placed: PlacedFlow, around: FlowSurroundings) -> Iterator[Diagnostic]:
    flow, known = placed.flow, [one.id for one in around.who.instruments]
    if flow.instrument not in known:
        yield _fault(
            placed, "F205", ("instrument",), f'instrument "{flow.instrument}" is none of this jurisdiction{did_you_mean(flow.instrument, known)}',
            f"instrument: {nearest(flow.instrument, known) or (known[0] if known else 'one that is listed')}",
        )  # fmt: skip
    areas = [area.code for area in around.who.areas]
    if flow.area and not any(area_contains(area, flow.area) for area in areas):
        yield _fault(
            placed, "F208", ("area",), f'area "{flow.area}" lies outside this jurisdiction{did_you_mean(flow.area, areas)}',
            f"area: {nearest(flow.area, areas) or areas[0] if areas else 'delete it'}",
        )  # fmt: skip


def _clauses(placed: PlacedFlow, around: FlowSurroundings) -> Iterator[Diagnostic]:
    """Every clause names an instrument (or notice) and, where that is encoded, a clause of its text."""
    flow = placed.flow
    cited: list[tuple[tuple[str | int, ...], str]] = [(("clause",), flow.clause)] if flow.clause else []
    cited += [(("levels", place, "clause"), level.clause) for place, level in enumerate(flow.levels)]
    cited += [(("channels", place, "clause"), one.clause) for place, one in enumerate(flow.channels)]
    cited += [(("leaving", "clause"), flow.leaving.clause)] if flow.leaving else []
    for path, text in cited:
        instrument = flow.instrument
        for part in text.split("、"):
            first, _, rest = part.strip().partition(" ")
            instrument, number = (first, rest.strip()) if first.isascii() else (instrument, part.strip())
            if not first:
                continue
            if instrument not in around.clauses:
                yield _fault(
                    placed, "F206", path, f'clause "{part}" names no known text{did_you_mean(instrument, around.clauses)}',
                    f"begin with the instrument: {nearest(instrument, around.clauses) or flow.instrument} …", text,
                )  # fmt: skip
                break
            known = around.clauses[instrument]
            if known and not number:
                yield _fault(
                    placed, "F206", path, f"clause {instrument} names the text, but no clause of it",
                    f"clause: {instrument} and the number of its clause", text,
                )  # fmt: skip
                continue
            if known and number not in known:
                near = nearest(number, known)
                yield _fault(
                    placed, "F206", path, f'{instrument} has no clause "{number}"{did_you_mean(number, known)}',
                    f"clause: {instrument} {near}" if near else f"name a clause of {instrument}", text,
                )  # fmt: skip


def _bodies(placed: PlacedFlow, who: Jurisdiction) -> Iterator[Diagnostic]:
    """A level of an area's body needs a body of that role, or a reading that says who it is."""
    flow = placed.flow
    served = [area for area in who.areas if not flow.area or area_contains(flow.area, area.code)]
    bodies = sorted({role for area in served for role in area.bodies})
    for place, level in enumerate(flow.levels):
        if level.body != "area" or level.reading:
            continue
        for number, signer in enumerate(level.signers):
            if signer.role not in bodies:
                near = nearest(signer.role, bodies)
                yield _fault(
                    placed, "F201", ("levels", place, "signers", number),
                    f"level {level.id}: role {signer.role} is no body of the areas it serves ({', '.join(bodies) or 'they have none'}){did_you_mean(signer.role, bodies)}",
                    f"role: {near}" if near else "name the body in jurisdiction.yaml, or say in `reading` who it is",
                    level.clause,
                )  # fmt: skip


def _overlaps(flows: Sequence[PlacedFlow]) -> Iterator[Diagnostic]:
    for index, second in enumerate(flows):
        for first in flows[:index]:
            same = [(one.flow.purpose, one.flow.instrument, one.flow.area) for one in (first, second)]
            years = sorted(set(first.years) & set(second.years))
            if same[0] == same[1] and years:
                yield _fault(
                    second, "F204", ("years",), f"{first.flow.id} is a {first.flow.purpose} flow of {first.flow.instrument} too, in {years[0]} and after"
                    if len(years) > 1 else f"{first.flow.id} is a {first.flow.purpose} flow of {first.flow.instrument} too, in {years[0]}",
                    f"end the years of {first.flow.id} before {years[0]}, or begin these after {years[-1]}",
                )  # fmt: skip


def _channels(flows: Sequence[PlacedFlow], around: FlowSurroundings) -> Iterator[Diagnostic]:
    """Every word that a rule names as `channel` is a channel of its instrument's flow for records."""
    applied = {line.use for line in around.who.applies}
    for instrument in dict.fromkeys(one.instrument for one in around.channels):
        named = [one for one in around.channels if one.instrument == instrument]
        records = [
            placed.flow
            for placed in flows
            if placed.flow.purpose == "record" and placed.flow.instrument == instrument
        ]
        if not records:
            if instrument in applied:
                yield Diagnostic(
                    "F203", "W", named[0].file, 1, "",
                    f"{instrument} has no flow for records: nothing can be filed all year, only a register at the closing",
                    f"add flows/ with purpose: record, channels {', '.join(dict.fromkeys(one.channel for one in named))}",
                )  # fmt: skip
            continue
        for flow in records:
            known = [channel.id for channel in flow.channels]
            for one in named:
                if one.channel not in known:
                    more = f" and {one.rules - 1} more rules" if one.rules > 1 else ""
                    near = nearest(one.channel, known)
                    yield Diagnostic(
                        "F202", "E", one.file, one.line, one.clause,
                        f"rule {one.rule}{more}: channel {one.channel} is none of {flow.id} ({', '.join(known)}){did_you_mean(one.channel, known)}",
                        f"channel: {near}" if near else f"add a channel {one.channel} to {flow.id}",
                    )  # fmt: skip
