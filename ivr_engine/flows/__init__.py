"""The flow engine: pure, deterministic, serialisable at every wait."""
