"""The acts of the side that reports, each a direct command carried out in one transaction.

`ReportDesk` gives the commands; what they rest on (package, receipt) is an artifact that their payload names by digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.errors import InputError, NotAllowedError
from xueshi.jurisdictions import area_contains
from xueshi.machines.filing_machine import Refused
from xueshi.messages import repository as messages
from xueshi.real_clock import real_now
from xueshi.reports import report_machine, repository
from xueshi.reports.key_acts import check_signature
from xueshi.reports.package import read_package
from xueshi.reports.report_effects import complete_act
from xueshi.reports.report_machine import Decision
from xueshi.reports.signing import read_receipt
from xueshi.reports.tables import Report

ENGINE = Scope.everything()
BUILT_MEANWHILE = "编制期间另有人编制了同一报告；请重新编制"


@dataclass(frozen=True)
class ReportOrder:
    """What a report is built from besides its figures."""

    campaign_id: UUID | None
    report_by: date | None


def require_area(actor: Actor, area: str) -> None:
    """Raise NotAllowedError unless the actor may report for the whole of an area."""
    actor.require("report.send")
    if not actor.scope.allows(area) or actor.scope.sectors is not None or actor.scope.units is not None:
        raise NotAllowedError(f"账号 {actor.login} 不能代地区 {area} 报送；请由该地区的业务负责人办理")


def build(session: Session, command: Command) -> Refused | None:
    """Store a package that was built outside any transaction (`package`, `campaign`, `report_by`) as a new revision.

    Refused when another revision came between.
    """
    payload, actor = command.payload, actor_of(session, command)
    head = read_package(audit.load_artifact(session, payload["package"])).head
    require_area(actor, head.area)
    newest = repository.newest_report(session, ENGINE, head.region, head.area, head.year)
    known = None if newest is None else (newest.revision, newest.state)
    if report_machine.next_revision(known) != head.revision:  # type: ignore[arg-type]  # the column holds the machine's words
        return Refused("built_meanwhile", BUILT_MEANWHILE)
    if newest is not None and newest.state == "built":
        newest.state = "superseded"
        session.add(newest)
    report_by = payload.get("report_by")
    row = Report(
        id=command.target_id,
        region=head.region,
        area=head.area,
        area_name=head.area_name,
        year=head.year,
        revision=head.revision,
        campaign_id=UUID(payload["campaign"]) if payload.get("campaign") else None,
        made_on=head.made_on,
        report_by=None if report_by is None else date.fromisoformat(report_by),
        standing=head.sample,
        state="built",
        reasons=[],
        digest=payload["package"],
        key_id=head.key_id,
        built_by=f"account:{actor.account_id}",
        built_at=real_now(),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise InputError(BUILT_MEANWHILE) from error
    complete_act(session, command, row, "built", digest=row.digest, persons=head.persons)
    return None


def send(session: Session, command: Command) -> Refused | None:
    """Mark a report as sent; one that was sent meanwhile stays as it is."""
    actor = actor_of(session, command)
    row = repository.report(session, actor.scope, command.target_id, lock=True)
    require_area(actor, row.area)
    state = report_machine.sent(row.state, row.revision)  # type: ignore[arg-type]  # the column holds the machine's words
    if state == row.state:
        complete_act(session, command, row, "unchanged")
        return None
    row.state, row.sent_at = state, real_now()
    session.add(row)
    complete_act(session, command, row, "sent", digest=row.digest)
    return None


def take_receipt(session: Session, command: Command) -> Refused | None:
    """Take in the superior authority's receipt (`receipt`). Refused when it is not true or means another report."""
    body = audit.load_artifact(session, command.payload["receipt"])
    signed = read_receipt(body)
    receipt, actor = signed.receipt, actor_of(session, command)
    row = repository.report_of_revision(
        session, actor.scope, receipt.region, receipt.area, receipt.year, receipt.revision, lock=True
    )
    if row is None or row.digest != receipt.digest:
        return Refused(
            "other_report",
            f"回执所指的报告（{receipt.area}，{receipt.year}年度，第{receipt.revision}次）不是本系统报送的那一份；请核对回执文件",
        )
    if receipt.receiver == row.area or not area_contains(receipt.receiver, row.area):
        return Refused(
            "not_above", f"回执由 {receipt.receiver} 出具，不是地区 {row.area} 的上级；请核对回执文件"
        )
    check_signature(session, receipt.receiver, signed.key_id, signed.signature, signed.said, "回执")
    decision: Decision = "acknowledged" if receipt.decision == "acknowledged" else "rejected"
    if report_machine.settled(row.state, decision, row.revision) is None:
        complete_act(session, command, row, "unchanged")
        return None
    row.state, row.reasons, row.settled_at = decision, list(receipt.reasons), real_now()
    row.receipt_digest = command.payload["receipt"]
    session.add(row)
    complete_act(session, command, row, decision, receipt=row.receipt_digest, key=signed.key_id)
    return None


def remind(session: Session, report_id: UUID, number: int) -> bool:
    """Remind the officers for the `number`-th time that no receipt has come; the same number again changes nothing.

    Returns whether the report still waits. The engine's own act, no officer's command.
    """
    row = repository.report(session, ENGINE, report_id, lock=True)
    if row.state != "sent":
        return False
    if row.reminders < number:
        row.reminders = number
        session.add(row)
        audit.append(
            session, actor="engine", verb="report_remind", target=f"report:{row.id}", body={"number": number}
        )
        messages.write(
            session,
            messages.NewMessage(
                to_role="bureau",
                to_unit=None,
                area=row.area,
                subject="年度报告尚无回执",
                body={"report": row.name, "revision": row.revision, "number": number},
                at=real_now(),
                campaign_id=row.campaign_id,
            ),
        )
    return True
