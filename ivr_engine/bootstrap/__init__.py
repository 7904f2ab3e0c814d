"""The only place that wires adapters to services.

`speech` and `pbx` make what stands around a centre, `services` gives every service what it needs, and `engine` opens the
whole, from the store inwards.
"""

from __future__ import annotations

from ivr_engine.bootstrap.engine import Engine, engine
from ivr_engine.bootstrap.pbx import pbx_plan, phone_secret, start_pbx

__all__ = ["Engine", "engine", "pbx_plan", "phone_secret", "start_pbx"]
