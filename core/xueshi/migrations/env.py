"""What alembic runs: migrations on the connection that `schema.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from xueshi.migrations.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata(), render_as_batch=True, user_module_prefix="storage."
)
with context.begin_transaction():
    context.run_migrations()
