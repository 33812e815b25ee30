"""The notice of a campaign, opening it, and the openings planned for coming years."""
