"""The node kinds."""
