"""Drafts of a bureau's own rule values, published ones among them, and the impacts computed for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("instrument", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("decided", sa.String(), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=True),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("takes_back", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("maker", sa.Uuid(), nullable=False),
        sa.Column("made_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("publisher", sa.Uuid(), nullable=True),
        sa.Column("published_at", storage.Instant(timezone=True), nullable=True),
        sa.Column("publish_reason", sa.String(), nullable=False),
        sa.Column("accepted", storage.Json(), nullable=True),
        sa.Column("impact_id", sa.Uuid(), nullable=True),
        sa.Column("review_digest", sa.String(), nullable=False),
        sa.Column("taken_back_by", sa.Uuid(), nullable=True),
        sa.Column("taken_back_at", storage.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("area", "digest", "state"):
        op.create_index(op.f(f"ix_rule_draft_{column}"), "rule_draft", [column], unique=False)
    op.create_table(
        "rule_impact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("counts", storage.Json(), nullable=False),
        sa.Column("computed_by", sa.Uuid(), nullable=False),
        sa.Column("computed_at", storage.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["rule_draft.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rule_impact_draft_id"), "rule_impact", ["draft_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("rule_impact")
    op.drop_table("rule_draft")
