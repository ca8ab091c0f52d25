"""Log lines with structlog: JSON in Lambda, text on a terminal, without item values in either.

The first line imports structlog, because the import takes as long as that of pydantic.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections import Counter
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from router.errors import RouterError
from router.parsing.codegen import PARSER_FILENAME

if TYPE_CHECKING:
    import structlog

    from router.outcomes import Outcome
    from router.record import Record
    from router.routes import Route

__all__ = [
    "InvocationLogs",
    "log_out_of_time",
    "log_trouble",
    "log_unrouted",
    "make_logger",
    "record_fields",
    "safe_error",
    "without_inputs",
]

_MOST_NAMES = 10
_MOST_FRAMES = 20
_OUR_CODE = (__file__.removesuffix("observability/logs.py"), PARSER_FILENAME)

_DEFAULT_LEVEL = "INFO"
_LEVELS = ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL")


def make_logger(stream: TextIO | None = None) -> structlog.typing.FilteringBoundLogger:
    """Make the logger of an invocation.

    If the user has called ``structlog.configure``, it is that logger. Otherwise lines go to standard output, where
    Lambda reads them, from the level in ``LOG_LEVEL`` on: as JSON, or as text on a terminal outside Lambda.

    Args:
        stream: Replaces standard output, and the user's configuration.
    """
    import structlog

    if structlog.is_configured() and stream is None:
        configured: structlog.typing.FilteringBoundLogger = structlog.get_logger("router")
        return configured
    target = stream or sys.stdout
    wrapper_class, processors = _pipeline(log_level(), "AWS_LAMBDA_FUNCTION_NAME" not in os.environ and target.isatty())
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(target), processors=processors, wrapper_class=wrapper_class
    )
    return logger


@cache
def _pipeline(level: int, as_text: bool) -> tuple[Any, list[Any]]:
    """The logger class and the processors; cached, because making them takes longer than writing a line."""
    import structlog

    renderer = structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer(default=str)
    timestamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.make_filtering_bound_logger(level), [structlog.processors.add_log_level, timestamper, renderer]


class InvocationLogs:
    """The loggers of one invocation, made on first use."""

    __slots__ = ("_context", "_logger")

    def __init__(self, context: Any) -> None:
        self._context = context
        self._logger: structlog.typing.FilteringBoundLogger | None = None

    def bound(self, record: Record | None, route: Route | None) -> structlog.typing.FilteringBoundLogger:
        """The logger with the fields of a record and a route, if given."""
        if self._logger is None:
            request_id = None
            with suppress(Exception):  # a test double of the context may lack it, or raise
                request_id = self._context.aws_request_id
            logger = make_logger()
            self._logger = logger.bind(request_id=request_id) if isinstance(request_id, str) else logger
        fields = {} if record is None else record_fields(record)
        if route is not None:
            fields["route"] = route.name
        return self._logger.bind(**fields) if fields else self._logger


def log_trouble(log: structlog.typing.FilteringBoundLogger, outcome: Outcome) -> None:
    """Log an outcome that is failed, parked or dropped."""
    fields = {} if outcome.error is None else safe_error(outcome.error)
    if outcome.status == "failed":
        log.error("record failed", stage=outcome.stage, **fields)
    elif outcome.status == "parked":
        log.warning("record parked", stage=outcome.stage, **fields)
    else:
        log.warning("record dropped", stage=outcome.stage, **fields)


def log_unrouted(
    log: structlog.typing.FilteringBoundLogger, count: int, entities: set[str], found: str | None = None
) -> None:
    """Log the number of unrouted records in one line, with their entities: a route may be missing.

    Args:
        log: The logger.
        count: The number of records.
        entities: The entities that the discriminator read.
        found: What stands where the discriminator looked, if every record is unrouted. The line is a warning then: the
            Dispatcher may have the wrong discriminator.
    """
    fields: dict[str, Any] = {"count": count, "entities": sorted(entities)[:_MOST_NAMES]}
    if found is None:
        log.info("records unrouted", **fields)
    else:
        log.warning("records unrouted", **fields, found=found)


def log_out_of_time(log: structlog.typing.FilteringBoundLogger, outcomes: list[Outcome]) -> None:
    """Log that the time ran out, if records are deferred and none failed."""
    counts = Counter(outcome.status for outcome in outcomes)
    if not counts["failed"]:
        log.warning("out of time", deferred=counts["deferred"])


def log_level() -> int:
    """The level that ``LOG_LEVEL`` names, else INFO."""
    named = os.environ.get("LOG_LEVEL", _DEFAULT_LEVEL).upper()
    return int(getattr(logging, named if named in _LEVELS else _DEFAULT_LEVEL))


def record_fields(record: Record) -> dict[str, Any]:
    """The fields of each line about a record."""
    return {
        "entity": record.entity,
        "event_name": record.event_name,
        "event_id": record.event_id,
        "sequence_number": record.sequence_number,
    }


def safe_error(error: Exception) -> dict[str, Any]:
    """Describe an error in fields that contain no item values.

    The text of the framework's own errors names attributes and types only. The text of any other error may quote the
    item, so the fields are its type and the lines of code that raised it; ``LOG_ERROR_TEXT=1`` adds the text. A
    pydantic error is described by the place and the kind of each fault.
    """
    fields: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, RouterError) or os.environ.get("LOG_ERROR_TEXT") == "1":
        with suppress(Exception):  # str() of a user's error may raise, and logging must not
            fields["reason"] = str(error)
    if isinstance(error, ValidationError):
        fields["faults"] = _faults(error)
    elif not isinstance(error, RouterError):
        fields["at"] = _frames(error)
    return fields


def without_inputs(error: Exception) -> Exception:
    """Return a pydantic error without the input values that it quotes, and any other error unchanged."""
    if not isinstance(error, ValidationError):
        return error
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    details: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(fault["type"], "refused"),  # pyright: ignore[reportArgumentType]  # pydantic's own
            "loc": fault["loc"],
            "input": None,
        }
        for fault in faults
    ]
    return ValidationError.from_exception_data(error.title, details, hide_input=True)


def _faults(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [f"{'.'.join(map(str, fault['loc'])) or '(model)'}: {fault['type']}" for fault in found]


def _frames(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    # The framework's own frames are the same in every error, and the last frames of a recursion are enough.
    users = [frame for frame in frames if not frame.filename.startswith(_OUR_CODE)] or frames
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in users[-_MOST_FRAMES:]]
