"""Whole days of traffic over the real centre, under a clock that jumps from one happening to the next."""
