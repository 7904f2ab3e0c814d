"""Makes the systematic part of the corpus of broken files: every field that holds a shape, with every value that is none.

    python -m tests.flows.make_bad          # writes tests/flows/bad/*/made_*.yaml

What is expected is said here by hand: a *site* is a place in a good file and names the shape wanted there; a *shape* lists
values that are none with the code each must get. The place of the problem is where the value stands. Nothing is asked of the
checker, so its mistakes cannot become expectations. A test makes them all again and compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.flows.corpus import BAD, GOOD, MADE, PLACES

HERE = "§"
Bad = tuple[tuple[str, str], ...]
"""Values, and the code that each gets."""

LONG = "a" * 65
COLLECTIONS = ("[a, b]", "{a: 1}")


def _with(code: str, *values: str) -> Bad:
    return tuple((value, code) for value in values)


NO_MAPPING = _with("S201", "text", "5", "true", "[a, b]")
NO_LIST = _with("S202", "text", "5", "true", "{a: 1}")
NO_TEXT = _with("S203", "~", *COLLECTIONS)
NO_FILLED_TEXT = (*NO_TEXT, *_with("S203", '""', '"   "'))
NO_NAME = (*NO_TEXT, *_with("S209", "a b", '"1x"', "x.y", "déjà", "a/b", LONG))
NO_VARIABLE = (*NO_TEXT, *_with("S209", "a-b", '"1a"', "a b", "a.b", LONG))
NO_BOOLEAN = _with("S205", "yes", "no", "on", "off", "1", '"true"', "~", *COLLECTIONS)
NO_SPAN = _with("S206", "5", "5 s", "1.5s", "-5s", "5d", "5S", "soon", "~", *COLLECTIONS)
NO_LONG_SPAN = (*NO_SPAN, ("999h", "S207"))
NO_WHOLE = (*_with("S204", "two", "1.5", '"3"', "true", "~", *COLLECTIONS), *_with("S207", "-1", "999999999"))
NO_RANGE = (
    *_with("S208", "x", "1-2", "1..2..3", '"..5"', "-1", "~", *COLLECTIONS),
    *_with("S207", "5..3", "0..3", "1..99999"),
)
NO_SETTING = _with("S301", *COLLECTIONS)
NO_CHOICE = (*NO_TEXT, *_with("S210", "none_such", '""'))
NO_PHONE = (*NO_TEXT, *_with("S209", "a b", "a.b", "a" * 33))
NO_LANGUAGE = (*NO_TEXT, *_with("S209", "English", "e", "zh_CN"))
NO_NUMBER = (*NO_TEXT, *_with("S209", "95x", "1" * 25))
NO_ADDRESS = (
    *NO_TEXT,
    *_with("S213", "localhost", "ftp://a", '"http://a b"', "http://u:p@a", "http://a/?x", "http://a:99999"),
)
NO_RECORDING = (*NO_FILLED_TEXT, *_with("S214", "/etc/passwd", "../a.wav", "a/../../b.wav", r"a\b.wav"))
NO_DAY = (*NO_TEXT, *_with("S219", "tomorrow", "2027-02-30", "2027-6-1", "01.06.2027", '""'))
NO_AMOUNT = (*_with("S301", *COLLECTIONS), *_with("S305", "abc", '"1,5"', '"1.2.3"', '""'), ("~", "S203"))
NO_YAML: Bad = (  # nowhere sound, whatever is wanted
    ("010", "Y111"),
    ("0x1F", "Y111"),
    ("*a", "Y112"),
    ("&a x", "Y112"),
    ("!x y", "Y113"),
)

# Sites of names and files that are looked up elsewhere: what is written with a wrong mark is looked up all the same.
LOOKED_UP = {"number_flow", "collect_into", "request_into", "flow_name", "flow_start", "file"}


@dataclass(frozen=True)
class Site:
    """In the file of `place`, `old` becomes `new`, in which `§` stands for the value."""

    place: str
    name: str
    old: str
    new: str
    bad: Bad


def _sites(place: str, *rows: tuple[str, str, str, Bad]) -> tuple[Site, ...]:
    return tuple(Site(place, *row) for row in rows)


PLAY = "{play: [welcome], next: main_menu}"
PROMPT = "      prompt: choose\n"
COLLECT = "digits: 16..19"
REQUEST = "into: account}"
SITES = (
    *_sites(
        "main",
        ("play_line", "[welcome]", "[welcome, §]", (*NO_NAME[:1], *NO_NAME[3:])),
        ("play_next", PLAY, "{play: [welcome], next: §}", NO_NAME),
        ("play_barge_in", PLAY, "{play: {prompts: [welcome], barge_in: §}, next: main_menu}", NO_BOOLEAN),
        ("menu_timeout", PROMPT, PROMPT + "      timeout: §\n", NO_LONG_SPAN),
        ("menu_attempts", PROMPT, PROMPT + "      attempts: §\n", NO_WHOLE),
        ("menu_key", "1: ask_card", "1: §", (*NO_NAME[:2], *NO_NAME[3:])),
        ("menu_key_next", "choice: agent}, next: to_agent", "choice: agent}, next: §", NO_NAME),
        ("menu_key_set", "{choice: agent}", "§", NO_MAPPING),
        ("menu_key_value", "{choice: agent}", "{choice: §}", NO_SETTING),
        ("collect_digits", COLLECT, "digits: §", NO_RANGE),
        ("collect_into", "into: card,", "into: §,", NO_VARIABLE),
        ("collect_secret", "secret: true", "secret: §", NO_BOOLEAN),
        ("collect_end_key", COLLECT, COLLECT + ", end_key: §", NO_CHOICE),
        ("collect_check", COLLECT, COLLECT + ", check: §", NO_CHOICE),
        ("collect_key_timeout", COLLECT, COLLECT + ", key_timeout: §", NO_LONG_SPAN),
        ("collect_attempts", COLLECT, COLLECT + ", attempts: §", NO_WHOLE),
        ("request_service", "service: host", "service: §", NO_NAME),
        ("request_operation", "operation: balance", "operation: §", NO_NAME),
        ("request_send", '{card: "{{ card }}"}', "§", NO_MAPPING),
        ("request_sent", '{card: "{{ card }}"}', "{card: §}", NO_SETTING),
        ("request_into", REQUEST, "into: §}", NO_VARIABLE),
        ("request_timeout", REQUEST, REQUEST.replace("}", ", timeout: §}"), NO_LONG_SPAN),
        ("say_money", '{money: "{{ account.balance }}"}', "{money: §}", NO_AMOUNT),
        ("queue_name", "{name: cards, skills", "{name: §, skills", NO_SETTING),
        ("queue_skills", "{card: 3}", "§", NO_MAPPING),
        ("queue_skill_level", "{card: 3}", "{card: §}", (*NO_WHOLE, ("0", "S207"), ("11", "S207"))),
        ("queue_exits", "{timeout: end, full: end, closed: end}", "§", NO_MAPPING),
        ("queue_exit", "timeout: end,", "timeout: §,", NO_NAME),
        ("hangup", "{hangup: {}}", "{hangup: §}", NO_MAPPING),
        ("flow_name", "flow: main", "flow: §", NO_NAME),
        ("flow_start", "start: greeting", "start: §", NO_NAME),
    ),
    *_sites(
        "centre",
        ("name", "name: Test Bank", "name: §", NO_TEXT),
        ("language", "[zh, en]", "[zh, en, §]", NO_LANGUAGE),
        ("number_flow", '{"95500": main}', '{"95500": main, "2": §}', NO_NAME),
        ("number", '{"95500": main}', '{"95500": main, §: main}', (*_with("S209", "95x", "1" * 25, "a"),)),
        ("skill", "[card]", "[card, §]", NO_NAME),
        ("ring", "ring: 15s", "ring: §", (*NO_LONG_SPAN, ("500ms", "S207"))),
        ("wrap_up", "wrap_up: 10s", "wrap_up: §", NO_LONG_SPAN),
        ("max_wait", "max_wait: 10m", "max_wait: §", NO_LONG_SPAN),
        ("max_length", "max_length: 100", "max_length: §", NO_WHOLE),
        ("announce_position", "announce_position: 30s", "announce_position: §", (*NO_LONG_SPAN, ("1s", "S207"))),
        ("strategy", "ring: 15s", "ring: 15s, strategy: §", NO_CHOICE),
        ("music", "ring: 15s", "ring: 15s, music: §", NO_PHONE),
        ("service_url", '"http://127.0.0.1:18080"', "§", NO_ADDRESS),
        ("service_timeout", "timeout: 3s", "timeout: §", (*NO_LONG_SPAN, ("10ms", "S207"))),
    ),
    *_sites(
        "agents",
        ("name", "name: Li Wei", "name: §", NO_TEXT),
        ("phone", 'phone: "1001"', "phone: §", NO_PHONE),
        ("skills", "{card: 5}", "§", NO_MAPPING),
        ("skill_level", "{card: 5}", "{card: §}", (*NO_WHOLE, ("0", "S207"), ("11", "S207"))),
        ("queues", "queues: [cards], languages", "queues: §, languages", NO_LIST),
        ("queue", "queues: [cards], languages", "queues: [cards, §], languages", NO_NAME),
        ("languages", "[zh, en]", "§", NO_LIST),
        ("language", "[zh, en]", "[zh, en, §]", NO_LANGUAGE),
    ),
    *_sites(
        "prompts",
        ("text", "Welcome to Test Bank.", "§", _with("S203", "~", '""', '"   "')),
        ("text_beside_file", '"For your balance press one."', "§", NO_FILLED_TEXT),
        ("file", "prompts/recorded/choose.wav", "§", NO_RECORDING),
        ("kind", "prompts/recorded/choose.wav", "prompts/recorded/choose.wav, kind: §", NO_CHOICE),
    ),
    *_sites(
        "norms",
        ("main_menu", "main_menu: main_menu", "main_menu: §", NO_NAME),
        ("most", "most: 3", "most: §", (*NO_WHOLE, ("0", "S207"))),
        ("severity", "severity: warning", "severity: §", NO_CHOICE),
        ("words", "[Test Bank]", "§", NO_LIST),
        ("word", "[Test Bank]", "[Test Bank, §]", NO_FILLED_TEXT),
        ("waived_rule", "rule: N-26", "rule: §", NO_CHOICE),
        ("reason", "reason: pilot", "reason: §", NO_FILLED_TEXT),
        ("until", "until: 2999-12-31", "until: §", NO_DAY),
    ),
)

NORMS = """\
main_menu: main_menu
rules: {N-10a1: {most: 3, severity: warning}, N-30: {words: [Test Bank]}}
waivers:
  - {rule: N-26, at: main/to_agent, reason: pilot, until: 2999-12-31}
"""


def made() -> Mapping[str, str]:
    """Every made file: its name below `bad`, and what it holds."""
    return {
        f"{site.place}/{MADE}{site.name}_{number:02}.yaml": content
        for site in SITES
        for number, content in enumerate(_contents(site), 1)
    }


def _contents(site: Site) -> Iterator[str]:
    good = NORMS if site.place == "norms" else (GOOD / PLACES[site.place]).read_text()
    before, found, after = good.partition(site.old)
    assert found, f"{site.name}: the good file has no `{site.old}`"
    start = before + site.new[: site.new.index(HERE)]
    line, column = start.count("\n") + 2, len(start) - start.rfind("\n")
    for value, code in site.bad if site.name in LOOKED_UP else (*site.bad, *NO_YAML):
        yield f"# expect: {code} {line}:{column}\n{before}{site.new.replace(HERE, value)}{after}"


def main() -> None:
    """Write them, and take away those that are no longer made."""
    files = made()
    for path in BAD.glob(f"*/{MADE}*.yaml"):
        path.unlink()
    for name, content in files.items():
        (BAD / name).write_text(content)
    print(f"{len(files)} files")  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
