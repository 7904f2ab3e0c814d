"""The folder that is edited while calls run: read whole or refused, kept as it was read, noticed when it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files import KeptVersions, LiveFolder, load_centre
from tests.small_centre import write_small_centre


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    return write_small_centre(tmp_path)


@pytest.fixture
def kept(tmp_path: Path) -> KeptVersions:
    return KeptVersions(tmp_path / "versions", most=3)


def edit(bank: Path, note: str) -> None:
    with (bank / "centre.yaml").open("a", encoding="utf-8") as file:
        file.write(f"# {note}\n")


async def test_what_is_loaded_is_kept_and_later_edits_do_not_reach_it(bank: Path, kept: KeptVersions) -> None:
    loaded = await LiveFolder(bank, kept).load()
    assert loaded.definition is not None
    edit(bank, "later")
    (version,) = kept.versions()
    assert (version.version, str(version.folder)) == (loaded.definition.version, loaded.definition.folder)
    again = load_centre(version.folder).definition
    assert again is not None
    assert again.version == loaded.definition.version


async def test_every_problem_is_told_with_its_place_in_the_edited_folder_and_nothing_is_kept(
    bank: Path, kept: KeptVersions
) -> None:
    (bank / "broken.yaml").write_text("flow: broken\nstart: nowhere\nnodes: {end: {hangup: {}}, odd: {fly: {}}}\n")
    loaded = await LiveFolder(bank, kept).load()
    assert loaded.definition is None
    assert len(loaded.problems) >= 2
    assert all(problem.startswith(f"{bank}/") for problem in loaded.problems)
    assert kept.versions() == []


async def test_files_that_are_no_longer_what_was_read_are_not_kept(bank: Path, kept: KeptVersions) -> None:
    loaded = load_centre(bank)
    assert loaded.definition is not None
    edit(bank, "between reading and keeping")
    assert kept.keep(loaded.definition.version, bank, loaded.digests) is None
    assert kept.versions() == []


async def test_only_so_many_versions_are_kept_the_oldest_goes_first(bank: Path, kept: KeptVersions) -> None:
    live, loaded = LiveFolder(bank, kept), []
    for number in range(5):
        edit(bank, str(number))
        definition = (await live.load()).definition
        assert definition is not None
        loaded.append(definition.version)
    assert [each.version for each in kept.versions()] == loaded[:1:-1]


async def test_a_folder_in_which_nothing_can_be_kept_is_a_problem_and_no_traceback(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "versions").write_text("a file where the folder should be")
    loaded = await LiveFolder(bank, KeptVersions(tmp_path / "versions")).load()
    assert loaded.definition is None
    assert "cannot be kept" in loaded.problems[0]


async def test_the_stamp_is_another_one_after_every_kind_of_change(bank: Path, kept: KeptVersions) -> None:
    live = LiveFolder(bank, kept)
    stamps = [await live.stamp(), await live.stamp()]
    assert stamps[0] == stamps[1]
    edit(bank, "longer")
    stamps.append(await live.stamp())
    (bank / "new.yaml").write_text("")
    stamps.append(await live.stamp())
    (bank / "new.yaml").rename(bank / "newer.yaml")
    stamps.append(await live.stamp())
    (bank / "newer.yaml").unlink()
    stamps.append(await live.stamp())
    assert len(set(stamps[1:5])) == 4
    assert stamps[5] == stamps[2]
