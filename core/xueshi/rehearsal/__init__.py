"""Rehearsing a coming campaign on last year's register: simulated officers, the campaign clock, what would go wrong."""
