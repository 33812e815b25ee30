"""A bureau's own rule values (本级口径): drafts, whom they would affect, publication by a second person, the way back."""
