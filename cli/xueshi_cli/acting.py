"""Acting as an officer from the command line: commands through the port, campaigns opened from a notice."""

from __future__ import annotations

import asyncio
from datetime import datetime

from xueshi.access.scope import Scope
from xueshi.campaigns import commands
from xueshi.campaigns.commands import CommandRequest
from xueshi.campaigns.notice import Notice
from xueshi.campaigns.opening import OpeningPlan, UnitToFile, open_campaign
from xueshi.campaigns.ports import CommandPort, Envelope, SendResult
from xueshi.campaigns.tables import Campaign, Command
from xueshi.errors import InputError
from xueshi.register import repository as register
from xueshi.storage import reading, transaction
from xueshi_cli.workplace import Workplace
from xueshi_templates.closure import complete_closure
from xueshi_workflows.sender import TemporalSender
from xueshi_workflows.worker import connect


class NobodyThere:
    """The port when no server runs: a command stays pending and the relay of the next worker sends it."""

    async def send(self, envelope: Envelope) -> SendResult:  # noqa: ARG002 - the port's signature
        """Leave the command pending."""
        return SendResult("pending", "unavailable", "办理已登记；服务启动后自动执行（xueshi up）")


async def port_of(place: Workplace) -> CommandPort:
    """Return the port of a data folder: over Temporal where a server answers, else one that leaves commands waiting."""
    address = place.temporal_address()
    if address is None:
        return NobodyThere()
    return TemporalSender(await connect(address, place.namespace, place.payload_key), place.engine)


def act(place: Workplace, officer: str, request: CommandRequest, port: CommandPort | None = None) -> Command:
    """Store a command and try to carry it out at once; returns it with its fate so far."""
    return asyncio.run(act_async(place, officer, request, port))


async def act_async(
    place: Workplace, officer: str, request: CommandRequest, port: CommandPort | None = None
) -> Command:
    """The same for a caller that runs an event loop."""
    with transaction(place.engine) as session:
        row = commands.submit(session, place.actor(session, officer), request)
    return await commands.deliver(place.engine, port or await port_of(place), row.id)


def opened_by_notice(
    place: Workplace, officer: str, notice: Notice, *, standing: bool, starts_at: datetime | None = None
) -> Campaign:
    """Resolve what a notice rests on from its jurisdiction's hooks and open the campaign."""
    asked = place.registry.ask(notice.region)
    jurisdiction = asked.jurisdiction()
    flows = [flow for flow in asked.approval_flows(notice.year) if flow.id == notice.flow]
    if not flows:
        raise InputError(
            f"通知 {notice.number} 指定的流程 {notice.flow} 不存在；请核对 {notice.region} 的 flows/"
        )
    papers = [paper for paper in asked.document_templates(notice.year) if paper.id in notice.papers]
    missing = set(notice.papers) - {paper.id for paper in papers}
    if missing:
        raise InputError(
            f"通知 {notice.number} 所列表卡没有模板：{'、'.join(sorted(missing))}；请核对 papers/"
        )
    area = jurisdiction.area(notice.area)
    area_name = area.name if area is not None else notice.area
    pack = place.registry.pack_for(notice.area, notice.year)
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        scope = Scope((notice.area,))
        batches = register.standing_batches(session, scope, notice.year)
        people = register.standing_people(session, scope, notice.year)
        units = [
            UnitToFile(
                unit.id,
                unit.area,
                unit.sector,
                batches[unit.id].maker.removeprefix("account:") if unit.id in batches else None,
                people.get(unit.id, 0),
            )
            for unit in register.units(session, scope)
        ]
    plan = OpeningPlan(
        notice=notice,
        area_name=area_name,
        pack=pack.to_bytes(),
        flow=flows[0],
        papers=[complete_closure(paper) for paper in papers],
        units=units,
        verifier=_verifier(notice, area.bodies if area else {}),
        standing=standing,
        starts_at=starts_at,
    )
    with transaction(place.engine) as session:
        return open_campaign(session, place.actor(session, officer) if actor else actor, plan)


def _verifier(notice: Notice, bodies: object) -> str:
    """The body that signs the papers: the notice's own verifier, else its issuer."""
    named = notice.bodies.get("verifier")
    if named is None:
        return notice.issuer
    return str(bodies.get(named, named)) if isinstance(bodies, dict) else named
