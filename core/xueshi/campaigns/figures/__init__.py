"""What a campaign shows: statistics, papers, the officer's verdict sheet, and the proof that its rows agree."""
