"""The operator's log through structlog: one line an event, JSON or plain text, control bytes escaped."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

from ivr_engine.ports.log import Log

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def open_log(*, level: str, json_lines: bool) -> Log:
    """A logger that writes to stderr from `level` up."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if json_lines else _plain
    logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.processors.format_exc_info,
            _one_line,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
    )
    log = cast("Log", logger)
    _take_over(logging.getLogger("ivr_engine"), log, level)
    return log


def _take_over(adapters: logging.Logger, log: Log, level: str) -> None:
    """What the adapters log through the standard library comes out as lines of ours."""
    for old in adapters.handlers[:]:
        adapters.removeHandler(old)
    adapters.addHandler(_Forward(log))
    adapters.setLevel(LEVELS[level])
    adapters.propagate = False


class _Forward(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """The standard library's call."""
        say = self._log.info if record.levelno < logging.WARNING else self._log.warning
        if record.levelno >= logging.ERROR:
            say = self._log.error
        fields = {"exc_info": record.exc_info} if record.exc_info else {}
        say("adapter", part=record.name.rpartition(".")[2], message=record.getMessage(), **fields)


def _one_line(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No value can begin a new line or steer a terminal, whatever a caller put into their name."""
    for name, value in fields.items():
        if isinstance(value, str) and name != "exception":
            fields[name] = "".join(each if each.isprintable() else repr(each)[1:-1] for each in value)
    return fields


def _plain(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> str:
    moment, level, event = fields.pop("timestamp"), fields.pop("level"), fields.pop("event")
    trace = fields.pop("exception", None)
    rest = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{moment[:23]} {level:<7} {event} {rest}".rstrip() + (f"\n{trace}" if trace else "")
