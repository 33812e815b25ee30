"""The database's schema and its history: `upgrade` brings any database to the newest one (alembic)."""
