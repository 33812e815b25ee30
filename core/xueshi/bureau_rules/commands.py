"""The acts on a bureau's own values and flows as kinds of the one command table: who carries each out, whose target it may be."""

from __future__ import annotations

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.bureau_rules import acts, flow_acts, repository
from xueshi.bureau_rules.acts import require_area
from xueshi.campaigns.acts.direct_acts import Act
from xueshi.campaigns.commanding.commands import CommandRequest, TargetCheck, register_kind


def register() -> None:
    """Enter the acts into the command table; the composition root calls this, repeats change nothing."""
    for name, (act, check) in _KINDS.items():
        register_kind(name, act, check)


def _of_area(session: Session, actor: Actor, request: CommandRequest) -> None:  # noqa: ARG001 - one signature for all
    require_area(actor, str(request.payload.get("area", "")))


def _of_draft(session: Session, actor: Actor, request: CommandRequest) -> None:
    require_area(actor, repository.draft(session, actor.scope, request.target_id).area)


def _of_flow_area(session: Session, actor: Actor, request: CommandRequest) -> None:  # noqa: ARG001 - same
    require_area(actor, str(request.payload.get("area", "")), flow_acts.WHAT)


def _of_flow_draft(session: Session, actor: Actor, request: CommandRequest) -> None:
    row = repository.draft(session, actor.scope, request.target_id, kinds=repository.FLOWS)
    require_area(actor, row.area, flow_acts.WHAT)


_KINDS: dict[str, tuple[Act, TargetCheck]] = {
    "rules_draft": (acts.draft, _of_area),
    "rules_rollback": (acts.roll_back, _of_area),
    "rules_publish": (acts.publish, _of_draft),
    "flows_draft": (flow_acts.draft, _of_flow_area),
    "flows_withdraw": (flow_acts.withdraw, _of_flow_area),
    "flows_publish": (flow_acts.publish, _of_flow_draft),
}
