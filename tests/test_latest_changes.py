"""Changes that Kinesis delivers out of order or twice are skipped, if the Dispatcher is asked to."""

import base64
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from router import Change, Dispatcher, RegistrationError, Routes
from router.latest_changes import LatestChanges
from tests.builders import Handled, Json, Order, batch, dispatcher, insert, item
from tests.sources.deliveries import in_pipe, kinesis_record, on_kinesis

START = 1_700_000_000_000


def delivered(*numbers: tuple[int, int], key: str = "a", precision: int = 1) -> list[Json]:
    """Records of one item, each with its time in the stream and its number in the shard of Kinesis."""
    return [_delivered(time, number, key, precision) for time, number in numbers]


def _delivered(time: int, number: int, key: str, precision: int) -> Json:
    change = insert(number, key)
    del change["dynamodb"]["SequenceNumber"]
    change |= {"eventID": f"e{key}{time}", "tableName": "shop"}
    change["dynamodb"]["ApproximateCreationDateTime"] = START * precision + time
    return kinesis_record(json.dumps(change), number)


def statuses_of(app: Dispatcher, records: Iterable[Json]) -> list[str]:
    return [outcome.status for outcome in app.dispatch(batch(*records))]


def guarded(handler: Handled | None = None, **options: Any) -> Dispatcher:
    return dispatcher(Handled() if handler is None else handler, skip_stale=True, **options)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((1, 2, 3), ["done", "done", "done"]),
        ((2, 1, 3), ["done", "skipped", "done"]),
        ((1, 1), ["done", "skipped"]),  # a duplicate
        ((3, 1, 2, 3, 4), ["done", "skipped", "skipped", "skipped", "done"]),
    ],
)
@pytest.mark.parametrize("precision", [1, 1000])
def test_disorder_in_a_batch(times: Sequence[int], expected: list[str], precision: int, concurrency: int) -> None:
    """A change behind a later one of its item, or behind itself, is skipped."""
    records = delivered(*((time, number) for number, time in enumerate(times, 1)), precision=precision)
    assert statuses_of(guarded(concurrency=concurrency), records) == expected


def test_disorder_between_batches() -> None:
    """What was handled in an earlier invocation counts too."""
    app = guarded()
    assert statuses_of(app, delivered((2, 1))) == ["done"]
    assert statuses_of(app, delivered((1, 2), (2, 3), (3, 4))) == ["skipped", "skipped", "done"]


def test_changes_of_the_same_time() -> None:
    """Different changes of one millisecond all run, as it is unknown which is the later."""
    one, other = delivered((1, 1)) + delivered((1, 2))
    other = _renamed(other, "another")
    app = guarded()
    assert statuses_of(app, [one, other]) == ["done", "done"]
    assert statuses_of(app, [one, other]) == ["skipped", "skipped"]


def _renamed(record: Json, event_id: str) -> Json:
    change = json.loads(base64.b64decode(record["kinesis"]["data"])) | {"eventID": event_id}
    return kinesis_record(json.dumps(change), int(record["kinesis"]["sequenceNumber"]))


def test_other_items_and_tables() -> None:
    """The order of two items means nothing."""
    assert statuses_of(guarded(), delivered((2, 1)) + delivered((1, 2), key="b")) == ["done", "done"]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_failed_change_runs_again(concurrency: int) -> None:
    """A change that failed is not older than itself."""
    handled = Handled({1: TimeoutError()})
    app = guarded(handled, concurrency=concurrency)
    records = delivered((1, 1), (2, 2))
    assert statuses_of(app, records) == ["failed", "deferred"]
    handled.fail.clear()
    assert statuses_of(app, records) == ["done", "done"]


def test_a_duplicate_of_a_change_that_waits_does_not_replace_it() -> None:
    """A change that did not start runs when it comes again, with its duplicate behind it."""
    handled = Handled({1: TimeoutError()})
    app = guarded(handled)
    records = delivered((1, 1), key="b") + delivered((1, 2), (1, 3))
    assert statuses_of(app, records) == ["failed", "deferred", "skipped"]
    handled.fail.clear()
    assert statuses_of(app, records) == ["done", "done", "skipped"]


def test_a_change_that_failed_at_one_route_runs_again() -> None:
    """It is handled when all its routes have run."""
    routes, calls = Routes(), []

    @routes.on(Order)
    def first(change: Change[Order]) -> None:
        calls.append("first")

    @routes.on(Order)
    def second(change: Change[Order]) -> None:
        calls.append("second")
        if calls.count("second") == 1:
            raise TimeoutError

    app = Dispatcher(routes, skip_stale=True)
    app(batch(*delivered((1, 1))))
    app(batch(*delivered((1, 1))))
    assert calls == ["first", "second", "second"]


def test_a_change_of_a_batch_that_failed_runs_again() -> None:
    """So is one that waited for the call of its on_batch handler."""
    routes, calls = Routes(), []

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        calls.append(len(changes))
        if len(calls) == 1:
            raise TimeoutError

    app = Dispatcher(routes, skip_stale=True)
    records = delivered((2, 1), (1, 2))
    app(batch(*records))
    app(batch(*records))
    app(batch(*records))
    assert calls == [1, 1]


def test_pipes() -> None:
    """A pipe from the same stream has the same disorder."""
    app = guarded()
    event = [in_pipe(record) for record in delivered((2, 1), (1, 2))]
    assert [outcome.status for outcome in app.dispatch(event)] == ["done", "skipped"]


def test_sources_in_order() -> None:
    """A change with a sequence number of its table's stream is in order, and its redelivery is wanted."""
    app = guarded()
    late = insert(2) | {"dynamodb": insert(2)["dynamodb"] | {"ApproximateCreationDateTime": 1}}
    assert statuses_of(app, [insert(1), late]) == ["done", "done"]
    assert statuses_of(app, [insert(1), late]) == ["done", "done"]


def test_off_by_default() -> None:
    """Without the option every change runs."""
    assert statuses_of(dispatcher(Handled()), delivered((2, 1), (1, 2))) == ["done", "done"]


def test_records_without_a_time_run() -> None:
    """What has no time, no keys or no readable change is not compared."""
    unreadable = kinesis_record("{}", 3)
    timeless = on_kinesis(insert(1), 1)
    assert statuses_of(guarded(), [timeless, *delivered((1, 2)), unreadable])[:2] == ["done", "done"]


def test_the_memory_is_bounded() -> None:
    """The items that were handled last are known."""
    latest = LatestChanges(most=2)
    app = guarded()
    app._options = replace(app._options, skip_stale=latest)
    for key in "abc":
        statuses_of(app, delivered((2, 1), key=key))
    assert [statuses_of(app, delivered((1, 2), key=key)) for key in "cba"] == [["skipped"], ["skipped"], ["done"]]


def test_explanation() -> None:
    """An explanation says why a change would be skipped now."""
    app = guarded()
    (record,) = delivered((1, 2))
    assert app.explain(record).matching
    statuses_of(app, delivered((2, 1)))
    (verdict,) = app.explain(record).verdicts
    assert verdict.reason == "stale: a later change of its item comes before it"


def test_a_line_counts_them(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The log has their number."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    guarded()(batch(*delivered((2, 1), (1, 2), (0, 3))))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "stale records skipped" in line)
    assert '"count": 2' in line


def test_a_switch_is_expected() -> None:
    """Another value is refused."""
    with pytest.raises(
        RegistrationError, match=r"Dispatcher\(skip_stale=\) found a value of type str, expected True or False"
    ):
        Dispatcher(skip_stale="yes")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_handler_goes_back(seed: int, concurrency: int) -> None:
    """Over disorder, duplicates, failures and redelivery, each item's last change is handled, and none after it."""
    chance = random.Random(seed)  # noqa: S311 - a schedule needs no cryptography
    seen: dict[str, list[int]] = {}
    routes = Routes()

    @routes.on(Order)
    def handle(change: Change[Order]) -> None:
        if chance.random() < 0.1:
            raise TimeoutError
        seen.setdefault(change.image.pk, []).append(change.image.total)

    app = Dispatcher(routes, skip_stale=True, concurrency=concurrency)
    changes = [(key, time) for key in "abcde" for time in range(20)]
    changes += chance.choices(changes, k=20)
    changes.sort(key=lambda change: change[1] + chance.uniform(0, 4))
    waiting = [_with_total(key, time, number) for number, (key, time) in enumerate(changes, 1)]
    while waiting:
        size = chance.randint(1, 30)
        event, waiting = waiting[:size], waiting[size:]
        response = app(batch(*event))
        failed = [each["itemIdentifier"] for each in response["batchItemFailures"]]
        if failed:
            first = next(at for at, each in enumerate(event) if each["kinesis"]["sequenceNumber"] == failed[0])
            waiting = event[first:] + waiting
    for totals in seen.values():
        assert totals == sorted(set(totals))
        assert totals[-1] == 19


def _with_total(key: str, time: int, number: int) -> Json:
    (record,) = delivered((time, number), key=key)
    change = json.loads(base64.b64decode(record["kinesis"]["data"]))
    change["dynamodb"]["NewImage"] = item(key, total=time)
    return kinesis_record(json.dumps(change), number)
