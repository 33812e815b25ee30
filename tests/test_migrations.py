"""A database made by the migrations is the one that the tables describe."""

from __future__ import annotations

from uuid import uuid4

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

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


def test_what_stood_before_a_migration_stands_after_it(empty_database: Engine) -> None:
    """Seals of the first schema are seals of the first round; an effect keeps its campaign."""
    config = schema._config()
    with empty_database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    ids = {name: uuid4().hex for name in ("campaign", "unit", "person", "result", "seal", "command")}
    at = "2021-12-01 00:00:00"
    rows = {
        "year_result": {
            "id": ids["result"],
            **{f"{name}_id": ids[name] for name in ("campaign", "unit", "person")},
            "area": "990101",
            "year": 2021,
            "revision": 1,
            "verdict": "met",
            **dict.fromkeys(("totals", "shortfalls", "warnings", "open_records", "request"), "{}"),
            "pack_digest": "p",
            "input_digest": "i",
            "assessed_at": at,
        },
        "sealed_result": {
            "id": ids["seal"],
            **{f"{name}_id": ids[name] for name in ("campaign", "unit", "person", "result")},
            "position": 1,
            "digest": "d",
            "sealed_at": at,
        },
        "command": {
            "id": ids["command"],
            **dict.fromkeys(
                ("executor", "kind", "target_kind", "workflow_id", "state", "code", "reason"), ""
            ),
            **dict.fromkeys(("target_id", "account_id", "grant_id"), ids["unit"]),
            **dict.fromkeys(("not_before", "inserted_at", "made_at", "lease_until"), at),
            "request_id": "r",
            "payload": "{}",
            "attempts": 0,
        },
        "effect": {
            "command_id": ids["command"],
            "campaign_id": ids["campaign"],
            "target_id": ids["unit"],
            "outcome": "done",
            "version": 1,
            "campaign_at": at,
            "body": "{}",
        },
    }
    with empty_database.begin() as connection:
        for table, row in rows.items():
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    schema.upgrade(empty_database)
    with empty_database.connect() as connection:
        seals = connection.execute(text("SELECT round, supersedes, digest FROM sealed_result")).all()
        effects = connection.execute(text("SELECT campaign_id FROM effect")).all()
    assert [tuple(seal) for seal in seals] == [(1, None, "d")]
    assert [str(effect[0]).replace("-", "") for effect in effects] == [ids["campaign"]]


def test_the_newest_schema_read_from_the_files_is_alembics() -> None:
    assert schema.head() == ScriptDirectory(str(schema.VERSIONS.parent)).get_current_head()


def test_a_database_is_current_at_the_newest_schema_only(empty_database: Engine) -> None:
    engine = empty_database
    assert not schema.is_current(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    assert not schema.is_current(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{schema.head()}')")
    assert schema.is_current(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert not schema.is_current(engine)
