"""X-Ray traces: a subsegment for each invocation, and one for each call of a handler in it.

A subsegment states the entity, the route, the status, and the type of an error. It never contains the text of an error,
an argument or a result of a handler, because these hold item values.
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

# X-Ray's SDK removes these from a name, and logs a line each time.
# https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
_NOT_IN_A_NAME = re.compile(r"[?;*()!$~^<>]")

_WORST_FIRST = ("failed", "deferred", "parked")


class Tracer(Protocol):
    """Runs invocations and calls of handlers, and measures them."""

    def invocation(self, run: Callable[[], list[Outcome]], source: str, records: int) -> list[Outcome]:
        """Run an invocation, and return its outcomes.

        Args:
            run: Runs the invocation.
            source: The source of its records: ``aws:dynamodb``.
            records: The number of its records.
        """
        ...

    def route(self, call: Call, route: Route, entities: Sequence[str]) -> Call:
        """Wrap the calls of a route, once, when the dispatcher is made.

        Lanes call it at the same time in several threads, each with a copy of the invocation's context.

        Args:
            call: Calls the handler with a change, or with the changes of a batch, and returns after it has finished.
            route: The route.
            entities: The entities of the route; none for the fallback.
        """
        ...


class Tracing:
    """Sends subsegments to X-Ray, through the Tracer of Powertools.

    As with Powertools, it is off outside Lambda, and if ``POWERTOOLS_TRACE_DISABLED=true``; it then imports neither
    Powertools nor the SDK. Active tracing must be enabled for the function:
    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html

    Args:
        tracer: A Powertools Tracer; the default one patches no library.

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
            # An error outside Lambda too: otherwise only the deployed function would raise it.
            from router.extras import not_installed

            raise RegistrationError(not_installed(["aws_xray_sdk"], "Tracing()"))
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
    """A subsegment. Errors of the SDK are suppressed, so that tracing never fails an invocation.

    Args:
        recorder: The SDK's recorder.
        name: The name of the subsegment.
        annotations: The values to search traces by.
        parent: The enclosing subsegment. The SDK finds it by the thread, but each lane has a thread of its own.
    """

    __slots__ = ("_annotations", "_name", "_parent", "_recorder", "segment", "status", "thread")

    def __init__(self, recorder: Any, name: str, annotations: dict[str, Any], parent: _Span | None = None) -> None:
        self._recorder = recorder
        self._name = name
        self._annotations = annotations
        self._parent = parent
        self.segment: Any = None
        self.thread = threading.get_ident()
        self.status = "done"

    def __enter__(self) -> _Span:
        with suppress(Exception):  # any error of the SDK
            parent = self._parent
            if parent is not None and parent.segment is not None and parent.thread != self.thread:
                self._recorder.set_trace_entity(parent.segment)
            self.segment = self._recorder.begin_subsegment(self._name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        segment = self.segment
        if segment is None:
            return
        with suppress(Exception):  # as above
            # Neither add_exception() nor the SDK's context manager, because both record the text of the error.
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

    # auto_patch would add subsegments of boto3 and other libraries, which record the texts of errors.
    return PowertoolsTracer(auto_patch=False).provider


def _in_lambda() -> bool:
    """Whether an X-Ray daemon takes traces, by the rule of Powertools."""
    return "LAMBDA_TASK_ROOT" in os.environ and not any(
        os.environ.get(name) for name in ("AWS_SAM_LOCAL", "AWS_CHALICE_CLI_MODE")
    )
