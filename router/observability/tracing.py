"""Where the time of an invocation goes, in its X-Ray trace: a subsegment for the invocation, and one for each call.

A subsegment says which entity, which route and how it ended, and of an error the type: what an error says, and what a
handler was given or returned, is an item's and is never told.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from router.errors import RegistrationError
from router.observability.switches import is_on

if TYPE_CHECKING:
    from router.outcomes import Outcome
    from router.routes import Route
    from router.types import Call

__all__ = ["Tracer", "Tracing"]

# X-Ray's SDK drops these from a name, and logs that it did, each time.
# https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
_NOT_IN_A_NAME = re.compile(r"[?;*()!$~^<>]")

_WORST_FIRST = ("failed", "deferred", "parked")


class Tracer(Protocol):
    """Sees invocations and the calls in them begin and end."""

    def invocation(self, run: Callable[[], list[Outcome]], source: str, records: int) -> list[Outcome]:
        """Run an invocation and return what it returns.

        Args:
            run: Runs it.
            source: Where its records come from: ``aws:dynamodb``.
            records: How many there are.
        """
        ...

    def route(self, call: Call, route: Route, entities: Sequence[str]) -> Call:
        """Put something around the calls of a route, once, when the dispatcher is made.

        Calls of different lanes run beside each other, in threads, each with a copy of the invocation's context.

        Args:
            call: Calls the handler with a change, or with all of a batch, and returns when it has finished.
            route: The route.
            entities: The entities that lead to it; none for the fallback.
        """
        ...


class Tracing:
    """Tells X-Ray through Powertools' Tracer.

    As Powertools does, it tells nothing outside of Lambda or where ``POWERTOOLS_TRACE_DISABLED=true`` switches it off;
    then neither Powertools nor the SDK is imported. The function's tracing has to be active:
    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html

    Args:
        tracer: A Tracer of your own; else one is made that patches no library.

    Raises:
        RegistrationError: The extra ``tracing`` is not installed.

    Example:
        >>> Tracing()
        Tracing()
    """

    def __init__(self, tracer: Any = None) -> None:
        self._recorder: Any = None
        if tracer is not None:
            self._recorder = None if tracer.disabled else tracer.provider
            return
        if is_on("POWERTOOLS_TRACE_DISABLED"):
            return
        if find_spec("aws_xray_sdk") is None:
            # Told outside of Lambda too, or only the deployed function would ever say so.
            msg = "Tracing() found no aws-xray-sdk, expected the extra: pip install 'entity-router[tracing]'"
            raise RegistrationError(msg)
        if _in_lambda():
            self._recorder = _make_recorder()

    def invocation(self, run: Callable[[], list[Outcome]], source: str, records: int) -> list[Outcome]:
        """Run an invocation in a subsegment."""
        if self._recorder is None:
            return run()
        with _Span(self._recorder, "dispatch", {"source": source, "records": records}) as span:
            token = _current.set(span)
            try:
                outcomes = run()
            finally:
                _current.reset(token)
            found = {outcome.status for outcome in outcomes}
            span.status = next((status for status in _WORST_FIRST if status in found), "done")
        return outcomes

    def route(self, call: Call, route: Route, entities: Sequence[str]) -> Call:
        """Put a subsegment around each call of a route."""
        recorder = self._recorder
        if recorder is None:
            return call
        name = _NOT_IN_A_NAME.sub("", route.name)
        one = {"entity": entities[0]} if len(entities) == 1 else {}
        several = len(entities) > 1 and not route.batch

        def traced(change: Any) -> Any:
            annotations = {"route": name, **({"entity": change.record.entity} if several else one)}
            with _Span(recorder, name, annotations, _current.get(None)):
                return call(change)

        return traced

    def __repr__(self) -> str:
        return "Tracing()"


class _Span:
    """A subsegment, from its beginning to its end. Nothing fails for it: a trace is less than what it tells of.

    Args:
        recorder: The SDK's recorder.
        name: The subsegment's name.
        annotations: What it can be searched by.
        above: What it is part of. The SDK knows that by the thread, and lanes have threads of their own.
    """

    __slots__ = ("_above", "_annotations", "_name", "_recorder", "segment", "status", "thread")

    def __init__(self, recorder: Any, name: str, annotations: dict[str, Any], above: _Span | None = None) -> None:
        self._recorder = recorder
        self._name = name
        self._annotations = annotations
        self._above = above
        self.segment: Any = None
        self.thread = threading.get_ident()
        self.status = "done"

    def __enter__(self) -> _Span:
        with suppress(Exception):  # whatever the SDK raises
            above = self._above
            if above is not None and above.segment is not None and above.thread != self.thread:
                self._recorder.set_trace_entity(above.segment)
            self.segment = self._recorder.begin_subsegment(self._name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        segment = self.segment
        if segment is None:
            return
        with suppress(Exception):  # as above
            # Not add_exception(), nor the SDK's own context manager, for they keep what the error says.
            if kind is not None:
                self.status = "failed"
                segment.put_annotation("error", kind.__name__)
            if self.status == "failed":
                segment.add_fault_flag()
            for key, value in {**self._annotations, "status": self.status}.items():
                segment.put_annotation(key, value)
        with suppress(Exception):  # as above
            self._recorder.end_subsegment()


_current: ContextVar[_Span] = ContextVar("current_span")


def _make_recorder() -> Any:
    from aws_lambda_powertools.tracing import Tracer as PowertoolsTracer

    # It would patch boto3 and others, whose subsegments keep what errors say; who wants that brings a Tracer.
    return PowertoolsTracer(auto_patch=False).provider


def _in_lambda() -> bool:
    """Whether there is somebody to take traces, as Powertools tells it."""
    return "LAMBDA_TASK_ROOT" in os.environ and not any(
        os.environ.get(name) for name in ("AWS_SAM_LOCAL", "AWS_CHALICE_CLI_MODE")
    )
