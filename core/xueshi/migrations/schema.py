"""All tables in one place, and bringing a database to the newest schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    text,
)
from sqlmodel import SQLModel

# Importing a tables module is what puts its tables into the metadata.
from xueshi.access import tables as _access
from xueshi.audit import tables as _audit
from xueshi.bureau_rules import tables as _bureau_rules
from xueshi.campaigns import tables as _campaigns
from xueshi.documents import tables as _documents
from xueshi.errors import InputError
from xueshi.messages import tables as _messages
from xueshi.records import tables as _records
from xueshi.register import tables as _register
from xueshi.reports import tables as _reports
from xueshi.results import tables as _results

if TYPE_CHECKING:
    from alembic.config import Config

VERSIONS = Path(__file__).parent / "versions"
_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_STANDS_UPON = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)

TABLE_MODULES = (
    _access,
    _audit,
    _bureau_rules,
    _campaigns,
    _documents,
    _messages,
    _records,
    _register,
    _reports,
    _results,
)


def metadata() -> MetaData:
    """Return the metadata that holds every table of the engine."""
    return SQLModel.metadata


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema; one that is there already stays as it is, and is not even locked.

    An empty one is made as the tables say, which is what all migrations one after the other come to. All in one
    transaction: raises InputError, and changes nothing, when rows would refer to what is not there.
    """
    if is_current(engine):
        return
    with engine.begin() as connection:
        if not inspect(connection).get_table_names():
            _make(connection)
            return
    from alembic import command  # noqa: PLC0415 - every command asks for the schema, few have to change it

    with engine.connect() as connection, _rebuilding(connection), connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if dangling:
                raise InputError(
                    f"升级后的数据库有 {len(dangling)} 行所指的行不存在（表 {dangling[0][0]}）；数据库未作改动，"
                    "请由备份还原后再升级，并报告此缺陷"
                )


def _make(connection: Connection) -> None:
    """Make every table in an empty database, and note the newest revision as alembic does."""
    metadata().create_all(connection)
    revision = Table(
        "alembic_version",
        MetaData(),
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
    )
    revision.create(connection)
    connection.execute(insert(revision).values(version_num=head()))


@contextmanager
def _rebuilding(connection: Connection) -> Iterator[None]:
    """Let SQLite put a new table in the place of one that others refer to: it cannot alter most columns otherwise.

    Foreign keys are off meanwhile, which can only be said outside a transaction; `upgrade` checks them before it commits.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def is_current(engine: Engine) -> bool:
    """Tell whether a database has the newest schema."""
    with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        held = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        return held == [head()]


def head() -> str:
    """Return the newest revision that this engine knows: the one that no other stands upon.

    Read from the files as text: a command asks for it each time, and alembic takes a quarter of a second to load.
    """
    written = "\n".join(file.read_text(encoding="utf-8") for file in VERSIONS.glob("*.py"))
    known: set[str] = set(_REVISION.findall(written))
    [last] = known - set(_STANDS_UPON.findall(written))
    return last


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
