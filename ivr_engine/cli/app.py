"""The `ivr-engine` command.

Exit codes, the same for every subcommand: 0 done; 1 the thing asked for did not hold (errors found, call failed, nothing
running); 2 wrong use of the command line; 3 this machine lacks something.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from ivr_engine.errors import EngineError, SetupError

# One module a subcommand; each has `register(app)`. Order is the order of `--help`.
SUBCOMMANDS = ("run", "check", "simulate", "call", "agent", "cdr", "pbx", "doctor")


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="ivr-engine",
        help="A contact-centre engine on Asterisk. Start with: ivr-engine check flows/sample-bank",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in SUBCOMMANDS:
        import_module(f"ivr_engine.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command; an EngineError becomes one line on stderr and an exit code, never a traceback."""
    try:
        build()()
    except SetupError as error:
        sys.exit(_say(error, 3))
    except EngineError as error:
        sys.exit(_say(error, 1))


def _say(error: EngineError, code: int) -> int:
    sys.stderr.write(f"ivr-engine: {error}\n")
    return code
