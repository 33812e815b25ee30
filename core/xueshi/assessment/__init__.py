"""One person's year under a rule pack: pure, exact, explained."""
