"""Choosing an Asterisk: what counts as one, without network and without root."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk import pbx_install


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17", "22.10.1"),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", "20.6.0"),
        ("Asterisk certified-20.7-cert4", "20.7"),
        ("Asterisk 18.26.0", None),
        ("something else", None),
    ],
)
def test_a_private_tree_counts_if_its_program_runs_and_is_recent(tmp_path: Path, says: str, version: str | None) -> None:
    libraries = tmp_path / "asterisk/usr/lib/aarch64-linux-gnu"
    (libraries / "asterisk/modules").mkdir(parents=True)
    loader = libraries / "ld-linux-aarch64.so.1"
    loader.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    loader.chmod(0o755)
    found = pbx_install._in_tree(tmp_path / "asterisk")
    assert (found.version if found else None) == version
    if found:
        assert found.argv == (str(loader), "--library-path", str(libraries), str(tmp_path / "asterisk/usr/sbin/asterisk"))
        assert found.modules_dir == libraries / "asterisk/modules"


def test_an_empty_cache_holds_none(tmp_path: Path) -> None:
    assert pbx_install._in_tree(tmp_path / "asterisk") is None
