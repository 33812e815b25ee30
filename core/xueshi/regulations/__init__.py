"""Law as data: reading, inheriting, checking rule files."""
