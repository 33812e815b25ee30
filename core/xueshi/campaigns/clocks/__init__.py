"""Campaign time: the standing or real clock, working days, and the days that an office keeps for itself."""
