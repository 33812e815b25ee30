"""The keys by which two bodies know each other, and what they signed: direct commands, and the question of trust."""

from __future__ import annotations

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.errors import InputError, NotAllowedError
from xueshi.jurisdictions import area_contains
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.reports import repository
from xueshi.reports.report_effects import complete_act
from xueshi.reports.signing import is_signed, read_public_key
from xueshi.reports.tables import TrustedKey


def require_trusting(actor: Actor, area: str) -> None:
    """Raise NotAllowedError unless an area is the actor's own, inside it, or above it (the authority that gives receipts)."""
    actor.require("report.receive")
    if not (actor.scope.allows(area) or area_contains(area, actor.area)):
        raise NotAllowedError(f"地区 {area} 既不在您的管理范围，也不是您的上级；请核对地区代码")


def trust(session: Session, command: Command) -> Refused | None:
    """Trust a key (`file`: as `PublicKey.to_file` writes it) for an area (`area`)."""
    area, actor = command.payload["area"], actor_of(session, command)
    require_trusting(actor, area)
    key = read_public_key(command.payload["file"].encode())
    if key.area != area:
        return Refused(
            "other_area",
            f"公钥文件是地区 {key.area}（{key.body}）的，不是 {area} 的；请核对地区代码和文件",
        )
    row = repository.known_key(session, area, key.key_id)
    if row is not None and row.ended_at is None:
        complete_act(session, command, row, "unchanged")
        return None
    if row is None:
        row = TrustedKey(
            id=command.target_id,
            area=area,
            key_id=key.key_id,
            body=key.body,
            public_key=key.key.hex(),
            trusted_by="",
            trusted_at=real_now(),
        )
    row.ended_at, row.trusted_by, row.trusted_at = None, f"account:{actor.account_id}", real_now()
    session.add(row)
    complete_act(session, command, row, "trusted")
    return None


def end_trust(session: Session, command: Command) -> Refused | None:
    """Accept nothing more that a key (`area`, `key`) signs; what was accepted stays."""
    area, key_id, actor = command.payload["area"], command.payload["key"], actor_of(session, command)
    require_trusting(actor, area)
    row = repository.trusted_key(session, area, key_id)
    if row is None:
        return Refused(
            "no_such_key", f"地区 {area} 没有编号为 {key_id} 的有效公钥；用 xueshi report keys 查看"
        )
    row.ended_at = real_now()
    session.add(row)
    complete_act(session, command, row, "trust_ended")
    return None


def check_signature(
    session: Session, area: str, key_id: str, signature: bytes, body: bytes, what: str
) -> None:
    """Raise InputError unless `body` was signed with a key that is trusted for the area now."""
    trusted = repository.trusted_key(session, area, key_id)
    if trusted is None:
        raise InputError(
            f"{what}由编号 {key_id} 的密钥签名，本系统未信任地区 {area} 的这个密钥；"
            "请向对方索取公钥文件并核对编号，再用 xueshi report trust 登记"
        )
    if not is_signed(bytes.fromhex(trusted.public_key), signature, body):
        raise InputError(f"{what}的签名不符：内容被改动，或不是 {trusted.body} 签发；请由对方重新传送")
