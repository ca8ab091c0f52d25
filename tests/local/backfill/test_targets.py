"""``router.local.backfill.targets``: an app in this process, and a deployed function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from router import Dispatcher, Insert, Routes
from router.local.backfill.targets import AppTarget, FunctionTarget
from router.local.deployed_function import DeployedFunction, FunctionError, FunctionNotInvokedError
from router.sources.backfilled_item import backfilled_item
from router.testing import Context
from tests.builders import Order, item
from tests.ministack import Ministack

Seen = Callable[[], list[str]]


def existing(key: str, **values: Any) -> dict[str, Any]:
    return backfilled_item("shop", {"pk": {"S": key}}, {"NewImage": item(key, **values)})


def app_target(handler: Any) -> AppTarget:
    routes = Routes()
    routes.on_insert(Order)(handler)
    return AppTarget(Dispatcher(routes), Context)


def test_an_app_runs_in_one_thread() -> None:
    """As in one container, whichever thread sends."""
    threads = set[int]()

    def place(change: Insert[Order]) -> None:
        threads.add(threading.get_ident())

    with closing(app_target(place)) as target:
        senders = [threading.Thread(target=target.send, args=([existing(key)],)) for key in "abc"]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert len(threads) == 1


def test_the_reason_of_a_failure_names_route_stage_and_error() -> None:
    """And no value of the item."""

    def place(change: Insert[Order]) -> None:
        raise TimeoutError(change.new.pk)

    wire = existing("secret")
    with closing(app_target(place)) as target:
        sent = target.send([wire])
    (reason,) = sent.failed.values()
    assert reason.endswith("place: handler: TimeoutError")
    assert [*sent.failed] == [wire["eventID"]]
    assert sent.outcomes == {"failed": 1}


def test_an_app_that_ends_the_process_fails_the_event() -> None:
    """As in Lambda, where only the function would end."""

    def place(change: Insert[Order]) -> None:
        raise SystemExit

    with closing(app_target(place)) as target, pytest.raises(FunctionError, match="found SystemExit"):
        target.send([existing("a")])


@pytest.fixture
def deployed(ministack: Ministack, function: str) -> Iterator[FunctionTarget]:
    """The function in Lambda's place, invoked through its API."""
    with closing(FunctionTarget(DeployedFunction(function, ministack.endpoint_url))) as target:
        yield target


def test_a_function_handles_items(deployed: FunctionTarget, seen: Seen) -> None:
    """By Lambda's API Invoke."""
    wires = [existing("a"), existing("b", total=7), existing("c")]
    sent = deployed.send(wires)
    assert (sent.outcomes, [*sent.failed]) == ({"done": 2, "failed": 1, "skipped": 3}, [wires[1]["eventID"]])
    assert seen() == ["a", "c"]


def test_a_function_that_ends_fails_the_event(deployed: FunctionTarget) -> None:
    """The item that ends it is found by whoever sends fewer."""
    with pytest.raises(FunctionError, match=r"found .* from the function shop\d+; its log says more"):
        deployed.send([existing("a", total=666)])


def test_items_are_cut_into_events_that_lambda_takes(deployed: FunctionTarget) -> None:
    """Of at most 6 MB."""
    wires = [existing(str(number), note="x" * 390_000) for number in range(40)]
    sizes = [len(wires) for wires in deployed.slices(wires)]
    assert sizes == [15, 15, 10]
    assert [*deployed.slices([])] == []


def test_a_function_that_does_not_exist_cannot_be_invoked(ministack: Ministack) -> None:
    """That is no failure of an item."""
    with (
        closing(DeployedFunction("nowhere", ministack.endpoint_url)) as function,
        pytest.raises(
            FunctionNotInvokedError, match="found ResourceNotFoundException on invoking the function nowhere"
        ),
    ):
        function.invoke({"Records": []})


@pytest.mark.parametrize(
    ("payload", "error", "found"),
    [
        (b'{"errorType": "ImportModuleError", "errorMessage": "secret"}', "Unhandled", "found ImportModuleError from"),
        (b'{"errorMessage": "2026 Task timed out after 3.00 seconds"}', "Unhandled", "found a time-out from"),
        (b'{"errorMessage": "secret"}', "Unhandled", "found an error without a type from"),
        (b"[]", None, "found a response of type list from"),
        (b"secret", None, "found a response of type NoneType from"),
        (b'{"batchItemFailures": []}', None, "found 'batchItemFailures' in the response of shop, expected"),
    ],
)
def test_the_error_of_a_function_is_named_without_its_text(
    ministack: Ministack, tmp_path: Path, payload: bytes, error: str | None, found: str
) -> None:
    """The text may hold values of items."""
    import io

    from botocore.response import StreamingBody

    function = DeployedFunction("shop", ministack.endpoint_url)
    answer: dict[str, Any] = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(payload), len(payload))}
    with closing(function), Stubber(function._client) as stubber:
        stubber.add_response("invoke", answer | ({"FunctionError": error} if error else {}))
        with pytest.raises(FunctionError, match=found) as raised:
            FunctionTarget(function).send([])
    assert "secret" not in str(raised.value)
