"""Loading a centre for a subcommand: all its problems on stderr, or the definition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.cli.wording import wordings
from ivr_engine.errors import DefinitionError

if TYPE_CHECKING:
    from ivr_engine.flows.definition import CentreDefinition

FOLDER = typer.Argument(help="The contact centre's folder, such as flows/sample-bank.", show_default=False)


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
