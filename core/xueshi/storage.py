"""The database as every feature folder sees it: engine, transaction, key, time and JSON column types.

SQLite (WAL, embedded) or PostgreSQL (at scale); only the address differs. Queries stand in `repository.py` files;
the frame (request, activity, command) opens `transaction` and thereby commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import uuid_utils
from sqlalchemy import DateTime, Dialect, Engine, Text, event
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, create_engine

from xueshi.canonical import canonical_json


def new_id() -> UUID:
    """Return a fresh UUIDv7: the key of every row, ordered by time, without meaning."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


class Instant(TypeDecorator[datetime]):
    """A UTC instant; SQLite stores it naive, Python always sees it aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse naive instants, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value stored as canonical text, so that both databases give the same bytes back."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write canonical JSON."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Read JSON."""
        return None if value is None else json.loads(value)


def not_made_yet(address: str) -> bool:
    """Tell whether a database is a file that the first command will make."""
    file = address.removeprefix("sqlite:///")
    return file != address and not Path(file).exists()


def open_database(url: str) -> Engine:
    """Open a database by address: `sqlite:///path` (WAL, foreign keys, busy timeout 10 s) or `postgresql+psycopg://`."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below says BEGIN itself
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A reader that turns writer in mid-transaction would fail at once instead of waiting for the lock.
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One write transaction: commits at the end, rolls everything back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A consistent view for reading that never takes the write lock."""
    with (
        engine.connect().execution_options(sqlite_begin="DEFERRED") as connection,
        Session(connection) as session,
    ):
        yield session
