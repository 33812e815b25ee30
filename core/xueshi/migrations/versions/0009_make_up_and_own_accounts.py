"""Records that make up for an earlier year, the first day of a make-up window, accounts bound to their person"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("study_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("makeup", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.add_column(sa.Column("makeup_from", sa.Date(), nullable=True))
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_access_grant_person_id"), ["person_id"], unique=False)
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("to_person", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("outgoing_message", schema=None) as batch_op:
        batch_op.drop_column("to_person")
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_grant_person_id"))
        batch_op.drop_column("person_id")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_column("makeup_from")
    with op.batch_alter_table("study_record", schema=None) as batch_op:
        batch_op.drop_column("makeup")
