"""Year results, their ledgers and seals in SQL."""
