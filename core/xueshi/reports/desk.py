"""The desk at which reports go out and come in: each act a command of the command table, settled in one transaction.

A command that was refused stays with its reason, and the file it rested on does not. What was done already needs no
command: the same file, receipt or decision again changes nothing and gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import command_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import InputError
from xueshi.real_clock import real_now
from xueshi.reports import repository
from xueshi.reports.key_acts import require_trusting
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import read_package
from xueshi.reports.report_machine import Decision
from xueshi.reports.sending_acts import ReportOrder, require_area
from xueshi.reports.signing import PublicKey, Receipt, Signer, read_receipt
from xueshi.reports.tables import ReceivedReport, Report, TrustedKey
from xueshi.storage import new_id, reading, transaction

ENGINE = Scope.everything()
PACKAGE_KIND, RECEIPT_KIND = "report_package", "report_receipt"
REASON_LIMIT = 500
"""Characters of a refusal that are kept: what it quotes of a file was written by somebody else."""
TRIES = 3
ActorOf = Callable[[Session], Actor]


@dataclass(frozen=True)
class Receiver:
    """Who decides on received reports: area and name of the body, and its signature."""

    area: str
    body: str
    signer: Signer


@dataclass(frozen=True)
class _Asked:
    """A command to be given: its kind and target, and the file that it rests on (`kind`, bytes)."""

    kind: str
    target: UUID
    payload: dict[str, Any] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None


class ReportDesk:
    """Gives the commands on reports of one database as one officer.

    `request_id` of an act is the caller's own: the same id again is the same command. Raises InputError with the reason
    of a refusal, after the refused command was stored; NotAllowedError and NotFoundError before anything was.
    """

    def __init__(self, engine: Engine, actor_of: ActorOf) -> None:
        self._engine = engine
        self._actor_of = actor_of

    # ------------------------------------------------------------ the side that reports

    def build(self, order: ReportOrder, head: ReportHead, package: bytes, request_id: str = "") -> Report:
        """Store a package that was built outside any transaction as a report's next revision."""
        payload = {
            "area": head.area,
            "package": audit.digest_of(package),
            "campaign": None if order.campaign_id is None else str(order.campaign_id),
            "report_by": None if order.report_by is None else order.report_by.isoformat(),
        }
        asked = _Asked("report_build", new_id(), payload, (PACKAGE_KIND, package))
        row = self._give(lambda _session, _actor: asked, request_id)
        with reading(self._engine) as session:
            return repository.report(session, ENGINE, asked.target if row is None else row.target_id)

    def send(self, number: str, request_id: str = "") -> tuple[Report, bytes]:
        """Mark a report as sent and return its package; sending again gives the same bytes and changes nothing."""

        def asked(session: Session, actor: Actor) -> _Asked | None:
            row = repository.numbered(session, actor.scope, number)
            require_area(actor, row.area)
            return (
                None if row.state in ("sent", "acknowledged", "rejected") else _Asked("report_send", row.id)
            )

        self._give(asked, request_id)
        with reading(self._engine) as session:
            row = repository.numbered(session, ENGINE, number)
            return row, audit.load_artifact(session, row.digest)

    def take_receipt(self, body: bytes, request_id: str = "") -> Report:
        """Take in the superior authority's receipt; refused when it is not true or means another report."""
        receipt = read_receipt(body).receipt
        key = (receipt.region, receipt.area, receipt.year, receipt.revision)
        digest = audit.digest_of(body)

        def asked(session: Session, actor: Actor) -> _Asked | None:
            actor.require("report.send")
            row = repository.report_of_revision(session, actor.scope, *key)
            if row is not None and row.receipt_digest == digest:
                return None
            target = new_id() if row is None else row.id
            return _Asked("report_receipt", target, {"receipt": digest}, (RECEIPT_KIND, body))

        self._give(asked, request_id)
        with reading(self._engine) as session:
            found = repository.report_of_revision(session, ENGINE, *key)
            assert found is not None  # a receipt of no report was refused
            return found

    # ------------------------------------------------------------ the side that receives

    def receive(
        self, body: bytes, *, accept_sample: bool, request_id: str = ""
    ) -> tuple[ReceivedReport, bool]:
        """Check a package from below and store it; returns the row and whether it is new.

        Refused with everything that is wrong: signature, area, year, revision, parts, sums.
        """
        digest = audit.digest_of(body)
        payload: dict[str, Any] = {"package": digest, "accept_sample": accept_sample}
        file: tuple[str, bytes] | None = (PACKAGE_KIND, body)
        try:
            head = read_package(
                body
            ).head  # outside the transaction: a large file must not hold up the others
        except InputError as error:
            head, file, payload["unreadable"] = None, None, str(error)

        def asked(session: Session, actor: Actor) -> _Asked | None:
            actor.require("report.receive")
            if head is not None and actor.scope.allows(head.area):
                key = repository.known_key(session, head.area, head.key_id)
                if key is not None and key.ended_at is None and _of_digest(session, head, digest) is not None:
                    return None
            return _Asked("report_receive", new_id(), payload, file)

        row = self._give(asked, request_id)
        assert head is not None  # what is no package was refused
        with reading(self._engine) as session:
            found = _of_digest(session, head, digest)
            assert found is not None
            return found, row is not None and row.code == "received"

    def settle(
        self,
        number: str,
        decision: Decision,
        reasons: Sequence[str],
        receiver: Receiver,
        request_id: str = "",
    ) -> tuple[ReceivedReport, bytes]:
        """Acknowledge or reject a received report; returns it with the signed receipt. The same decision again: the same receipt."""
        kind = "report_acknowledge" if decision == "acknowledged" else "report_reject"
        given = tuple(reason.strip() for reason in reasons if reason.strip())

        def asked(session: Session, actor: Actor) -> _Asked | None:
            actor.require("report.receive")
            row = repository.received_numbered(session, actor.scope, number)
            if row.state == decision:
                return None
            body = _receipt(row, decision, given, receiver)
            payload = {"receipt": audit.digest_of(body)}
            return _Asked(kind, row.id, payload, (RECEIPT_KIND, body))

        self._give(asked, request_id)
        with reading(self._engine) as session:
            row = repository.received_numbered(session, ENGINE, number)
            return row, audit.load_artifact(session, row.receipt_digest)

    # ------------------------------------------------------------ both

    def trust(self, area: str, key: PublicKey, request_id: str = "") -> TrustedKey:
        """Trust a key for an area inside the actor's own, or for one above it (the authority that gives receipts)."""

        def asked(session: Session, actor: Actor) -> _Asked | None:
            require_trusting(actor, area)
            row = repository.known_key(session, area, key.key_id)
            if row is not None and row.ended_at is None and key.area == area:
                return None
            payload = {"area": area, "file": key.to_file().decode()}
            return _Asked("report_trust", new_id() if row is None else row.id, payload)

        self._give(asked, request_id)
        with reading(self._engine) as session:
            found = repository.known_key(session, area, key.key_id)
            assert found is not None
            return found

    def end_trust(self, area: str, key_id: str, request_id: str = "") -> None:
        """Accept nothing more that a key signs; what was accepted stays. Refused for a key that is not trusted."""

        def asked(session: Session, actor: Actor) -> _Asked | None:
            require_trusting(actor, area)
            row = repository.known_key(session, area, key_id)
            payload = {"area": area, "key": key_id}
            return _Asked("report_distrust", new_id() if row is None else row.id, payload)

        self._give(asked, request_id)

    # ------------------------------------------------------------ the way of a command

    def _give(self, asked: Callable[[Session, Actor], _Asked | None], request_id: str) -> Command | None:
        """Store a command with its file and carry it out, all in one transaction; None where nothing was left to do."""
        wanted = request_id or str(new_id())
        for _ in range(TRIES):
            try:
                with transaction(self._engine) as session:
                    given = self._settled(session, asked, wanted)
            except IntegrityError:
                continue  # another process stored the same request or file in between: now it is found
            if given is None:
                return None
            row, said = given
            if row.state == "refused":
                raise InputError(said)
            return row
        raise InputError("同时有人在办理同一事项，本次没有写入；请再办一次")

    def _settled(
        self, session: Session, asked: Callable[[Session, Actor], _Asked | None], request_id: str
    ) -> tuple[Command, str] | None:
        actor = self._actor_of(session)
        known = command_rows.command_by_request(session, request_id)
        act = asked(session, actor)
        if act is None:
            return None if known is None else (known, known.reason)
        # A target that was thought of just now is not what makes it another command.
        target = known.target_id if known is not None and known.kind == act.kind else act.target
        row = commands.submit(session, actor, CommandRequest(request_id, act.kind, target, None, act.payload))
        if known is not None:
            _require_same(known, act)
            return row, row.reason
        stored = act.file is not None and not audit.has_artifact(session, audit.digest_of(act.file[1]))
        if act.file is not None:
            audit.store_artifact(session, *act.file)
        direct_acts.carry_out(session, row)
        said = row.reason
        if row.state == "refused":
            row.reason = said[:REASON_LIMIT]
            if act.file is not None and stored:
                audit.discard_artifact(session, audit.digest_of(act.file[1]))
            if row.kind == "report_receive":
                _note_refused(session, row)
        return row, said


def _require_same(known: Command, act: _Asked) -> None:
    """Refuse a request id that was given for another file or key."""
    if {key: known.payload.get(key) for key in act.payload} != act.payload:
        raise InputError(f"请求编号 {known.request_id} 已用于另一件办理；请换一个编号")


def _note_refused(session: Session, row: Command) -> None:
    """Let the audit chain say too that a file was handed in and refused; nothing of it is kept."""
    audit.append(
        session,
        actor=f"account:{row.account_id}",
        verb="report_refuse",
        target=f"package:{row.payload['package']}",
        body={"reason": row.reason, "command": str(row.id)},
    )


def _of_digest(session: Session, head: ReportHead, digest: str) -> ReceivedReport | None:
    listed = repository.received_reports(session, ENGINE, region=head.region, area=head.area, year=head.year)
    return next((one for one in listed if one.digest == digest), None)


def _receipt(row: ReceivedReport, decision: Decision, reasons: tuple[str, ...], receiver: Receiver) -> bytes:
    """Return the signed receipt of a decision made today."""
    receipt = Receipt(
        region=row.region,
        area=row.area,
        year=row.year,
        revision=row.revision,
        digest=row.digest,
        decision=decision,
        reasons=reasons,
        decided_on=civil_date(real_now()).isoformat(),
        receiver=receiver.area,
        receiver_body=receiver.body,
    )
    return receipt.to_file(receiver.signer)
