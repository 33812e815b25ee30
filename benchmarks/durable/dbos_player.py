"""DBOS as the other player: async workflows that wait for messages, one transaction for each decision, an event as reply.

The same work as ours for each decision: check the version, write effect, chained audit row, message and new state in
one transaction keyed by the command's id. Run by `durable/rounds.py` in the environment that has `dbos`.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID
from players import Player, serve

TABLES = (
    "CREATE TABLE IF NOT EXISTS filing (id TEXT PRIMARY KEY, version INTEGER NOT NULL, deadline TEXT)",
    "CREATE TABLE IF NOT EXISTS effect (command_id TEXT PRIMARY KEY, filing_id TEXT, outcome TEXT, body TEXT)",
    "CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, command_id TEXT, body TEXT, hash TEXT)",
    "CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, filing_id TEXT, body TEXT)",
)


def open_app_database(url: str) -> sa.Engine:
    """Open the application's own database, with the same settings as ours."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url)
    engine = sa.create_engine(url, connect_args={"timeout": 10, "check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def apply(engine: sa.Engine, filing_id: str, command: dict[str, Any]) -> str:
    """Carry out one command exactly once, in one transaction."""
    with engine.execution_options(writing=True).begin() as tx:
        if engine.dialect.name == "postgresql":
            tx.execute(sa.text("SELECT pg_advisory_xact_lock(1)"))
        if tx.execute(sa.text("SELECT 1 FROM effect WHERE command_id = :c"), {"c": command["id"]}).first():
            return "done"
        version = tx.execute(
            sa.text("SELECT version FROM filing WHERE id = :f"), {"f": filing_id}
        ).scalar_one()
        if version != command["version"]:
            return "stale"
        last = tx.execute(sa.text("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")).first()
        seq, previous = (1, "") if last is None else (last[0] + 1, last[1])
        body = json.dumps(command, sort_keys=True)
        digest = hashlib.sha256(f"{seq}{previous}{body}".encode()).hexdigest()
        tx.execute(
            sa.text("UPDATE filing SET version = version + 1, deadline = :d WHERE id = :f"),
            {"d": command["until"], "f": filing_id},
        )
        tx.execute(
            sa.text("INSERT INTO effect VALUES (:c, :f, 'extended', :b)"),
            {"c": command["id"], "f": filing_id, "b": body},
        )
        tx.execute(
            sa.text("INSERT INTO audit VALUES (:s, :c, :b, :h)"),
            {"s": seq, "c": command["id"], "b": body, "h": digest},
        )
        tx.execute(
            sa.text("INSERT INTO message VALUES (:i, :f, :b)"),
            {"i": str(uuid.uuid4()), "f": filing_id, "b": body},
        )
    return "done"


def configuration(folder: Path, database: str) -> DBOSConfig:
    """Return the settings that app and client share."""
    return {
        "name": "peer",
        "system_database_url": database or f"sqlite:///{folder / 'dbos.db'}",
        "log_level": "ERROR",
        "console_log_level": "ERROR",
        "application_version": "1",
        "executor_id": "one",
        # Its SQLite has no notification; the default of a second would be all that a reader of the figures sees.
        "notification_listener_polling_interval_sec": 0.05,
    }  # type: ignore[typeddict-item]


def run_app(folder: Path, database: str, units: int) -> None:
    """The application process: launch, start the units that are not there yet, stay until killed."""
    engine = open_app_database(database or f"sqlite:///{folder / 'app.db'}")
    DBOS(config=configuration(folder, database))

    @DBOS.step()
    async def decided(filing_id: str, command: dict[str, Any]) -> str:
        return await asyncio.to_thread(apply, engine, filing_id, command)

    @DBOS.workflow()
    async def unit(filing_id: str) -> None:
        while True:
            command = await DBOS.recv_async(timeout_seconds=30 * 86400)
            if command is None:
                return
            await DBOS.set_event_async(command["id"], await decided(filing_id, command))

    async def stay() -> None:
        DBOS.launch()
        for number in range(units):
            with SetWorkflowID(f"unit-{number}"):
                await DBOS.start_workflow_async(unit, f"f{number}")
        (folder / "ready").write_text("")
        await asyncio.Event().wait()

    asyncio.run(stay())


class DbosPlayer(Player):
    """The client's side: sends messages, waits for events, kills the application process."""

    def __init__(self, units: int, database: str, seed: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dbos-bench-")
        self.folder = Path(self._folder.name)
        self.units, self.database, self.random = units, database, random.Random(seed)

    async def open(self) -> dict[str, Any]:
        began = time.perf_counter()
        self.engine = open_app_database(self.database or f"sqlite:///{self.folder / 'app.db'}")
        with self.engine.begin() as tx:
            for table in TABLES:
                tx.execute(sa.text(table))
            tx.execute(
                sa.text("INSERT INTO filing VALUES (:f, 0, '')"), [{"f": f"f{n}"} for n in range(self.units)]
            )
        self._start_app()
        while not (self.folder / "ready").exists():
            if self.app.poll() is not None:
                raise RuntimeError((self.folder / "app.log").read_text()[-2000:])
            await asyncio.sleep(0.2)
        self.client = DBOSClient(
            system_database_url=configuration(self.folder, self.database)["system_database_url"],
            use_listen_notify=bool(self.database),
        )
        return {"opened_seconds": time.perf_counter() - began}

    def _start_app(self) -> None:
        arguments = [
            sys.executable, __file__, "--app", str(self.folder),
            "--units", str(self.units), "--database", self.database,
        ]  # fmt: skip
        with (self.folder / "app.log").open("ab") as log:
            self.app = subprocess.Popen(arguments, stdout=log, stderr=log, env={**os.environ})

    async def decide(self, number: int) -> None:
        filing = number % self.units
        with self.engine.connect() as connection:
            version = connection.execute(
                sa.text("SELECT version FROM filing WHERE id = :f"), {"f": f"f{filing}"}
            ).scalar_one()
        command = {"id": str(uuid.uuid4()), "version": version, "until": "2031-01-01"}
        await self.client.send_async(f"unit-{filing}", command, idempotency_key=command["id"])
        # On a file its client looks once a second; we look at the effect itself, as often as our own client would.
        while not self.database and not self._effect_of(command["id"]):
            await asyncio.sleep(0.05)
        reply = None
        while self.database and reply is None:
            reply = await self.client.get_event_async(f"unit-{filing}", command["id"], timeout_seconds=120)
        if reply not in (None, "done"):
            raise RuntimeError(reply)

    def _effect_of(self, command_id: str) -> bool:
        with self.engine.connect() as connection:
            found = connection.execute(
                sa.text("SELECT 1 FROM effect WHERE command_id = :c"), {"c": command_id}
            ).first()
        return found is not None

    async def kill(self) -> None:
        self.app.kill()
        self.app.wait()
        self._start_app()

    async def close(self) -> None:
        if hasattr(self, "app"):
            self.app.kill()
            self.app.wait()
        if hasattr(self, "client"):
            self.client.destroy()
        self.engine.dispose()
        self._folder.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--app", type=Path)
    given = parser.parse_args()
    if given.app is not None:
        run_app(given.app, given.database, given.units)
    else:
        asyncio.run(serve(DbosPlayer(given.units, given.database, given.seed)))
