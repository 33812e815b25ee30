"""What becomes of a message: mailed once, kept while the server is away, written as a file where no mail can go."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from campaign_rig import ENGINE, CampaignRig
from mail_sink import MailSink
from sqlalchemy import update
from structlog.testing import capture_logs

from xueshi.access import repository as access
from xueshi.messages import outbox, repository
from xueshi.messages.outbox import LONGEST_PAUSE, Carried, CarryPace, PostOffice, carry_once, pause_after
from xueshi.messages.repository import Backlog, NewMessage
from xueshi.messages.tables import OutgoingMessage
from xueshi.messages.transports import MailServer, MessageFolder
from xueshi.storage import reading, transaction

ADDRESS = "clerk@school.example"


def address(rig: CampaignRig, login: str, email: str = ADDRESS) -> None:
    with transaction(rig.engine) as session:
        access.set_email(session, ENGINE, login, email)


def write(rig: CampaignRig, number: int = 0, *, urgent: bool = True, **body: object) -> UUID:
    """Write a message to a unit's clerk; returns its id."""
    unit = rig.units[number]
    with transaction(rig.engine) as session:
        return repository.write(
            session,
            NewMessage(
                to_role="unit_clerk",
                to_unit=unit.id,
                area=rig.notice.area,
                subject="退回补正",
                body={"campaign": rig.notice.title, **body},
                at=rig.campaign.opened_at,
                urgent=urgent,
                campaign_id=rig.campaign.id,
            ),
        ).id


def message(rig: CampaignRig, message_id: UUID) -> OutgoingMessage:
    with reading(rig.engine) as session:
        found = repository.message(session, ENGINE, message_id)
        session.expunge_all()
    return found


def backlog(rig: CampaignRig) -> Backlog:
    with reading(rig.engine) as session:
        return repository.backlog(session, ENGINE)


def hours_later(rig: CampaignRig) -> None:
    """Let every pause be over."""
    with transaction(rig.engine) as session:
        session.execute(
            update(OutgoingMessage)
            .where(OutgoingMessage.next_try.is_not(None))  # type: ignore[union-attr]
            .values(next_try=datetime.now(UTC) - timedelta(hours=1))
        )


def letters(office: PostOffice) -> list[EmailMessage]:
    files = sorted(office.folder.folder.rglob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]


def text(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert body is not None
    return str(body.get_content())


def test_a_message_is_mailed_to_the_officers_of_its_role(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    address(real, real.units[0].clerk)
    address(real, real.units[1].clerk, "other@school.example")
    sent = write(real, reason="李四的证明不符")
    assert carry_once(real.engine, office) == Carried(sent=1)
    (mail,) = sink.mails()
    assert mail["To"] == ADDRESS
    assert mail["Message-ID"] == f"<{sent}@example.gov.cn>"
    assert mail["Subject"] == f"【学时】退回补正：{real.units[0].sample.unit.name}"
    assert f"xueshi messages show {sent}" in text(mail)
    assert "李四" not in text(mail), "an officer's words may name a person: they stay in the system"
    row = message(real, sent)
    assert (row.state, row.attempts, row.last_error) == ("sent", 1, "")
    assert carry_once(real.engine, office) == Carried()


def test_a_server_that_is_down_for_a_day_loses_nothing_and_everyone_sees_why(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    for number, unit in enumerate(real.units):
        address(real, unit.clerk, f"clerk{number}@school.example")
    sink.down()
    ids = [write(real, number) for number in range(len(real.units))]
    tries = 0
    for _ in range(40):
        hours_later(real)
        tries += carry_once(real.engine, office).failed
    assert tries == 40 * len(ids)
    left = backlog(real)
    assert (left.waiting, left.stuck) == (len(ids), 0)
    assert left.oldest == real.campaign.opened_at
    assert f"127.0.0.1:{sink.port} 连不上" in left.reason
    for one in ids:
        again = message(real, one).next_try
        assert again is not None
        assert again <= datetime.now(UTC) + LONGEST_PAUSE
    assert carry_once(real.engine, office) == Carried(), "nothing hammers a server that is away"
    sink.up()
    hours_later(real)
    assert carry_once(real.engine, office) == Carried(sent=len(ids))
    assert sorted(str(mail["To"]) for mail in sink.mails()) == [f"clerk{n}@school.example" for n in range(3)]
    assert backlog(real) == Backlog(0, None, "", 0)


def test_the_pauses_grow_to_half_an_hour_and_no_further() -> None:
    assert [pause_after(number).total_seconds() for number in (1, 2, 3, 4)] == [30, 60, 120, 240]
    assert {pause_after(number) for number in (7, 50, 5000)} == {LONGEST_PAUSE}


def test_two_workers_at_once_send_one_mail_each(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    address(real, real.units[0].clerk)
    ids = {write(real) for _ in range(12)}
    gate = threading.Barrier(4)
    carried: list[Carried] = []

    def work() -> None:
        gate.wait()
        for _ in range(4):
            carried.append(carry_once(real.engine, office, CarryPace(batch=3)))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(one.sent for one in carried) == len(ids)
    assert sorted(str(mail["Message-ID"]) for mail in sink.mails()) == sorted(
        f"<{one}@example.gov.cn>" for one in ids
    )


def test_a_worker_killed_after_the_server_took_the_letter_sends_it_again_under_the_same_id(
    real: CampaignRig, office: PostOffice, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    address(real, real.units[0].clerk)
    sent = write(real)
    with monkeypatch.context() as patch:
        patch.setattr(repository, "note_delivered", die)
        with pytest.raises(Killed):
            carry_once(real.engine, office)
    assert carry_once(real.engine, office) == Carried(), "its lease keeps others off"
    with transaction(real.engine) as session:
        session.execute(update(OutgoingMessage).values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert carry_once(real.engine, office) == Carried(sent=1)
    assert {str(mail["Message-ID"]) for mail in sink.mails()} == {f"<{sent}@example.gov.cn>"}
    assert len(sink.mails()) == 2


def test_an_address_that_the_server_refuses_waits_for_an_officer(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    clerk = real.units[0].clerk
    address(real, clerk, "refused@school.example")
    sent = write(real)
    with capture_logs() as logs:
        assert carry_once(real.engine, office) == Carried(failed=1)
    row = message(real, sent)
    assert (row.state, row.next_try) == ("failed", None)
    assert "xueshi accounts set" in row.last_error
    assert "refused@" not in row.last_error + str(logs), "an address is personal data"
    assert backlog(real).stuck == 1
    hours_later(real)
    assert carry_once(real.engine, office) == Carried()
    address(real, clerk)
    with transaction(real.engine) as session:
        assert repository.try_again(session, ENGINE, None, datetime.now(UTC)) == 1
    assert carry_once(real.engine, office) == Carried(sent=1)
    assert [str(mail["To"]) for mail in sink.mails()] == [ADDRESS]


def test_a_box_that_is_busy_is_tried_again(real: CampaignRig, office: PostOffice) -> None:
    address(real, real.units[0].clerk, "busy@school.example")
    sent = write(real)
    carry_once(real.engine, office)
    assert message(real, sent).next_try is not None


def test_one_bad_address_does_not_hold_up_the_others(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    address(real, real.units[0].clerk, "refused@school.example")
    address(real, real.units[1].clerk)
    write(real, 0)
    write(real, 1)
    assert carry_once(real.engine, office) == Carried(sent=1, failed=1)
    assert len(sink.mails()) == 1


def test_a_message_that_cannot_become_a_letter_does_not_hold_up_the_others(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    address(real, real.units[0].clerk)
    broken = write(real)
    with transaction(real.engine) as session:
        session.execute(update(OutgoingMessage).values(body=["not", "what", "a", "letter", "needs"]))
    write(real)
    assert carry_once(real.engine, office) == Carried(sent=1, failed=1)
    assert (message(real, broken).state, message(real, broken).next_try) == ("failed", None)
    assert len(sink.mails()) == 1


def test_who_has_no_address_gets_a_file(real: CampaignRig, office: PostOffice, sink: MailSink) -> None:
    sent = write(real)
    assert carry_once(real.engine, office) == Carried(filed=1)
    (letter,) = letters(office)
    assert real.units[0].clerk in text(letter)
    assert "示例" not in str(letter["Subject"]).split("：")[0]
    assert "没有邮箱" in message(real, sent).last_error
    (file,) = office.folder.folder.rglob("*.eml")
    assert file.parent.name == str(real.notice.issued), "the civil day, not the day in Greenwich"
    assert file.stat().st_mode & 0o077 == 0
    assert sink.mails() == []


def test_a_rehearsal_is_never_mailed(rig: CampaignRig, office: PostOffice, sink: MailSink) -> None:
    unit = rig.units[0]
    for login in (unit.clerk, *unit.signers):
        address(rig, login)
    rig.hand_in(unit)
    rig.sign(unit)
    assert rig.decide(rig.verifier, unit, "return", reason="证明不符").state == "done"
    assert rig.steer("advance", to=(rig.campaign.opened_at + timedelta(days=3)).isoformat()).state == "done"
    carried = Carried(filed=1)
    filed = 0
    while carried.total:
        carried = carry_once(rig.engine, office)
        assert carried.sent == carried.failed == 0
        filed += carried.filed
    assert filed > 3
    assert sink.mails() == []
    assert all(str(letter["Subject"]).startswith("【示例】") for letter in letters(office))
    assert all("不是正式通知" in text(letter) for letter in letters(office))


def test_an_identity_number_does_not_leave_the_house(real: CampaignRig, office: PostOffice) -> None:
    write(real, campaign="110101199003070054 的事")
    carry_once(real.engine, office)
    assert "110101199003070054" not in text(letters(office)[0])


def test_without_a_mail_server_everything_is_a_file(real: CampaignRig, office: PostOffice) -> None:
    address(real, real.units[0].clerk)
    write(real)
    assert carry_once(real.engine, replace(office, server=None)) == Carried(filed=1)
    assert letters(office)[0]["To"] == ADDRESS


def test_a_server_that_cannot_encrypt_never_hears_the_password(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    address(real, real.units[0].clerk)
    write(real)
    server = MailServer(
        "127.0.0.1", sink.port, "office@example.gov.cn", "office", "secret-word", starttls=True
    )
    with capture_logs() as logs:
        assert carry_once(real.engine, replace(office, server=server)) == Carried(failed=1)
    assert "加密或登录不成" in backlog(real).reason
    assert "secret-word" not in repr(server) + str(logs) + backlog(real).reason


def test_a_folder_that_cannot_be_written_is_a_reason_like_another(real: CampaignRig, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    sent = write(real)
    assert carry_once(real.engine, PostOffice(MessageFolder(blocked))) == Carried(failed=1)
    assert "消息文件夹不能写" in message(real, sent).last_error


def test_an_officer_without_account_any_more_gets_nothing_and_the_bureau_sees_it(
    real: CampaignRig, office: PostOffice, sink: MailSink
) -> None:
    from xueshi.access.tables import Account

    address(real, real.units[0].clerk)
    sent = write(real)
    with transaction(real.engine) as session:
        session.execute(update(Account).where(Account.login == real.units[0].clerk).values(active=False))  # type: ignore[arg-type]
    assert carry_once(real.engine, office) == Carried(filed=1)
    assert sink.mails() == []
    assert "没有对应岗位的账号" in message(real, sent).last_error


def test_what_waits_for_a_digest_is_left_alone(real: CampaignRig, office: PostOffice) -> None:
    write(real, urgent=False)
    assert carry_once(real.engine, office) == Carried()


async def test_the_loop_survives_a_failure_and_stops_when_told(
    real: CampaignRig, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    stop = asyncio.Event()
    looks = 0

    def look(*_: Any) -> Carried:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("the database is away")
        stop.set()
        return Carried()

    monkeypatch.setattr(outbox, "carry_once", look)
    with capture_logs() as logs:
        await outbox.run_outbox(real.engine, office, stop, CarryPace(every=timedelta(0)))
    assert looks == 2
    assert [entry["event"] for entry in logs] == ["outbox_failed"]
