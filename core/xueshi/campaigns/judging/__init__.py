"""Judging people in a campaign: assessing a unit, newer law with its flips, sealing, explaining."""
