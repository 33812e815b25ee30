"""What core asks of whoever carries durable commands: send one, learn its fate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

Fate = Literal["done", "refused", "late", "pending"]


@dataclass(frozen=True)
class SendResult:
    """What became of a command that was sent: `pending` means try again later."""

    fate: Fate
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Envelope:
    """A durable command ready to be sent: the target workflow, the update, its plain payload."""

    command_id: UUID
    workflow_id: str
    target: Literal["filing", "campaign", "appeal"]
    payload: dict[str, object]


class CommandPort(Protocol):
    """Carries durable commands to their workflow. Implemented over Temporal, and by a fake in tests."""

    async def send(self, envelope: Envelope) -> SendResult:
        """Send one command and wait shortly for its fate; never raises for an absent server or worker."""
        ...


SideWork = Literal["appeal", "bulk", "reassess"]
"""What beside a campaign and its units has a workflow of its own."""


class CampaignStarter(Protocol):
    """Starts stored campaigns and what goes on beside them; starting something again changes nothing."""

    async def start(self, campaign_id: UUID) -> None:
        """Start the workflow of a stored campaign."""
        ...

    async def start_beside(self, kind: SideWork, row_id: UUID) -> None:
        """Start the workflow of a stored appeal, bulk decision or reassessment."""
        ...
