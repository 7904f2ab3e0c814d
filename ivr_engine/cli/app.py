"""The `ivr-engine` command.

Exit codes, the same for every subcommand: 0 done; 1 the thing asked for did not hold (errors found, call failed, nothing
running); 2 wrong use of the command line; 3 this machine lacks something.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from importlib import import_module

import typer

from ivr_engine.errors import EngineError, SetupError

COLLECT_AFTER = (20_000, 20, 100)
"""When to look for cyclic garbage (gc.set_threshold). Calls, served or rehearsed, leave little: Python's own 700 cost a
twelfth of the time of each."""

# One module a subcommand; each has `register(app)`. Order is the order of `--help`.
SUBCOMMANDS = (
    "demo",
    "run",
    "drain",
    "check",
    "test",
    "simulate",
    "explore",
    "rehearse",
    "whatif",
    "diagram",
    "schema",
    "flow",
    "call",
    "agent",
    "supervise",
    "broadcast",
    "reroute",
    "callback",
    "cdr",
    "why",
    "estimates",
    "pbx",
    "backup",
    "restore",
    "ready",
    "doctor",
)


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
    gc.set_threshold(*COLLECT_AFTER)
    try:
        build()()
    except EngineError as error:
        sys.exit(_say([error]))
    except BaseExceptionGroup as group:  # what a TaskGroup makes of an error
        ours, others = group.split(EngineError)
        if ours is None or others is not None:
            raise
        sys.exit(_say(list(_leaves(ours))))


def _leaves(group: BaseExceptionGroup[EngineError]) -> Iterator[EngineError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _say(errors: list[EngineError]) -> int:
    for error in errors:
        sys.stderr.write(f"ivr-engine: {error}\n")
    return 3 if any(isinstance(error, SetupError) for error in errors) else 1
