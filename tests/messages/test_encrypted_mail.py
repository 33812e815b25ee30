"""STARTTLS with a real server process: an encrypted login and letter, and no word to a server that is not who it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from made_certificates import DAY, Authority, Certificate
from mail_sink import LOGIN, MailSink

from xueshi.messages.letters import Letter
from xueshi.messages.transports import MailServer, NotTakenError
from xueshi.settings import Settings
from xueshi.storage import new_id
from xueshi_cli.workplace import Workplace

SENDER = "office@example.gov.cn"


def letter() -> Letter:
    """A letter to one clerk."""
    now = dt.datetime(2021, 12, 1, 2, tzinfo=dt.UTC)
    return Letter(
        new_id(), "【学时】退回补正", "详情请在系统中查看", now, now.date(), ("clerk@school.example",)
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Callable[[Certificate], MailSink]]:
    made: list[MailSink] = []

    def up(certificate: Certificate) -> MailSink:
        made.append(MailSink(tmp_path / f"sink-{len(made)}", certificate))
        made[-1].up()
        return made[-1]

    yield up
    for sink in made:
        sink.down()


def server(sink: MailSink, ca: Path | None) -> MailServer:
    return MailServer("127.0.0.1", sink.port, SENDER, *LOGIN, ca=ca)


def test_login_and_letter_go_over_an_encrypted_line_only(
    authority: Authority, sinks: Callable[[Certificate], MailSink]
) -> None:
    sink = sinks(authority.issue("mail"))
    with server(sink, authority.file).line() as line:
        assert line.hand_over(letter()) == 0
    (mail,) = sink.mails()
    assert mail["To"] == "clerk@school.example"
    opened = [said for said in sink.said() if said.startswith("open ")]
    assert [said.split()[1].upper() for said in opened] == ["EHLO", "STARTTLS"]
    assert any(said.startswith("encrypted AUTH") for said in sink.said())


def certificates(authority: Authority, tmp_path: Path) -> dict[str, tuple[Certificate, Path | None]]:
    """What a server may show, and the authority that the office believes."""
    stranger = Authority(tmp_path / "stranger", "Stranger")
    return {
        "本机不认识": (stranger.issue("mail"), authority.file),
        "颁发者本机不认识": (authority.issue("unknown"), None),
        "自签名": (stranger.self_signed(), authority.file),
        "已过期": (authority.issue("old", until=-dt.timedelta(hours=1)), authority.file),
        "尚未生效": (authority.issue("early", since=DAY, until=2 * DAY), authority.file),
        "不是发给这个地址的": (authority.issue("other", address="127.0.0.2"), authority.file),
    }


@pytest.mark.parametrize(
    "cause", ["本机不认识", "颁发者本机不认识", "自签名", "已过期", "尚未生效", "不是发给这个地址的"]
)
def test_a_server_with_a_bad_certificate_hears_neither_password_nor_letter(
    cause: str, authority: Authority, sinks: Callable[[Certificate], MailSink], tmp_path: Path
) -> None:
    certificate, believed = certificates(authority, tmp_path)[cause]
    sink = sinks(certificate)
    with pytest.raises(NotTakenError) as told, server(sink, believed).line():
        pytest.fail("the line must not open")
    assert told.value.line
    assert not told.value.for_good
    for words in (f"邮件服务器 127.0.0.1:{sink.port}", "证书不可信", cause, "XUESHI_SMTP_CA"):
        assert words in told.value.reason
    assert sink.mails() == []
    assert not [said for said in sink.said() if "AUTH" in said or "MAIL" in said or LOGIN[1] in said]


def test_a_wrong_password_is_said_without_it(
    authority: Authority, sinks: Callable[[Certificate], MailSink]
) -> None:
    sink = sinks(authority.issue("mail"))
    wrong = replace(server(sink, authority.file), password="other-word")
    with pytest.raises(NotTakenError, match="加密或登录不成：535") as told, wrong.line():
        pytest.fail("the line must not open")
    assert "other-word" not in told.value.reason


def test_a_file_of_authorities_that_cannot_be_read_is_named(
    authority: Authority, sinks: Callable[[Certificate], MailSink], tmp_path: Path
) -> None:
    sink = sinks(authority.issue("mail"))
    text = tmp_path / "no.pem"
    text.write_text("not a certificate")
    for file in (tmp_path / "nowhere.pem", text):
        with (
            pytest.raises(NotTakenError, match=f"XUESHI_SMTP_CA 指定的证书文件 {file} 读不了"),
            server(sink, file).line(),
        ):
            pytest.fail("the line must not open")


def test_the_setting_reaches_the_post_office(tmp_path: Path, authority: Authority) -> None:
    settings = Settings(data=tmp_path, smtp_host="mail.example", smtp_from=SENDER, smtp_ca=authority.file)
    office = Workplace(settings=settings).post_office
    assert office.server is not None
    assert office.server.ca == authority.file
