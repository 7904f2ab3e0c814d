"""Real calls into a real Asterisk as the dialplan sees them: with an engine, without one, and with hostile callers."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_config import READ_EVENTS
from tests.system.pbx_fixtures import (
    AmiClient,
    RunningPbx,
    agi_peer,
    channels,
    eventually,
    sipp_call,
)

pytestmark = pytest.mark.system

GREETING_PEAK = 20_000  # the greeting's tone is louder, the music on hold never is
ENVIRONMENT_KEYS = (
    "network network_script request channel language type uniqueid version callerid calleridname callingpres callingani2 "
    "callington callingtns dnid rdnis context extension priority enhanced accountcode threadid "
    "arg_1 arg_2 arg_3 arg_4 arg_5 arg_6 arg_7 arg_8"
)


def test_a_caller_reaches_the_engine_with_token_number_and_name(running_pbx: RunningPbx, tmp_path: Path) -> None:
    plan = running_pbx.plan
    with agi_peer(plan.agi_port) as accept, sipp_call(plan, tmp_path):
        lines, _ = accept()
    environment = _environment(lines)
    token = hashlib.sha1(environment[b"agi_uniqueid"] + b":" + plan.secrets.agi.encode()).hexdigest().encode()
    assert environment[b"agi_network_script"] == b"call"
    assert [environment[b"agi_arg_%d" % n] for n in range(1, 6)] == [
        token,
        b"95500",
        b"13800138000",
        base64.b64encode(b"Wang"),
        b"1",
    ]


def test_an_engine_that_dies_is_asked_again_with_the_same_call_id(running_pbx: RunningPbx, tmp_path: Path) -> None:
    with agi_peer(running_pbx.plan.agi_port) as accept, sipp_call(running_pbx.plan, tmp_path):
        first, connection = accept()
        connection.close()
        second, _ = accept()
    before, after = _environment(first), _environment(second)
    assert before[b"agi_uniqueid"] == after[b"agi_uniqueid"]
    assert (before[b"agi_arg_5"], after[b"agi_arg_5"]) == (b"1", b"2")


def test_an_engine_that_says_done_ends_the_call(running_pbx: RunningPbx, tmp_path: Path) -> None:
    with agi_peer(running_pbx.plan.agi_port) as accept, sipp_call(running_pbx.plan, tmp_path):
        _, connection = accept()
        _say(connection, b"ANSWER")
        _say(connection, b"SET VARIABLE IVR_DONE 1")
        connection.close()
        assert eventually(lambda: not channels(running_pbx.pbx))


def test_without_an_engine_the_fallback_speaks_and_holds(running_pbx: RunningPbx, tmp_path: Path) -> None:
    running_pbx.pbx.command("dialplan set global ATTEMPTS 2")
    with sipp_call(running_pbx.plan, tmp_path) as leg:
        assert eventually(lambda: max(leg.loudness(10)) > GREETING_PEAK), "the greeting was not heard"
        assert eventually(lambda: [row[5] for row in channels(running_pbx.pbx)] == ["Queue"]), "the caller is not held"
        assert max(leg.loudness(100)) > 0, "no music while held"
        assert leg.process.poll() is None


def test_the_absolute_limit_ends_a_call_with_an_engine_that_says_nothing(running_pbx: RunningPbx, tmp_path: Path) -> None:
    running_pbx.pbx.command("dialplan set global CALL_LIMIT_S 1")
    with agi_peer(running_pbx.plan.agi_port) as accept, sipp_call(running_pbx.plan, tmp_path):
        accept()
        assert eventually(lambda: not channels(running_pbx.pbx))


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("138%0Aagi_uniqueid%3A%20forged", "Wang"),
        ("138%0D%0A%0D%0AHANGUP", "Wang"),
        ("$%7BAGI_SECRET%7D", "${AGI_SECRET}"),
        ("1)%7D,$%7BSHELL(id)%7D", '\\"),AGI(agi://192.0.2.1)'),
        ("1&PJSIP/6001,30,U(x)", "a,b&c|d'e;f${EVAL(1)}"),
        ("%00%01%7f", "x" * 120),
        ("1" * 120, "王\u2028小\u0085明"),
    ],
)
def test_a_hostile_caller_changes_nothing_but_his_own_name(
    running_pbx: RunningPbx, tmp_path: Path, user: str, name: str
) -> None:
    plan = running_pbx.plan
    with agi_peer(plan.agi_port) as accept, sipp_call(plan, tmp_path, caller=f'"{name}" <sip:{user}@127.0.0.1>'):
        lines, _ = accept()
    environment = _environment(lines)
    assert b" ".join(environment).replace(b"agi_", b"").decode() == ENVIRONMENT_KEYS
    assert re.fullmatch(rb"[0-9+*#]*|unknown", environment[b"agi_callerid"])
    assert environment[b"agi_calleridname"] == b"unknown"
    assert environment[b"agi_arg_2"] == b"95500"
    assert re.fullmatch(rb"[0-9+*#]*", environment[b"agi_arg_3"])
    assert plan.secrets.agi.encode() not in b"\n".join(lines) + base64.b64decode(environment[b"agi_arg_4"])
    assert [environment[b"agi_arg_%d" % n] for n in range(5, 9)] == [b"1", b"", b"0", b""]


@pytest.mark.parametrize("number", ["95500%0Ax", "95500&PJSIP", "*11", "s", "h", "1" * 25, "a6001", "6001x"])
def test_only_numbers_can_be_dialled(running_pbx: RunningPbx, tmp_path: Path, number: str) -> None:
    with sipp_call(running_pbx.plan, tmp_path, number=number) as leg:
        assert leg.result() == 1
    assert "404" in (tmp_path / "sipp.err").read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("number", ["1", "10086", "+8613800138000", "2" * 24])
def test_any_number_reaches_the_engine(running_pbx: RunningPbx, tmp_path: Path, number: str) -> None:
    with agi_peer(running_pbx.plan.agi_port) as accept, sipp_call(running_pbx.plan, tmp_path, number=number):
        lines, _ = accept()
    assert _environment(lines)[b"agi_arg_2"] == number.encode()


def test_a_call_that_was_dialled_reports_its_end_and_the_event_stream_carries_only_what_the_engine_reads(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    client = AmiClient(running_pbx.plan.ami_port, running_pbx.plan.secrets.ami)
    try:
        with agi_peer(running_pbx.plan.agi_port) as accept, sipp_call(running_pbx.plan, tmp_path):
            lines, connection = accept()
            for command in (b"ANSWER", b"EXEC Dial PJSIP/6001,5", b"HANGUP"):
                _say(connection, command)
            connection.close()
            over, connection = accept()
            connection.close()
            heard = [client.read()["Event"]]
            while heard[-1] != "Hangup":
                heard.append(client.read()["Event"])
    finally:
        client.close()
    call, end = _environment(lines), _environment(over)
    assert (end[b"agi_network_script"], end[b"agi_uniqueid"]) == (b"over", call[b"agi_uniqueid"])
    assert [end[b"agi_arg_1"], end[b"agi_arg_2"]] == [call[b"agi_arg_1"], b"CHANUNAVAIL"]
    assert set(heard) <= set(READ_EVENTS)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Originate", {"Channel": "Local/s@service", "Application": "NoOp"}),
        ("Command", {"Command": "core show version"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("ModuleLoad", {"LoadType": "load", "Module": "func_shell.so"}),
        ("DialplanExtensionAdd", {"Context": "inbound", "Extension": "1", "Priority": "1", "Application": "NoOp"}),
    ],
)
def test_the_engines_account_may_not(running_pbx: RunningPbx, action: str, fields: dict[str, str]) -> None:
    client = AmiClient(running_pbx.plan.ami_port, running_pbx.plan.secrets.ami)
    try:
        assert client.act(action, **fields)["Response"] == "Error"
    finally:
        client.close()


@pytest.mark.parametrize(
    ("code", "verb", "reason"),
    [
        ("*11", b"login", b""),
        ("*12", b"ready", b""),
        ("*13", b"pause", b""),
        ("*134", b"pause", b"4"),
        ("*14", b"logout", b""),
        ("*15", b"extend", b""),
    ],
)
def test_a_feature_code_of_a_known_phone_reaches_the_engine(
    running_pbx: RunningPbx, tmp_path: Path, code: str, verb: bytes, reason: bytes
) -> None:
    plan = running_pbx.plan
    account = ("6001", plan.secrets.phones["6001"])
    caller = '"${AGI_SECRET}" <sip:6001@127.0.0.1>'
    with (
        agi_peer(plan.agi_port) as accept,
        sipp_call(plan, tmp_path, number=code, caller=caller, account=account),
    ):
        environment = _environment(accept()[0])
    assert environment[b"agi_network_script"] == b"agent"
    assert [environment[b"agi_arg_%d" % n] for n in range(2, 5)] == [b"6001", verb, reason]
    assert (environment[b"agi_callerid"], environment[b"agi_calleridname"]) == (b"6001", b"unknown")


@pytest.mark.parametrize(
    ("knows_secret", "number", "answer"), [(False, "*12", 401), (True, "95500", 404), (True, "6002", 404), (True, "h", 404)]
)
def test_an_agents_phone_is_held_to_its_secret_and_its_codes(
    running_pbx: RunningPbx, tmp_path: Path, *, knows_secret: bool, number: str, answer: int
) -> None:
    account = ("6001", running_pbx.plan.secrets.phones["6001"]) if knows_secret else None
    with sipp_call(running_pbx.plan, tmp_path, number=number, caller="<sip:6001@127.0.0.1>", account=account) as leg:
        assert leg.result() == 1
    assert f"SIP/2.0 {answer}" in (tmp_path / "sipp.err").read_text(encoding="utf-8", errors="replace")


def test_a_feature_code_without_an_engine_fails_visibly(running_pbx: RunningPbx, tmp_path: Path) -> None:
    account = ("6001", running_pbx.plan.secrets.phones["6001"])
    with sipp_call(running_pbx.plan, tmp_path, number="*12", caller="<sip:6001@127.0.0.1>", account=account) as leg:
        assert leg.result() == 1
    assert "SIP/2.0 503" in (tmp_path / "sipp.err").read_text(encoding="utf-8", errors="replace")


def _environment(lines: list[bytes]) -> dict[bytes, bytes]:
    pairs = [line.split(b": ", 1) for line in lines]
    return {pair[0]: pair[1] for pair in pairs}


def _say(connection: socket.socket, command: bytes) -> bytes:
    connection.sendall(command + b"\n")
    reply = b""
    while not reply.endswith(b"\n"):
        reply += connection.recv(256)
    return reply
