"""The acts on reports as kinds of the one command table: who carries each out, and whose target it may be."""

from __future__ import annotations

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.acts.direct_acts import Act
from xueshi.campaigns.commanding.commands import CommandRequest, TargetCheck, register_kind
from xueshi.reports import key_acts, receiving_acts, repository, sending_acts
from xueshi.reports.key_acts import require_trusting
from xueshi.reports.sending_acts import require_area


def register() -> None:
    """Enter the acts on reports into the command table; the composition root calls this, repeats change nothing."""
    for name, (act, check) in _KINDS.items():
        register_kind(name, act, check)


def _of_report(session: Session, actor: Actor, request: CommandRequest) -> None:
    require_area(actor, repository.report(session, actor.scope, request.target_id).area)


def _of_received(session: Session, actor: Actor, request: CommandRequest) -> None:
    repository.received(session, actor.scope, request.target_id)


def _of_key(session: Session, actor: Actor, request: CommandRequest) -> None:  # noqa: ARG001 - one signature for all
    require_trusting(actor, str(request.payload.get("area", "")))


def _of_new_report(session: Session, actor: Actor, request: CommandRequest) -> None:  # noqa: ARG001 - same
    require_area(actor, str(request.payload.get("area", "")))


def _of_file(session: Session, actor: Actor, request: CommandRequest) -> None:
    """Ask nothing more than the verb: whose file it is, the act reads in it, and keeps its refusal."""


_KINDS: dict[str, tuple[Act, TargetCheck]] = {
    "report_build": (sending_acts.build, _of_new_report),
    "report_send": (sending_acts.send, _of_report),
    "report_receipt": (sending_acts.take_receipt, _of_file),
    "report_receive": (receiving_acts.receive, _of_file),
    "report_acknowledge": (receiving_acts.settle, _of_received),
    "report_reject": (receiving_acts.settle, _of_received),
    "report_trust": (key_acts.trust, _of_key),
    "report_distrust": (key_acts.end_trust, _of_key),
}
