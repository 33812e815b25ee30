"""How the pure machines' states stand in rows, flows in artifacts and commands in payloads: both ways, no SQL."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from xueshi.canonical import canonical_json
from xueshi.flows.flow import ApprovalFlow, Channel, Escalation, FlowLevel, Leaving, Only, Signer
from xueshi.machines.appeal_machine import AppealCommand
from xueshi.machines.campaign_machine import CampaignCommand
from xueshi.machines.filing_machine import FilingCommand, FilingState, Signature
from xueshi.machines.record_machine import Hand, RecordState


def dump_state(state: FilingState) -> dict[str, Any]:
    """Turn a filing's state into JSON; the maker stands in a column of its own."""
    body = asdict(state)
    body.pop("maker")
    body["deadline"] = state.deadline.isoformat()
    return body


def load_state(body: dict[str, Any], maker: str | None) -> FilingState:
    """Read a filing's state from JSON."""
    return FilingState(
        **{
            **body,
            "deadline": datetime.fromisoformat(body["deadline"]),
            "signatures": tuple(Signature(**signature) for signature in body["signatures"]),
            "hands": tuple(body["hands"]),
            "came": tuple((level, number) for level, number in body.get("came", ())),
            "hands_before_return": tuple(body.get("hands_before_return", ())),
            "maker": maker,
        }
    )


def dump_record_state(state: RecordState) -> dict[str, Any]:
    """Turn a record's state into JSON."""
    return asdict(state)


def load_record_state(body: dict[str, Any]) -> RecordState:
    """Read a record's state from JSON."""
    return RecordState(
        **{
            **body,
            "makers": tuple(body["makers"]),
            "signatures": tuple(Signature(**signature) for signature in body["signatures"]),
            "hands": tuple(Hand(**hand) for hand in body["hands"]),
        }
    )


def dump_flow(flow: ApprovalFlow) -> bytes:
    """Turn a flow into the bytes that a campaign is pinned to."""
    return canonical_json(asdict(flow)).encode()


def load_flow(body: bytes | str | dict[str, Any]) -> ApprovalFlow:
    """Read a flow from its pinned bytes (or the JSON they hold)."""
    data = json.loads(body) if isinstance(body, bytes | str) else body
    levels = tuple(
        FlowLevel(
            **{
                **level,
                "signers": tuple(Signer(**signer) for signer in level["signers"]),
                "returns_to": tuple(level["returns_to"]),
                "only": _only(level.get("only")),
                "escalate": Escalation(**level["escalate"]) if level.get("escalate") else None,
            }
        )
        for level in data["levels"]
    )
    channels = tuple(
        Channel(
            **{
                **channel,
                "filed_by": tuple(Signer(**signer) for signer in channel["filed_by"]),
                "levels": tuple(channel["levels"]),
            }
        )
        for channel in data.get("channels", ())
    )
    left = data.get("leaving")
    leaving = None if left is None else Leaving(tuple(left["levels"]), left["clause"])
    return ApprovalFlow(**{**data, "levels": levels, "channels": channels, "leaving": leaving})


def _only(data: dict[str, Any] | None) -> Only | None:
    if data is None:
        return None
    return Only(**{**data, "kinds": tuple(data["kinds"]), "sectors": tuple(data["sectors"])})


def dump_command(command: FilingCommand | CampaignCommand | AppealCommand) -> dict[str, object]:
    """Turn a command into the plain payload that travels to its workflow."""
    return {name: _plain(value) for name, value in asdict(command).items()}


def load_filing_command(payload: dict[str, Any]) -> FilingCommand:
    """Read a filing's command from its payload."""
    return FilingCommand(**_instants(payload, ("made_at", "until")))


def load_campaign_command(payload: dict[str, Any]) -> CampaignCommand:
    """Read a campaign's command from its payload."""
    return CampaignCommand(**_instants(payload, ("made_at", "to")))


def load_appeal_command(payload: dict[str, Any]) -> AppealCommand:
    """Read an appeal's command from its payload."""
    return AppealCommand(**_instants(payload, ("made_at", "until")))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _instants(payload: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    read = dict(payload)
    for name in names:
        if read.get(name) is not None:
            read[name] = datetime.fromisoformat(read[name])
    return read
