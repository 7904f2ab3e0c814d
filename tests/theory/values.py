"""Exact and published values of queueing theory, in values.json: each with its model, input, expected figures and source.

`rtol` is the relative tolerance of closed forms. Published simulations give a 95 % confidence interval instead of a figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Value:
    id: str
    model: str
    given: Mapping[str, Any]
    expected: Mapping[str, Any]
    rtol: float

    def same(self, name: str) -> object:
        """What equals the expected figure of that name within the tolerance."""
        return pytest.approx(self.expected[name], rel=self.rtol, abs=0)


def values(model: str) -> list[Value]:
    rows = json.loads(Path(__file__).with_name("values.json").read_text(encoding="utf-8"))
    found = [
        Value(id=row["id"], model=row["model"], given=row["input"], expected=row["expect"], rtol=row["rtol"])
        for row in rows
        if row["model"] == model
    ]
    assert found, model
    return found


def named(identity: str, model: str) -> Value:
    (found,) = [value for value in values(model) if value.id == identity]
    return found


def each(*models: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("value", [value for model in models for value in values(model)], ids=lambda v: v.id)
