"""What `run` and its neighbours say, and with which exit code, before anything is started."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ivr_engine.cli.app import main

BANK = str(Path(__file__).parents[2] / "flows" / "sample-bank")

Ivr = Callable[..., tuple[int, str]]


@pytest.fixture
def ivr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ivr:
    """Run the command with a state folder of its own; gives exit code and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path / "s"))

    def command(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ivr-engine", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return command


@pytest.mark.parametrize("arguments", [("agent", "login", "1001"), ("agent", "list")])
def test_without_an_engine_a_command_says_so_and_how_to_start_one(ivr: Ivr, arguments: tuple[str, ...]) -> None:
    code, said = ivr(*arguments)
    assert code == 1
    assert "no engine answers at" in said
    assert "ivr-engine run" in said


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_second_engine_is_refused_before_anything_is_touched(ivr: Ivr, tmp_path: Path, command: str) -> None:
    (tmp_path / "s").mkdir()
    with closing(socket.socket(socket.AF_UNIX)) as first:
        first.bind(str(tmp_path / "s" / "control.sock"))
        first.listen()
        code, said = ivr(command, BANK)
    assert code == 3
    assert "an engine is already running here" in said
    assert "IVR_ENGINE_STATE_DIR" in said
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["control.sock"]


def test_a_taken_port_of_the_host_service_names_its_holder_and_the_setting(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        monkeypatch.setenv("IVR_ENGINE_HOST_SERVICE_PORT", str(holder.getsockname()[1]))
        code, said = ivr("run", BANK, "--no-pbx", "--host-service")
    assert code == 3
    assert f"(process {os.getpid()})" in said
    assert "IVR_ENGINE_HOST_SERVICE_PORT=PORT" in said


@pytest.mark.parametrize("folder", ["/nowhere", "."])
def test_a_folder_that_is_no_centre_starts_nothing(ivr: Ivr, tmp_path: Path, folder: str) -> None:
    code, said = ivr("run", folder)
    assert code == 1
    assert "Y101" in said or "error" in said
    assert not (tmp_path / "s").exists()


def test_a_setting_that_makes_no_sense_is_told_in_one_line(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_ENGINE_LOG_LEVEL", "loud")
    code, said = ivr("run", BANK)
    assert code == 3
    assert said == (
        "ivr-engine: IVR_ENGINE_LOG_LEVEL: setting log_level must be one of debug, info, warning, error, not 'loud'\n"
    )


def test_a_database_that_cannot_be_used_is_a_lack_of_the_machine(ivr: Ivr, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "engine.sqlite3").write_bytes(b"this is no database" * 100)
    code, said = ivr("run", BANK, "--no-pbx")
    assert code == 3, said
    assert "engine.sqlite3" in said
