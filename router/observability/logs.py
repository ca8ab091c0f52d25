"""Log lines with structlog: JSON in Lambda, readable on a terminal, and nothing of an item in either.

structlog is imported when the first line is written, for importing it costs as much as importing pydantic does.
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
_OUR_CODE = __file__.removesuffix("observability/logs.py")

_DEFAULT_LEVEL = "INFO"
_LEVELS = ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL")


def make_logger(stream: TextIO | None = None) -> structlog.typing.FilteringBoundLogger:
    """Make the logger of an invocation.

    A user's own ``structlog.configure`` is left alone and used. Otherwise lines go to standard output, where Lambda
    reads them, at the level that ``LOG_LEVEL`` names, as JSON; on a terminal, and outside Lambda, as text.

    Args:
        stream: Where lines go instead.
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
def _pipeline(level: int, for_people: bool) -> tuple[Any, list[Any]]:
    """What lines go through: made once, since making it takes longer than writing a line."""
    import structlog

    renderer = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(default=str)
    timestamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.make_filtering_bound_logger(level), [structlog.processors.add_log_level, timestamper, renderer]


class InvocationLogs:
    """The loggers of one invocation, made when somebody asks for one."""

    __slots__ = ("_context", "_logger")

    def __init__(self, context: Any) -> None:
        self._context = context
        self._logger: structlog.typing.FilteringBoundLogger | None = None

    def bound(self, record: Record | None, route: Route | None) -> structlog.typing.FilteringBoundLogger:
        """The logger, speaking of a record and a route where there is one."""
        if self._logger is None:
            request_id = None
            with suppress(Exception):  # a stand-in for Lambda's context may lack it, or raise anything
                request_id = self._context.aws_request_id
            logger = make_logger()
            self._logger = logger.bind(request_id=request_id) if isinstance(request_id, str) else logger
        fields = {} if record is None else record_fields(record)
        if route is not None:
            fields["route"] = route.name
        return self._logger.bind(**fields) if fields else self._logger


def log_trouble(log: structlog.typing.FilteringBoundLogger, outcome: Outcome) -> None:
    """Tell of an outcome that somebody should know of."""
    fields = {} if outcome.error is None else safe_error(outcome.error)
    if outcome.status == "failed":
        log.error("record failed", stage=outcome.stage, **fields)
    elif outcome.status == "parked":
        log.warning("record parked", stage=outcome.stage, **fields)
    else:
        log.warning("record dropped", stage=outcome.stage, **fields)


def log_unrouted(log: structlog.typing.FilteringBoundLogger, count: int, entities: set[str]) -> None:
    """Count what no route takes, in one line: an entity nobody handles is easily an entity somebody forgot.

    Args:
        log: The logger.
        count: How many records it were.
        entities: Of which entities they are, as far as they say.
    """
    log.info("records unrouted", count=count, entities=sorted(entities)[:_MOST_NAMES])


def log_out_of_time(log: structlog.typing.FilteringBoundLogger, outcomes: list[Outcome]) -> None:
    """Tell if records were left for want of time, and not because one before them failed."""
    counts = Counter(outcome.status for outcome in outcomes)
    if not counts["failed"]:
        log.warning("out of time", deferred=counts["deferred"])


def log_level() -> int:
    """The level that ``LOG_LEVEL`` names, INFO where it names none."""
    named = os.environ.get("LOG_LEVEL", _DEFAULT_LEVEL).upper()
    return int(getattr(logging, named if named in _LEVELS else _DEFAULT_LEVEL))


def record_fields(record: Record) -> dict[str, Any]:
    """What each line about a record carries."""
    return {
        "entity": record.entity,
        "event_name": record.event_name,
        "event_id": record.event_id,
        "sequence_number": record.sequence_number,
    }


def safe_error(error: Exception) -> dict[str, Any]:
    """An error as fields that hold nothing of an item.

    The text of our own errors names attributes and types only. Any other text may quote what the handler was working
    on, so the type and the lines of code are told instead; ``LOG_ERROR_TEXT=1`` adds it. A pydantic error is told as
    the place and the kind of each fault.
    """
    fields: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, RouterError) or os.environ.get("LOG_ERROR_TEXT") == "1":
        with suppress(Exception):  # a text that cannot be had is no reason to fail where failures are told
            fields["reason"] = str(error)
    if isinstance(error, ValidationError):
        fields["faults"] = _faults(error)
    elif not isinstance(error, RouterError):
        fields["at"] = _frames(error)
    return fields


def without_inputs(error: Exception) -> Exception:
    """The same error, but a pydantic one without what it quotes of the item, for callers that print it."""
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
    # Our own lines stand in every error; and of a recursion the last ones are enough.
    theirs = [frame for frame in frames if not frame.filename.startswith(_OUR_CODE)] or frames
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in theirs[-_MOST_FRAMES:]]
