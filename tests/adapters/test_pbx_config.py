"""Rendering of the PBX's configuration: complete, private, and closed to hostile names; and the dialplan's own rules."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.asterisk.gateway import BACK_TO_AN_ENGINE
from ivr_engine.adapters.asterisk.pbx_config import READ_EVENTS, FallbackSounds, PbxPlan, render, write_configuration
from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.adapters.asterisk.pbx_music import music
from ivr_engine.adapters.asterisk.pbx_secrets import PbxSecrets, keep_secrets
from ivr_engine.errors import SetupError

INSTALLATION = Installation(
    argv=("/usr/sbin/asterisk",), version="22.0.0", modules_dir=Path("/m"), data_dir=Path("/d"), kind="machine"
)
SECRETS = PbxSecrets(ami="a" * 64, agi="b" * 64, phones={"6001": "c" * 64, "desk-2": "d" * 64})
PLAN = PbxPlan(folder=Path("/srv/pbx"), secrets=SECRETS, numbers=("95500",), phones=("6001", "desk-2"))
DIALPLAN = ("inbound.conf", "fallback.conf", "agents.conf")
REACHED_FROM_OUTSIDE = {"inbound", "agents"}
REACHED_BY_THE_ENGINE = {BACK_TO_AN_ENGINE}
SPECIAL = {"h", "i", "t", "T", "s", "o", "a", "e"}

Extensions = dict[str, dict[str, list[str]]]


ASTERISKS_OWN = {
    "ANSWEREDTIME_MS", "CHANNEL", "DIALEDPEERNAME", "DIALSTATUS", "EPOCH", "EXTEN", "HANGUPCAUSE", "UNIQUEID",
}  # fmt: skip
"""Variables that Asterisk itself sets."""


def test_no_placeholder_is_left() -> None:
    assert {name: found for name, text in render(PLAN, INSTALLATION).items() if (found := re.findall(r"@\w+", text))} == {}


def test_every_secret_is_where_it_belongs_and_nowhere_else() -> None:
    files = render(PLAN, INSTALLATION)
    holders = {mark: [name for name, text in files.items() if mark * 64 in text] for mark in "abcd"}
    assert holders == {"a": ["manager.conf"], "b": ["extensions.conf"], "c": ["pjsip.conf"], "d": ["pjsip.conf"]}


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    secrets = keep_secrets(tmp_path / "pbx", PLAN.phones)
    write_configuration(replace(PLAN, folder=tmp_path / "pbx", secrets=secrets), INSTALLATION)
    paths = [*(tmp_path / "pbx").rglob("*.conf"), tmp_path / "pbx" / "secrets.json"]
    assert len(paths) > 20
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o600"}
    assert {oct(path.parent.stat().st_mode & 0o777) for path in paths} == {"0o700"}


def test_secrets_are_made_once_and_completed_for_new_phones(tmp_path: Path) -> None:
    first = keep_secrets(tmp_path, ["6001"])
    second = keep_secrets(tmp_path, ["6002"])
    assert (second.ami, second.agi, second.phones["6001"]) == (first.ami, first.agi, first.phones["6001"])
    assert re.fullmatch("[0-9a-f]{64}", second.phones["6002"])
    assert len({first.ami, first.agi, *second.phones.values()}) == 4


def test_secrets_open_to_others_are_refused(tmp_path: Path) -> None:
    keep_secrets(tmp_path, [])
    (tmp_path / "secrets.json").chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        keep_secrets(tmp_path, [])


def test_damaged_secrets_are_refused_and_kept(tmp_path: Path) -> None:
    keep_secrets(tmp_path, [])
    (tmp_path / "secrets.json").write_text("{", encoding="utf-8")
    with pytest.raises(SetupError, match="damaged"):
        keep_secrets(tmp_path, [])
    assert (tmp_path / "secrets.json").read_text(encoding="utf-8") == "{"


def test_secrets_do_not_show_in_a_repr() -> None:
    assert "aaaa" not in repr(PLAN)
    assert "cccc" not in repr(PLAN)


@pytest.mark.parametrize("phone", ["", "6001\n[evil]", "a b", "6001;x", "x" * 33, "../x", "张", "trunk", "transport", "a&b"])
def test_hostile_phone_names_are_refused(phone: str) -> None:
    with pytest.raises(SetupError, match="phone"):
        replace(PLAN, phones=(phone,), secrets=replace(SECRETS, phones={phone: "x"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"numbers": ("9550X",)},
        {"numbers": ("_X.",)},
        {"numbers": ("",)},
        {"numbers": ("1" * 25,)},
        {"bind": "0.0.0.0\nevil"},
        {"trunk_addresses": ("10.0.0.0/8", "x")},
        {"sip_port": 80},
        {"folder": Path("/srv/a;b")},
        {"folder": Path("/srv/" + "x" * 120)},
        {"fallback": FallbackSounds(greeting=(Path("/a&b.sln"),))},
        {"fallback": FallbackSounds(greeting=(Path("relative.sln"),))},
        {"music": {"x]\n[y": Path("/m")}},
        {"phones": ("6001", "6001")},
        {"phones": ("6009",)},
        {"rtp_first": 20000, "rtp_last": 20003},
    ],
)
def test_values_that_would_break_the_configuration_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SetupError):
        replace(PLAN, **changes)  # type: ignore[arg-type]  # that is the point


@given(st.text(max_size=40))
def test_a_number_is_taken_only_if_it_is_digits(number: str) -> None:
    try:
        plan = replace(PLAN, numbers=(number,))
    except SetupError:
        assert not re.fullmatch("[0-9]{1,24}", number)
    else:
        assert f"exten => {number},1," in render(plan, INSTALLATION)["inbound.conf"]


def test_the_rtp_range_limits_the_calls_so_that_every_phone_keeps_a_leg() -> None:
    plan = replace(PLAN, rtp_first=20000, rtp_last=20099)
    assert "maxcalls = 48" in render(plan, INSTALLATION)["asterisk.conf"]


def test_the_dialplan_has_no_wildcard_pattern() -> None:
    assert [exten for context in _dialplan().values() for exten in context if re.search(r"[.!\[]", exten)] == []


def test_what_can_be_dialled_holds_no_special_extension() -> None:
    """Whoever may dial into a context may dial its `h` or `s` too."""
    contexts = _dialplan()
    assert {name: SPECIAL & contexts[name].keys() for name in REACHED_FROM_OUTSIDE} == {"inbound": set(), "agents": set()}


def test_contexts_are_entered_from_outside_only_where_the_endpoints_say() -> None:
    assert (
        set(re.findall(r"^context = (\S+)", render(PLAN, INSTALLATION)["pjsip.conf"], re.MULTILINE)) == REACHED_FROM_OUTSIDE
    )


def test_every_context_is_reached_and_every_jump_has_a_target() -> None:
    contexts, jumps = _dialplan(), _jumps()
    assert jumps <= contexts.keys()
    assert contexts.keys() == REACHED_FROM_OUTSIDE | REACHED_BY_THE_ENGINE | jumps


def test_a_call_may_end_only_where_its_end_is_handled() -> None:
    waiting = re.compile(r"(AGI|Wait|Playback|Queue|Dial|Congestion|Answer)\(")
    includes = _includes()
    for name, extensions in _dialplan().items():
        if name != "call-end" and any(waiting.match(step) for steps in extensions.values() for step in steps):
            assert "h" in extensions or "call-end" in includes.get(name, ()), name
            assert "T" in extensions, name


def test_outside_text_reaches_the_engine_only_filtered_encoded_or_counted() -> None:
    tamed = re.compile(r"\$\{(FILTER\(0-9[^,]*,|BASE64_ENCODE\(|LEN\()\$\{(CALLERID\(\w+\)|EXTEN(:\d)?)\}\)\}")
    steps = [step for context in _dialplan().values() for steps in context.values() for step in steps]
    assert any(tamed.search(step) for step in steps)
    assert [step for step in steps if re.search(r"\$\{(CALLERID|EXTEN)", tamed.sub("", step))] == []


def test_every_variable_that_the_dialplan_reads_is_set_by_it_or_by_asterisk() -> None:
    files = render(PLAN, INSTALLATION)
    text = "\n".join(files[name] for name in ("extensions.conf", "pjsip.conf", *DIALPLAN))
    read = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)[}:]", text))
    given = set(re.findall(r"([A-Z][A-Z0-9_]*) ?=(?!=)", text))
    assert read - given == ASTERISKS_OWN


def test_no_log_carries_what_callers_key() -> None:
    logger = [line for line in render(PLAN, INSTALLATION)["logger.conf"].split("\n") if line.endswith("error")]
    assert logger == ["messages.log = notice,warning,error"]


def test_the_engines_account_reads_and_writes_the_least() -> None:
    lines = render(PLAN, INSTALLATION)["manager.conf"].split("\n")
    assert {"read = call,system", "write = call", "bindaddr = 127.0.0.1", "webenabled = no"} <= set(lines)


def test_an_event_that_the_engine_reads_is_not_one_of_those_that_asterisk_never_makes() -> None:
    lines = render(PLAN, INSTALLATION)["manager.conf"].split("\n")
    (never,) = (line.removeprefix("disabledevents = ") for line in lines if line.startswith("disabledevents = "))
    assert not set(READ_EVENTS) & set(never.split(","))


def test_music_is_quiet_unclipped_and_joins_without_a_click() -> None:
    samples = memoryview(music()).cast("h")
    assert len(samples) == 32 * 8000
    assert max(abs(sample) for sample in samples) < 32767 // 2  # -6 dB
    assert abs(samples[0] - samples[-1]) < 100
    assert max(abs(a - b) for a, b in pairwise(samples)) < 3000


def _dialplan() -> Extensions:
    """context -> extension -> its steps, from the rendered files."""
    contexts: Extensions = {}
    steps: list[str] = []
    for line in _dialplan_lines():
        if header := re.fullmatch(r"\[([\w-]+)\]", line):
            contexts[header[1]] = {}
        elif first := re.fullmatch(r"exten => ([^,]+),1,(.*)", line):
            steps = contexts[list(contexts)[-1]].setdefault(first[1], [])
            steps.append(first[2])
        elif following := re.fullmatch(r"same => n(?:\(\w+\))?,(.*)", line):
            steps.append(following[1])
        else:
            assert line.startswith("include => "), line
    return contexts


def _dialplan_lines() -> list[str]:
    files = render(PLAN, INSTALLATION)
    lines = [line.strip() for name in DIALPLAN for line in files[name].split("\n")]
    return [line for line in lines if line and not line.startswith(";")]


def _includes() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    context = ""
    for line in _dialplan_lines():
        if line.startswith("["):
            context = line[1:-1]
        elif line.startswith("include => "):
            found.setdefault(context, set()).add(line.removeprefix("include => "))
    return found


def _jumps() -> set[str]:
    text = "\n".join(_dialplan_lines())
    named = re.findall(r"Goto\(([\w-]+),\w+,1\)", text) + re.findall(r"[?:]([\w-]+),\w+,1\)", text)
    return set(named) | {name for names in _includes().values() for name in names}
