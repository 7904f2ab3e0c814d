"""Fixtures of the tests on a real PBX."""

from __future__ import annotations

from tests.system.pbx_fixtures import pbx_folder, pbx_installation, running_pbx

__all__ = ["pbx_folder", "pbx_installation", "running_pbx"]
