"""Reports upward, their receivers' side, trusted keys, and what units state for a year"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "received_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("area_name", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", storage.Json(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("settled_at", storage.Instant(timezone=True), nullable=True),
        sa.Column("receipt_digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("region", "area", "year", "revision"),
    )
    op.create_index(op.f("ix_received_report_area"), "received_report", ["area"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("area_name", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("report_by", sa.Date(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", storage.Json(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("built_by", sa.String(), nullable=False),
        sa.Column("built_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", storage.Instant(timezone=True), nullable=True),
        sa.Column("settled_at", storage.Instant(timezone=True), nullable=True),
        sa.Column("receipt_digest", sa.String(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("region", "area", "year", "revision"),
    )
    op.create_index(op.f("ix_report_area"), "report", ["area"], unique=False)
    op.create_table(
        "trusted_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("trusted_by", sa.String(), nullable=False),
        sa.Column("trusted_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", storage.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area", "key_id"),
    )
    op.create_index(op.f("ix_trusted_key_area"), "trusted_key", ["area"], unique=False)
    op.create_table(
        "unit_year_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("stated_at", storage.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["unit.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unit_year_statement_of_year", "unit_year_statement", ["year", "unit_id"], unique=False)
    # ### end Alembic commands ###


def downgrade() -> None:
    """Take back."""
    op.drop_index("unit_year_statement_of_year", table_name="unit_year_statement")
    op.drop_table("unit_year_statement")
    op.drop_index(op.f("ix_trusted_key_area"), table_name="trusted_key")
    op.drop_table("trusted_key")
    op.drop_index(op.f("ix_report_area"), table_name="report")
    op.drop_table("report")
    op.drop_index(op.f("ix_received_report_area"), table_name="received_report")
    op.drop_table("received_report")
