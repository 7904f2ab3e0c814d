"""A software telephone, run as a process of its own."""
