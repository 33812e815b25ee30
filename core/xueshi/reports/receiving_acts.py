"""The acts of the side that receives reports, each a direct command carried out in one transaction.

`ReportDesk` gives the commands; what they rest on (package, receipt) is an artifact that their payload names by digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.reports import report_machine, repository
from xueshi.reports.contents import contradictions
from xueshi.reports.key_acts import check_signature
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import Package, read_package
from xueshi.reports.parts import part_faults, tables_of
from xueshi.reports.report_effects import complete_act
from xueshi.reports.report_machine import Decision
from xueshi.reports.signing import read_receipt
from xueshi.reports.tables import ReceivedReport

ENGINE = Scope.everything()
DECISIONS: dict[str, Decision] = {"report_acknowledge": "acknowledged", "report_reject": "rejected"}


def receive(session: Session, command: Command) -> Refused | None:
    """Check a package from below (`package`, `accept_sample`) and store it; refused with everything that is wrong.

    `unreadable` instead of a package says why a file is none: nothing of it was kept.
    """
    payload = command.payload
    if payload.get("unreadable"):
        return Refused("no_package", payload["unreadable"])
    package = read_package(audit.load_artifact(session, payload["package"]))
    head, actor = package.head, actor_of(session, command)
    if not actor.scope.allows(head.area):
        return Refused(
            "other_area",
            f"报送包来自地区 {head.area}（{head.area_name}），不在您的管理范围；请送该地区的上级",
        )
    check_signature(session, head.area, head.key_id, package.signature, package.manifest_body, "报送包")
    earlier = repository.received_reports(session, ENGINE, region=head.region, area=head.area, year=head.year)
    same = next((one for one in earlier if one.digest == package.digest), None)
    if same is not None:
        complete_act(session, command, same, "unchanged")
        return None
    faults = _faults(package, earlier, accept_sample=bool(payload.get("accept_sample")))
    if faults:
        return Refused(
            "faulty",
            f"{head.area_name} {head.year} 年度第{head.revision}次报告不能接收：{'；'.join(faults)}。请由报送单位更正后另报一次",
        )
    for one in earlier:
        if one.state == "received":
            one.state = "superseded"
            session.add(one)
    row = _row(command.target_id, head, package.digest, f"account:{actor.account_id}")
    session.add(row)
    session.flush()
    complete_act(session, command, row, "received", digest=row.digest, key=row.key_id)
    return None


def settle(session: Session, command: Command) -> Refused | None:
    """Acknowledge or reject a received report by the signed receipt that was made for it (`receipt`).

    Refused for a rejection without a reason, or a report that was decided otherwise.
    """
    decision, actor = DECISIONS[command.kind], actor_of(session, command)
    row = repository.received(session, actor.scope, command.target_id, lock=True)
    receipt = read_receipt(audit.load_artifact(session, command.payload["receipt"])).receipt
    if decision == "rejected" and not receipt.reasons:
        return Refused("no_reason", "退回报告须写明原因（--reason），报送单位据此更正")
    if report_machine.settled(row.state, decision, row.revision) is None:
        complete_act(session, command, row, "unchanged")
        return None
    row.state, row.reasons, row.settled_at = decision, list(receipt.reasons), real_now()
    row.settled_by = f"account:{actor.account_id}"
    row.receipt_digest = command.payload["receipt"]
    session.add(row)
    complete_act(session, command, row, decision, receipt=row.receipt_digest)
    return None


def _row(received_id: UUID, head: ReportHead, digest: str, by: str) -> ReceivedReport:
    return ReceivedReport(
        id=received_id,
        region=head.region,
        area=head.area,
        area_name=head.area_name,
        year=head.year,
        revision=head.revision,
        digest=digest,
        key_id=head.key_id,
        sample=head.sample,
        state="received",
        reasons=[],
        received_by=by,
        received_at=real_now(),
    )


def _faults(package: Package, earlier: Sequence[ReceivedReport], *, accept_sample: bool) -> list[str]:
    """Say everything that is wrong with a package whose signature is true."""
    head = package.head
    faults = [] if accept_sample or not head.sample else ["这是演示、演练数据的报送包，不能作为正式报告"]
    faults += _untimely(head, earlier)
    faults += part_faults(head)
    return faults + [
        fault for _, content in tables_of(package) for fault in contradictions(content, head.counts)
    ]


def _untimely(head: ReportHead, earlier: Sequence[ReceivedReport]) -> list[str]:
    """Say what is wrong with the year, period or revision of a package."""
    faults = []
    if head.period_end < head.period_start or head.year not in (head.period_start.year, head.period_end.year):
        faults.append(f"统计起止时间 {head.period_start} 至 {head.period_end} 不是 {head.year} 年度")
    if head.made_on < head.period_start:
        faults.append(f"编制日期 {head.made_on} 早于统计起始时间 {head.period_start}")
    newest = max((one.revision for one in earlier), default=0)
    if head.revision <= newest:
        faults.append(f"已收到第{newest}次报告，本次为第{head.revision}次，不是更新的一次")
    return faults
