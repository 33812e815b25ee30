"""Which tables and columns of the register leave a folder, and how their values are written as JSON and read again."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlmodel import SQLModel

from xueshi.register.tables import Employment, Person, StudyRecord, Title, Unit, UnitYearStatement

TABLES: dict[str, type[SQLModel]] = {
    "units": Unit,
    "people": Person,
    "employments": Employment,
    "titles": Title,
    "records": StudyRecord,
    "statements": UnitYearStatement,
}
"""Name in the package → table, in the order in which they are read: each refers to earlier ones only."""
SINCE_LATER = frozenset({"statements"})
"""Tables that packages of older engines have not; they are read as empty."""
KEPT_BACK = frozenset(
    {"identity_index", "identity_sealed", "identity_key", "identity_key_id", "maker", "level", "state", "flow_digest",
     "pack_digest", "class_id", "ended_by"}
)  # fmt: skip
"""Columns that mean nothing in another folder: they hang on its keys, its accounts, or on flows that run there."""
SETTLED = frozenset({"registered", "verified"})
"""Stages of records that count. One that still waits for a decision, or never counted, stays where its flow is."""
IDENTITY = "identity_number"
"""A column of people that no table has: the number in clear, or masked."""


@cache
def columns_of(table: type[SQLModel]) -> tuple[str, ...]:
    """Return the columns that leave the folder; one that points at a table outside the package stays behind."""
    inside = {one.__tablename__ for one in TABLES.values()}
    found = []
    for column in table.__table__.columns:  # type: ignore[attr-defined]  # every table model has its table
        outside = any(key.column.table.name not in inside for key in column.foreign_keys)
        if column.name not in KEPT_BACK and not outside:
            found.append(column.name)
    return tuple(found)


def plain(value: Any) -> Any:
    """Return a column's value as JSON holds it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def typed(table: type[SQLModel], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the package with the types of its table. Raises ValueError naming the column that does not fit."""
    found = {}
    for name, value in row.items():
        try:
            found[name] = _typed(table, name, value)
        except (ValidationError, binascii.Error) as error:
            raise ValueError(name) from error
    return found


def _typed(table: type[SQLModel], name: str, value: Any) -> Any:
    annotation = table.model_fields[name].annotation
    if isinstance(value, str) and annotation in (bytes, bytes | None):
        return base64.b64decode(value, validate=True)
    return _adapter(table, name).validate_python(value)


@cache
def _adapter(table: type[SQLModel], name: str) -> TypeAdapter[Any]:
    annotation: Any = table.model_fields[name].annotation
    return TypeAdapter(annotation)
