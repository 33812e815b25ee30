"""One digest for each officer and day, and escalation where the rule says so."""
