"""``router.local.event_source_mapping.responses``: AWS's table of responses, row by row."""

from typing import Any

import pytest

from router.local.event_source_mapping import FunctionError, MappingSettings, Returned
from router.local.event_source_mapping.responses import Failure, Partial, Success, judge
from router.local.event_source_mapping.stream_record import stream_record
from tests.local.driver import REPORT, record

BATCH = [stream_record(record(number), number, 0.0) for number in (998, 999, 1000)]
ON = MappingSettings(function_response_types=REPORT)
OFF = MappingSettings()
WINDOW = MappingSettings(function_response_types=REPORT, tumbling_window_in_seconds=60)


def identifiers(*values: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": value} for value in values]}


@pytest.mark.parametrize(
    "response",
    [
        [],
        {},
        None,
        "",
        {"batchItemFailures": []},
        {"batchItemFailures": None},
        {"batchItemFailure": [1]},
        "text",
        [1],
        5,
    ],
)
def test_success(response: Any) -> None:
    """A response without reported failures is a success."""
    assert isinstance(judge(Returned(response), BATCH, ON), Success)


@pytest.mark.parametrize(
    ("response", "first"),
    [
        (identifiers("999"), 1),
        (identifiers("1000"), 2),
        (identifiers("1000", "999"), 1),
        (identifiers("999", "999"), 1),
    ],
)
def test_partial(response: Any, first: int) -> None:
    """A reported record behind the first is delivered again; of several, the lowest sequence number as an integer."""
    verdict = judge(Returned(response), BATCH, ON)
    assert isinstance(verdict, Partial)
    assert verdict.first == first


@pytest.mark.parametrize(
    "response",
    [
        identifiers("998"),
        identifiers("1000", "998"),
        identifiers(""),
        identifiers(None),
        identifiers(999),
        identifiers("123"),
        identifiers("0999"),
        identifiers("999", "123"),
        identifiers("999", None),
        {"batchItemFailures": [{"foo": "999"}]},
        {"batchItemFailures": [{"foo": None}]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": ["999"]},
        {"batchItemFailures": {"itemIdentifier": "999"}},
        {"batchItemFailures": "999"},
    ],
)
def test_rejected(response: Any) -> None:
    """The first record, or an unknown identifier, fails the whole batch without a function error."""
    assert judge(Returned(response), BATCH, ON) == Failure(None)


@pytest.mark.parametrize("settings", [ON, OFF, WINDOW])
def test_function_error(settings: MappingSettings) -> None:
    """An exception, a time-out or a crash is the function error Unhandled."""
    assert judge(FunctionError(), BATCH, settings) == Failure("Unhandled")


@pytest.mark.parametrize("response", [identifiers("999"), identifiers(None), None, "text", {"state": 1}])
def test_not_reporting(response: Any) -> None:
    """Without the response type every response is a success."""
    assert isinstance(judge(Returned(response), BATCH, OFF), Success)


@pytest.mark.parametrize("response", [{}, None, {"batchItemFailures": []}, []])
def test_window_without_state(response: Any) -> None:
    """In a tumbling window a response without state fails the invocation."""
    assert judge(Returned(response), BATCH, WINDOW) == Failure(None)


def test_window_with_state() -> None:
    """The state is kept, also from a response that reports failures."""
    assert judge(Returned({"state": {"n": 1}}), BATCH, WINDOW) == Success({"n": 1})
    assert judge(Returned({"state": {"n": 1}, **identifiers("999")}), BATCH, WINDOW) == Partial(1, {"n": 1})


def test_records_without_a_sequence_number() -> None:
    """A record without sequence number cannot be reported: null is an unknown identifier."""
    raw = {"eventName": "INSERT"}
    batch = [*BATCH, stream_record(raw, 3, 0.0)]
    assert judge(Returned(identifiers(None)), batch, ON) == Failure(None)
