"""What officers and units do in a campaign, written to its rows: filings, appeals, bulk decisions, staff, steering."""
