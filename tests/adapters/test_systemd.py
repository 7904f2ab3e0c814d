"""The service manager hears what systemd expects, on the socket it names; without one nobody is told."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from ivr_engine.adapters.systemd import NotifySocket
from ivr_engine.cli.app import build

UNITS = Path(__file__).parents[2] / "deploy"


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A supervisor's socket, and the name under which it is told of."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind("\0" + name[1:] if name.startswith("@") else name)
        supervisor.settimeout(5)
        yield supervisor, name


def test_ready_alive_and_stopping_are_said_in_systemds_words(heard: tuple[socket.socket, str]) -> None:
    supervisor, name = heard
    engine = NotifySocket({"NOTIFY_SOCKET": name})
    engine.ready("sample-bank, version 1")
    engine.alive()
    engine.stopping()
    said = [supervisor.recv(200) for _ in range(3)]
    assert said == [b"READY=1\nSTATUS=sample-bank, version 1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_without_a_supervisor_the_engine_goes_on(environ: dict[str, str]) -> None:
    engine = NotifySocket(environ)
    engine.ready("x")
    engine.alive()
    engine.stopping()


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_the_units_use_commands_and_options_that_there_are(unit: Path) -> None:
    group = typer.main.get_command(build())
    lines = re.findall(r"^Exec\w+=/opt/ivr-engine/bin/ivr-engine (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        command, words = group, line.split()
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command is not group, line
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known, line
