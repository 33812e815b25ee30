"""Records all year"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0003"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence_file",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("stored_at", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "folder_anchor",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("real", storage.Instant(timezone=True), nullable=False),
        sa.Column("instant", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "study_class",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organiser", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("facts", storage.Json(), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("reported_at", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organiser", "code"),
    )
    with op.batch_alter_table("study_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_class_area"), ["area"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["evidence_file.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["study_record.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("record_id", "digest"),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_record_id"), ["record_id"], unique=False)

    op.create_table(
        "record_source",
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["study_record.id"],
        ),
        sa.PrimaryKeyConstraint("area", "source", "source_id"),
    )
    with op.batch_alter_table("record_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_source_record_id"), ["record_id"], unique=False)

    with op.batch_alter_table("effect", schema=None) as batch_op:
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=True)

    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=True)

    with op.batch_alter_table("study_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.String(), nullable=False, server_default="registered"))
        batch_op.add_column(sa.Column("level", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("channel", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("flow_digest", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("pack_digest", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("state", storage.Json(), nullable=True))
        batch_op.add_column(sa.Column("determined", storage.Json(), nullable=True))
        batch_op.add_column(sa.Column("filed_at", storage.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("replaces", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("class_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_study_record_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_record_replaces"), ["replaces"], unique=False)
        batch_op.create_index(batch_op.f("ix_study_record_stage"), ["stage"], unique=False)

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column("filing_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_index(batch_op.f("ix_task_record_id"), ["record_id"], unique=False)

    with op.batch_alter_table("year_result", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handed_on", storage.Json(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("year_result", schema=None) as batch_op:
        batch_op.drop_column("handed_on")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_record_id"))
        batch_op.alter_column("filing_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("study_record", schema=None) as batch_op:
        for column in ("stage", "replaces", "class_id"):
            batch_op.drop_index(batch_op.f(f"ix_study_record_{column}"))
        for column in (
            "class_id", "replaces", "filed_at", "determined", "state", "pack_digest", "flow_digest", "channel", "level",
            "stage",
        ):  # fmt: skip
            batch_op.drop_column(column)
    for table in ("outgoing_message", "effect"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=False)
    for table in ("record_source", "evidence", "study_class", "folder_anchor", "evidence_file"):
        op.drop_table(table)
