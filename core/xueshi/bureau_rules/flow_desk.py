"""The desk at which a bureau's settings of its flows are drafted, published and withdrawn: each act a command of the table."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.acts import require_area
from xueshi.bureau_rules.flow_acts import WHAT, settings_of
from xueshi.bureau_rules.giving import ActorOf, DraftDesk
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round import flow_settings
from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.flows.overlay_target import set_flows
from xueshi.flows.region_flows import PlacedFlow
from xueshi.registry import Registry
from xueshi.storage import new_id, reading

ENGINE = Scope.everything()
SETTINGS_KIND, REVIEW_KIND = "flow_draft", "flow_review"


class FlowDesk(DraftDesk):
    """Drafts and publishes settings of flows in one database as one officer.

    An act that is refused stays stored with its reason: the command comes back in state `refused`. Raises
    NotAllowedError, NotFoundError and InputError before anything is stored.
    """

    def __init__(self, engine: Engine, registry: Registry, actor_of: ActorOf) -> None:
        super().__init__(engine, actor_of)
        self._registry = registry

    def draft(self, area: str, overlay: FlowOverlay, request_id: str = "") -> RuleDraft:
        """Check settings and keep them as a draft; of the same ones that wait already, that draft."""
        area = self._area(area)
        made = checked(self._registry, overlay, area)[0]
        body = canonical_json(
            {
                "area": area,
                "instrument": made.instrument,
                "purpose": made.purpose,
                "overlay": overlay.as_plain(),
            }
        ).encode()
        digest = audit.digest_of(body)
        payload = {
            "region": self._registry.region_for(area),
            "area": area,
            "file": digest,
            "name": overlay.file,
        }
        self._give("flows_draft", new_id(), payload, (SETTINGS_KIND, body), request_id)
        with reading(self._engine) as session:
            [row] = [
                one
                for one in repository.drafts(
                    session, ENGINE, area=area, states=("draft",), kinds=repository.FLOWS
                )
                if one.digest == digest
            ][-1:]
            session.expunge(row)
        return row

    def withdraw(self, number: int, reason: str, request_id: str = "") -> Command:
        """Draft that published settings are to hold no longer."""
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.draft")
            held = flow_settings.in_force(session, number)
            require_area(actor, held.area, WHAT)
        region = self._registry.region_for(held.area)
        payload = {"region": region, "area": held.area, "number": number, "reason": reason}
        return self._give("flows_withdraw", new_id(), payload, None, request_id)

    def publish(self, word: str, reason: str, request_id: str = "") -> tuple[RuleDraft, Command]:
        """Check a draft once more against the installed flow and publish it; the command tells whether it holds now."""
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.publish")
            row = repository.draft_named(session, actor.scope, word, repository.FLOWS)
            require_area(actor, row.area, WHAT)
            setting = settings_of(session, row.digest) if row.kind == "flow" else None
            session.expunge(row)
        flows = [] if setting is None else checked(self._registry, setting.overlay, row.area)
        body = canonical_json({"draft": row.digest, "flows": [one.id for one in flows]}).encode()
        payload = {"review": audit.digest_of(body), "reason": reason}
        command = self._give("flows_publish", row.id, payload, (REVIEW_KIND, body), request_id)
        with reading(self._engine) as session:
            row = repository.draft(session, ENGINE, row.id, kinds=repository.FLOWS)
            session.expunge(row)
        return row, command

    def _area(self, area: str) -> str:
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.draft")
            area = area or actor.area
            require_area(actor, area, WHAT)
        return area


def checked(registry: Registry, overlay: FlowOverlay, area: str) -> Sequence[ApprovalFlow]:
    """Return every version of the flow that settings are of, as they leave it. Raises InputError with every fault."""
    return set_flows(flows_of(registry, area), overlay, area)


def flows_of(registry: Registry, area: str) -> list[PlacedFlow]:
    """Return the flows that may serve an area: its region's own, and those of the instruments that apply there."""
    region = registry.region_for(area)
    applied = (registry.owner_of(line.use) for line in registry.ask(region).jurisdiction().applies)
    flows = [
        placed for code in dict.fromkeys((region, *applied)) for placed in registry.ask(code).placed_flows()
    ]
    if not flows:
        raise InputError(f"地区 {area} 没有任何流程；请核对地区代码和已安装的地区插件（xueshi regions list）")
    return flows
