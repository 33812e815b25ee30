"""Further queries on accounts, by what they tell."""
