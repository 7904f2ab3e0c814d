"""Protocols of one to four methods: what the services need of the outside, in the engine's own words."""
