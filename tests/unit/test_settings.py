"""Settings: each can be set in a file and in the environment; nonsense is refused with the place, the rule and the value."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ivr_engine.config import Settings, load_settings, mistyped, variable
from ivr_engine.errors import SetupError

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def _no_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sip_port", "abc"),
        ("sip_port", "99999"),
        ("sip_port", "80"),
        ("sip_port", "-1"),
        ("sip_port", "5080.5"),
        ("bind", "hello"),
        ("bind", ""),
        ("log_level", "loud"),
        ("call_limit_s", "0"),
        ("state_dir", ""),
        ("state_dir", "a\0b"),
        ("cache_dir", "~nobody-of-this-name/x"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_variable_and_value(name: str, value: str) -> None:
    with pytest.raises(SetupError, match=rf"^{variable(name)}: setting {name} must be .*, not {re.escape(repr(value))}$"):
        load_settings({variable(name): value})


@pytest.mark.parametrize("line", ["sip_port = true", "sip_port = 5080.5", "bind = 1", "debian_mirror = 1", "state_dir = []"])
def test_a_value_of_another_type_in_the_file_is_refused_with_the_file(line: str, tmp_path: Path) -> None:
    (tmp_path / "ivr-engine.toml").write_text(line, encoding="utf-8")
    with pytest.raises(SetupError, match=rf"^ivr-engine\.toml: setting {line.partition(' ')[0]} must be"):
        load_settings({})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"sip_port =\n", "x.toml: is no TOML file: .*line 1"),
        (b"\xff\xfe", "x.toml: is no TOML file"),
        (b"spi_port = 5080\n", "x.toml: unknown setting spi_port; known: agi_port"),
        (None, "x.toml: cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=says):
        load_settings({"IVR_ENGINE_CONFIG": str(path)})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"ami_port": "14573"}, "ami_port and agi_port are both 14573"),
        ({"host_service_port": "15038"}, "ami_port and host_service_port are both 15038"),
        ({"rtp_first": "30000"}, "30000-20999 is no range"),
        ({"sip_port": "20500"}, "sip_port 20500 lies in the RTP ports"),
    ],
)
def test_ports_that_cannot_be_had_together_are_refused(values: dict[str, str], says: str) -> None:
    with pytest.raises(SetupError, match=says):
        load_settings({variable(name): value for name, value in values.items()})


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    (tmp_path / "ivr-engine.toml").write_text("sip_port = 6000\nagi_port = 6001\n", encoding="utf-8")
    settings = load_settings({"IVR_ENGINE_SIP_PORT": "7000"})
    assert (settings.sip_port, settings.agi_port, settings.ami_port) == (7000, 6001, Settings().ami_port)


def test_a_mistyped_variable_is_found_with_what_was_meant() -> None:
    environ = {"IVR_ENGINE_SPI_PORT": "1", "IVR_ENGINE_SOAK": "1", "IVR_ENGINE_SIP_PORT": "5080", "IVR_ENGINE_CONFIG": "x"}
    assert mistyped(environ) == {"IVR_ENGINE_SPI_PORT": "IVR_ENGINE_SIP_PORT"}


def test_the_operations_page_lists_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {each.name: str(each.default) for each in fields(Settings)}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_can_be_given_by_its_variable(name: str) -> None:
    default = getattr(Settings(), name)
    given = getattr(load_settings({variable(name): str(default)}), name)
    assert given == (default.expanduser().absolute() if isinstance(default, Path) else default)


@pytest.mark.parametrize("carrier", ["nohost", ":5060", "host:", "host:0", "host:70000", "host:port"])
def test_a_carrier_that_is_no_host_and_port_is_refused(carrier: str) -> None:
    with pytest.raises(SetupError, match="setting carrier must be HOST:PORT or empty"):
        load_settings({"IVR_ENGINE_CARRIER": carrier})
