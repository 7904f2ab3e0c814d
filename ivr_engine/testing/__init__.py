"""Shipped for flow authors and tests: manual clock, scripted callers, simulation."""
