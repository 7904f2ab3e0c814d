from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files import load_centre, parse
from ivr_engine.adapters.flow_files.yaml_tree import LARGEST_FILE
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.tree import Mapping, Position, Scalar
from tests.flows.corpus import GOOD


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path / "centre"))


def problems(folder: Path) -> list[str]:
    return [
        f"{issue.code} {Path(issue.at.file).name} {issue.at.line}:{issue.at.column}" for issue in load_centre(folder).issues
    ]


def value(text: str) -> Scalar:
    issues: list[Issue] = []
    tree = parse(f"key: {text}\n".encode(), "f.yaml", issues)
    assert isinstance(tree, Mapping)
    found = tree.get("key")
    assert isinstance(found, Scalar)
    assert not issues
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-5", -5),
        ("123456789", 123456789),
        ("1.50", 1.5),
        ("0.5", 0.5),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("+8613800138000", "+8613800138000"),
        ("13800138000", "13800138000"),
        ("6222020200112233", "6222020200112233"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-03-02", "2026-03-02"),
        ("16..19", "16..19"),
        ("00:30", "00:30"),
        ("0571-88888888", "0571-88888888"),
        ('"1"', "1"),
        ("'010'", "010"),
        ('"true"', "true"),
        ('"*"', "*"),
    ],
)
def test_an_unquoted_scalar_means_what_yaml_1_2_says_and_a_doubtful_one_is_text(written: str, meant: object) -> None:
    found = value(written)
    assert (found.value, type(found.value)) == (meant, type(meant))


def test_the_text_of_a_scalar_is_what_was_written() -> None:
    assert [value(text).text for text in ("1.50", "010a", '"a\\tb"')] == ["1.50", "010a", "a\tb"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_count_lines_and_characters_whatever_the_line_ends_and_byte_order_mark(ending: str, mark: str) -> None:
    tree = parse((mark + ending.join(["a: 欢迎", "你好: [x, y]", ""])).encode(), "f.yaml", [])
    assert isinstance(tree, Mapping)
    assert [entry.key_at for entry in tree] == [Position("f.yaml", 1, 1), Position("f.yaml", 2, 1)]
    assert [entry.value.at for entry in tree] == [Position("f.yaml", 1, 4), Position("f.yaml", 2, 5)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("flow: 主".encode("gbk"), "Y104 main.yaml 1:7"),
        ("# 欢迎\nname: ".encode() + b"\xff", "Y104 main.yaml 2:7"),
        ("flow: main".encode("utf-16"), "Y104 main.yaml 1:1"),
        (b"flow: ma\x00in", "Y105 main.yaml 1:9"),
        (b"flow: main\n# \x1b[31m", "Y105 main.yaml 2:3"),
        ("flow: a\u2028b".encode(), "Y105 main.yaml 1:8"),
        (b"a: " + b"x" * LARGEST_FILE, "Y103 main.yaml 1:1"),
        (b"[" * 5_000, "Y114 main.yaml 1:51"),
        (b"[" + b"1," * 60_000 + b"]", "Y114 main.yaml 1:100000"),
        (b"", "Y118 main.yaml 1:1"),
        (b"# nothing\n", "Y118 main.yaml 1:1"),
    ],
)
def test_bytes_that_are_no_sound_yaml_text_get_one_problem_with_its_place(
    content: bytes, problem: str, centre: Path
) -> None:
    (centre / "main.yaml").write_bytes(content)
    assert problems(centre) == [problem]


def test_an_alias_bomb_costs_nothing_and_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    issues: list[Issue] = []
    parse(bomb.encode(), "f.yaml", issues)
    assert {issue.code for issue in issues} == {"Y112"}


def test_a_missing_folder_and_a_folder_without_centre_file_are_said_as_such(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == ["Y101 nowhere 1:1"]
    (tmp_path / "empty").mkdir()
    assert problems(tmp_path / "empty") == ["Y101 centre.yaml 1:1"]


def test_files_are_named_as_the_folder_was_typed(centre: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(centre.parent)
    (centre / "main.yaml").write_text("flow: main\n")
    assert {issue.at.file for issue in load_centre(Path("centre")).issues} == {"centre/main.yaml"}
    monkeypatch.chdir(centre)
    assert {issue.at.file for issue in load_centre(Path()).issues} == {"main.yaml"}


def test_files_that_look_like_flows_but_are_not_read_are_mentioned(centre: Path) -> None:
    (centre / "other.yml").write_text("flow: other\n")
    (centre / "notes.yaml").write_text("flwo: main\n")
    (centre / ".hidden.yaml").write_text("flow: x\n")
    assert problems(centre) == ["Y120 notes.yaml 1:1", "Y119 other.yml 1:1"]


def test_an_answer_made_from_a_secret_is_refused_like_the_secret(centre: Path) -> None:
    flow = (centre / "main.yaml").read_text().replace("{choice: agent}", '{choice: "{{ last(card, 4) }}"}')
    (centre / "main.yaml").write_text(flow)
    with (centre / "centre.yaml").open("a") as file:
        file.write("answers: [choice]\n")
    assert problems(centre) == ["R408 centre.yaml 9:11"]


@pytest.mark.parametrize(("back", "codes"), [("*", []), ("1", ["R425", "R425"])])
def test_a_menu_may_say_itself_to_which_menu_the_key_for_back_leads(back: str, codes: list[str], centre: Path) -> None:
    file = centre / "centre.yaml"
    file.write_text(f'{file.read_text()}keys: {{back: "{back}"}}\n')
    assert [issue.code for issue in load_centre(centre).issues] == codes


def test_a_problem_is_one_printable_line_whatever_keys_and_files_are_called(centre: Path) -> None:
    with (centre / "centre.yaml").open("a") as file:
        file.write('"a\\nb\\e[31m": 1\n')
    (centre / os.fsdecode(b"\xff\x1b.yaml")).write_text("x: 1\n")
    lines = [str(issue) for issue in load_centre(centre).issues]
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_two_flows_of_one_name_are_refused_at_the_second(centre: Path) -> None:
    shutil.copyfile(centre / "main.yaml", centre / "other.yaml")
    assert problems(centre) == ["R416 other.yaml 1:1"]


def test_a_flow_that_leads_to_a_broken_node_is_not_blamed_for_it(centre: Path) -> None:
    flow = (centre / "main.yaml").read_text()
    (centre / "main.yaml").write_text(flow.replace("into: account}", "into: account, tiemout: 3s}"))
    assert problems(centre) == ["S212 main.yaml 18:93"]


def test_a_folder_or_a_dangling_link_in_the_place_of_a_file_is_a_problem_not_a_crash(centre: Path) -> None:
    (centre / "agents.yaml").unlink()
    (centre / "agents.yaml").mkdir()
    (centre / "other.yaml").symlink_to(centre / "nowhere.yaml")
    assert problems(centre) == ["Y102 agents.yaml 1:1", "Y102 other.yaml 1:1"]


def test_a_pipe_in_the_place_of_a_file_is_refused_without_waiting_for_a_writer(centre: Path) -> None:
    os.mkfifo(centre / "pipe.yaml")
    assert problems(centre) == ["Y102 pipe.yaml 1:1"]


def test_a_recording_that_leads_out_of_the_folder_through_a_link_is_refused(centre: Path) -> None:
    recording = centre / "prompts/recorded/choose.wav"
    recording.unlink()
    recording.symlink_to("/etc/passwd")
    assert problems(centre) == ["R411 en.yaml 2:9"]


def test_a_broken_file_does_not_make_every_name_of_it_unknown(centre: Path) -> None:
    (centre / "prompts/en.yaml").write_text("welcome: [x")
    assert [problem.split()[0] for problem in problems(centre)] == ["Y109"]


def version(folder: Path) -> str:
    definition = load_centre(folder).definition
    assert definition is not None
    return definition.version


@pytest.mark.parametrize(
    "name",
    ["centre.yaml", "agents.yaml", "main.yaml", "prompts/zh.yaml", "prompts/recorded/choose.wav"],
)
def test_the_version_changes_with_every_file_that_a_call_can_notice(name: str, centre: Path) -> None:
    before = version(centre)
    with (centre / name).open("ab") as file:
        file.write(b"\n# changed\n")
    assert version(centre) != before


def test_the_version_depends_on_content_alone(centre: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(GOOD, tmp_path / "elsewhere"))
    (other / "tests").mkdir()
    (other / "tests" / "one.yaml").write_text("test: one\n")
    assert version(centre) == version(other) == version(centre)


def test_what_a_good_centre_holds(centre: Path) -> None:
    definition = load_centre(centre).definition
    assert definition is not None
    assert (definition.name, definition.languages, definition.folder) == ("Test Bank", ("zh", "en"), str(centre.resolve()))
    assert {agent: (person.phone, dict(person.skills)) for agent, person in definition.agents.items()} == {
        "1001": ("1001", {"card": 5}),
        "1002": ("1002", {"card": 1}),
    }
    queue = definition.queues["cards"]  # type: ignore[index]  # a plain text stands for the name's own type here
    assert (queue.ring, queue.wrap_up, queue.max_wait, queue.max_length) == (15_000, 10_000, 600_000, 100)
    assert queue.announce_position == 30_000
    assert set(definition.flows) == {"main", "confirm"}
