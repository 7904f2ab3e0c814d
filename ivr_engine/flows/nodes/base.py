"""What every node kind is made of.

A kind is one module: a docstring with a complete YAML example (a test executes it), a frozen spec, `read` (shape), `run` and
`resume`. Kinds are listed by hand in `nodes/__init__.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """Base of every kind's settings; `KIND` is the key that names the kind in a flow file."""

    KIND: ClassVar[str]
