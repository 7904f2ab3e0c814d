"""The only place that wires adapters to services. It reads top to bottom as the architecture."""

from __future__ import annotations
