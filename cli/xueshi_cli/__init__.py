"""The command `xueshi` and the composition root: nothing imports it."""
