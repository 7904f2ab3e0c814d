"""Walks every way through a centre's flows, without a telephone and without a script."""
