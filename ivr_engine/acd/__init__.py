"""Distribution of callers to agents: pure, synchronous, deterministic."""
