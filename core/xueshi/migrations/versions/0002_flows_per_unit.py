"""Flows per unit: what a unit is, the flow a filing is pinned to, a bureau's overlay"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="employer"))
        batch_op.add_column(sa.Column("has_department", sa.Boolean(), nullable=True))
    with op.batch_alter_table("filing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("flow_digest", sa.String(), nullable=True))
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.add_column(sa.Column("flow_overlay_digest", sa.String(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_column("flow_overlay_digest")
    with op.batch_alter_table("filing", schema=None) as batch_op:
        batch_op.drop_column("flow_digest")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_column("has_department")
        batch_op.drop_column("kind")
