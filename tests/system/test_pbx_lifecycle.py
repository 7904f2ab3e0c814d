"""A real Asterisk started, looked at, reloaded and stopped, from outside the process that started it too."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx import Pbx
from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.adapters.asterisk.pbx_ports import port_is_free
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.errors import SetupError, SwitchError
from tests.system.pbx_fixtures import RunningPbx, eventually, moved_to, pbx_plan

pytestmark = pytest.mark.system

DANGEROUS = (
    "func_shell func_curl func_env func_db func_dialplan func_lock app_system app_externalivr app_originate app_exec "
    "app_chanspy app_record app_disa app_stack app_db app_dictate pbx_spool pbx_lua pbx_ael res_ari res_http cdr_ cel_ "
    "res_clioriginate anonymous res_pjsip_refer res_pjsip_messaging res_pjsip_notify"
)


def test_it_runs_the_modules_it_was_given_and_nothing_dangerous(running_pbx: RunningPbx) -> None:
    shown = running_pbx.pbx.command("module show")
    loaded = {line.split()[0] for line in shown.split("\n") if ".so " in line}
    asked = (running_pbx.plan.etc_dir / "modules.conf").read_text(encoding="utf-8").split("[modules]")[1]
    assert loaded == {word for word in asked.split() if word.endswith(".so")}
    assert "Not Running" not in shown
    assert [name for name in DANGEROUS.split() if any(module.startswith(name) or name in module for module in loaded)] == []


def test_its_log_has_no_error_and_no_warning(running_pbx: RunningPbx) -> None:
    log = (running_pbx.plan.log_dir / "messages.log").read_text(encoding="utf-8")
    assert [line for line in log.split("\n") if "ERROR[" in line or "WARNING[" in line] == []


def test_status_tells_where_it_runs_and_stop_leaves_nothing(running_pbx: RunningPbx) -> None:
    pbx, plan = Pbx(running_pbx.plan.folder), running_pbx.plan
    status = pbx.status()
    assert (status.running, status.sip, status.ami_port) == (True, f"127.0.0.1:{plan.sip_port}", plan.ami_port)
    assert status.pid is not None
    assert os.getsid(status.pid) == status.pid  # survives the terminal it was started in
    assert pbx.stop() is True
    assert not Path(f"/proc/{status.pid}").exists()
    assert port_is_free(plan.bind, plan.sip_port, "udp")
    assert port_is_free("127.0.0.1", plan.ami_port, "tcp")
    assert pbx.status().running is False
    assert pbx.stop() is False
    assert [path.name for path in plan.run_dir.iterdir() if path.name != "asterisk.ctl.lock"] == []


def test_a_stopped_one_is_ended_by_force(running_pbx: RunningPbx) -> None:
    pid = running_pbx.pbx.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert running_pbx.pbx.stop() is True
    assert not Path(f"/proc/{pid}").exists()


def test_one_that_was_killed_is_found_dead_and_can_be_started_again(running_pbx: RunningPbx) -> None:
    pid = running_pbx.pbx.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not running_pbx.pbx.status().running)
    assert running_pbx.pbx.start(running_pbx.plan, running_pbx.installation).running


def test_a_pid_file_that_names_another_process_ends_nobody(running_pbx: RunningPbx) -> None:
    pid_file = running_pbx.plan.run_dir / "pbx.json"
    kept = pid_file.read_text(encoding="utf-8")
    pid_file.write_text(kept.replace(f'"pid": {running_pbx.pbx.status().pid}', f'"pid": {os.getpid()}'), encoding="utf-8")
    assert running_pbx.pbx.stop() is False
    pid_file.write_text(kept, encoding="utf-8")
    assert running_pbx.pbx.status().running


def test_a_second_start_takes_over_a_new_phone_and_keeps_the_secrets_of_the_others(running_pbx: RunningPbx) -> None:
    pbx, plan = running_pbx.pbx, running_pbx.plan
    before = pbx.status().pid
    phones = (*plan.phones, "6003")
    more = moved_to(plan, phones=phones, secrets=keep_secrets(plan.folder, phones))
    pbx.start(more, running_pbx.installation)
    assert pbx.status().pid == before
    assert "6003" in pbx.command("pjsip show endpoints")
    assert "PJSIP/6003" in pbx.command("queue show fallback")
    assert more.secrets.phones["6001"] == plan.secrets.phones["6001"]


def test_a_running_one_does_not_change_its_ports(running_pbx: RunningPbx) -> None:
    with pytest.raises(SetupError, match="ivr-engine pbx stop"):
        running_pbx.pbx.start(moved_to(running_pbx.plan, sip_port=running_pbx.plan.sip_port + 1), running_pbx.installation)


@pytest.mark.parametrize(("kind", "name"), [(socket.SOCK_DGRAM, "SIP"), (socket.SOCK_STREAM, "AMI")])
def test_a_taken_port_is_refused_with_its_holder(
    pbx_folder: Path, pbx_installation: Installation, kind: socket.SocketKind, name: str
) -> None:
    plan = pbx_plan(pbx_folder)
    with closing(socket.socket(socket.AF_INET, kind)) as holder:
        holder.bind(("127.0.0.1", plan.sip_port if name == "SIP" else plan.ami_port))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        with pytest.raises(SetupError, match=rf"{name} port .* \(process {os.getpid()}\).*IVR_ENGINE_{name}_PORT"):
            Pbx(pbx_folder).start(plan, pbx_installation)


def test_one_that_cannot_come_up_shows_its_last_words(
    pbx_folder: Path, pbx_installation: Installation, tmp_path: Path
) -> None:
    broken = Installation(
        argv=pbx_installation.argv, version="22", modules_dir=tmp_path, data_dir=pbx_installation.data_dir, kind="private"
    )
    with pytest.raises(SetupError, match=r"(?s)gave up while starting.*pbx_config"):
        Pbx(pbx_folder).start(pbx_plan(pbx_folder), broken)


def test_commands_to_none_say_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(SwitchError, match="ivr-engine pbx start"):
        Pbx(tmp_path).command("core show version")
