"""The report upward: a signed package for the superior authority, and its receipt. Both sides are a Xueshi."""
