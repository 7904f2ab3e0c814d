"""Fixtures of the tests on a real PBX."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from tests.system.day import Day, day_at
from tests.system.pbx_fixtures import pbx_folder, pbx_installation, running_pbx
from tests.system.site import Site, site_at

__all__ = ["pbx_folder", "pbx_installation", "running_pbx"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[Site]:
    """A centre at work, one for all tests of this process; every test leaves it as it found it."""
    assert pbx_installation
    with site_at(tmp_path_factory.mktemp("site")) as at_work:
        yield at_work


@pytest.fixture
async def day(site: Site, tmp_path: Path) -> AsyncIterator[Day]:
    """People at the shared centre."""
    async with day_at(site, tmp_path) as today:
        yield today


@pytest.fixture
def own_site(tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[Site]:
    """A centre for one test, to stop and start."""
    assert pbx_installation
    with site_at(tmp_path_factory.mktemp("own")) as at_work:
        yield at_work


@pytest.fixture
async def own_day(own_site: Site, tmp_path: Path) -> AsyncIterator[Day]:
    """People at a centre of this test's own."""
    async with day_at(own_site, tmp_path) as today:
        yield today
