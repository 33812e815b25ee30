"""What employments and titles stand on, who was judged in a filing, and the words of sealed cards"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from xueshi.storage import new_id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 1000
EMPLOYMENT = sa.table(
    "employment",
    *(sa.column(name, sa.Uuid()) for name in ("id", "person_id", "unit_id", "ended_by")),
    *(sa.column(name, sa.Date()) for name in ("since", "until")),
    *(sa.column(name, sa.String()) for name in ("post", "ended_as")),
    sa.column("order_in_unit", sa.Integer()),
)
RECORD = sa.table(
    "study_record", *(sa.column(name, sa.Uuid()) for name in ("person_id", "unit_id", "batch_id"))
)
BATCH = sa.table(
    "import_batch",
    sa.column("id", sa.Uuid()),
    sa.column("unit_id", sa.Uuid()),
    sa.column("year", sa.Integer()),
    sa.column("state", sa.String()),
)
EFFECT = sa.table(
    "effect",
    *(sa.column(name, sa.Uuid()) for name in ("command_id", "target_id")),
    *(sa.column(name, sa.String()) for name in ("outcome", "body")),
)
SOURCE = sa.table(
    "employment_source",
    *(sa.column(name, sa.Uuid()) for name in ("id", "employment_id", "batch_id", "command_id")),
    *(sa.column(name, sa.Integer()) for name in ("year", "order_in_unit")),
    sa.column("since", sa.Date()),
    sa.column("post", sa.String()),
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("employment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_as", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("ended_by", sa.Uuid(), nullable=True))
    op.create_table(
        "employment_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employment_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("order_in_unit", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"]),
        sa.ForeignKeyConstraint(["employment_id"], ["employment.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("employment_source", "employment_id", "batch_id")
    op.create_table(
        "title_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"]),
        sa.ForeignKeyConstraint(["title_id"], ["title.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("title_source", "title_id", "batch_id")
    op.create_table(
        "filing_person",
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["filing_id"], ["filing.id"]),
        sa.PrimaryKeyConstraint("filing_id", "person_id"),
    )
    op.create_table(
        "sealed_words",
        sa.Column("seal_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["seal_id"], ["sealed_result.id"]),
        sa.PrimaryKeyConstraint("seal_id"),
    )
    _give_sources(op.get_bind())


def downgrade() -> None:
    """Take back."""
    op.drop_table("sealed_words")
    op.drop_table("filing_person")
    op.drop_table("title_source")
    op.drop_table("employment_source")
    with op.batch_alter_table("employment", schema=None) as batch_op:
        batch_op.drop_column("ended_by")
        batch_op.drop_column("ended_as")


def _index(table: str, *columns: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in columns:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def _give_sources(bind: sa.Connection) -> None:
    """Tie employments to the standing workbooks of their unit that list the person, and to the transfers that made them.

    The others, and all titles, keep no source: they stand on what nobody knows any more, and no workbook takes them back.
    """
    lists = defaultdict(list)
    query = (
        sa.select(RECORD.c.person_id, RECORD.c.unit_id, BATCH.c.id, BATCH.c.year)
        .join(BATCH, BATCH.c.id == RECORD.c.batch_id)
        .where(BATCH.c.state == "promoted", BATCH.c.unit_id == RECORD.c.unit_id)
        .distinct()
        .order_by(BATCH.c.id)
    )
    for person_id, unit_id, batch_id, year in bind.execute(query):
        lists[person_id, unit_id].append((batch_id, year))
    entered, left = _transfers(bind)
    sources: list[dict[str, Any]] = []
    for row in bind.execute(sa.select(EMPLOYMENT)).mappings().all():
        of = {"employment_id": row["id"], "since": row["since"], "post": row["post"]}
        of["order_in_unit"] = row["order_in_unit"]
        for batch_id, year in lists[row["person_id"], row["unit_id"]]:
            sources.append({"id": new_id(), "batch_id": batch_id, "command_id": None, "year": year, **of})
        act = entered.get((row["person_id"], row["unit_id"], row["since"]))
        if act is not None:
            year = row["since"].year
            sources.append({"id": new_id(), "batch_id": None, "command_id": act, "year": year, **of})
        ended = row["until"] and left.get((row["person_id"], row["unit_id"], row["until"]))
        if ended:
            until = row["until"].year
            sources.append({"id": new_id(), "batch_id": None, "command_id": ended, "year": until, **of})
            bind.execute(
                sa.update(EMPLOYMENT)
                .where(EMPLOYMENT.c.id == row["id"])
                .values(ended_as="transferred", ended_by=ended)
            )
    for start in range(0, len(sources), AT_ONCE):
        bind.execute(sa.insert(SOURCE), sources[start : start + AT_ONCE])


def _transfers(bind: sa.Connection) -> tuple[dict[Any, UUID], dict[Any, UUID]]:
    """Return the transfers of the folder: (person, new unit, first day) and (person, old unit, last day) → command."""
    entered, left = {}, {}
    for row in bind.execute(sa.select(EFFECT).where(EFFECT.c.outcome == "transferred")):
        body = json.loads(row.body)
        day = date.fromisoformat(body["day"])
        entered[row.target_id, UUID(body["entered"]), day] = row.command_id
        left[row.target_id, UUID(body["left"]), day - timedelta(days=1)] = row.command_id
    return entered, left
