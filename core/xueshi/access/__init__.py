"""Who may: accounts, roles, verbs, scope."""
