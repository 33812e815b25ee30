"""Logging: structlog, readable lines in development, one JSON object per line in production.

The correlation id of everything done for one command is its command id: `with for_command(id): …`. Identity numbers
never reach a log: a processor masks everything that looks like one, whatever field or text it hides in.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

# 18 digits (the last may be X), or the 15 of the first generation, not part of a longer number or word. Also with
# the spaces or hyphens that people type between groups. No run of whole groups of
# a UUID has 15 or 18 characters, so ids stay readable.
_IDENTITY_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:\d[ -]?){14}(?:(?:\d[ -]?){2}\d[ -]?[\dXx]|\d)(?![0-9A-Za-z])"
)
MASK = "［证件号已隐去］"
_DEPTH = 6


def mask_text(text: str) -> str:
    """Replace everything in a text that looks like an identity number."""
    return _IDENTITY_NUMBER.sub(MASK, text)


def mask_identity_numbers(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Mask identity numbers in all keys and values of a log entry: structlog processor."""
    return {mask_text(key): _masked(value, _DEPTH) for key, value in event.items()}


def _masked(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if depth and isinstance(value, Mapping):
        return {mask_text(str(key)): _masked(one, depth - 1) for key, one in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_masked(one, depth - 1) for one in value]
    text = mask_text(str(value))
    return value if isinstance(value, int) and text == str(value) else text


def configure_logs(environment: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Set logging up for a process, once, at its start.

    `environment` is `production` (JSON lines) or anything else (console). The standard library's loggers (Temporal,
    SQLAlchemy, uvicorn) go the same way, masked alike.
    """
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # A traceback can quote an argument: it becomes text first, then it is masked.
    last: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        mask_identity_numbers,
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if environment == "production"
        else structlog.dev.ConsoleRenderer(colors=out.isatty()),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module: `log = logger(__name__)`; entries are an event name and key-value facts."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found


@contextmanager
def for_command(command: UUID | str) -> Iterator[None]:
    """Mark every log entry inside with the command it serves."""
    with structlog.contextvars.bound_contextvars(command=str(command)):
        yield
