"""Loading a centre for a subcommand: all its problems on stderr, or the definition."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.cli.wording import wordings
from ivr_engine.config import Settings
from ivr_engine.errors import DefinitionError, SetupError

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition
    from ivr_engine.flows.issues import Issue
    from ivr_engine.testing.rehearsal.script import ConversationTest

FOLDER = typer.Argument(help="The contact centre's folder, such as flows/sample-bank.", show_default=False)


def start_host_service(stack: AsyncExitStack, settings: Settings) -> None:
    """The sample bank's host service, up as long as the stack.

    Raises:
        SetupError: its port cannot be had.
    """
    from ivr_engine.adapters.asterisk.pbx_ports import holder_or
    from ivr_engine.testing.host_service import HostService

    port = settings.host_service_port
    try:
        stack.enter_context(HostService(port=port))
    except OSError as error:
        raise SetupError(
            f"port 127.0.0.1:{port}/tcp of the host service cannot be had ({holder_or(error, port)}); "
            "end that process, or choose another: IVR_ENGINE_HOST_SERVICE_PORT=PORT, and the same in centre.yaml"
        ) from error


def load(folder: Path) -> CentreDefinition:
    """The centre in `folder`. Warnings go to stderr.

    Raises:
        DefinitionError: it has errors; every problem is in the text.
    """
    from ivr_engine.adapters.flow_files import load_centre

    loaded, words = load_centre(folder), wordings()
    if loaded.definition is None:
        raise DefinitionError((f"{folder}: the centre cannot be used:", *(issue.line(words) for issue in loaded.issues)))
    for issue in loaded.issues:
        typer.echo(issue.line(words), err=True)
    return loaded.definition


def read_conversations(folder: Path, definition: CentreDefinition) -> tuple[tuple[ConversationTest, ...], tuple[Issue, ...]]:
    """The conversation tests beside a centre's files, and every problem of theirs; that there are none is one too."""
    from ivr_engine.adapters.flow_files import in_order, read_tests_folder
    from ivr_engine.testing.rehearsal.reader import name_twice, read_tests

    issues: list[Issue] = []
    trees = read_tests_folder(folder, issues)
    tests = tuple(test for tree in trees for test in read_tests(tree, definition, issues))
    return tests, in_order([*issues, *name_twice(tests)])
