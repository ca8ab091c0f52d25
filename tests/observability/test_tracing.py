"""X-Ray's daemon receives subsegments of each invocation, and no item values."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from router import Change, Dispatcher, MemoryParking, RegistrationError, Reject, Routes, Tracing
from router.outcomes import Outcome
from router.routes import Route
from router.types import Call
from tests.builders import (
    SUCCESS,
    Context,
    Customer,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
)

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
FUNCTION = "53995c3f42cd8ad8"
HEADER = f"Root={TRACE};Parent={FUNCTION};Sampled=1"


class Daemon:
    """A stand-in for X-Ray's daemon, which receives documents over UDP."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def received(self) -> list[Json]:
        """The documents received so far; on the loopback interface a sent packet has arrived."""
        documents = []
        while True:
            try:
                documents.append(json.loads(self._socket.recv(65_536).split(b"\n", 1)[1]))
            except BlockingIOError:
                return documents

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon, and an environment like Lambda's with the SDK in its initial state."""
    from aws_lambda_powertools.tracing import Tracer
    from aws_xray_sdk.core import xray_recorder  # type: ignore[import-untyped]  # it has no types
    from aws_xray_sdk.core.context import Context as XrayContext  # type: ignore[import-untyped]  # as above
    from aws_xray_sdk.core.lambda_launcher import LambdaContext  # type: ignore[import-untyped]  # as above

    daemon = Daemon()
    for name in ("POWERTOOLS_TRACE_DISABLED", "AWS_SAM_LOCAL", "AWS_CHALICE_CLI_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    Tracer._reset_config()  # type: ignore[no-untyped-call]  # as above
    xray_recorder.context = LambdaContext()
    xray_recorder.emitter.set_daemon_address(daemon.address)
    yield daemon
    Tracer._reset_config()  # type: ignore[no-untyped-call]  # as above
    xray_recorder.context = XrayContext()
    daemon.close()


def annotations_of(document: Json) -> Json:
    annotations: Json = document["annotations"]
    return annotations


def two_entities(**options: Any) -> Dispatcher:
    routes = Routes()

    @routes.on(Order)
    def place(change: Change[Order]) -> None:
        if change.image.total == 13:
            raise TimeoutError("s3cret")

    @routes.on(Customer)
    async def greet(change: Change[Customer]) -> None:
        await asyncio.sleep(0)

    @routes.fallback
    def other(change: Change[dict[str, Any]]) -> None: ...

    return Dispatcher(routes, tracing=Tracing(), **options)


# ------------------------------------------------------------------------------------------------------- the documents


@pytest.mark.parametrize("concurrency", [1, 4])
def test_calls_are_part_of_their_invocation(daemon: Daemon, concurrency: int) -> None:
    """A call in a lane's thread is a part of its invocation, although the SDK goes by the thread."""
    two_entities(concurrency=concurrency)(batch(*(insert(number, f"key-{number}") for number in range(1, 9))))
    *calls, invocation = daemon.received()
    assert (len(calls), {call["parent_id"] for call in calls}) == (8, {invocation["id"]})
    assert (invocation["parent_id"], invocation["trace_id"]) == (FUNCTION, TRACE)


def test_a_call_states_entity_route_and_status(daemon: Daemon) -> None:
    """Entity, route and status are annotations, by which traces can be searched."""
    two_entities()(batch(insert(1, entity="Customer")))
    call, _ = daemon.received()
    route = "tests.observability.test_tracing.two_entities.greet"
    assert (call["name"], annotations_of(call)) == (route, {"route": route, "entity": "Customer", "status": "done"})


def test_an_invocation_states_source_records_and_status(daemon: Daemon) -> None:
    """The subsegment of the invocation states the source, the number of its records and the status."""
    two_entities()(inserts(1, 2))
    assert annotations_of(daemon.received()[-1]) == {"source": "dynamodb-streams", "records": 2, "status": "done"}


def test_a_failure_is_a_fault_of_the_call_and_of_the_invocation(daemon: Daemon) -> None:
    """A failed call is a fault, and so is its invocation; of the error only the type is stated."""
    assert two_entities()(batch(insert(1, total=13))) == failures(1)
    call, invocation = daemon.received()
    assert (annotations_of(call)["status"], annotations_of(call)["error"], annotations_of(invocation)["status"]) == (
        "failed",
        "TimeoutError",
        "failed",
    )
    assert (call["fault"], invocation["fault"]) == (True, True)


def test_an_invocation_that_deferred_records(daemon: Daemon) -> None:
    """An invocation that deferred records and failed none has the status deferred."""
    two_entities()(inserts(1), Context(remaining=0))
    (invocation,) = daemon.received()
    assert (annotations_of(invocation)["status"], "fault" in invocation) == ("deferred", False)


def test_an_invocation_that_parked_a_record(daemon: Daemon) -> None:
    """An invocation that parked a record has the status parked."""

    def reject(change: Change[Order]) -> None:
        msg = "never"
        raise Reject(msg)

    dispatcher(reject, tracing=Tracing(), parking=MemoryParking())(inserts(1))
    assert annotations_of(daemon.received()[-1])["status"] == "parked"


def test_no_value_of_an_item_is_sent(daemon: Daemon) -> None:
    """No subsegment contains an item value, the text of an error or an unregistered entity."""
    records = [insert(1, status="s3cret", entity="s3cret", key="s3cret"), insert(2, status="s3cret", total=13)]
    two_entities()(batch(*records))
    documents = daemon.received()
    assert len(documents) == 3
    assert "s3cret" not in json.dumps(documents)


def test_the_fallback_has_no_entity(daemon: Daemon) -> None:
    """A call of the fallback states no entity, because it is an unchecked value of the item."""
    two_entities()(batch(insert(1, entity="Stranger")))
    assert "entity" not in annotations_of(daemon.received()[0])


def test_a_route_of_several_entities(daemon: Daemon) -> None:
    """A call of a route with several entities states that of its record."""
    routes = Routes()

    @routes.on(None, entity=("Order", "Customer"))
    def any_of_them(change: Change[None]) -> None: ...

    Dispatcher(routes, tracing=Tracing())(batch(insert(1), insert(2, entity="Customer")))
    assert [annotations_of(call)["entity"] for call in daemon.received()[:2]] == ["Order", "Customer"]


def test_a_batch_handler_is_one_call(daemon: Daemon) -> None:
    """A call of a batch handler is one subsegment, with the entity of its route."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    Dispatcher(routes, tracing=Tracing())(inserts(1, 2, 3))
    call, _ = daemon.received()
    assert annotations_of(call)["entity"] == "Order"


def test_a_subsegment_of_the_handlers_own_is_part_of_its_call(daemon: Daemon) -> None:
    """A subsegment of the user is a part of that of the call."""
    from aws_xray_sdk.core import xray_recorder

    def place(change: Change[Order]) -> None:
        with xray_recorder.in_subsegment("charge"):
            pass

    dispatcher(place, tracing=Tracing())(inserts(1))
    charge, call, _ = daemon.received()
    assert (charge["name"], charge["parent_id"]) == ("charge", call["id"])


def test_a_call_lasts_until_an_async_handler_has_finished(daemon: Daemon) -> None:
    """The subsegment of an async handler ends when the coroutine does."""
    finished = []

    async def slow(change: Change[Order]) -> None:
        await asyncio.sleep(0)
        finished.append(time.time())  # the clock of the X-Ray SDK

    dispatcher(slow, tracing=Tracing())(inserts(1))
    call, _ = daemon.received()
    assert call["start_time"] <= finished[0] <= call["end_time"]


def test_system_exit_ends_the_subsegments(daemon: Daemon) -> None:
    """A SystemExit in a handler passes, and its subsegment is complete."""
    with pytest.raises(SystemExit):
        dispatcher(Handled({1: SystemExit()}), tracing=Tracing())(inserts(1))
    assert [annotations_of(document)["error"] for document in daemon.received()] == ["SystemExit", "SystemExit"]


def test_an_invocation_that_is_not_sampled_sends_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Lambda does not sample the request, nothing is sent."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER.replace("Sampled=1", "Sampled=0"))
    assert two_entities()(inserts(1)) == SUCCESS
    assert daemon.received() == []


# ----------------------------------------------------------------------------------------------------------- the switch


@pytest.mark.parametrize("environment", [{"POWERTOOLS_TRACE_DISABLED": "true"}, {"AWS_SAM_LOCAL": "true"}])
def test_it_can_be_switched_off(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Tracing is off if it is switched off, and in `sam local`."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert two_entities()(inserts(1)) == SUCCESS
    assert daemon.received() == []


@pytest.mark.parametrize("environment", [{}, {"LAMBDA_TASK_ROOT": "/var/task", "POWERTOOLS_TRACE_DISABLED": "1"}])
def test_tracing_that_is_off_imports_nothing(environment: dict[str, str]) -> None:
    """Outside Lambda, or if switched off, neither Powertools nor the SDK is imported."""
    code = "import router, sys; router.Tracing(); print({'aws_xray_sdk', 'aws_lambda_powertools'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "set()\n"


def without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.observability.tracing.find_spec", lambda name: None)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the SDK the constructor raises, outside Lambda too."""
    monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
    without_the_sdk(monkeypatch)
    with pytest.raises(RegistrationError, match=r"pip install 'entity-router\[tracing\]'"):
        Tracing()


def test_tracing_that_is_off_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the SDK a tracing that is switched off raises nothing."""
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    without_the_sdk(monkeypatch)
    assert repr(Tracing()) == "Tracing()"


def test_a_users_powertools_tracer(daemon: Daemon) -> None:
    """A Powertools Tracer of the user sends the subsegments."""
    from aws_lambda_powertools import Tracer

    dispatcher(Handled(), tracing=Tracing(Tracer(auto_patch=False)))(inserts(1))
    assert len(daemon.received()) == 2


def test_a_disabled_tracer_sends_nothing(daemon: Daemon) -> None:
    """A disabled Tracer sends nothing."""

    class Disabled:
        disabled = True

    dispatcher(Handled(), tracing=Tracing(Disabled()))(inserts(1))
    assert daemon.received() == []


# -------------------------------------------------------------------------------------------------- what can go wrong


class Refusing:
    """A recorder that raises in one of its methods."""

    def __init__(self, refused: str) -> None:
        self.disabled = False
        self.provider = self
        self.refused = refused
        self.begun = self.ended = 0

    def begin_subsegment(self, name: str) -> Any:
        self._refuse("begin")
        self.begun += 1
        return self

    def put_annotation(self, key: str, value: object) -> None:
        self._refuse("annotate")

    def end_subsegment(self) -> None:
        self.ended += 1
        self._refuse("end")

    def _refuse(self, what: str) -> None:
        if what == self.refused:
            raise OSError


@pytest.mark.parametrize(("refused", "subsegments"), [("begin", 0), ("annotate", 2), ("end", 2)])
def test_failing_tracing_fails_no_record(refused: str, subsegments: int) -> None:
    """If the SDK raises, the batch still succeeds, and each subsegment that was begun is ended."""
    recorder = Refusing(refused)
    assert dispatcher(Handled(), tracing=Tracing(recorder))(inserts(1)) == SUCCESS
    assert (recorder.begun, recorder.ended) == (subsegments, subsegments)


# ---------------------------------------------------------------------------------------------------------- the seam


class Seen:
    """A tracer that lists what it runs."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def invocation(self, run: Callable[[], list[Outcome]], source: str, records: int) -> list[Outcome]:
        self.seen.append(f"begin {source} {records}")
        outcomes = run()
        self.seen.append(f"end {len(outcomes)}")
        return outcomes

    def route(self, call: Call, route: Route, entities: Sequence[str]) -> Call:
        def around(change: Any) -> Any:
            self.seen.append(f"begin {entities[0]}")
            result = call(change)
            self.seen.append(f"end {entities[0]}")
            return result

        return around


def test_a_users_tracer() -> None:
    """A Tracer of the user runs the invocation and each call, middleware included."""
    seen = Seen()

    def noting(call: Call) -> Call:
        def around(change: Any) -> Any:
            seen.seen.append("middleware")
            return call(change)

        return around

    assert dispatcher(Handled(), tracing=seen, middleware=[noting])(inserts(1)) == SUCCESS
    assert seen.seen == ["begin dynamodb-streams 1", "begin Order", "middleware", "end Order", "end 1"]
