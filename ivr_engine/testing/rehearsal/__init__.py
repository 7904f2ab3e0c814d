"""Conversation tests: YAML files that say what a caller does and hears, played without a telephone."""
