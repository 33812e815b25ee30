"""The two ways of a letter: to a mail server (SMTP), or into the folder `messages/` of the data folder.

Each says honestly what became of the letter. What a mail server answers is masked: it may quote an address.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xueshi.messages.letters import Letter

TIMEOUT_SECONDS = 10.0
_CERTIFICATE_FAULTS = {
    9: "尚未生效",
    10: "已过期",
    18: "自签名，本机不认识",
    19: "颁发者本机不认识",
    20: "颁发者本机不认识",
    62: "不是发给这个主机名的",
    64: "不是发给这个地址的",
}
"""What OpenSSL found wrong with a server's certificate, by its code (X509_V_ERR_…)."""
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


class NotTakenError(Exception):
    """A letter was not handed over. `for_good`: the server will never take it as it is; `line`: the connection is gone."""

    def __init__(self, reason: str, *, for_good: bool = False, line: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good
        self.line = line


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and as whom."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    ca: Path | None = None
    """PEM file of the authorities that are believed; None: those of the system."""

    @contextmanager
    def line(self) -> Iterator[MailLine]:
        """Connect, secure and log in; raises NotTakenError when that fails."""
        try:
            smtp = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            raise NotTakenError(
                f"邮件服务器 {self.host}:{self.port} 连不上：{_said(error)}", line=True
            ) from None
        try:
            try:
                if self.starttls:
                    self._encrypt(smtp)
                if self.user:
                    smtp.login(self.user, self.password)
            except (OSError, smtplib.SMTPException) as error:
                raise NotTakenError(
                    f"邮件服务器 {self.host}:{self.port} 加密或登录不成：{_said(error)}", line=True
                ) from None
            yield MailLine(smtp, self.sender)
        finally:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        """Go over to TLS with a server that is who it says; raises NotTakenError with what to do."""
        where = f"邮件服务器 {self.host}:{self.port}"
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError):
            raise NotTakenError(
                f"XUESHI_SMTP_CA 指定的证书文件 {self.ca} 读不了；请核对路径，文件须为 PEM 格式", line=True
            ) from None
        try:
            smtp.starttls(context=context)
        except smtplib.SMTPNotSupportedError:
            raise NotTakenError(
                f"{where} 加密或登录不成：它不支持加密（STARTTLS）；请向邮件服务器的管理员核对端口，"
                "内网不加密的服务器须设 XUESHI_SMTP_STARTTLS=false，并不设登录名",
                line=True,
            ) from None
        except ssl.SSLCertVerificationError as error:
            cause = _CERTIFICATE_FAULTS.get(error.verify_code, error.verify_message)
            raise NotTakenError(
                f"{where} 加密或登录不成：它的证书不可信（{cause}），没有交出登录名、密码和邮件；"
                "请向邮件服务器的管理员核对，单位自建证书的用 XUESHI_SMTP_CA 指明颁发者的证书文件",
                line=True,
            ) from None


@dataclass(frozen=True)
class MailLine:
    """An open connection to the mail server."""

    smtp: smtplib.SMTP
    sender: str

    def hand_over(self, letter: Letter) -> int:
        """Hand a letter over; returns how many of its addresses the server refused. Raises NotTakenError."""
        try:
            refused = self.smtp.sendmail(self.sender, letter.addresses, letter.as_mail(self.sender))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotTakenError(
                f"收件地址被邮件服务器拒绝（{codes[0]}）；请用 xueshi accounts set 更正邮箱后重发",
                for_good=all(code >= 500 for code in codes),
            ) from None
        except smtplib.SMTPDataError as error:
            raise NotTakenError(
                f"邮件服务器不收这封邮件：{_said(error)}", for_good=error.smtp_code >= 500
            ) from None
        except smtplib.SMTPSenderRefused as error:
            raise NotTakenError(f"邮件服务器不认发件地址（XUESHI_SMTP_FROM）：{_said(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotTakenError(f"发送中断：{_said(error)}", line=True) from None
        return len(refused)


@dataclass(frozen=True)
class MessageFolder:
    """The folder of letters as files (.eml), readable by their owner only; what a mail program opens, a clerk can print."""

    folder: Path

    def put(self, letter: Letter) -> Path:
        """Write a letter as `DAY/ID.eml`; the same letter again is the same file."""
        place = self.folder / letter.day.isoformat()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = place / f"{letter.id}.eml"
        partial = file.with_suffix(f".{os.getpid()}.partial")
        partial.touch(mode=0o600)
        partial.write_bytes(letter.as_mail("xueshi@localhost"))
        partial.replace(file)
        return file


def _said(error: BaseException) -> str:
    """Say what a server or the system answered, without addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {_ADDRESS.sub('［地址］', said)}"[:200]
    if isinstance(error, TimeoutError):
        return f"{TIMEOUT_SECONDS:.0f} 秒内没有应答"
    return _ADDRESS.sub("［地址］", str(error) or type(error).__name__)[:200]
