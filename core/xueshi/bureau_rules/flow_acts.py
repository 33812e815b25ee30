"""The acts on a bureau's settings of its flows, each a direct command settled in one transaction: drafted, then published by another.

`FlowDesk` gives the commands. The settings are an artifact that the draft names by digest; that they fit the installed
flow is looked at before the transaction, and said by the artifact that a publication names.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.acts import four_eyes, lender_of, no_reason, not_waiting, require_area
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round import flow_settings
from xueshi.campaigns.year_round.flow_settings import FlowSetting
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.canonical import digest_of_json
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now

ENGINE = Scope.everything()
WHAT = "流程调整"
LISTED = "xueshi flows drafts"


def draft(session: Session, command: Command) -> Refused | None:
    """Keep settings as a draft (`region`, `area`, `file`: digest of what they say, `name`); the same again changes nothing."""
    payload, actor = command.payload, actor_of(session, command)
    require_area(actor, payload["area"], WHAT)
    said = settings_of(session, payload["file"])
    waiting = _waiting(session, payload["area"])
    if any(one.digest == payload["file"] for one in waiting):
        complete(session, command, None, "unchanged", 0, folder_now(session, real_now()))
        return None
    row = _row(command, payload["region"], payload["area"], said, "flow", payload["file"])
    row.file = payload["name"]
    _drafted(session, command, row)
    return None


def withdraw(session: Session, command: Command) -> Refused | None:
    """Draft that settings are to hold no longer (`region`, `area`, `number`, `reason`)."""
    payload, actor = command.payload, actor_of(session, command)
    held = flow_settings.in_force(session, int(payload["number"]))
    require_area(actor, held.area, WHAT)
    reason = str(payload.get("reason", "")).strip()
    if not reason:
        return Refused("no_reason", "撤销流程调整须写明原因；请用 --reason 写明")
    if any(one.kind == "flow_end" and one.setting == held.number for one in _waiting(session, held.area)):
        return Refused("asked", f"撤销第{held.number}号流程调整已经起草，请由另一人发布；见 {LISTED}")
    digest = digest_of_json(["flow_end", held.number, str(command.target_id)])
    row = _row(command, payload["region"], held.area, held, "flow_end", digest)
    row.setting, row.reason = held.number, reason
    _drafted(session, command, row)
    return None


def publish(session: Session, command: Command) -> Refused | None:
    """Let a draft hold from now on (`review`: digest of what was checked, `reason`); refused for its maker."""
    actor = actor_of(session, command)
    row = repository.draft(session, actor.scope, command.target_id, lock=True, kinds=repository.FLOWS)
    require_area(actor, row.area, WHAT)
    reviewed = json.loads(audit.load_artifact(session, command.payload["review"]))
    refused = (
        not_waiting(row, LISTED)
        or four_eyes(row, command)
        or no_reason(command)
        or (
            None
            if reviewed["draft"] == row.digest
            else Refused("stale_review", "检查的是另一份草案；请再办一次")
        )
    )
    if refused is not None:
        return refused
    now = folder_now(session, real_now())
    if row.kind == "flow":
        setting = flow_settings.put_in_force(
            session, _from_now(settings_of(session, row.digest), civil_date(now))
        )
        row.setting, row.state, outcome = setting.number, "published", "published"
    else:
        assert row.setting is not None  # it was drafted for settings of a number
        setting = flow_settings.end(session, row.setting, civil_date(now))
        row.state, outcome = "done", "withdrawn"
        for held in repository.drafts(session, ENGINE, area=row.area, states=("published",), kinds=("flow",)):
            if held.setting == row.setting:
                held.state, held.taken_back_by, held.taken_back_at = "taken_back", row.id, real_now()
                session.add(held)
    row.publisher, row.published_at = command.account_id, real_now()
    row.publish_reason, row.review_digest = str(command.payload["reason"]).strip(), command.payload["review"]
    session.add(row)
    session.flush()
    _complete(session, command, row, outcome)
    return None


def settings_of(session: Session, digest: str) -> FlowSetting:
    """Return the settings that a draft names by digest, not in force yet: number 0, published on the document's day."""
    plain: dict[str, Any] = json.loads(audit.load_artifact(session, digest))
    overlay = FlowOverlay.of_plain(plain["overlay"])
    return FlowSetting(
        0, plain["area"], plain["instrument"], overlay, overlay.decided, purpose=plain["purpose"]
    )


def _from_now(setting: FlowSetting, today: date) -> FlowSetting:
    return FlowSetting(0, setting.area, setting.instrument, setting.overlay, today, purpose=setting.purpose)


def _waiting(session: Session, area: str) -> list[RuleDraft]:
    return repository.drafts(session, ENGINE, area=area, states=("draft",), kinds=repository.FLOWS)


def _row(command: Command, region: str, area: str, setting: FlowSetting, kind: str, digest: str) -> RuleDraft:
    overlay = setting.overlay
    return RuleDraft(
        id=command.target_id,
        kind=kind,
        region=region,
        area=area,
        instrument=setting.instrument,
        body=overlay.by,
        document=overlay.document,
        decided=overlay.decided.isoformat(),
        first_year=overlay.years.first,
        last_year=overlay.years.last,
        file="",
        digest=digest,
        maker=command.account_id,
        made_for=lender_of(command),
        made_at=real_now(),
        state="draft",
    )


def _drafted(session: Session, command: Command, row: RuleDraft) -> None:
    session.add(row)
    session.flush()
    _complete(session, command, row, "drafted")


def _complete(session: Session, command: Command, row: RuleDraft, outcome: str) -> None:
    now = folder_now(session, real_now())
    numbered = {} if row.setting is None else {"number": row.setting}
    complete(session, command, None, outcome, 0, now, area=row.area, digest=row.digest, **numbered)
