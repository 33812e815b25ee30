"""Letters: what an officer reads of a message, as a mail. Names units, counts and dates; never a person of the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from xueshi.logs import mask_text
from xueshi.messages.tables import OutgoingMessage

CIVIL_ZONE = ZoneInfo("Asia/Shanghai")
EXAMPLE = "示例"
"""Mark of everything that comes from a demo or rehearsal."""
ENDING = "本消息由系统自动发出，请勿回复。内容不含人员信息；具体事项请登录系统查看。"


@dataclass(frozen=True)
class Letter:
    """One message ready to go: its own id is the mail's, so that a repeat can be known as one."""

    id: UUID
    subject: str
    text: str
    written_at: datetime
    day: date
    """Civil day: the folder in which it is filed."""
    addresses: tuple[str, ...]
    """Where it is mailed; empty: it can only be written as a file."""

    def as_mail(self, sender: str) -> bytes:
        """Return the mail's bytes (RFC 5322); the same letter gives the same bytes."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = sender
        if self.addresses:
            mail["To"] = [Address(addr_spec=address) for address in self.addresses]
        mail["Subject"] = self.subject
        mail["Date"] = format_datetime(self.written_at)
        mail["Message-ID"] = f"<{self.id}@{sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text, charset="utf-8", cte="base64")
        return mail.as_bytes()


def letter_of(row: OutgoingMessage, unit: str, logins: Sequence[str], addresses: Sequence[str]) -> Letter:
    """Write the letter of a message: `unit` is its unit's name (or empty), the others are who gets it now."""
    lines = [f"【{EXAMPLE}】演示、演练数据，不是正式通知。", ""] if row.standing else []
    lines += [f"收件账号：{'、'.join(logins) or '（该岗位还没有账号）'}"]
    if row.day is not None:
        about = row.day.isoformat()
        lines += ["", f"{about} 待办情况"]
        for section in row.body["sections"]:
            lines += ["", section["heading"], *(f"  {line}" for line in section["lines"])]
        lines += ["", "查看和办理：xueshi tasks list"]
    else:
        about = unit
        lines += ["", f"{unit}：{row.subject}" if unit else row.subject]
        lines += [str(row.body["campaign"])] if row.body.get("campaign") else []
        # The reason is an officer's own words and may name a person: it is read in the system, not in a mail.
        lines += ["原因和要求请在系统中查看："] if row.body.get("reason") else ["详情请在系统中查看："]
        lines += [f"xueshi messages show {row.id}"]
    lines += ["", ENDING, ""]
    mark = f"【{EXAMPLE}】" if row.standing else ""
    subject = f"{mark}【学时】{row.subject}" + (f"：{about}" if about else "")
    return Letter(
        row.id,
        # Nothing here should hold an identity number; should one ever slip into a name, it does not leave the house.
        mask_text(subject),
        mask_text("\n".join(lines)),
        row.written_at,
        row.day or row.written_at.astimezone(CIVIL_ZONE).date(),
        tuple(addresses),
    )
