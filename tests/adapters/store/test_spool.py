"""The spool keeps what it was given, in order, through kills, torn writes and refilling."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.store.spool import Spool, spooling
from ivr_engine.errors import StoreError

SIZE = 4096
BATCHES = st.lists(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=3), max_size=4), max_size=8)


def held(spool: Spool) -> list[object]:
    return list(spool.batches())


@given(fillings=st.lists(BATCHES, min_size=1, max_size=4))
def test_what_is_added_since_it_was_cleared_comes_back_in_order_after_every_reopening(
    tmp_path_factory: pytest.TempPathFactory, fillings: list[list[object]]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "engine.spool"
    for batches in fillings:
        kept: list[object] = []
        for batch in batches:
            with spooling(path, size=SIZE) as spool:
                assert held(spool) == kept
                if spool.add(batch):
                    kept.append(batch)
        with spooling(path, size=SIZE) as spool:
            assert held(spool) == kept
            assert spool.empty == (not kept)
            spool.clear()
            assert spool.empty


@given(torn=st.integers(1, 60))
def test_a_batch_that_was_torn_by_a_kill_is_left_out_and_those_before_it_stay(
    tmp_path_factory: pytest.TempPathFactory, torn: int
) -> None:
    path = tmp_path_factory.mktemp("spool") / "engine.spool"
    with spooling(path, size=SIZE) as spool:
        spool.add(["first"])
        before = spool._end
        spool.add(["x" * 60])
        end = spool._end
    with path.open("r+b") as file:
        file.seek(end - torn)
        file.write(b"\0" * torn)
    with spooling(path, size=SIZE) as spool:
        assert held(spool) == [["first"]]
        assert spool._end == before
        spool.add(["third"])
        assert held(spool) == [["first"], ["third"]]


def test_a_full_spool_takes_nothing_and_keeps_what_it_has(tmp_path: Path) -> None:
    with spooling(tmp_path / "s", size=200) as spool:
        assert spool.add(["a" * 100])
        assert not spool.add(["b" * 100])
        assert held(spool) == [["a" * 100]]


def test_its_place_on_the_disk_is_taken_when_it_is_made(tmp_path: Path) -> None:
    with spooling(tmp_path / "s", size=1_000_000):
        taken = (tmp_path / "s").stat()
    assert taken.st_size == 1_000_000
    assert taken.st_blocks * 512 >= 1_000_000
    assert taken.st_mode & 0o777 == 0o600


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("Dear customer, " * 300)
    with pytest.raises(StoreError, match="no spool of ivr-engine; move it away"):
        Spool(tmp_path / "s", size=SIZE).open()
    assert (tmp_path / "s").read_text().startswith("Dear customer")


def test_a_spool_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be had .* free some space, or set spool_mb lower"):
        Spool(tmp_path / "nowhere" / "s", size=SIZE).open()
