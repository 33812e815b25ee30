"""Which of a jurisdiction's flows a bureau's settings are of, and what comes out of them year by year. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay, overlaid
from xueshi.flows.region_flows import PlacedFlow
from xueshi.jurisdictions import area_contains
from xueshi.regulations.diagnostics import nearest


def set_flows(flows: Sequence[PlacedFlow], overlay: FlowOverlay, area: str) -> list[ApprovalFlow]:
    """Return every version of the flow that an area's bureau set, as its settings leave it, with all checks passed.

    `flows` are those that may serve the area. Raises InputError with every fault: file, line, what, one repair.
    """
    named = [placed for placed in flows if placed.flow.id == overlay.of]
    if not named:
        known = list(dict.fromkeys(placed.flow.id for placed in flows))
        near = nearest(overlay.of, known)
        meant = f"；是否为“{near}”" if near else ""
        raise _at(
            overlay, "of", "F301", f"本地区没有流程 {overlay.of}{meant}", f"可写：{'、'.join(known) or '无'}"
        )
    serving = [placed for placed in named if _meets(placed.flow.area, area)]
    if not serving:
        only = "、".join(placed.flow.area for placed in named)
        raise _at(
            overlay, "of", "F301", f"流程 {overlay.of} 只用于地区 {only}，不用于 {area}", "写本地区的流程"
        )
    made = []
    for placed in serving:
        year = next((year for year in placed.years if year in overlay.years), None)
        if year is not None:
            made.append(overlaid(placed.flow, overlay, year))
    if not made:
        years = "、".join(
            dict.fromkeys(f"{min(placed.years)}至{max(placed.years)}" for placed in serving if placed.years)
        )
        raise _at(
            overlay, "years", "F302", f"只适用于 {overlay.years} 年度，流程 {overlay.of} 用于 {years} 年度",
            "years 写在其中",
        )  # fmt: skip
    return made


def _meets(flow_area: str, area: str) -> bool:
    return not flow_area or area_contains(flow_area, area) or area_contains(area, flow_area)


def _at(overlay: FlowOverlay, word: str, code: str, message: str, repair: str) -> InputError:
    line = overlay.lines.get(("overlay", word), 1)
    return InputError(f"{overlay.file}:{line}: {code} {message}。改法：{repair}")
