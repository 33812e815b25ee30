"""Acting as an officer from the command line: commands through the port, campaigns opened from a notice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from xueshi.access.scope import Scope
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.opening.opening import OpeningPlan, UnitToFile, open_campaign
from xueshi.campaigns.ports import CommandPort, Envelope, SendResult
from xueshi.campaigns.rows import command_rows, filing_rows, merger_rows
from xueshi.campaigns.tables import Campaign, Command
from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_check import flow_findings
from xueshi.flows.flow_overlay import FlowOverlay, overlaid
from xueshi.flows.unit_facts import facts_of
from xueshi.jurisdictions import area_contains
from xueshi.register.rows import batch_rows, unit_rows
from xueshi.register.tables import Unit
from xueshi.registry import Registry
from xueshi.storage import reading, transaction
from xueshi_cli.workplace import Workplace
from xueshi_cli.year_studies import area_and_body

BESIDE = ("bulk_decide", "appeal")
"""Direct commands that store something which runs beside the campaign."""


class NobodyThere:
    """The port when no server runs: a command stays pending and the relay of the next worker sends it."""

    async def send(self, envelope: Envelope) -> SendResult:  # noqa: ARG002 - the port's signature
        """Leave the command pending."""
        return SendResult("pending", "unavailable", "服务没有运行，启动后自动执行（xueshi up）")


async def port_of(place: Workplace) -> CommandPort:
    """Return the port of a data folder: over Temporal where a server answers, else one that leaves commands waiting."""
    address = place.temporal_address()
    if address is None:
        return NobodyThere()
    from xueshi_workflows.connecting import connect  # noqa: PLC0415 - Temporal's client is loaded where a server answers
    from xueshi_workflows.sender import TemporalSender  # noqa: PLC0415 - same

    return TemporalSender(await connect(address, place.namespace, place.payload_key), place.engine)


def act(place: Workplace, officer: str, request: CommandRequest, port: CommandPort | None = None) -> Command:
    """Store a command and try to carry it out at once; returns it with its fate so far."""
    return asyncio.run(act_async(place, officer, request, port))


async def act_async(
    place: Workplace, officer: str, request: CommandRequest, port: CommandPort | None = None
) -> Command:
    """The same for a caller that runs an event loop."""
    row = await asyncio.to_thread(_submit, place, officer, request)
    port = port or await port_of(place)
    row = await commands.deliver(place.engine, port, row)
    if row.state == "done" and row.kind in BESIDE and not isinstance(port, NobodyThere):
        await _start_beside(place, port, row)
    return row


def _submit(place: Workplace, officer: str, request: CommandRequest) -> Command:
    with transaction(place.engine) as session:
        return commands.submit(session, place.actor(session, officer), request)


async def _start_beside(place: Workplace, port: CommandPort, row: Command) -> None:
    """Start at once what a direct command stored; without this the relay does it a moment later."""
    from xueshi_workflows.sender import TemporalSender  # noqa: PLC0415 - loaded already where it is the port

    if not isinstance(port, TemporalSender):
        return
    if row.kind == "bulk_decide":
        await port.start_beside("bulk", row.id)
    elif row.kind == "appeal":
        with reading(place.engine) as session:
            made = command_rows.effect(session, row.id)
        if made is not None:
            await port.start_beside("appeal", UUID(made.body["appeal"]))


def flow_of(registry: Registry, notice: Notice) -> ApprovalFlow:
    """Return the flow that a notice names. Raises InputError unless it is a campaign's of that year, serves the area, has no fault."""
    flows = registry.ask(notice.region).approval_flows(notice.year)
    campaigns = [flow for flow in flows if flow.purpose == "campaign"]
    found = next((flow for flow in campaigns if flow.id == notice.flow), None)
    if found is None:
        known = "、".join(flow.id for flow in campaigns) or "无"
        raise InputError(
            f"通知 {notice.number} 指定的流程 {notice.flow} 不存在；{notice.region} {notice.year} 年度的流程：{known}"
        )
    if found.area and not area_contains(found.area, notice.area):
        raise InputError(
            f"流程 {found.id} 只用于地区 {found.area}，通知 {notice.number} 的地区是 {notice.area}；请改用该地区的流程"
        )
    wrong = flow_findings(found)
    if wrong:
        raise InputError(
            f"流程 {found.id} 有 {len(wrong)} 处错误，不能开启：{wrong[0]}；请用 xueshi regions check {notice.region} 查看并改正"
        )
    return found


def opened_by_notice(
    place: Workplace,
    officer: str,
    notice: Notice,
    *,
    standing: bool,
    starts_at: datetime | None = None,
    flow_overlay: FlowOverlay | None = None,
) -> Campaign:
    """Resolve what a notice rests on from its jurisdiction's hooks and open the campaign.

    `flow_overlay` are the bureau's own settings of the notice's flow; InputError names every one that cannot be.
    """
    from xueshi_templates.closure import complete_closure  # noqa: PLC0415 - papers are loaded where a campaign opens

    asked = place.registry.ask(notice.region)
    jurisdiction = asked.jurisdiction()
    flow = flow_of(place.registry, notice)
    if flow_overlay is not None:
        flow = overlaid(flow, flow_overlay, notice.year)
    papers = [paper for paper in asked.document_templates(notice.year) if paper.id in notice.papers]
    missing = set(notice.papers) - {paper.id for paper in papers}
    if missing:
        raise InputError(
            f"通知 {notice.number} 所列表卡没有模板：{'、'.join(sorted(missing))}；请核对 papers/"
        )
    area = jurisdiction.area(notice.area)
    # Not the name of the province around it: that would head this area's papers.
    area_name, _ = area_and_body(place, notice.region, notice.area)
    pack = place.registry.pack_for(notice.area, notice.year)
    if flow.instrument != pack.id:
        raise InputError(
            f"流程 {flow.id} 依据 {flow.instrument}，地区 {notice.area} {notice.year} 年度适用的是 {pack.id}；请核对通知的流程和年度"
        )
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        scope = Scope((notice.area,))
        batches = batch_rows.standing_batches(session, scope, notice.year)
        ended = merger_rows.ended_units(session)
        # A campaign over a wider or narrower area may be under way: a unit files in one place.
        elsewhere = filing_rows.open_elsewhere(session, notice.year)
        standing_units = [unit for unit in unit_rows.units(session, scope) if unit.id not in ended]
        listed = [unit for unit in standing_units if unit.id not in elsewhere]
        _require_some(notice, standing_units, listed, elsewhere)
        law = {
            (unit.area, unit.sector): place.registry.line_for(unit.area, notice.year, unit.sector).use
            for unit in listed
        }
        people = batch_rows.standing_people(session, scope, notice.year)
        units = [
            UnitToFile(
                unit.id,
                unit.area,
                unit.sector,
                batches[unit.id].maker.removeprefix("account:") if unit.id in batches else None,
                people.get(unit.id, 0),
                facts_of(unit),
            )
            for unit in listed
            # A sector may have another instrument: its units are not this notice's.
            if law[unit.area, unit.sector] == pack.id
        ]
    plan = OpeningPlan(
        notice=notice,
        area_name=area_name,
        pack=pack.to_bytes(),
        flow=flow,
        papers=[complete_closure(paper) for paper in papers],
        units=units,
        verifier=_verifier(notice, area.bodies if area else {}),
        standing=standing,
        starts_at=starts_at,
        flow_overlay=flow_overlay,
    )
    with transaction(place.engine) as session:
        return open_campaign(session, place.actor(session, officer) if actor else actor, plan)


def _require_some(
    notice: Notice, standing: Sequence[Unit], listed: Sequence[Unit], elsewhere: Mapping[UUID, Campaign]
) -> None:
    """Refuse an opening whose units all file in other campaigns of the year already, by the names of those."""
    if standing and not listed:
        there = {elsewhere[unit.id].public_id: elsewhere[unit.id].title for unit in standing}
        named = "、".join(f"“{title}”（{public_id}）" for public_id, title in there.items())
        raise InputError(
            f"地区 {notice.area} 的 {len(standing)} 家单位都正在{named}申报，同一年度不能两处申报；"
            "请在该年度验证中办理，或待其关闭后再开启"
        )


def _verifier(notice: Notice, bodies: object) -> str:
    """The body that signs the papers: the notice's own verifier, else its issuer."""
    named = notice.bodies.get("verifier")
    if named is None:
        return notice.issuer
    return str(bodies.get(named, named)) if isinstance(bodies, dict) else named
