"""The Temporal side of core's ports: commands become updates, stored campaigns become workflows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlmodel import Session
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from xueshi.access.scope import Scope
from xueshi.campaigns.acts import appeal_acts
from xueshi.campaigns.acts.campaign_acts import state_of
from xueshi.campaigns.commanding.commands import appeal_workflow_id, filing_workflow_id
from xueshi.campaigns.ports import Envelope, Fate, SendResult, SideWork
from xueshi.campaigns.rows import appeal_rows, campaign_rows, side_work_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.machines.stored_state import load_state
from xueshi.storage import reading, transaction
from xueshi_workflows.attributes import AREA, CAMPAIGN_ID, ROUND, RULE_DIGEST, STAGE, UNIT_ID
from xueshi_workflows.messages import (
    AppealReply,
    AppealStart,
    BatchStart,
    CampaignReply,
    CampaignStart,
    FilingReply,
    FilingStart,
)

TASK_QUEUE = "xueshi"
UPDATE_TIMEOUT = timedelta(seconds=5)
START_TIMEOUT = timedelta(seconds=10)

REPLIES: dict[str, type[FilingReply] | type[CampaignReply] | type[AppealReply]] = {
    "filing": FilingReply,
    "campaign": CampaignReply,
    "appeal": AppealReply,
}
"""What the update `decide` of each kind of workflow answers with."""

log = structlog.get_logger(__name__)


class TemporalSender:
    """Implements `CommandPort` and `CampaignStarter` over a Temporal client."""

    def __init__(self, client: Client, engine: Engine) -> None:
        self._client = client
        self._engine = engine

    async def send(self, envelope: Envelope) -> SendResult:
        """Send one command as an update whose id is the command's; an absent server or worker means `pending`."""
        handle = self._client.get_workflow_handle(envelope.workflow_id)
        try:
            reply: FilingReply | CampaignReply | AppealReply = await handle.execute_update(
                "decide",
                envelope.payload,
                id=str(envelope.command_id),
                result_type=REPLIES[envelope.target],
                rpc_timeout=UPDATE_TIMEOUT,
            )
        except WorkflowUpdateFailedError as failed:
            return _refusal(failed)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return SendResult("pending", "no_answer", "办理已登记，等待执行（工作进程暂无应答）")
        except RPCError as error:
            return _unsent(error)
        return SendResult(reply.fate, reply.code, reply.reason)  # type: ignore[arg-type]  # the reply holds the port's words

    async def start(self, campaign_id: UUID) -> None:
        """Start a stored campaign's workflow and note it; an absent server leaves it for the relay."""
        with reading(self._engine) as session:
            campaign = campaign_rows.campaign(session, Scope.everything(), campaign_id)
            start = CampaignStart(campaign_id=str(campaign.id), state=state_of(campaign))
            attributes = _attributes(campaign)
        if not await self._start_quietly("Campaign", start, campaign.public_id, attributes):
            return
        with transaction(self._engine) as session:
            stored = campaign_rows.campaign(session, Scope.everything(), campaign_id)
            stored.workflow_started = True
            session.add(stored)

    async def start_beside(self, kind: SideWork, row_id: UUID) -> None:
        """Start the workflow of a stored appeal, bulk decision or reassessment and note it."""
        with reading(self._engine) as session:
            name, workflow_id, start, campaign = _beside(session, kind, row_id)
            attributes = _attributes(campaign)
        if not await self._start_quietly(name, start, workflow_id, attributes):
            return
        with transaction(self._engine) as session:
            side_work_rows.note_beside_started(session, kind, row_id)

    async def _start_quietly(
        self, name: str, start: object, workflow_id: str, attributes: TypedSearchAttributes
    ) -> bool:
        """Start a workflow; tells whether it runs or ran. An absent server leaves it for the relay."""
        try:
            await self._client.start_workflow(
                name,
                start,
                id=workflow_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=attributes,
                rpc_timeout=START_TIMEOUT,
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                log.warning("workflow_not_started", workflow=workflow_id, cause=error.status.name)
                return False
        return True

    async def start_filing(self, campaign: Campaign, filing: Filing) -> None:
        """Start a unit's workflow; starting it again changes nothing."""
        start = FilingStart(
            filing_id=str(filing.id),
            flow_digest=filing.flow_digest or campaign.flow_digest,
            standing=campaign.standing,
            state=load_state(filing.state, None),
        )
        try:
            await self._client.start_workflow(
                "Unit",
                start,
                id=filing_workflow_id(campaign, filing),
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=_attributes(campaign, filing),
                rpc_timeout=START_TIMEOUT,
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise

    async def tell_filing(
        self,
        campaign: Campaign,
        filing: Filing,
        word: Literal["clock_moved", "campaign_closed"] = "clock_moved",
    ) -> None:
        """Tell a unit's workflow that something moved or that its campaign closed; a finished one need not know."""
        handle = self._client.get_workflow_handle(filing_workflow_id(campaign, filing))
        try:
            await handle.signal(word, rpc_timeout=START_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _beside(session: Session, kind: SideWork, row_id: UUID) -> tuple[str, str, object, Campaign]:
    """Return a side work's workflow type, id, input and campaign."""
    scope = Scope.everything()
    if kind == "appeal":
        appeal = appeal_rows.appeal(session, scope, row_id)
        campaign = campaign_rows.campaign(session, scope, appeal.campaign_id)
        start = AppealStart(str(appeal.id), appeal_acts.state_of(appeal))
        return "Appeal", appeal_workflow_id(campaign, appeal), start, campaign
    if kind == "bulk":
        batch = side_work_rows.bulk_batch(session, row_id)
        campaign = campaign_rows.campaign(session, scope, batch.campaign_id)
        return "BulkDecision", f"bulk:{batch.id}", BatchStart(str(batch.id)), campaign
    order = side_work_rows.reassessment(session, row_id)
    campaign = campaign_rows.campaign(session, scope, order.campaign_id)
    return "Reassess", f"assess:{order.id}", BatchStart(str(order.id)), campaign


def _attributes(campaign: Campaign, filing: Filing | None = None) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(CAMPAIGN_ID, campaign.public_id),
        SearchAttributePair(AREA, campaign.area if filing is None else filing.area),
        SearchAttributePair(RULE_DIGEST, campaign.pack_digest),
    ]
    if filing is not None:
        pairs.append(SearchAttributePair(UNIT_ID, str(filing.unit_id)))
        pairs.append(SearchAttributePair(STAGE, filing.stage))
        pairs.append(SearchAttributePair(ROUND, str(filing.round)))
    return TypedSearchAttributes(pairs)


def _refusal(failed: WorkflowUpdateFailedError) -> SendResult:
    cause = failed.cause
    if isinstance(cause, ApplicationError):
        fate: Fate = "late" if cause.type == "late" else "refused"
        return SendResult(fate, cause.type or "refused", cause.message)
    return SendResult("pending", "failed", f"执行未完成，稍后自动重试（{type(cause).__name__}）")


def _unsent(error: RPCError) -> SendResult:
    if error.status is RPCStatusCode.NOT_FOUND:
        # The workflow ended (this round is settled) or was not started yet; the row tells which.
        return SendResult("pending", "not_found", "该单位本轮尚未开始或已办结")
    return SendResult("pending", "unavailable", f"办理已登记，等待执行（服务暂不可用：{error.status.name}）")
