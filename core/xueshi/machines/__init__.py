"""The pure machines: decide(state, flow, command, now) for campaigns, filings, records and appeals."""
