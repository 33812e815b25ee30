"""The way of a command: stored first, then sent at once, else picked up by the relay; its fate is written once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import delegating, direct_acts
from xueshi.campaigns.clocks.campaign_clock import campaign_now, folder_now
from xueshi.campaigns.commanding.command_table import COMMAND_KINDS, CommandKind
from xueshi.campaigns.ports import CommandPort, Envelope, SendResult
from xueshi.campaigns.rows import appeal_rows, campaign_rows, command_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Appeal, Campaign, Command, Filing
from xueshi.campaigns.year_round import record_acts
from xueshi.errors import InputError, NotFoundError
from xueshi.machines.appeal_machine import AppealCommand, AppealVerb
from xueshi.machines.campaign_machine import CampaignCommand
from xueshi.machines.filing_machine import FINISHED, FilingCommand, FilingVerb
from xueshi.machines.stored_state import dump_command
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.storage import new_id, reading, transaction

ENGINE = Scope.everything()
ENDED = {
    "filing": "该单位本轮已办结，不能再办理",
    "campaign": "该年度验证已归档，不能再办理",
    "appeal": "该申诉已办结，不能再办理",
}
"""What is said of a command whose workflow has ended."""
FILING_VERBS: dict[str, FilingVerb] = {
    "approve": "approve",
    "return": "return",
    "refuse": "refuse",
    "withdraw": "withdraw",
    "extend_filing": "extend",
    "makeup_filing": "makeup",
    "dissolve": "dissolve",
}
"""The filing machine's verb of every command kind on a filing."""
APPEAL_VERBS: dict[str, AppealVerb] = {
    "uphold_appeal": "uphold",
    "grant_appeal": "grant",
    "withdraw_appeal": "withdraw",
}


@dataclass(frozen=True)
class CommandRequest:
    """What a client asks for. `request_id` is the client's own: the same id again is the same command."""

    request_id: str
    kind: str
    target_id: UUID
    expected_version: int | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    """Further words of the act: `level`, `reason`, `return_to`, `until`, `to`, `fact`, `value`, `task`."""


TargetCheck = Callable[[Session, Actor, CommandRequest], None]
"""Raises NotFoundError or NotAllowedError where a command's target is none of the actor's."""
_TARGET_CHECKS: dict[str, TargetCheck] = {}


def register_kind(name: str, act: direct_acts.Act, check: TargetCheck) -> None:
    """Name who carries out a kind of direct command whose room lies above campaigns, and who asks for its target.

    Called by whoever puts the program together; the same again changes nothing. Raises ValueError for a kind that is
    not in the command table or that somebody else carries out.
    """
    kind = COMMAND_KINDS.get(name)
    if kind is None or kind.executor != "direct" or kind.of_campaign:
        raise ValueError(f"{name} is no direct command of the table that goes on without a campaign")
    direct_acts.register_act(name, act)
    _TARGET_CHECKS[name] = check


def submit(
    session: Session, actor: Actor, request: CommandRequest, *, hold: timedelta = timedelta(0)
) -> Command:
    """Authorise a command and store it as pending; a known request id returns the stored one.

    Raises InputError for an unknown kind or a request id used for something else, NotAllowedError, NotFoundError.
    """
    known = command_rows.command_by_request(session, request.request_id)
    if known is not None:
        if (known.kind, known.target_id, known.account_id) != (
            request.kind,
            request.target_id,
            actor.account_id,
        ):
            raise InputError(f"请求编号 {request.request_id} 已用于另一件办理；请换一个编号")
        return known
    kind = COMMAND_KINDS.get(request.kind)
    if kind is None:
        raise InputError(f"没有“{request.kind}”这种办理；可用：{'、'.join(COMMAND_KINDS)}")
    actor.require(kind.verb)
    campaign, workflow_id = _target(session, actor, kind, request)
    real = real_now()
    made_at = folder_now(session, real) if campaign is None else campaign_now(session, campaign, real)
    delegating.require_in_time(actor, made_at)
    row = Command(
        id=new_id(),
        request_id=request.request_id,
        executor=kind.executor,
        kind=kind.name,
        target_kind=kind.target,
        target_id=request.target_id,
        workflow_id=workflow_id,
        expected_version=request.expected_version,
        payload={**request.payload, **delegating.signature(actor)},
        account_id=actor.account_id,
        grant_id=actor.grant_id,
        state="pending",
        not_before=real + hold,
        inserted_at=real,
        made_at=made_at,
        lease_until=real,
    )
    if row.executor == "durable":
        _payload(row)  # what no workflow could read is refused now, not stored
    session.add(row)
    session.flush()
    return row


async def deliver(engine: Engine, port: CommandPort, stored: Command | UUID) -> Command:
    """Carry out a stored command: direct ones in one transaction, durable ones through the port. Returns the row.

    A row as `submit` gave it is not asked for again. Should somebody else have sent it meanwhile, nothing is done twice:
    a workflow knows the id, a direct act looks at the row it locks.
    The database is spoken to in threads: one officer's commit must not hold up the others of the same process.
    """
    row = stored if isinstance(stored, Command) else await asyncio.to_thread(_stored, engine, stored)
    if row.state != "pending" or row.not_before > real_now():
        return row
    if row.executor == "direct":
        return await asyncio.to_thread(_carry_out, engine, row.id)
    result = await port.send(Envelope(row.id, row.workflow_id, _durable_target(row), _payload(row)))
    return await asyncio.to_thread(_settle, engine, row.id, result)


def _stored(engine: Engine, command_id: UUID) -> Command:
    with reading(engine) as session:
        row = command_rows.command(session, command_id)
        session.expunge(row)
    return row


def _carry_out(engine: Engine, command_id: UUID) -> Command:
    with transaction(engine) as session:
        row = command_rows.command(session, command_id, lock=True)
        if row.state == "pending":
            direct_acts.carry_out(session, row)
        return row


def _settle(engine: Engine, command_id: UUID, result: SendResult) -> Command:
    """Return what became of a command that was sent; only what its own transaction did not write is written here."""
    row = _stored(engine, command_id)
    if row.state != "pending" or result.fate == "done":
        return row
    with transaction(engine) as session:
        row = command_rows.command(session, command_id, lock=True)
        _write_fate(session, row, result)
        return row


def withdraw_command(session: Session, actor: Actor, command_id: UUID) -> Command:
    """Take a held command back before it is sent. Raises InputError once it is on its way."""
    row = command_rows.command(session, command_id, lock=True)
    if row.account_id != actor.account_id:
        raise NotFoundError(f"找不到办理记录 {command_id}")
    if row.state != "pending" or row.not_before <= real_now():
        raise InputError("该办理已送出，不能撤销；请按流程退回或更正")
    row.state = "withdrawn"
    session.add(row)
    return row


def _target(
    session: Session, actor: Actor, kind: CommandKind, request: CommandRequest
) -> tuple[Campaign | None, str]:
    """Find the campaign of a command's target inside the actor's scope, and the workflow that carries it out.

    Acts that go on all year have neither; that their target lies in the scope is asked all the same.
    """
    if not kind.of_campaign:
        if kind.name in _TARGET_CHECKS:
            _TARGET_CHECKS[kind.name](session, actor, request)
        elif kind.target == "record":
            record_acts.record_for(session, actor, request.target_id)
        elif kind.target == "person" and not records.knows_person(session, actor.scope, request.target_id):
            raise NotFoundError("找不到此人，或不在您的管理范围；请核对人员编号或身份证号")
        elif kind.target == "grant":
            access.grant(session, actor.scope, request.target_id)
        elif kind.target == "delegation":
            access.grant(session, actor.scope, access.delegation(session, request.target_id).grant_id)
        return None, ""
    if kind.target == "appeal":
        appeal = appeal_rows.appeal(session, actor.scope, request.target_id)
        campaign = campaign_rows.campaign(session, actor.scope.of_engine(), appeal.campaign_id)
        return campaign, appeal_workflow_id(campaign, appeal)
    if kind.target == "campaign":
        # Who decides many units need not oversee the whole campaign: each row is asked for in his own scope.
        scope = actor.scope.of_engine() if kind.name == "bulk_decide" else actor.scope
        campaign = campaign_rows.campaign(session, scope, request.target_id)
        return campaign, campaign.public_id
    filing_id = request.target_id
    if kind.target == "task":
        of_task = task_rows.task(session, actor.scope, request.target_id).filing_id
        if of_task is None:
            raise InputError("该待办是学时记录的认定，不属于单位申报；请通过、退回或不予认定")
        filing_id = of_task
    elif kind.target == "record":
        filing_id = UUID(str(request.payload.get("filing")))
    filing, campaign = filing_rows.filing_in_campaign(session, actor.scope, filing_id)
    return campaign, filing_workflow_id(campaign, filing)


def filing_workflow_id(campaign: Campaign, filing: Filing) -> str:
    """Return the id of a filing's workflow: `{campaign id}:unit:{unit uuid}:r{round}`."""
    return f"{campaign.public_id}:unit:{filing.unit_id}:r{filing.round}"


def appeal_workflow_id(campaign: Campaign, appeal: Appeal) -> str:
    """Return the id of an appeal's workflow: `{campaign id}:appeal:{uuid}`."""
    return f"{campaign.public_id}:appeal:{appeal.id}"


def _durable_target(row: Command) -> Any:
    return row.target_kind if row.target_kind in ("campaign", "appeal") else "filing"


def _payload(row: Command) -> dict[str, object]:
    """Build the machine's command from the stored row; raises InputError for a payload that cannot be read."""
    try:
        return _machine_command(row)
    except (ValueError, TypeError) as error:
        raise InputError(
            "办理内容无法读取：日期、期限或编号的写法不对；请按页面或命令的说明重新提交"
        ) from error


def _machine_command(row: Command) -> dict[str, object]:
    common = {
        "id": str(row.id),
        "role": row.payload["role"],
        "account": str(row.account_id),
        "expected_version": -1 if row.expected_version is None else row.expected_version,
        "made_at": row.made_at,
        "reason": row.payload.get("reason", ""),
        "principal": row.payload.get("principal", ""),
    }
    if row.target_kind == "appeal":
        until = _instant(row.payload.get("until"))
        return dump_command(AppealCommand(verb=APPEAL_VERBS[row.kind], until=until, **common))
    if row.target_kind == "campaign":
        return dump_command(
            CampaignCommand(
                verb=row.kind,  # type: ignore[arg-type]  # the table holds the machine's words only
                to=_instant(row.payload.get("to")),
                anyway=bool(row.payload.get("anyway", False)),
                pack=row.payload.get("pack", ""),
                unit=_identifier(row.payload.get("unit", "")),
                person=_identifier(row.payload.get("person", "")),
                **common,
            )
        )
    return dump_command(
        FilingCommand(
            verb=FILING_VERBS[row.kind],
            level=row.payload.get("level", ""),
            return_to=row.payload.get("return_to", ""),
            until=_instant(row.payload.get("until")),
            **common,
        )
    )


def _identifier(text: str) -> str:
    """Return an id as it was given, or nothing; raises ValueError for what is none."""
    return str(UUID(text)) if text else ""


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _settled(session: Session, row: Command) -> bool:
    """Tell whether a command's target is finished, so that no workflow will ever answer."""
    if row.target_kind == "campaign":
        return campaign_rows.campaign(session, ENGINE, row.target_id).stage == "archived"
    if row.target_kind == "appeal":
        return appeal_rows.appeal(session, ENGINE, row.target_id).stage != "open"
    # While its campaign is open a finished unit may come back; its workflow lives as long.
    filing = filing_rows.filing(session, ENGINE, row.target_id)
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    return filing.stage in FINISHED and campaign.stage != "open"


def _write_fate(session: Session, row: Command, result: SendResult) -> None:
    """Write what the port said, unless the effect's own transaction wrote the fate already."""
    if row.state != "pending":
        return
    if result.code == "not_found" and _settled(session, row):
        result = SendResult("refused", "finished", ENDED[row.target_kind])
    if result.fate in ("refused", "late") and command_rows.effect(session, row.id) is None:
        row.state, row.code, row.reason = result.fate, result.code, result.reason
        row.lease_until = row.inserted_at
    elif result.fate == "pending":
        row.attempts += 1
        # Ever longer between tries, so that an absent server is not hammered; 30 s at most, so that it is not missed.
        row.lease_until = real_now() + timedelta(seconds=min(30, 2 ** min(row.attempts, 5)))
        row.reason = result.reason
    session.add(row)
