"""What `@frozen` gives is a frozen dataclass in every respect but how its slots are filled."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from ivr_engine.core.frozen import frozen


@frozen
class Named:
    name: str


@frozen
class Told(Named):
    """With a default after a field that has none."""

    times: int = 1
    by: str = field(default="nobody", compare=False)


@frozen
class Gathered:
    words: list[str] = field(default_factory=list)


@frozen
class Checked:
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual(Named):
    times: int = 1
    by: str = field(default="nobody", compare=False)


def test_it_takes_what_the_usual_one_takes() -> None:
    assert inspect.signature(Told).parameters == inspect.signature(Usual).parameters
    assert [each.name for each in fields(Told)] == [each.name for each in fields(Usual)]
    assert repr(Told(name="a", by="b")) == "Told(name='a', times=1, by='b')"
    assert Told.__init__.__qualname__ == "Told.__init__"


def test_it_is_equal_hashed_and_copied_by_value() -> None:
    assert Told(name="a", by="b") == Told(name="a", by="c")
    assert hash(Told(name="a")) == hash(replace(Told(name="b"), name="a"))
    assert replace(Told(name="a"), times=3).times == 3


def test_nothing_can_be_changed_or_added() -> None:
    told = Told(name="a")

    with pytest.raises(FrozenInstanceError):
        told.name = "b"  # type: ignore[misc] # that is the point
    with pytest.raises((FrozenInstanceError, TypeError)):
        told.other = 1  # type: ignore[attr-defined] # that is the point
    assert not hasattr(told, "__dict__")


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "colour": "red"}, {"times": 2}])
def test_a_field_that_is_missing_or_unknown_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Told(**wrong)  # type: ignore[arg-type] # that is the point


def test_fields_made_anew_and_checks_of_ones_own_work_as_ever() -> None:
    assert Gathered().words is not Gathered().words
    with pytest.raises(ValueError, match="-1"):
        Checked(size=-1)
