"""Records filed and verified all year: entries, batches, flags, under the law of their year."""
