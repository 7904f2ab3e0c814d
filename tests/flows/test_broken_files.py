from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.flows.issues import Severity
from tests.flows import make_bad
from tests.flows.corpus import BAD, GOOD, MADE, Case, cases

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_file_gets_exactly_the_problems_it_states_at_their_places(case: Case, tmp_path: Path) -> None:
    assert case.found(tmp_path) == case.expected


def test_the_corpus_is_large_and_every_case_expects_something() -> None:
    assert len(CASES) >= 500
    assert all(case.expected[0] for case in CASES)


def test_the_made_part_of_the_corpus_is_as_it_is_made() -> None:
    there = {case.path.relative_to(BAD).as_posix(): case.path.read_text() for case in CASES if MADE in case.path.name}
    assert there == make_bad.made()


def test_the_good_centre_has_no_problem_at_all() -> None:
    loaded = load_centre(GOOD)
    assert loaded.issues == ()
    assert loaded.definition is not None


def test_a_warning_alone_does_not_keep_the_centre_from_use(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "main/unreachable")
    case.found(tmp_path)
    loaded = load_centre(tmp_path / "centre")
    assert [issue.severity for issue in loaded.issues] == [Severity.WARNING]
    assert loaded.definition is not None


def test_an_error_keeps_the_centre_from_use(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "main/unknown_target")
    case.found(tmp_path)
    assert load_centre(tmp_path / "centre").definition is None
