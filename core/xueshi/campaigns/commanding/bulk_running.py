"""Carrying out a bulk decision page by page: each row an own command with an own receipt, keyed by batch and unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.ports import CommandPort
from xueshi.campaigns.rows import command_rows, side_work_rows
from xueshi.campaigns.tables import BulkBatch, BulkRow, Command
from xueshi.errors import XueshiError
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()


async def run_page(
    engine: Engine,
    port: CommandPort,
    batch_id: UUID,
    after: int,
    size: int,
    heartbeat: Callable[..., None] = lambda *_: None,
) -> tuple[int, int | None]:
    """Give the commands of one page of rows; returns how many, and where the next page begins.

    A row whose command was given before is passed over: its request id names batch and filing.
    """
    with reading(engine) as session:
        batch = side_work_rows.bulk_batch(session, batch_id)
        rows = side_work_rows.bulk_rows(session, batch_id, after=after, limit=size)
        session.expunge_all()
    for row in rows:
        command = _submitted(engine, batch, row)
        if command is not None:
            # One that finds no answer stays pending; the relay sends it again.
            await commands.deliver(engine, port, command)
        heartbeat(row.seq)
    if len(rows) == size:
        return len(rows), rows[-1].seq
    with transaction(engine) as session:
        batch = side_work_rows.bulk_batch(session, batch_id, lock=True)
        if not batch.finished:
            batch.finished = True
            session.add(batch)
            audit.append(
                session,
                actor="engine",
                verb="bulk_given",
                target=f"bulk:{batch.id}",
                body={"rows": batch.rows},
            )
    return len(rows), None


def _submitted(engine: Engine, batch: BulkBatch, row: BulkRow) -> Command | None:
    """Store the command of a row, or why there can be none; returns the command."""
    request = CommandRequest(
        f"bulk:{batch.id}:{row.filing_id}",
        batch.kind,
        row.filing_id,
        row.expected_version,
        {**batch.payload, "level": row.level},
    )
    try:
        with transaction(engine) as session:
            actor = access.actor_by_grant(session, batch.account_id, batch.grant_id, batch.delegation_id)
            command = commands.submit(session, actor, request)
            _note(side_work_rows.bulk_rows(session, batch.id, after=row.seq - 1, limit=1), command.id, "")
            return command
    except XueshiError as error:
        with transaction(engine) as session:
            _note(side_work_rows.bulk_rows(session, batch.id, after=row.seq - 1, limit=1), None, str(error))
        return None


def _note(rows: list[BulkRow], command_id: UUID | None, reason: str) -> None:
    for row in rows:
        row.command_id, row.reason = command_id, reason


@dataclass(frozen=True)
class RowFate:
    """What became of one row of a bulk decision: its filing, a command's state, code and reason."""

    filing_id: UUID
    state: str
    reason: str
    command_id: UUID | None


def fates(engine: Engine, batch_id: UUID) -> list[RowFate]:
    """Return what became of every row so far; a row that was not given yet waits (`waiting`)."""
    with reading(engine) as session:
        found = []
        for row in side_work_rows.bulk_rows(session, batch_id):
            if row.command_id is None:
                state = "refused" if row.reason else "waiting"
                found.append(RowFate(row.filing_id, state, row.reason, None))
            else:
                command = command_rows.command(session, row.command_id)
                found.append(RowFate(row.filing_id, command.state, command.reason, command.id))
        return found
