"""What all queries of the register share: who sees a unit, defaults of a table, inserts in bulk. The frame that opened the session commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, insert
from sqlmodel import Session, SQLModel, col

from xueshi.access.scope import Scope
from xueshi.register.tables import (
    Unit,
)

BATCH = 500
"""Keys asked for in one query: below every database's limit of parameters."""
INSERTED_AT_ONCE = 2000
Values = dict[str, Any]
"""A new row as plain values by column: thousands of them are inserted in bulk."""
COUNTED = ("registered", "verified")
"""Stages of records that are judged: what a workbook brought, and what was filed in the year and verified."""
PENDING = ("deciding", "returned")
"""Stages of filed records that nobody has decided yet: shown, and not counted."""


def visible(scope: Scope, person: Any | None = None) -> ColumnElement[bool]:
    """SQL condition: units that a scope lets see; `person` is the column of whom the rows are about, if of anybody."""
    return scope.clause(
        col(Unit.area), col(Unit.sector), col(Unit.id), None if person is None else col(person)
    )


@cache
def defaults_of(table: type[SQLModel]) -> Values:
    """Return what a table's columns hold where a new row says nothing, for rows inserted in bulk."""
    return {name: field.default for name, field in table.model_fields.items() if not field.is_required()}


def insert_rows(session: Session, table: type[SQLModel], rows: Iterable[Values]) -> None:
    """Insert new rows in bulk: a district's workbook must not hold the write lock for a minute."""
    waiting = iter(rows)
    while chunk := [{**defaults_of(table), **row} for row in islice(waiting, INSERTED_AT_ONCE)]:
        session.execute(insert(table), chunk)


def chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Cut keys into parts that one query may ask for."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
