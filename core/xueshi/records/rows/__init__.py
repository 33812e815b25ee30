"""Further queries on records, by what they tell."""
