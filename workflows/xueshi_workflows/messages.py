"""What travels between workflows, activities and clients: ids, instants, digests and counts; never a person's data."""

from __future__ import annotations

from dataclasses import dataclass, field

from xueshi.machines.appeal_machine import AppealState
from xueshi.machines.campaign_machine import CampaignState
from xueshi.machines.filing_machine import FilingState


@dataclass(frozen=True)
class FilingReply:
    """What became of a command on a filing, and where the filing stands."""

    fate: str
    state: FilingState
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class FilingStart:
    """Input of a `Unit` workflow; `replies` and `state` travel through continue-as-new."""

    filing_id: str
    flow_digest: str
    standing: bool
    state: FilingState
    replies: dict[str, FilingReply] = field(default_factory=dict)


@dataclass(frozen=True)
class ClockAnswer:
    """What a look at the campaign clock found: the state, and whether to look again soon."""

    state: FilingState
    again: bool
    still: bool = False
    """No hour of the clock will change anything: wait for word."""


@dataclass(frozen=True)
class CampaignReply:
    """What became of a command on the campaign, and where the campaign stands."""

    fate: str
    state: CampaignState
    outcome: str = ""
    code: str = ""
    reason: str = ""
    wake: str = ""
    """Id of a filing whose workflow is to be started or told; empty for none."""


@dataclass(frozen=True)
class CampaignStart:
    """Input of a `Campaign` workflow; `phase`, `state` and `replies` travel through continue-as-new."""

    campaign_id: str
    state: CampaignState
    phase: str = "opening"
    replies: dict[str, CampaignReply] = field(default_factory=dict)


@dataclass(frozen=True)
class AppealReply:
    """What became of a command on an appeal, and where the appeal stands."""

    fate: str
    state: AppealState
    code: str = ""
    reason: str = ""
    wake: str = ""
    """Id of the filing that a granted appeal brings back; empty for none."""


@dataclass(frozen=True)
class AppealStart:
    """Input of an `Appeal` workflow."""

    appeal_id: str
    state: AppealState


@dataclass(frozen=True)
class BatchStart:
    """Input of a `BulkDecision` or `Reassess` workflow; `after` travels through continue-as-new."""

    batch_id: str
    after: int = 0
    size: int = 50
    pages_a_run: int = 250


@dataclass(frozen=True)
class Page:
    """One page of work on a campaign's units: those after a position."""

    campaign_id: str
    after: int = 0
    size: int = 100
    word: str = "look"
    """What `tell_units` says: `look` at the clock, or `close`."""


@dataclass(frozen=True)
class PageDone:
    """How far a page came; `after` is None when it was the last."""

    done: int
    after: int | None
