"""The schemas, made from the readers, agree with the readers about every file at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from ivr_engine.adapters.flow_files import load_centre, parse
from ivr_engine.cli import schema as command
from ivr_engine.core.ids import Millis
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes import KINDS
from ivr_engine.flows.outline import ask
from ivr_engine.flows.schema_notes import NOTES, fields_of
from ivr_engine.flows.schemas import schemas
from ivr_engine.flows.shapes import as_mapping, as_name, as_sequence, read
from ivr_engine.flows.tree import Mapping, Scalar, Tree
from ivr_engine.testing.rehearsal.schema import schema_of_tests
from tests.flows.corpus import GOOD, MADE, Case, cases
from tests.flows.test_kind_examples import example

SAMPLE = Path(__file__).parents[2] / "flows/sample-bank"
SAMPLE_FILES = [path for path in SAMPLE.rglob("*.yaml") if path.parent.name != "tests"]  # those are no part of the centre
SCHEMAS = {name: make() for name, make in schemas().items()}
CASES = {
    group: list(found)
    for group, found in groupby(cases(), key=lambda case: case.name.rsplit("_", 1)[0] if MADE in case.name else case.name)
}


def schema_of(path: Path) -> str:
    if path.parent.name == "prompts":
        return "prompts"
    return path.stem if path.stem in SCHEMAS else "flow"


def plain(tree: Tree) -> Any:  # noqa: ANN401 - JSON
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Mapping):
        return {entry.key: plain(entry.value) for entry in tree}
    return [plain(item) for item in tree.items]


def is_valid(name: str, content: bytes) -> bool:
    tree = parse(content, "f.yaml", [])
    assert tree is not None
    return bool(jsonschema.Draft7Validator(SCHEMAS[name]).is_valid(plain(tree)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    assert json.loads(json.dumps(SCHEMAS[name])) is not None


@pytest.mark.parametrize(
    "path", [*SAMPLE_FILES, *GOOD.rglob("*.yaml")], ids=lambda path: path.relative_to(path.parents[2]).as_posix()
)
def test_a_good_file_is_valid(path: Path) -> None:
    tree = parse(path.read_bytes(), "f.yaml", [])
    assert tree is not None
    jsonschema.Draft7Validator(SCHEMAS[schema_of(path)]).validate(plain(tree))


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_every_kind_is_valid(kind: str) -> None:
    tree = parse(example(kind).encode(), "f.yaml", [])
    assert tree is not None
    jsonschema.Draft7Validator(SCHEMAS["flow"]).validate(plain(tree))


# What a schema of draft 7 cannot say: the bounds of a span, the order of a range, the calendar, the inside of an expression.
BEYOND_A_SCHEMA = {"S207", "S215", "S219", "S220"}
# What it can say though it is no matter of shape: which exits a kind has.
AS_WELL = {"G304"}
UNCOUNTED = "http://a:99999"  # a pattern sees digits, not that there are no more than 65535 ports
STRUCTURE = {f"S{number}" for number in range(201, 220)}


def codes(case: Case, folder: Path) -> set[str]:
    """The codes found in the case's own file."""
    case.found(folder)
    issues = load_centre(folder / "centre").issues
    return {issue.code for issue in issues if issue.at.file.endswith(case.replaces)}


@pytest.mark.parametrize("group", CASES)
def test_a_schema_refuses_what_the_reader_finds_misshapen_and_nothing_else(group: str, tmp_path: Path) -> None:
    for case in CASES[group]:
        agree(case, tmp_path / case.path.stem)


def agree(case: Case, folder: Path) -> None:
    found = codes(case, folder)
    if any(code.startswith("Y") for code in found) or UNCOUNTED in case.path.read_text():
        return  # a language server has an eye of its own on YAML
    valid = is_valid(case.path.parent.name if case.path.parent.name in SCHEMAS else "flow", case.path.read_bytes())
    if found & (STRUCTURE - BEYOND_A_SCHEMA):
        assert not valid, case.name
    elif not any(code.startswith("S") or code in AS_WELL for code in found):
        assert valid, case.name


def test_a_reader_is_asked_from_every_side() -> None:
    """A field with bounds, one that must be there, a mapping with names of the author's, and two shapes in one place."""

    def reader(fields: Fields) -> None:
        fields.integer("level", default=1, least=1, most=9)
        fields.span("wait", default=Millis(0), required=True)
        fields.mapping_of("names", as_name)
        tree = fields.get("either")
        if isinstance(tree, Mapping):
            Fields(tree, fields.issues, where="either").boolean("inner", required=True)
        elif tree is not None:
            read(tree, as_name, "", fields.issues)

    found = ask(reader)
    name = {"type": ("string", "boolean"), "pattern": "^(?:[A-Za-z_][A-Za-z0-9_-]{0,63})$"}
    inner = {
        "type": "object",
        "properties": {"inner": {"type": "boolean"}},
        "required": ["inner"],
        "additionalProperties": False,
    }
    assert found["properties"]["level"] == {"type": "integer", "minimum": 1, "maximum": 9}
    assert found["properties"]["names"] == {"type": "object", "additionalProperties": name}
    assert found["properties"]["either"] == {"anyOf": [inner, name]}
    assert (found["required"], found["additionalProperties"]) == (["wait"], False)


def test_no_field_of_any_file_is_left_without_a_shape() -> None:
    def shapeless(found: Any, path: str) -> list[str]:  # noqa: ANN401 - JSON
        if isinstance(found, list | tuple):
            return [each for number, item in enumerate(found) for each in shapeless(item, f"{path}/{number}")]
        if not isinstance(found, dict):
            return []
        here = [f"{path}/{key}" for key, value in found.get("properties", {}).items() if value == {}]
        return here + [each for key, value in found.items() for each in shapeless(value, f"{path}/{key}")]

    assert [each for name, found in SCHEMAS.items() for each in shapeless(found, name)] == []


def test_mappings_and_lists_are_asked_for_by_their_readers() -> None:
    assert (as_mapping.schema, as_sequence.schema) == ({"type": "object"}, {"type": "array"})


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.callback()(lambda: None)  # a second command, so that `schema` is written out as in the whole program
    command.register(app)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["schema", *arguments])
    return result.exit_code, result.output


def test_the_command_prints_one_schema_or_writes_them_all(tmp_path: Path) -> None:
    code, printed = run("agents")
    assert (code, json.loads(printed)["title"]) == (0, "The people of a contact centre")
    code, printed = run("--into", str(tmp_path / "new"))
    assert code == 0
    assert [Path(line).name for line in printed.splitlines()] == [f"{name}.schema.json" for name in (*SCHEMAS, "tests")]
    assert all(json.loads((tmp_path / f"new/{name}.schema.json").read_text())["$schema"] for name in (*SCHEMAS, "tests"))


def test_the_command_wants_to_know_which_file() -> None:
    assert run()[0] == run("flows")[0] == 2


def test_the_sample_settings_of_an_editor_name_every_schema() -> None:
    settings = json.loads((SAMPLE / ".vscode/settings.json").read_text())
    assert set(settings["yaml.schemas"]) == {f".vscode/{name}.schema.json" for name in (*SCHEMAS, "tests")}


TESTS = json.loads(json.dumps(schema_of_tests()))
CONVERSATIONS = [*SAMPLE.glob("tests/*.yaml"), *(Path(__file__).parents[1] / "small_bank/tests").glob("*.yaml")]


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_file_of_conversations_is_valid(path: Path) -> None:
    tree = parse(path.read_bytes(), "f.yaml", [])
    assert tree is not None
    jsonschema.Draft7Validator(TESTS).validate(plain(tree))


@pytest.mark.parametrize(
    ("lines", "valid"),
    [
        ({"records": {"a": "20s"}, "transfers": {"b": ["busy", "answers"]}, "scripts": {"c": {"P": "1"}}}, True),
        ({"steps": ["waits", {"press": "1"}, {"agent": "answers", "who": "1001"}, {"queue": "full"}]}, True),
        ({"records": {"a": "soon"}}, False),
        ({"transfers": {"b": "gone"}}, False),
        ({"scripts": {"c": 1}}, False),
        ({"steps": ["sleeps"]}, False),
        ({"steps": [{"agent": "naps"}]}, False),
        ({"steps": [{"press": "1", "who": "1001"}]}, False),
        ({"ends": {"disposition": "well"}}, False),
        ({"servces": {}}, False),
    ],
)
def test_a_schema_of_tests_knows_their_words(lines: dict[str, Any], valid: bool) -> None:
    test = {"test": "a", "number": "95500", "steps": [], **lines}
    assert jsonschema.Draft7Validator(TESTS).is_valid(test) is valid
    assert jsonschema.Draft7Validator(TESTS).is_valid([test]) is valid


def test_every_field_of_a_test_is_described() -> None:
    fields = TESTS["definitions"]["test"]["properties"]
    assert [name for name, field in fields.items() if not (field.get("description") and field.get("examples"))] == []


def every_field() -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Each field of each schema, with its way."""
    for name, found in SCHEMAS.items():
        for part, schema in (("", found), *found.get("definitions", {}).items()):
            for way, holder, key in fields_of(schema, (name, part)):
                if part != "node":  # only names the kinds
                    yield way, holder[key]


def test_every_field_has_a_description_and_a_valid_example() -> None:
    for way, field in every_field():
        assert field.get("description"), way
        assert field.get("examples"), way
        kind = way[1].removesuffix(" node")
        if way[2:] == (kind,):
            continue  # the example of a kind is YAML text, which a test of its own executes
        for given in field["examples"]:
            assert is_valid_example(field, given), (way, given)


def is_valid_example(field: dict[str, Any], given: object) -> bool:
    """`{...}` of nodes refers to definitions beside the field."""
    return "$ref" in json.dumps(field) or jsonschema.Draft7Validator(field).is_valid(json.loads(json.dumps(given)))


def test_every_row_of_the_notes_is_of_use() -> None:
    described = {field["description"] for _way, field in every_field()}
    assert [row for row, (description, _example) in NOTES.items() if description not in described] == []
