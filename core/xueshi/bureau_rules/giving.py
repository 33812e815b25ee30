"""Giving an act on a draft: the command, what it rests on and its fate in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import command_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import InputError
from xueshi.storage import new_id, transaction

TRIES = 3
ActorOf = Callable[[Session], Actor]


class DraftDesk:
    """Gives acts on drafts in one database as one officer."""

    def __init__(self, engine: Engine, actor_of: ActorOf) -> None:
        self._engine, self._actor_of = engine, actor_of

    def _give(
        self,
        kind: str,
        target: UUID,
        payload: dict[str, Any],
        file: tuple[str, bytes] | None,
        request_id: str,
    ) -> Command:
        """Store a command with what it rests on and carry it out, all in one transaction."""
        wanted = request_id or str(new_id())
        for _ in range(TRIES):
            try:
                with transaction(self._engine) as session:
                    actor = self._actor_of(session)
                    known = command_rows.command_by_request(session, wanted)
                    at = target
                    if known is not None and known.kind == kind and not kind.endswith("_publish"):
                        # A target that was thought of just now is not what makes it another command.
                        _require_same(known, payload)
                        at = known.target_id
                    row = commands.submit(session, actor, CommandRequest(wanted, kind, at, None, payload))
                    if row.state == "pending":
                        if file is not None:
                            audit.store_artifact(session, *file)
                        direct_acts.carry_out(session, row)
                    return row
            except IntegrityError:
                continue  # another process stored the same request or file in between: now it is found
        raise InputError("同时有人在办理同一事项，本次没有写入；请再办一次")


def _require_same(known: Command, payload: dict[str, Any]) -> None:
    """Refuse a request id that was given for another file or area."""
    if {key: known.payload.get(key) for key in payload} != payload:
        raise InputError(f"请求编号 {known.request_id} 已用于另一件办理；请换一个编号")
