"""The yearly campaign and the year-round acts: rows, commands, clocks, judging, figures. What decides is in `machines`."""
