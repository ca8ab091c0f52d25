"""Log lines with structlog: JSON in Lambda, text on a terminal, without item values in either.

A line needs few parts of structlog. In Lambda they are imported in the initialisation, whose CPU is not throttled.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from router.lambda_process import in_lambda
from router.naming import KEY, shortened
from router.observability.log_lines import Lines, add_level_and_time, as_json
from router.observability.package_parts import late_module, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import structlog

    from router.outcomes import Outcome
    from router.record import Record
    from router.routes import Route

__all__ = [
    "LONGEST_FIELD",
    "InvocationLogs",
    "log_out_of_time",
    "log_unrouted",
    "make_logger",
    "record_fields",
    "write_line",
]

if in_lambda():
    # A handler that takes a logger imports its type from here, and would import all of structlog.
    with parts_of("structlog"):
        import structlog.typing

_MOST_NAMES = 10
LONGEST_FIELD = 256
_LONGEST_TEXT = 1_000

_DEFAULT_LEVEL = "INFO"
_LEVELS = ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL")


def make_logger(stream: TextIO | None = None, **fields: Any) -> structlog.typing.FilteringBoundLogger:
    """Make the logger of an invocation.

    If the user has called ``structlog.configure``, it is that logger. Otherwise lines go to standard output, where
    Lambda reads them, from the level in ``LOG_LEVEL`` on: as JSON, or as text on a terminal outside Lambda.

    Args:
        stream: Replaces standard output, and the user's configuration.
        fields: The fields of each of its lines.
    """
    # structlog.configure() loads the module that is looked for.
    if stream is None and "structlog._config" in sys.modules and (configured := _configured()) is not None:
        return configured.bind(**fields) if fields else configured
    # Tests and tools replace standard output and the environment, so each invocation looks at them.
    target = stream or sys.stdout
    wrapper_class, processors = _pipeline(os.environ.get("LOG_LEVEL"), _shows_text(target))
    logger: structlog.typing.FilteringBoundLogger = wrapper_class(Lines(target), processors, fields)
    return logger


def _configured() -> structlog.typing.FilteringBoundLogger | None:
    """The user's logger, if the user has called ``structlog.configure``."""
    import structlog

    return structlog.get_logger("router") if structlog.is_configured() else None


def _shows_text(stream: TextIO) -> bool:
    """Whether lines are for people to read: the stream is a terminal, and not that of a function in Lambda."""
    try:
        return stream.isatty() and "AWS_LAMBDA_FUNCTION_NAME" not in os.environ
    except Exception:  # noqa: BLE001 - a closed stream, or a stand-in of the user's
        return False


@cache
def _pipeline(level: str | None, as_text: bool) -> tuple[Any, list[Any]]:
    """The logger class and the processors; cached, because making them takes longer than writing a line."""
    with parts_of("structlog"), late_module("asyncio"):
        from structlog._native import make_filtering_bound_logger  # noqa: PLC2701 - the public name needs all of structlog
    render: Any = as_json
    if as_text:
        from structlog.dev import ConsoleRenderer

        render = ConsoleRenderer()
    return make_filtering_bound_logger(log_level(level)), [add_level_and_time, render]


class InvocationLogs:
    """The loggers of one invocation.

    Args:
        context: Lambda's context, or what a caller gave in its place.
    """

    __slots__ = ("_logger",)

    def __init__(self, context: Any) -> None:
        self._logger = make_logger(**_fields_of(context))

    def bound(self, record: Record | None = None, route: Route | None = None) -> structlog.typing.FilteringBoundLogger:
        """The logger with the fields of a record and a route, if given."""
        if record is not None:
            return self._logger.bind(**record_fields(record, route))
        return self._logger if route is None else self._logger.bind(route=shortened(route.name, LONGEST_FIELD))


def _fields_of(context: Any) -> dict[str, Any]:
    """The fields of each line of an invocation."""
    try:
        request_id = context.aws_request_id
    except Exception:  # noqa: BLE001 - a test double of the context may lack it, or raise
        return {}
    return {"request_id": shortened(request_id, LONGEST_FIELD)} if isinstance(request_id, str) else {}


def write_line(log: structlog.typing.FilteringBoundLogger, level: str, event: str, **fields: Any) -> None:
    """Write a line. A logger that raises, as a processor of the user's may, fails no record.

    Args:
        log: The logger.
        level: The name of its method: ``"info"``, ``"warning"`` or ``"error"``.
        event: What the line says.
        fields: Its fields.
    """
    try:
        getattr(log, level)(event, **fields)
    except Exception as error:  # noqa: BLE001 - a processor of the user's may raise anything
        with suppress(Exception):  # standard error may be closed
            sys.stderr.write(f"cannot write a log line: the logger raised {type(error).__name__}\n")


def log_unrouted(
    log: structlog.typing.FilteringBoundLogger,
    count: int,
    entities: set[str],
    records: Iterable[Record],
    found: str | None = None,
) -> None:
    """Log the number of unrouted records in one line, with their entities: a route may be missing.

    Args:
        log: The logger.
        count: The number of records.
        entities: The entities that the discriminator read.
        records: The records whose keys may contain an entity, which the line then does not show.
        found: What stands where the discriminator looked, if every record is unrouted. The line is a warning then: the
            Dispatcher may have the wrong discriminator.
    """
    names = sorted(entities)[:_MOST_NAMES]
    if names:
        keys = "\n".join(text for record in records for text in record.key_texts)
        names = list(dict.fromkeys(KEY if name in keys else shortened(name) for name in names))
    fields: dict[str, Any] = {"count": count, "entities": names}
    if found is None:
        write_line(log, "info", "records unrouted", **fields)
    else:
        write_line(log, "warning", "records unrouted", **fields, found=shortened(found, _LONGEST_TEXT))


def log_out_of_time(log: structlog.typing.FilteringBoundLogger, outcomes: list[Outcome]) -> None:
    """Log that the time ran out, if records are deferred and none failed."""
    counts = Counter(outcome.status for outcome in outcomes)
    if not counts["failed"]:
        write_line(log, "warning", "out of time", deferred=counts["deferred"])


def log_level(name: str | None) -> int:
    """The level with a name, in upper or lower case; INFO without one that is known."""
    named = (name or _DEFAULT_LEVEL).upper()
    return int(getattr(logging, named if named in _LEVELS else _DEFAULT_LEVEL))


def record_fields(record: Record, route: Route | None = None) -> dict[str, Any]:
    """The fields of each line about a record, and about its route if it reached one."""
    registered = route is not None and not route.fallback
    texts = {
        "entity": record.entity if registered else record.shown_entity,
        "event_name": record.event_name if record.event else None,  # else it is any text of a broken record
        "event_id": record.event_id,
        "sequence_number": record.sequence_number,
        **({} if route is None else {"route": route.name}),
    }
    return {name: None if text is None else shortened(text, LONGEST_FIELD) for name, text in texts.items()}
