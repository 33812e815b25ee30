"""The acts on reports, each in the caller's one transaction, each with its line in the audit.

Sending side: `store_built`, `send`, `take_receipt`, `remind`. Receiving side: `receive`, `settle`. Both: `trust`.
An act repeated with the same file or decision changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.errors import InputError, NotAllowedError
from xueshi.jurisdictions import area_contains
from xueshi.messages import repository as messages
from xueshi.real_clock import real_now
from xueshi.reports import report_machine, repository
from xueshi.reports.contents import TableContent, contradictions, read_table
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import Package
from xueshi.reports.report_machine import Decision
from xueshi.reports.signing import PublicKey, Receipt, SignedReceipt, Signer, is_signed
from xueshi.reports.tables import ReceivedReport, Report, TrustedKey
from xueshi.storage import new_id

ENGINE = Scope.everything()
REASON_LIMIT = 500
"""Characters of a refusal that are kept: what it quotes of a file was written by somebody else."""
PACKAGE_KIND, RECEIPT_KIND = "report_package", "report_receipt"


@dataclass(frozen=True)
class ReportOrder:
    """What a report is built from besides its figures."""

    campaign_id: UUID | None
    report_by: date | None


# ---------------------------------------------------------------- sending side


def require_area(actor: Actor, area: str) -> None:
    """Raise NotAllowedError unless the actor may report for the whole of an area."""
    actor.require("report.send")
    if not actor.scope.allows(area) or actor.scope.sectors is not None or actor.scope.units is not None:
        raise NotAllowedError(f"账号 {actor.login} 不能代地区 {area} 报送；请由该地区的业务负责人办理")


def store_built(
    session: Session, actor: Actor, order: ReportOrder, head: ReportHead, package: bytes
) -> Report:
    """Store a package that was built outside any transaction. Raises InputError when another revision came between."""
    require_area(actor, head.area)
    newest = repository.newest_report(session, ENGINE, head.region, head.area, head.year)
    known = None if newest is None else (newest.revision, newest.state)
    if report_machine.next_revision(known) != head.revision:  # type: ignore[arg-type]  # the column holds the machine's words
        raise InputError("编制期间另有人编制了同一报告；请重新编制")
    if newest is not None and newest.state == "built":
        newest.state = "superseded"
        session.add(newest)
    row = Report(
        id=new_id(),
        region=head.region,
        area=head.area,
        area_name=head.area_name,
        year=head.year,
        revision=head.revision,
        campaign_id=order.campaign_id,
        made_on=head.made_on,
        report_by=order.report_by,
        standing=head.sample,
        state="built",
        reasons=[],
        digest=audit.store_artifact(session, PACKAGE_KIND, package),
        key_id=head.key_id,
        built_by=f"account:{actor.account_id}",
        built_at=real_now(),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise InputError("编制期间另有人编制了同一报告；请重新编制") from error
    _note(session, actor, "report_build", row, {"digest": row.digest, "persons": head.persons})
    return row


def send(session: Session, actor: Actor, report_id: UUID) -> tuple[Report, bytes]:
    """Mark a report as sent and return its package; sending again gives the same bytes and changes nothing."""
    row = repository.report(session, actor.scope, report_id, lock=True)
    require_area(actor, row.area)
    state = report_machine.sent(row.state, row.revision)  # type: ignore[arg-type]  # the column holds the machine's words
    if state != row.state:
        row.state, row.sent_at = state, real_now()
        session.add(row)
        _note(session, actor, "report_send", row, {"digest": row.digest})
    return row, audit.load_artifact(session, row.digest)


def take_receipt(session: Session, actor: Actor, signed: SignedReceipt, body: bytes) -> Report:
    """Take in the superior authority's receipt. Raises InputError for one that is not true or means another report."""
    receipt = signed.receipt
    actor.require("report.send")
    row = repository.report_of_revision(
        session, actor.scope, receipt.region, receipt.area, receipt.year, receipt.revision
    )
    if row is None or row.digest != receipt.digest:
        raise InputError(
            f"回执所指的报告（{receipt.area}，{receipt.year}年度，第{receipt.revision}次）不是本系统报送的那一份；请核对回执文件"
        )
    if receipt.receiver == row.area or not area_contains(receipt.receiver, row.area):
        raise InputError(f"回执由 {receipt.receiver} 出具，不是地区 {row.area} 的上级；请核对回执文件")
    _check_signature(session, receipt.receiver, signed.key_id, signed.signature, signed.said, "回执")
    decision: Decision = "acknowledged" if receipt.decision == "acknowledged" else "rejected"
    if report_machine.settled(row.state, decision, row.revision) is None:
        return row
    row.state, row.reasons, row.settled_at = decision, list(receipt.reasons), real_now()
    row.receipt_digest = audit.store_artifact(session, RECEIPT_KIND, body)
    session.add(row)
    _note(session, actor, f"report_{decision}", row, {"receipt": row.receipt_digest, "key": signed.key_id})
    return row


def remind(session: Session, report_id: UUID, number: int) -> bool:
    """Remind the officers for the `number`-th time that no receipt has come; a repeat writes nothing.

    Returns whether the report still waits.
    """
    row = repository.report(session, ENGINE, report_id, lock=True)
    if row.state != "sent":
        return False
    if row.reminders < number:
        row.reminders = number
        session.add(row)
        _append(session, "engine", "report_remind", row, {"number": number})
        messages.write(
            session,
            messages.NewMessage(
                to_role="bureau",
                to_unit=None,
                area=row.area,
                subject="年度报告尚无回执",
                body={"report": str(row.id), "revision": row.revision, "number": number},
                at=real_now(),
                campaign_id=row.campaign_id,
            ),
        )
    return True


# ---------------------------------------------------------------- receiving side


def receive(
    session: Session, actor: Actor, package: Package, body: bytes, *, accept_sample: bool
) -> tuple[ReceivedReport, bool]:
    """Check a package from below and store it; returns the row and whether it is new.

    Raises InputError that lists everything that is wrong: signature, area, year, revision, sums.
    """
    head = package.head
    actor.require("report.receive")
    if not actor.scope.allows(head.area):
        raise InputError(
            f"报送包来自地区 {head.area}（{head.area_name}），不在您的管理范围；请送该地区的上级"
        )
    _check_signature(session, head.area, head.key_id, package.signature, package.manifest_body, "报送包")
    earlier = repository.received_reports(session, ENGINE, region=head.region, area=head.area, year=head.year)
    same = next((one for one in earlier if one.digest == package.digest), None)
    if same is not None:
        return same, False
    faults = [] if accept_sample or not head.sample else ["这是演示、演练数据的报送包，不能作为正式报告"]
    faults += _untimely(head, earlier)
    faults += [fault for _, content in tables_of(package) for fault in contradictions(content, head.counts)]
    if faults:
        raise InputError(
            f"{head.area_name} {head.year} 年度第{head.revision}次报告不能接收：{'；'.join(faults)}。请由报送单位更正后另报一次"
        )
    for one in earlier:
        if one.state == "received":
            one.state = "superseded"
            session.add(one)
    row = ReceivedReport(
        id=new_id(),
        region=head.region,
        area=head.area,
        area_name=head.area_name,
        year=head.year,
        revision=head.revision,
        digest=audit.store_artifact(session, PACKAGE_KIND, body),
        key_id=head.key_id,
        sample=head.sample,
        state="received",
        reasons=[],
        received_by=f"account:{actor.account_id}",
        received_at=real_now(),
    )
    session.add(row)
    session.flush()
    _note(session, actor, "report_receive", row, {"digest": row.digest, "key": row.key_id})
    return row, True


def note_refused(session: Session, actor: Actor, digest: str, reason: str) -> None:
    """Note that a file was handed in and refused; nothing of it is kept."""
    actor.require("report.receive")
    audit.append(
        session,
        actor=f"account:{actor.account_id}",
        verb="report_refuse",
        target=f"package:{digest}",
        body={"reason": reason[:REASON_LIMIT]},
    )


@dataclass(frozen=True)
class Receiver:
    """Who decides on received reports: area and name of the body, and its signature."""

    area: str
    body: str
    signer: Signer


def settle(
    session: Session,
    actor: Actor,
    received_id: UUID,
    decision: Decision,
    reasons: Sequence[str],
    receiver: Receiver,
) -> tuple[ReceivedReport, bytes]:
    """Acknowledge or reject a received report; returns it with the signed receipt. The same decision again: the same receipt.

    Raises InputError for a rejection without a reason, or a report that was decided otherwise.
    """
    actor.require("report.receive")
    row = repository.received(session, actor.scope, received_id, lock=True)
    given = [reason.strip() for reason in reasons if reason.strip()]
    if decision == "rejected" and not given:
        raise InputError("退回报告须写明原因（--reason），报送单位据此更正")
    if report_machine.settled(row.state, decision, row.revision) is None:
        return row, audit.load_artifact(session, row.receipt_digest)
    now = real_now()
    receipt = Receipt(
        region=row.region,
        area=row.area,
        year=row.year,
        revision=row.revision,
        digest=row.digest,
        decision=decision,
        reasons=tuple(given),
        decided_on=civil_date(now).isoformat(),
        receiver=receiver.area,
        receiver_body=receiver.body,
    )
    body = receipt.to_file(receiver.signer)
    row.state, row.reasons, row.settled_at = decision, given, now
    row.settled_by = f"account:{actor.account_id}"
    row.receipt_digest = audit.store_artifact(session, RECEIPT_KIND, body)
    session.add(row)
    _note(session, actor, f"received_{decision}", row, {"receipt": row.receipt_digest})
    return row, body


def tables_of(package: Package) -> list[tuple[str, TableContent]]:
    """Return the tables of a package by id. Raises InputError for one that is listed and missing, or cannot be read."""
    found = []
    for paper in package.head.tables:
        path = f"data/{paper}.json"
        if path not in package.files:
            raise InputError(f"报送包缺少 {path}；请由报送单位重新编制")
        found.append((paper, read_table(package.files[path], path)))
    return found


# ---------------------------------------------------------------- both


def trust(session: Session, actor: Actor, area: str, key: PublicKey) -> TrustedKey:
    """Trust a key for an area inside the actor's own, or for one above it (the authority that gives receipts)."""
    _require_trusting(actor, area)
    if key.area != area:
        raise InputError(f"公钥文件是地区 {key.area}（{key.body}）的，不是 {area} 的；请核对地区代码和文件")
    row = repository.known_key(session, area, key.key_id)
    if row is not None and row.ended_at is None:
        return row
    if row is None:
        row = TrustedKey(
            id=new_id(),
            area=area,
            key_id=key.key_id,
            body=key.body,
            public_key=key.key.hex(),
            trusted_by="",
            trusted_at=real_now(),
        )
    row.ended_at, row.trusted_by, row.trusted_at = None, f"account:{actor.account_id}", real_now()
    session.add(row)
    _append(session, f"account:{actor.account_id}", "report_trust", row, {"area": area, "key": key.key_id})
    return row


def end_trust(session: Session, actor: Actor, area: str, key_id: str) -> None:
    """Accept nothing more that a key signs; what was accepted stays. Raises InputError for a key that is not trusted."""
    _require_trusting(actor, area)
    row = repository.trusted_key(session, area, key_id)
    if row is None:
        raise InputError(f"地区 {area} 没有编号为 {key_id} 的有效公钥；用 xueshi report keys 查看")
    row.ended_at = real_now()
    session.add(row)
    _append(session, f"account:{actor.account_id}", "report_distrust", row, {"area": area, "key": key_id})


def _require_trusting(actor: Actor, area: str) -> None:
    actor.require("report.receive")
    if not (actor.scope.allows(area) or area_contains(area, actor.area)):
        raise NotAllowedError(f"地区 {area} 既不在您的管理范围，也不是您的上级；请核对地区代码")


def _check_signature(
    session: Session, area: str, key_id: str, signature: bytes, body: bytes, what: str
) -> None:
    trusted = repository.trusted_key(session, area, key_id)
    if trusted is None:
        raise InputError(
            f"{what}由编号 {key_id} 的密钥签名，本系统未信任地区 {area} 的这个密钥；"
            "请向对方索取公钥文件并核对编号，再用 xueshi report trust 登记"
        )
    if not is_signed(bytes.fromhex(trusted.public_key), signature, body):
        raise InputError(f"{what}的签名不符：内容被改动，或不是 {trusted.body} 签发；请由对方重新传送")


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


def _note(
    session: Session, actor: Actor, verb: str, row: Report | ReceivedReport, body: dict[str, object]
) -> None:
    _append(session, f"account:{actor.account_id}", verb, row, body)


def _append(
    session: Session,
    actor: str,
    verb: str,
    row: Report | ReceivedReport | TrustedKey,
    body: dict[str, object],
) -> None:
    audit.append(session, actor=actor, verb=verb, target=f"{row.__tablename__}:{row.id}", body=body)
