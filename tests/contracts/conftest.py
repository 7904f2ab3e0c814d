"""Fixtures of the contracts that are also put to a real PBX."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ivr_engine.adapters.asterisk.pbx import Pbx
from ivr_engine.adapters.asterisk.pbx_install import Installation
from tests.system.pbx_fixtures import RunningPbx, pbx_installation, pbx_plan

__all__ = ["pbx_installation"]


@pytest.fixture(scope="module")
def shared_pbx(tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[RunningPbx]:
    """One PBX for all cases of a module: each case is a call of its own and leaves nothing behind."""
    folder = tmp_path_factory.mktemp("pbx")
    plan, pbx = pbx_plan(folder), Pbx(folder)
    try:
        pbx.start(plan, pbx_installation)
        yield RunningPbx(pbx, plan, pbx_installation)
    finally:
        pbx.stop()
