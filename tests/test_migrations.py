"""A database made by the migrations is the one that the tables describe."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, inspect, text
from sqlmodel import Session, select

from xueshi.migrations import schema
from xueshi.register.tables import Employment, EmploymentSource


def migrated(engine: Engine) -> None:
    """Make every table by the migrations, one after the other."""
    config = schema._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def test_migrations_and_tables_say_the_same(empty_database: Engine) -> None:
    migrated(empty_database)
    with empty_database.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata())
    assert differences == []


def looks(engine: Engine) -> dict[str, Any]:
    """Say of each table what the database knows of it: columns, keys, indexes with their conditions, checks.

    Values that an older row was given when a column was added are left out: the tables give none, rows are written whole.
    """
    seen = inspect(engine)
    return {
        table: {
            "columns": {one["name"]: (str(one["type"]), one["nullable"]) for one in seen.get_columns(table)},
            "key": sorted(seen.get_pk_constraint(table)["constrained_columns"]),
            "refers": sorted(
                (one["constrained_columns"], one["referred_table"], one["referred_columns"])
                for one in seen.get_foreign_keys(table)
            ),
            "unique": sorted(
                (one["name"] or "", one["column_names"]) for one in seen.get_unique_constraints(table)
            ),
            "checks": sorted(one["sqltext"] for one in seen.get_check_constraints(table)),
            "indexes": sorted(
                (
                    one["name"],
                    one["column_names"],
                    one["unique"],
                    sorted((name, str(value)) for name, value in one.get("dialect_options", {}).items()),
                )
                for one in seen.get_indexes(table)
            ),
        }
        for table in sorted(seen.get_table_names())
    }


def test_a_new_database_is_what_the_migrations_make(empty_database: Engine) -> None:
    migrated(empty_database)
    step_by_step = looks(empty_database)
    with empty_database.begin() as connection:
        for table in (*reversed(schema.metadata().sorted_tables), "alembic_version"):
            connection.exec_driver_sql(f"DROP TABLE {getattr(table, 'name', table)}")
    schema.upgrade(empty_database)
    assert schema.is_current(empty_database)
    assert looks(empty_database) == step_by_step


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


def test_employments_of_an_older_folder_stand_on_the_workbooks_that_list_them(empty_database: Engine) -> None:
    """Or on the transfer that made them; the others on what nobody knows any more, and no workbook takes them back."""
    config = schema._config()
    with empty_database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
    old, new, batch, lost, act = (uuid4() for _ in range(5))
    listed, mover, unknown = (uuid4() for _ in range(3))
    tables = MetaData()
    tables.reflect(empty_database, resolve_fks=False)
    at = datetime(2021, 12, 1)  # noqa: DTZ001 - columns of the old schema as they are stored

    def put(table: str, **values: Any) -> None:
        """Insert a row of the old schema; what must not be empty and is not named gets the plainest value."""
        row: dict[str, Any] = {}
        for column in tables.tables[table].columns:
            kind = str(column.type)
            key = kind.startswith("CHAR") or kind == "UUID"
            plain: Any = at if "TIME" in kind else 0 if kind == "INTEGER" else False if "BOOL" in kind else ""
            if column.name in values:
                given = values[column.name]
                row[column.name] = given.hex if key and isinstance(given, UUID) else given
            elif not column.nullable and column.server_default is None:
                row[column.name] = uuid4().hex if key else b"" if kind in ("BLOB", "BYTEA") else plain
        with empty_database.begin() as connection:
            connection.execute(tables.tables[table].insert(), row)

    for number, unit in enumerate((old, new)):
        put("unit", id=unit, credit_code=str(number))
    for number, person in enumerate((listed, mover, unknown)):
        put("person", id=person, identity_index=str(number))
    for one, state in ((batch, "promoted"), (lost, "replaced")):
        put("import_batch", id=one, unit_id=old, year=2021, state=state)
    first, day = date(2015, 7, 1), date(2021, 6, 1)
    for person, unit, since, until in (
        (listed, old, first, None),
        (mover, old, first, date(2021, 5, 31)),
        (mover, new, day, None),
        (unknown, old, first, None),
    ):
        put("employment", person_id=person, unit_id=unit, since=since, until=until, post="教师")
    for person, of in ((listed, batch), (mover, batch), (unknown, lost)):
        put("study_record", person_id=person, unit_id=old, batch_id=of, facts="{}", year=2021)
    put("command", id=act, payload="{}", request_id="r")
    body = json.dumps({"left": str(old), "entered": str(new), "day": day.isoformat()})
    put("effect", command_id=act, target_id=mover, outcome="transferred", body=body)

    schema.upgrade(empty_database)
    with Session(empty_database) as session:
        times = {(one.person_id, one.unit_id): one for one in session.exec(select(Employment))}
        stands = {
            key: sorted(
                "workbook" if source.batch_id == batch else "act" if source.command_id == act else "?"
                for source in session.exec(
                    select(EmploymentSource).where(EmploymentSource.employment_id == one.id)
                )
            )
            for key, one in times.items()
        }
    assert stands == {
        (listed, old): ["workbook"],
        (mover, old): ["act", "workbook"],
        (mover, new): ["act"],
        (unknown, old): [],
    }
    ended = times[mover, old]
    assert (ended.ended_as, ended.ended_by) == ("transferred", act)
    assert {one.ended_as for key, one in times.items() if key != (mover, old)} == {""}
