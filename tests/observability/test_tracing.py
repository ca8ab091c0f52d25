"""What X-Ray is told of an invocation, as its daemon receives it, and what it is never told."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
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
    """Takes what the SDK sends, over UDP as X-Ray's daemon does."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def received(self) -> list[Json]:
        """The documents so far; on the loopback what was sent is there."""
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
    """X-Ray's daemon, in an environment like Lambda's, with the SDK as it is in a fresh process there."""
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


def told(document: Json) -> Json:
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
    """Lanes run in threads, of which the SDK knows nothing."""
    two_entities(concurrency=concurrency)(batch(*(insert(number, f"key-{number}") for number in range(1, 9))))
    *calls, invocation = daemon.received()
    assert (len(calls), {call["parent_id"] for call in calls}) == (8, {invocation["id"]})
    assert (invocation["parent_id"], invocation["trace_id"]) == (FUNCTION, TRACE)


def test_a_call_says_entity_route_and_how_it_ended(daemon: Daemon) -> None:
    """As annotations, which traces can be searched by."""
    two_entities()(batch(insert(1, entity="Customer")))
    call, _ = daemon.received()
    route = "tests.observability.test_tracing.two_entities.greet"
    assert (call["name"], told(call)) == (route, {"route": route, "entity": "Customer", "status": "done"})


def test_an_invocation_says_source_records_and_how_it_ended(daemon: Daemon) -> None:
    """Where the records came from, and how many they were."""
    two_entities()(inserts(1, 2))
    assert told(daemon.received()[-1]) == {"source": "dynamodb-streams", "records": 2, "status": "done"}


def test_a_failure_is_a_fault_of_the_call_and_of_the_invocation(daemon: Daemon) -> None:
    """So that X-Ray shows both in red; of the error there is the type."""
    assert two_entities()(batch(insert(1, total=13))) == failures(1)
    call, invocation = daemon.received()
    assert (told(call)["status"], told(call)["error"], told(invocation)["status"]) == (
        "failed",
        "TimeoutError",
        "failed",
    )
    assert (call["fault"], invocation["fault"]) == (True, True)


def test_an_invocation_that_ran_out_of_time_says_so(daemon: Daemon) -> None:
    """Nothing failed, and not everything was done."""
    two_entities()(inserts(1), Context(remaining=0))
    (invocation,) = daemon.received()
    assert (told(invocation)["status"], "fault" in invocation) == ("deferred", False)


def test_an_invocation_that_parked_says_so(daemon: Daemon) -> None:
    """Lambda sees success, and somebody has to look at the place."""

    def refuse(change: Change[Order]) -> None:
        msg = "never"
        raise Reject(msg)

    dispatcher(refuse, tracing=Tracing(), parking=MemoryParking())(inserts(1))
    assert told(daemon.received()[-1])["status"] == "parked"


def test_no_value_of_an_item_is_told(daemon: Daemon) -> None:
    """Neither of an item, nor what an error says, nor an entity that only the item knows."""
    records = [insert(1, status="s3cret", entity="s3cret", key="s3cret"), insert(2, status="s3cret", total=13)]
    two_entities()(batch(*records))
    documents = daemon.received()
    assert len(documents) == 3
    assert "s3cret" not in json.dumps(documents)


def test_the_fallback_has_no_entity(daemon: Daemon) -> None:
    """Its records' entities are whatever stood in the items."""
    two_entities()(batch(insert(1, entity="Stranger")))
    assert "entity" not in told(daemon.received()[0])


def test_a_route_of_several_entities_says_which(daemon: Daemon) -> None:
    """Each call that of its record."""
    routes = Routes()

    @routes.on(None, entity=("Order", "Customer"))
    def any_of_them(change: Change[None]) -> None: ...

    Dispatcher(routes, tracing=Tracing())(batch(insert(1), insert(2, entity="Customer")))
    assert [told(call)["entity"] for call in daemon.received()[:2]] == ["Order", "Customer"]


def test_a_batch_handler_is_one_call(daemon: Daemon) -> None:
    """However many changes it is called with."""
    routes = Routes()

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None: ...

    Dispatcher(routes, tracing=Tracing())(inserts(1, 2, 3))
    call, _ = daemon.received()
    assert told(call)["entity"] == "Order"


def test_a_subsegment_of_the_handlers_own_is_part_of_its_call(daemon: Daemon) -> None:
    """Whoever traces more than we do finds it where it happened."""
    from aws_xray_sdk.core import xray_recorder

    def place(change: Change[Order]) -> None:
        with xray_recorder.in_subsegment("charge"):
            pass

    dispatcher(place, tracing=Tracing())(inserts(1))
    charge, call, _ = daemon.received()
    assert (charge["name"], charge["parent_id"]) == ("charge", call["id"])


def test_a_call_lasts_until_an_async_handler_has_finished(daemon: Daemon) -> None:
    """Not until it has returned something that can be awaited."""

    async def slow(change: Change[Order]) -> None:
        await asyncio.sleep(0.05)

    dispatcher(slow, tracing=Tracing())(inserts(1))
    call, _ = daemon.received()
    assert call["end_time"] - call["start_time"] >= 0.05


def test_what_ends_an_invocation_ends_its_subsegment(daemon: Daemon) -> None:
    """A SystemExit in a handler goes on to whoever called, and the trace is whole."""
    with pytest.raises(SystemExit):
        dispatcher(Handled({1: SystemExit()}), tracing=Tracing())(inserts(1))
    assert [told(document)["error"] for document in daemon.received()] == ["SystemExit", "SystemExit"]


def test_an_invocation_that_is_not_sampled_tells_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """X-Ray takes one in twenty, and Lambda says which."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER.replace("Sampled=1", "Sampled=0"))
    assert two_entities()(inserts(1)) == SUCCESS
    assert daemon.received() == []


# ----------------------------------------------------------------------------------------------------------- the switch


@pytest.mark.parametrize("environment", [{"POWERTOOLS_TRACE_DISABLED": "true"}, {"AWS_SAM_LOCAL": "true"}])
def test_it_can_be_switched_off(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """And is off where nobody would take what it tells."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert two_entities()(inserts(1)) == SUCCESS
    assert daemon.received() == []


@pytest.mark.parametrize("environment", [{}, {"LAMBDA_TASK_ROOT": "/var/task", "POWERTOOLS_TRACE_DISABLED": "1"}])
def test_what_is_off_imports_nothing(environment: dict[str, str]) -> None:
    """Outside of Lambda, or switched off there."""
    code = "import router, sys; router.Tracing(); print({'aws_xray_sdk', 'aws_lambda_powertools'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "set()\n"


def without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.observability.tracing.find_spec", lambda name: None)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """On any machine, or only the deployed function would ever say so."""
    monkeypatch.delenv("POWERTOOLS_TRACE_DISABLED", raising=False)
    without_the_sdk(monkeypatch)
    with pytest.raises(RegistrationError, match=r"pip install 'entity-router\[tracing\]'"):
        Tracing()


def test_what_is_switched_off_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says that it is off means it."""
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    without_the_sdk(monkeypatch)
    assert repr(Tracing()) == "Tracing()"


def test_a_tracer_of_ones_own_is_used(daemon: Daemon) -> None:
    """With what it was told: which libraries to patch, and whether it is on."""
    from aws_lambda_powertools import Tracer

    dispatcher(Handled(), tracing=Tracing(Tracer(auto_patch=False)))(inserts(1))
    assert len(daemon.received()) == 2


def test_a_tracer_that_is_disabled_tells_nothing(daemon: Daemon) -> None:
    """Tracing takes the tracer's word for it."""

    class Disabled:
        disabled = True

    dispatcher(Handled(), tracing=Tracing(Disabled()))(inserts(1))
    assert daemon.received() == []


# -------------------------------------------------------------------------------------------------- what can go wrong


class Refusing:
    """A recorder that fails at one of the things it is asked for."""

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
def test_tracing_that_fails_fails_nothing(refused: str, subsegments: int) -> None:
    """The batch is done, and what was begun is ended."""
    recorder = Refusing(refused)
    assert dispatcher(Handled(), tracing=Tracing(recorder))(inserts(1)) == SUCCESS
    assert (recorder.begun, recorder.ended) == (subsegments, subsegments)


# ---------------------------------------------------------------------------------------------------------- the seam


class Seen:
    """A tracer that notes what it sees."""

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


def test_a_tracer_of_another_kind_sees_the_same() -> None:
    """Around the invocation and around each call, middleware included."""
    seen = Seen()

    def noting(call: Call) -> Call:
        def around(change: Any) -> Any:
            seen.seen.append("middleware")
            return call(change)

        return around

    assert dispatcher(Handled(), tracing=seen, middleware=[noting])(inserts(1)) == SUCCESS
    assert seen.seen == ["begin dynamodb-streams 1", "begin Order", "middleware", "end Order", "end 1"]
