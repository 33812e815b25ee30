"""Messages are carried, dates rest on working days, openings are planned"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_entry_area"), ["area"], unique=False)

    op.create_table(
        "planned_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("notice_digest", sa.String(), nullable=False),
        sa.Column("opens_at", storage.Instant(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("planned_at", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("planned_opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_planned_opening_area"), ["area"], unique=False)

    op.create_table(
        "reminder_run",
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", storage.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("clock", "day"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("area", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("account_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("clock", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("day", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("standing", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("state", sa.String(), nullable=False, server_default="written"))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("next_try", storage.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lease_until", storage.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_error", sa.String(), nullable=False, server_default=""))
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_index(batch_op.f("ix_outgoing_message_state"), ["state"], unique=False)
        batch_op.create_unique_constraint("one_digest_of_a_day", ["account_id", "clock", "day"])
    # What was written before anything could be carried stands in the next digest, of a rehearsal in its own.
    op.execute(
        "UPDATE outgoing_message SET standing = COALESCE((SELECT campaign.standing FROM campaign"
        " WHERE campaign.id = outgoing_message.campaign_id), standing), area = COALESCE((SELECT campaign.area"
        " FROM campaign WHERE campaign.id = outgoing_message.campaign_id), '')"
    )

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_since", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("due_days", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("due_provisional", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("escalated_at", storage.Instant(timezone=True), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("task", schema=None) as batch_op:
        for name in ("escalated_at", "returned", "due_provisional", "due_days", "due_since"):
            batch_op.drop_column(name)

    op.execute("DELETE FROM outgoing_message WHERE campaign_id IS NULL")
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.drop_constraint("one_digest_of_a_day", type_="unique")
        batch_op.drop_index(batch_op.f("ix_outgoing_message_state"))
        batch_op.alter_column("campaign_id", existing_type=sa.Uuid(), nullable=False)
        for name in ("last_error", "lease_until", "next_try", "attempts", "state", "standing"):
            batch_op.drop_column(name)
        for name in ("day", "clock", "account_id", "area"):
            batch_op.drop_column(name)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("email")

    op.drop_table("reminder_run")
    with op.batch_alter_table("planned_opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_planned_opening_area"))

    op.drop_table("planned_opening")
    with op.batch_alter_table("calendar_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_entry_area"))

    op.drop_table("calendar_entry")
