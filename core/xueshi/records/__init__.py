"""Records filed in the year: their evidence, organisers' rosters, other systems, and what looks odd among them."""
