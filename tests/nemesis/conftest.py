"""Fixtures of the fault harness: how often, from what seed, and a centre to harm."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from tests.nemesis.stand import People, Stand, stand_at
from tests.system.pbx_fixtures import pbx_installation

__all__ = ["pbx_installation"]

TIMES = int(os.environ.get("IVR_ENGINE_SOAK", "1"))
FIXED_SEED = 20260302

Stands = Callable[..., Stand]


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What everything random of a test comes from: the same each time in short tests, IVR_ENGINE_SEED or a new one in long."""
    given = int(os.environ.get("IVR_ENGINE_SEED", "0"))
    if request.node.get_closest_marker("soak"):
        given = given or random.SystemRandom().randrange(1 << 32)
    chosen = given or FIXED_SEED
    print(f"{request.node.name}: times={TIMES} seed={chosen}")  # noqa: T201 - a failure can be had again with it
    return chosen


@pytest.fixture
def stand_for(seed: int, tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[Stands]:
    """Makes a centre to harm, for these people."""
    assert pbx_installation
    with ExitStack() as stack:

        def opened(people: People, **options: object) -> Stand:
            folder: Path = tmp_path_factory.mktemp("stand")
            return stack.enter_context(stand_at(folder, people, seed=seed, **options))  # type: ignore[arg-type] # passed on

        yield opened
