"""Carrying the outbox: leased rows, one letter each, to the mail server or into the message folder.

At least once, and as near to once as mail allows: a row is leased by one worker, and its state is written right after
the server took the letter. A worker killed between the two sends that one letter again, under the same Message-ID. A
server that is away loses nothing: the row says why and when it is tried again, ever later, at most half an hour.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.rows import addressee_rows
from xueshi.access.rows.addressee_rows import Addressee
from xueshi.access.scope import Scope
from xueshi.fault_words import system_fault
from xueshi.messages import repository
from xueshi.messages.letters import CIVIL_ZONE, Letter, letter_of
from xueshi.messages.tables import OutgoingMessage
from xueshi.messages.transports import MailLine, MailServer, MessageFolder, NotTakenError
from xueshi.real_clock import real_now
from xueshi.storage import reading, transaction

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
ENGINE = Scope.everything()

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PostOffice:
    """Where letters go: the mail server, where one is set; else, and for every rehearsal, the folder."""

    folder: MessageFolder
    server: MailServer | None = None


@dataclass(frozen=True)
class CarryPace:
    """How often the outbox is looked at, how many letters at once, how long a worker keeps them."""

    every: timedelta = timedelta(seconds=2)
    batch: int = 20
    lease: timedelta = timedelta(minutes=5)
    """Longer than a whole batch can take: each letter takes at most the transport's time-out."""


@dataclass(frozen=True)
class Carried:
    """What a look at the outbox did."""

    sent: int = 0
    filed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many letters were tried."""
        return self.sent + self.filed + self.failed


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts (1, 2, …): 30 s, doubled each time, at most 30 min."""
    doublings = min(max(attempts, 1) - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


def carry_once(engine: Engine, office: PostOffice, pace: CarryPace = CarryPace()) -> Carried:
    """Lease what is due and carry it, one short transaction a letter; nothing is sent inside a transaction."""
    began = monotonic()
    with transaction(engine) as session:
        taken = repository.lease_due(session, real_now(), lease=pace.lease, limit=pace.batch)
    counts = {"sent": 0, "filed": 0, "failed": 0}
    with ExitStack() as stack:
        line: MailLine | None = None
        gone: NotTakenError | None = None
        for message_id in taken:
            if monotonic() - began > pace.lease.total_seconds() / 2:
                break  # a very slow server: what is left is taken up when its lease is over, by one worker again
            try:
                with reading(engine) as session:
                    ready = _ready(session, message_id)
                server = ready.mailed_by(office)
                if server is None:
                    counts[_file(engine, office, ready)] += 1
                    continue
                if gone is not None:
                    raise gone
                if line is None:
                    line = stack.enter_context(server.line())
                counts[_mail(engine, line, office, ready)] += 1
            except NotTakenError as error:
                counts["failed"] += 1
                if error.line:
                    gone, line = error, None
                _fail(engine, message_id, error)
            except OSError as error:
                counts["failed"] += 1
                _fail(engine, message_id, NotTakenError(f"消息文件夹不能写：{system_fault(error)}"))
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                # One message that cannot be written as a letter must not stop those behind it.
                counts["failed"] += 1
                cause = f"这条消息写不成信件（{type(error).__name__}）；请将消息编号报告维护者"
                _fail(engine, message_id, NotTakenError(cause, for_good=True))
    return Carried(**counts)


async def run_outbox(
    engine: Engine, office: PostOffice, stop: asyncio.Event, pace: CarryPace = CarryPace()
) -> None:
    """Carry until told to stop; a failure is logged and tried again, never fatal. Sending runs in a thread."""
    while not stop.is_set():
        carried = Carried()
        try:
            carried = await asyncio.to_thread(carry_once, engine, office, pace)
        except Exception:
            log.exception("outbox_failed")
        if carried.total:
            log.info("outbox_carried", sent=carried.sent, filed=carried.filed, failed=carried.failed)
        if carried.total == pace.batch and not carried.failed:
            continue
        try:
            await asyncio.wait_for(stop.wait(), timeout=pace.every.total_seconds())
        except TimeoutError:
            continue


@dataclass(frozen=True)
class _Ready:
    """A message with its letter, its recipients found now."""

    row: OutgoingMessage
    letter: Letter
    without_address: int
    """Officers who have no address."""
    nobody: bool

    def mailed_by(self, office: PostOffice) -> MailServer | None:
        """Return the server that takes it; None: it goes into the folder."""
        return None if self.row.standing or not self.letter.addresses else office.server


def _ready(session: Session, message_id: UUID) -> _Ready:
    row = repository.message(session, ENGINE, message_id)
    grants = _recipients(session, row)
    logins = sorted({grant.login for grant in grants})
    addresses = sorted({grant.email for grant in grants if grant.email})
    unit = ""
    if row.to_unit is not None:
        unit = repository.unit_names(session, [row.to_unit]).get(row.to_unit, "")
    session.expunge(row)
    missing = len({grant.login for grant in grants if not grant.email})
    return _Ready(row, letter_of(row, unit, logins, addresses), missing, nobody=not grants)


def _recipients(session: Session, row: OutgoingMessage) -> list[Addressee]:
    """Return to whom a message goes: those who hold its role, and those who have it lent on its day."""
    day = row.day or row.written_at.astimezone(CIVIL_ZONE).date()
    if row.account_id is not None:
        return addressee_rows.addressees(session, accounts=[row.account_id], on=day)
    if row.to_person is not None:
        return addressee_rows.addressees(session, role=row.to_role, person_id=row.to_person)
    if row.to_unit is not None:
        return addressee_rows.addressees(session, role=row.to_role, unit_id=row.to_unit, on=day)
    of_role = addressee_rows.addressees(session, role=row.to_role, on=day)
    return [grant for grant in of_role if grant.unit_id is None and Scope((grant.area,)).allows(row.area)]


def _file(engine: Engine, office: PostOffice, ready: _Ready) -> str:
    office.folder.put(ready.letter)
    remark = ""
    if ready.nobody:
        remark = "没有对应岗位的账号；请用 xueshi accounts add 建立，文件可打印送达"
    elif not ready.letter.addresses and not ready.row.standing:
        remark = "收件人没有邮箱；请用 xueshi accounts set 登记，文件可打印送达"
    with transaction(engine) as session:
        repository.note_delivered(session, ready.row.id, "filed", real_now(), remark)
    return "filed"


def _mail(engine: Engine, line: MailLine, office: PostOffice, ready: _Ready) -> str:
    refused = line.hand_over(ready.letter)
    left_out = refused + ready.without_address
    if left_out:
        office.folder.put(ready.letter)
    remark = f"另有 {left_out} 人的邮箱未登记或被拒绝，已另存文件" if left_out else ""
    with transaction(engine) as session:
        repository.note_delivered(session, ready.row.id, "sent", real_now(), remark)
    return "sent"


def _fail(engine: Engine, message_id: UUID, error: NotTakenError) -> None:
    with transaction(engine) as session:
        tried = repository.message(session, ENGINE, message_id).attempts + 1
        again = None if error.for_good else real_now() + pause_after(tried)
        repository.note_failed(session, message_id, error.reason, again)
    log.warning("message_not_sent", message=str(message_id), cause=error.reason, again=again is not None)
