"""When it airs: rules, planner, daemon, as-run log, ledger."""
