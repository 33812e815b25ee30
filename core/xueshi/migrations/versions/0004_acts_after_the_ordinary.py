"""Acts beside the straight way: pause, make-up, delegation, bulk, appeal, later rounds, a newer rule pack"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_at", storage.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("makeup_until", storage.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reassessing", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("filing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("approved_input", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("only_person", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("effect", schema=None) as batch_op:
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=True)
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_task_assignee"), ["assignee"], unique=False)
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_area", sa.String(), nullable=True))
    with op.batch_alter_table(
        "sealed_result", schema=None, naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"}
    ) as batch_op:
        batch_op.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("supersedes", sa.Uuid(), nullable=True))
        batch_op.drop_constraint(_once_a_campaign(), type_="unique")
        batch_op.create_unique_constraint(
            "sealed_result_once_a_round", ["campaign_id", "person_id", "unit_id", "round"]
        )
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("maker", sa.Uuid(), nullable=False),
        sa.Column("ended_at", storage.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_grant_id"), ["grant_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("against", sa.String(), nullable=False),
        sa.Column("against_version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("deciders", storage.Json(), nullable=False),
        sa.Column("filed_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("decided_at", storage.Instant(timezone=True), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("workflow_started", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.ForeignKeyConstraint(["filing_id"], ["filing.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("appeal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeal_filing_id"), ["filing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeal_unit_id"), ["unit_id"], unique=False)
    op.create_table(
        "bulk_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("delegation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", storage.Json(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("workflow_started", sa.Boolean(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("bulk_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_batch_campaign_id"), ["campaign_id"], unique=False)
    op.create_table(
        "bulk_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("expected_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["bulk_batch.id"]),
        sa.PrimaryKeyConstraint("batch_id", "seq"),
    )
    op.create_table(
        "reassessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("from_pack", sa.String(), nullable=False),
        sa.Column("to_pack", sa.String(), nullable=False),
        sa.Column("flips", storage.Json(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("workflow_started", sa.Boolean(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("reassessment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reassessment_campaign_id"), ["campaign_id"], unique=False)


def _once_a_campaign() -> str:
    """Return the name of the first schema's nameless constraint: PostgreSQL gave one, SQLite gets one by convention."""
    if op.get_bind().dialect.name == "postgresql":
        return "sealed_result_campaign_id_person_id_unit_id_key"
    return "uq_sealed_result_campaign_id"
