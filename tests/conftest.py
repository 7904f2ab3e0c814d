"""How the laws are tried (hypothesis), and that the long counts wait to be asked for.

`fixed` is what `make test` and CI run: the same examples each time, without time limits and without a memory of earlier
failures. A red run is red for everybody, and a slow machine is no failure. `soak` draws new examples each time;
IVR_ENGINE_EXAMPLES names the one to use.

Tests marked `soak` run only when `-m` names the mark, as `make soak` does: a default in the settings of pytest would be lost
as soon as somebody gives an `-m` of their own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import Server, running

# How long drawing takes says something about the machine only.
PATIENT = (HealthCheck.too_slow,)

settings.register_profile("fixed", deadline=None, database=None, derandomize=True, suppress_health_check=PATIENT)
settings.register_profile("soak", deadline=None, database=None, print_blob=True, suppress_health_check=PATIENT)
settings.load_profile(os.environ.get("IVR_ENGINE_EXAMPLES", "fixed"))


@pytest.fixture(autouse=True)
def adapters_log() -> Iterator[None]:
    """A command that a test runs takes over what the adapters log; the next test finds the log as it was."""
    log = logging.getLogger("ivr_engine")
    handlers, level, propagate = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:] = handlers
    log.setLevel(level)
    log.propagate = propagate


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """One server for all tests of a process; each takes a database of its own."""
    with running() as server:
        yield server


@pytest.hookimpl(trylast=True)  # when `-m` and `-k` have had their choice
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "soak" in config.getoption("markexpr"):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
