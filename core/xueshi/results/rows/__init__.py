"""Further queries on results, by what they tell."""
