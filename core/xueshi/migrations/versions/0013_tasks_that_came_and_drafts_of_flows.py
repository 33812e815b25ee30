"""Since when whoever has a task has it, where that is not since its opening; drafts of settings of flows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from xueshi import storage

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("task", sa.Column("came_at", storage.Instant(timezone=True), nullable=True))
    op.add_column("rule_draft", sa.Column("setting", sa.Integer(), nullable=True))
    op.add_column("rule_draft", sa.Column("made_for", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("rule_draft", "made_for")
    op.drop_column("rule_draft", "setting")
    op.drop_column("task", "came_at")
