"""Decorators of Lambda handlers, of Powertools, X-Ray and the standard library, work on a Dispatcher."""

import functools
import inspect
import json
from collections import UserDict
from collections.abc import Callable, Iterator
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.middleware_factory import lambda_handler_decorator
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent, event_source
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.parser.models import DynamoDBStreamModel
from aws_xray_sdk.core import xray_recorder  # type: ignore[import-untyped]  # it has no types
from aws_xray_sdk.core.context import Context as XrayContext  # type: ignore[import-untyped]  # as above

from router import Change, Dispatcher, UnknownEventError
from router.local.app_import import dispatcher_in
from router.testing import Context
from tests.builders import SUCCESS, Handled, Order, dispatcher, inserts


@pytest.fixture
def segment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A segment of X-Ray, which is sent nowhere."""
    monkeypatch.setattr(xray_recorder, "context", XrayContext())
    monkeypatch.setattr(xray_recorder.emitter, "send_entity", lambda entity: None)
    monkeypatch.setattr(xray_recorder, "sampling", False)
    yield xray_recorder.begin_segment("test")
    xray_recorder.end_segment()


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(event: Any, context: Any) -> Any:
        return function(event, context)

    return wrapper


def tracer() -> Any:
    return Tracer(service="test", disabled=False, auto_patch=False)


def metrics() -> Any:
    return Metrics(namespace="test", service="test")


DECORATORS: dict[str, Callable[[], Any]] = {
    "functools.wraps": lambda: plain,
    "functools.partial": lambda: functools.partial,
    "inject_lambda_context": lambda: Logger(service="test").inject_lambda_context,
    "inject_lambda_context()": lambda: Logger(service="test").inject_lambda_context(clear_state=True),
    "log_metrics": lambda: metrics().log_metrics(raise_on_empty_metrics=False),
    "log_metrics, cold start": lambda: metrics().log_metrics(capture_cold_start_metric=True),
    "capture_lambda_handler": lambda: tracer().capture_lambda_handler,
    "capture_lambda_handler()": lambda: tracer().capture_lambda_handler(capture_response=False),
    "capture_method": lambda: tracer().capture_method,
    "xray_recorder.capture": lambda: xray_recorder.capture("dispatch"),
    "xray_recorder.capture without a name": lambda: xray_recorder.capture(None),
}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize("name", DECORATORS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_decorator_works(name: str, times: int, segment: Any) -> None:
    """A decorated Dispatcher handles the event and answers as it does by itself, also under two decorators."""
    handled = Handled()
    app: Any = dispatcher(handled)
    for _ in range(times):
        app = DECORATORS[name]()(app)
    assert (app(inserts(1, 2), Context()), list(handled)) == (SUCCESS, ["1", "2"])


@pytest.mark.parametrize("name", ["functools.wraps", "capture_lambda_handler", "xray_recorder.capture"])
def test_commands_find_a_decorated_dispatcher(name: str) -> None:
    """The commands and the pytest plugin find the Dispatcher behind its decorators."""
    app = dispatcher(Handled())
    module = ModuleType("handlers")
    module.__dict__["app"] = DECORATORS[name]()(app)
    assert dispatcher_in(module, "app") is app


def test_it_has_what_wraps_copies() -> None:
    """A Dispatcher has a name, a docstring and a signature, and wraps nothing."""
    app = dispatcher(Handled())
    wrapper = plain(app)
    assert (wrapper.__name__, wrapper.__qualname__, wrapper.__module__) == ("Dispatcher", "Dispatcher", "router.app")
    assert (wrapper.__doc__, inspect.unwrap(wrapper)) == (Dispatcher.__doc__, app)
    assert (
        list(inspect.signature(wrapper).parameters) == list(inspect.signature(app).parameters) == ["event", "context"]
    )


def test_capture_lambda_handler_names_its_segment(segment: Any) -> None:
    """X-Ray shows the Dispatcher by its name."""
    names = []

    def handler(change: Change[Order]) -> None:
        names.append(getattr(xray_recorder.current_subsegment(), "name", ""))

    tracer().capture_lambda_handler(dispatcher(handler))(inserts(1), Context())
    assert names == ["## Dispatcher"]


# ---------------------------------------------------------- decorators that take functions only, by the line of the docs


class MemoryLayer(BasePersistenceLayer):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools does not type it
        self.records: dict[str, Any] = {}

    def _get_record(self, idempotency_key: str) -> Any:
        return self.records[idempotency_key]

    def _put_record(self, data_record: Any) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: Any) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: Any) -> None:
        del self.records[data_record.idempotency_key]


@lambda_handler_decorator
def own_decorator(handler: Callable[..., Any], event: Any, context: Any) -> Any:
    return handler(event, context)


FUNCTIONS_ONLY = {
    "event_source": event_source(data_class=DynamoDBStreamEvent),
    "event_parser": event_parser(model=dict[str, Any]),
    "lambda_handler_decorator": own_decorator,
    "idempotent": idempotent(persistence_store=MemoryLayer(), config=IdempotencyConfig()),
}


@pytest.mark.parametrize("name", FUNCTIONS_ONLY)
def test_a_function_takes_the_decorators_that_refuse_an_object(name: str) -> None:
    """``def handler(event, context): return app(event, context)`` works under each of them."""
    handled = Handled()
    app = dispatcher(handled)

    def handler(event: Any, context: Any) -> Any:
        return app(event, context)

    decorated: Any = FUNCTIONS_ONLY[name](handler)
    assert (decorated(inserts(1, 2), Context()), list(handled)) == (SUCCESS, ["1", "2"])


@pytest.mark.parametrize("stand_in", [DynamoDBStreamEvent, UserDict, MappingProxyType])
def test_an_event_inside_an_object_is_read(stand_in: Callable[[Any], Any]) -> None:
    """A data class of Powertools, and any mapping, stands for the event in it."""
    handled = Handled()
    assert (dispatcher(handled)(stand_in(inserts(1))), list(handled)) == (SUCCESS, ["1"])


def test_a_parsed_event_is_refused() -> None:
    """A model of the whole event has lost the images as delivered: the error names what made it."""
    event = DynamoDBStreamModel.model_construct(Records=[])
    with pytest.raises(
        UnknownEventError, match="a model of type DynamoDBStreamModel, which a decorator such as event_p"
    ):
        dispatcher(Handled())(event)


def test_the_answer_can_be_written_as_json() -> None:
    """What decorators return to Lambda is plain JSON."""
    assert json.loads(json.dumps(plain(dispatcher(Handled()))(inserts(1), None))) == SUCCESS
