"""Seals that ended, since a later round of the unit no longer judged the person; former names of units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ended_seal",
        sa.Column("seal_id", sa.Uuid(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", storage.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seal_id"], ["sealed_result.id"]),
        sa.PrimaryKeyConstraint("seal_id"),
    )
    op.create_table(
        "unit_former_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_unit_former_name_unit_id"), "unit_former_name", ["unit_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("unit_former_name")
    op.drop_table("ended_seal")
