"""Call records: a fold of events, without I/O."""
