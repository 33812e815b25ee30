"""A database made by the migrations is the one that the tables describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from xueshi.migrations import schema


def test_migrations_and_tables_say_the_same(empty_database: Engine) -> None:
    schema.upgrade(empty_database)
    with empty_database.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata())
    assert differences == []


def test_a_current_database_stays_as_it_is(empty_database: Engine) -> None:
    schema.upgrade(empty_database)
    schema.upgrade(empty_database)
    assert schema.is_current(empty_database)
