"""What happens to a filing, each in the caller's one transaction: effect, state, audit, tasks, counters, messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import dissolving
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.filing_judging import campaign_forbids, judge
from xueshi.campaigns.acts.filing_state import changed, write_state
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.rows import (
    command_rows,
    filing_rows,
    letter_rows,
    merger_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.machines.filing_machine import (
    Accepted,
    FilingCommand,
    FilingState,
    Outcome,
    Refused,
    window_ended,
)
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now

ENGINE = Scope.everything()
URGENT: frozenset[Outcome] = frozenset({"returned", "refused"})
"""Outcomes that the unit must learn of at once: a day of the window may hang on it. The others stand in the digest."""
MESSAGES: dict[Outcome, str] = {
    "approved": "审验通过",
    "refused": "不予通过",
    "returned": "退回补正",
    "extended": "申报延期",
    "makeup_opened": "补训开放",
    "dissolved": "单位撤并",
}
"""Outcomes of which the unit is told, and in which words."""


@dataclass(frozen=True)
class Applied:
    """What became of a command: its fate, and the state the filing is in now."""

    fate: Literal["done", "refused", "late"]
    state: FilingState
    code: str = ""
    reason: str = ""


def apply_command(session: Session, filing_id: UUID, command: FilingCommand) -> Applied:
    """Carry out one durable command on a filing, exactly once: a repeat returns what the first time gave."""
    filing, campaign = filing_rows.filing_in_campaign(session, ENGINE, filing_id, lock=True)
    state = load_state(filing.state, filing.maker)
    row = command_rows.command(session, UUID(command.id), lock=True)
    if row.state == "done":  # written with its effect, in one transaction
        return Applied("done", state)
    if row.state in ("refused", "late", "withdrawn"):
        return Applied("late" if row.state == "late" else "refused", state, row.code or row.state, row.reason)
    now = campaign_now(session, campaign, real_now())
    judged = judge(session, campaign, filing, command, now)
    merger = merger_rows.merger_of(session, filing.id, campaign.year) if state.stage == "dissolved" else None
    merging = None
    if isinstance(judged, Accepted):
        judged = dissolving.may_come_back(session, campaign, merger) or judged
    if isinstance(judged, Accepted) and judged.outcome == "dissolved":
        merging = dissolving.merging_of(session, campaign, filing, row, now)
        judged = merging if isinstance(merging, Refused) else judged
    if isinstance(judged, Refused):
        row.state = fate = "late" if judged.code == "late" else "refused"
        row.code, row.reason = judged.code, judged.reason
        session.add(row)
        return Applied("late" if fate == "late" else "refused", state, judged.code, judged.reason)
    # Before the state, so that the filing's row is written once.
    _after(session, campaign, filing, command, judged.outcome, now)
    write_state(session, campaign, filing, flow_of(session, campaign, filing), judged.state, now)
    body = dissolving.bring_back(session, campaign, filing, merger, now)
    if isinstance(merging, dissolving.Merging):
        body = dissolving.merge(session, campaign, filing, merging, by=row.id, now=now)
    if judged.outcome == "dissolved":
        dissolving.tell_later_years(session, campaign, filing, now)
    elif state.stage == "dissolved":
        dissolving.untell_later_years(session, campaign, filing)
    complete(session, row, campaign.id, judged.outcome, judged.state.version, now, **body)
    return Applied("done", judged.state)


@dataclass(frozen=True)
class ClockLook:
    """What a look at the campaign clock found: the filing's state, and whether to look again soon."""

    state: FilingState
    again: bool
    still: bool = False
    """True while no hour of the clock will change anything: paused, or an unsigned make-up that waits for an act."""


def look_at_clock(session: Session, filing_id: UUID) -> ClockLook:
    """Let a filing's window end if its time has come; wait while a filing made in time is still on its way."""
    filing, campaign = filing_rows.filing_in_campaign(session, ENGINE, filing_id, lock=True)
    state = load_state(filing.state, filing.maker)
    if campaign_forbids(campaign, filing) is not None:
        return ClockLook(state, again=False, still=True)
    now = campaign_now(session, campaign, real_now())
    after = window_ended(state, now, changed=changed(filing))
    if after == state:
        return ClockLook(state, again=False, still=state.stage == "filing" and state.deadline <= now)
    if command_rows.pending_before(session, filing.id, state.deadline):
        return ClockLook(state, again=True)
    write_state(session, campaign, filing, flow_of(session, campaign, filing), after, now)
    lapsed = after.stage == "approved"
    audit.append(
        session,
        actor="engine",
        verb="makeup_lapsed" if lapsed else after.stage,
        target=f"filing:{filing.id}",
        body={},
    )
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="补训期满，原审验结果不变" if lapsed else "逾期未申报",
        body={"campaign": campaign.title},
        at=now,
    )
    return ClockLook(after, again=False)


def _after(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    command: FilingCommand,
    outcome: Outcome,
    now: datetime,
) -> None:
    """Write what an outcome entails beside the state: instants, notes and messages."""
    if outcome == "submitted":
        filing.submitted_at = now
    elif outcome in ("approved", "refused"):
        filing.decided_at = now
    if outcome == "approved":
        filing.approved_input = filing.input_version
    if outcome == "dissolved":
        filing.note = command.reason
    elif outcome == "extended" and filing.round == 1:
        filing.note = ""
    if outcome in MESSAGES:
        letter_rows.write_message(
            session,
            filing=filing,
            to_role="unit_clerk",
            subject=MESSAGES[outcome],
            body={"campaign": campaign.title, "reason": command.reason},
            at=now,
            urgent=outcome in URGENT,
        )
    session.add(filing)
