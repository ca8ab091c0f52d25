"""Records are parked several in a call, and none costs the order of its item or another record."""

import random
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from router import (
    Change,
    Dispatcher,
    MemoryParking,
    Parked,
    ParkingError,
    PartialFailure,
    RegistrationError,
    Reject,
    Routes,
    SqsParking,
)
from router.context import Deadline
from router.testing import Stream
from tests.builders import (
    SUCCESS,
    Context,
    Handled,
    Json,
    Order,
    batch,
    dispatcher,
    failures,
    insert,
    inserts,
    statuses,
)
from tests.clock import Clock
from tests.dispatch.cases import two_routes
from tests.sources.deliveries import change, message


class Shelf:
    """A place that takes up to ten records a call, and refuses those with these numbers."""

    most = 10

    def __init__(self, *refused: int) -> None:
        self.refused = {f"e{number}" for number in refused}
        self.calls: list[list[str]] = []

    def park(self, parked: Parked) -> None:
        raise AssertionError

    def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> list[BaseException | None]:
        self.calls.append([each.record["eventID"] for each in parked])
        return [ConnectionError() if each.record["eventID"] in self.refused else None for each in parked]


PATIENCE = 60  # seconds that a test waits for what has to happen


def rejects(*numbers: int) -> Handled:
    return Handled(dict.fromkeys(numbers, Reject("never")))


# ----------------------------------------------------------------------------------------------------- when it is parked


def test_ten_records_a_call() -> None:
    """Of 1,000 records of as many items, 200 of which are parked, ten are parked with each call."""
    shelf, handled = Shelf(), rejects(*range(0, 1_000, 5))
    report = dispatcher(handled, parking=shelf).dispatch(inserts(*range(1_000)))
    assert (report.response, report.counts()) == (SUCCESS, {"parked": 200, "done": 800})
    assert [len(call) for call in shelf.calls] == [10] * 20


@pytest.mark.parametrize("concurrency", [2, 8])
def test_ten_records_a_call_of_all_lanes(concurrency: int) -> None:
    """Lanes share calls: only a call that is made for the last records has room left."""
    shelf = Shelf()
    app = dispatcher(rejects(*range(0, 400, 4)), parking=shelf, concurrency=concurrency)
    assert app.dispatch(inserts(*range(400))).counts() == {"parked": 100, "done": 300}
    assert [len(call) for call in shelf.calls] == [10] * 10


def test_record_of_an_item_is_parked_before_the_next_one() -> None:
    """No handler runs for an item while an earlier record of it waits to be parked; others run meanwhile."""
    shelf, seen = Shelf(), []

    def handler(change: Change[Order]) -> None:
        seen.append((change.record.sequence_number, len(shelf.calls)))
        if change.record.sequence_number == "1":
            raise Reject

    dispatcher(handler, parking=shelf)(batch(insert(1, "a"), insert(2, "b"), insert(3, "a"), insert(4, "b")))
    assert seen == [("1", 0), ("2", 0), ("3", 1), ("4", 1)]


def test_record_of_one_item_after_another_is_parked_by_itself() -> None:
    """Records of one item that are parked one after the other keep their order: each has a call of its own."""
    shelf = Shelf()
    dispatcher(rejects(1, 2, 3), parking=shelf)(batch(*(insert(number, "a") for number in (1, 2, 3))))
    assert shelf.calls == [["e1"], ["e2"], ["e3"]]


def test_record_waits_for_a_thousand_records_at_most() -> None:
    """A record does not wait for ever: what runs meanwhile would have to be remembered if the place refused it."""
    shelf, handled = Shelf(0), rejects(0)
    report = dispatcher(handled, parking=shelf).dispatch(inserts(*range(3_000)))
    assert (report.counts(), report.response) == ({"failed": 1, "done": 1_000, "deferred": 1_999}, failures(0))


def test_lanes_go_on_during_a_call() -> None:
    """While a lane parks ten records, another one parks and handles records of other items."""
    went_on = threading.Event()

    class Slow(Shelf):
        def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> list[BaseException | None]:
            assert went_on.wait(PATIENCE)
            return super().park_bulk(parked, deadline)

    def handler(change: Change[Order]) -> None:
        if change.record.sequence_number == "12":
            went_on.set()
        else:
            raise Reject

    app = dispatcher(handler, parking=Slow(), concurrency=2)
    assert app.dispatch(inserts(*range(13))).counts() == {"parked": 12, "done": 1}


def test_what_waits_is_parked_before_a_batch_handler() -> None:
    """An on_batch handler is called after all records are parked, and with no change after one that is not."""
    routes, shelf, calls = Routes(), Shelf(3), []

    @routes.on(Order)
    def handler(change: Change[Order]) -> None:
        if change.record.sequence_number in ("1", "3"):
            raise Reject

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        calls.append(([change.record.sequence_number for change in changes], len(shelf.calls)))

    assert Dispatcher(routes, parking=shelf)(inserts(1, 2, 3, 4)) == failures(3)
    assert calls == [(["1", "2"], 1)]


def test_failures_of_a_batch_handler_are_parked_together() -> None:
    """The changes that an on_batch handler names are parked in full calls, and one that is refused fails alone."""
    routes, shelf = Routes(), Shelf(7)

    @routes.on_batch(Order)
    def index(changes: Sequence[Change[Order]]) -> None:
        raise PartialFailure({change: Reject() for change in changes[:12]})

    report = Dispatcher(routes, parking=shelf).dispatch(inserts(*range(20)))
    assert [len(call) for call in shelf.calls] == [10, 2]
    assert statuses(report) == ["parked"] * 7 + ["failed"] + ["parked"] * 4 + ["done"] * 8


def test_what_waits_is_parked_at_the_deadline(clock: Clock) -> None:
    """Records that wait when the time is up are parked."""
    shelf = Shelf()

    def slow(change: Change[Order]) -> None:
        clock.advance(0.04)
        raise Reject

    report = dispatcher(slow, parking=shelf, reserve=0).dispatch(inserts(1, 2, 3, 4, 5), Context(remaining=100))
    assert (statuses(report), shelf.calls) == (["parked"] * 3 + ["deferred"] * 2, [["e1", "e2", "e3"]])


def test_what_waits_is_parked_after_a_failure() -> None:
    """Records that wait when another one fails are parked, so that Lambda need not deliver them again."""
    shelf = Shelf()
    handled = Handled({1: Reject(), 2: Reject(), 3: TimeoutError()})
    report = dispatcher(handled, parking=shelf).dispatch(inserts(1, 2, 3, 4))
    assert (statuses(report), report.response) == (["parked", "parked", "failed", "deferred"], failures(3))


def test_record_is_parked_before_its_next_handler() -> None:
    """Of a record with two routes, what the first cannot handle is parked before the second is called."""
    shelf, calls = Shelf(), []

    def second(change: Change[Order]) -> None:
        calls.append(len(shelf.calls))

    two_routes(rejects(1, 2), second, parking=shelf)(inserts(1, 2))
    assert calls == [1, 2]


def test_next_handler_of_a_record_that_is_refused() -> None:
    """Of a record that the place refuses, the next route is not called."""
    second = Handled()
    report = two_routes(rejects(1), second, parking=Shelf(1)).dispatch(inserts(1, 2))
    assert (statuses(report), list(second)) == (["failed", "deferred", "deferred"], [])


def test_record_that_no_route_can_parse() -> None:
    """Records that fail at all of their routes are parked in full calls."""
    shelf = Shelf()
    bad = [insert(number, f"k{number}", total={"N": "abc"}) for number in range(15)]
    assert two_routes(Handled(), Handled(), parking=shelf)(batch(*bad)) == SUCCESS
    assert [len(call) for call in shelf.calls] == [10, 10, 10]


def test_unrouted_records_are_parked_together() -> None:
    """Records without a route, and those that are malformed, are parked in full calls too."""
    shelf = Shelf()
    raws = [insert(number, f"k{number}", entity="Stranger") for number in range(5)]
    raws += [{**insert(number, f"k{number}"), "eventName": "EXPLODED"} for number in range(5, 10)]
    assert dispatcher(Handled(), parking=shelf, unrouted="park")(batch(*raws)) == SUCCESS
    assert [len(call) for call in shelf.calls] == [10]


# ------------------------------------------------------------------------------------------------- what the place refuses


@pytest.mark.parametrize("concurrency", [1, 4])
def test_refused_record_fails_and_what_followed_is_remembered(concurrency: int) -> None:
    """From a refused record on Lambda delivers again; what was handled or parked after it is not done again."""
    shelf, handled = Shelf(2), rejects(2, 4)
    app = dispatcher(handled, parking=shelf, concurrency=concurrency)
    first = app(inserts(1, 2, 3, 4, 5))
    shelf.refused.clear()
    second = app(inserts(2, 3, 4, 5))
    assert (first, second, sorted(handled)) == (failures(2), SUCCESS, ["1", "3", "5"])
    assert sorted(each for call in shelf.calls for each in call) == ["e2", "e2", "e4"]


def test_no_record_of_the_item_runs_after_a_refusal() -> None:
    """After a record that the place refuses, no record starts: its item's next one neither."""
    handled = rejects(1)
    report = dispatcher(handled, parking=Shelf(1)).dispatch(batch(insert(1, "a"), insert(2, "b"), insert(3, "a")))
    assert (statuses(report), list(handled)) == (["failed", "done", "deferred"], ["2"])


def test_refused_record_has_the_error_of_the_place() -> None:
    """A refused record is failed at stage park, with the place's error as the cause."""
    (outcome,) = dispatcher(rejects(1), parking=Shelf(1)).dispatch(inserts(1))
    assert isinstance(outcome.error, ParkingError)
    assert (outcome.status, outcome.stage, type(outcome.error.__cause__)) == ("failed", "park", ConnectionError)


def test_record_is_logged_when_its_fate_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A record has one line in the log, which says whether it was parked."""
    dispatcher(rejects(1, 2), parking=Shelf(2))(inserts(1, 2))
    lines = [line for line in capsys.readouterr().out.splitlines() if "event_id" in line]
    assert len(lines) == 2
    assert ("record parked" in lines[0], "record failed" in lines[1]) == (True, True)


@pytest.mark.parametrize("answer", [ConnectionError(), [None], [None] * 3, None])
def test_call_that_fails(answer: Any) -> None:
    """A call that raises, or has not one result for each record, is a failure of all of its records."""

    class Broken(Shelf):
        def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

    report = dispatcher(rejects(1, 2), parking=Broken()).dispatch(inserts(1, 2))
    assert (statuses(report), report.response) == (["failed", "failed"], failures(1))


def test_group_of_a_queue_stops_at_a_refused_record() -> None:
    """In a FIFO queue the rest of the group of a refused record is not handled, and other groups are."""
    handled = rejects(1)
    fifo = "arn:aws:sqs:eu-west-1:123456789012:changes.fifo"
    messages = []
    for number, group in enumerate("abab", 1):
        raw = {**message(change(number), number), "eventSourceARN": fifo}
        raw["attributes"] = {**raw["attributes"], "MessageGroupId": group}
        messages.append(raw)
    response = dispatcher(handled, parking=Shelf(1))(batch(*messages))
    identifiers = [each["itemIdentifier"] for each in response["batchItemFailures"]]
    assert (list(handled), identifiers) == (["2", "4"], [messages[0]["messageId"], messages[2]["messageId"]])


# --------------------------------------------------------------------------------------------------------- which place


def test_place_with_a_method_of_its_own() -> None:
    """A subclass that parks one record in its own way does so."""
    kept = MemoryParking()

    class Counting(SqsParking):
        def park(self, parked: Parked) -> None:
            kept.park(parked)

    app = dispatcher(rejects(1, 2), parking=Counting("https://sqs/1/parked", client=object()))
    assert (app(inserts(1, 2)), len(kept)) == (SUCCESS, 2)


@pytest.mark.parametrize("most", [None, 0, -1, True, "10", 2.5])
def test_place_that_does_not_say_how_many(most: Any) -> None:
    """A place that takes several records in a call says how many."""

    class Wrong(Shelf):
        pass

    Wrong.most = most
    with pytest.raises(RegistrationError, match=r"found a place with park_bulk\(\) and .*, expected the most records"):
        Dispatcher(parking=Wrong())


# ------------------------------------------------------------------------------------------------------------ a long run


class Fickle:
    """A place that refuses the first ten records, and others for a while, and notes what it has parked.

    Args:
        chance: Decides.
        effects: Where it notes the number of each change, by item.
    """

    most = 10

    def __init__(self, chance: random.Random, effects: dict[str, list[int]]) -> None:
        self._chance = chance
        self._effects = effects
        self._broken_for = 10
        self._lock = threading.Lock()
        self.calls = 0
        self.refusals = 0

    def park(self, parked: Parked) -> None:
        raise AssertionError

    def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> list[BaseException | None]:
        with self._lock:
            self.calls += 1
            if self._chance.random() < 0.1:
                self._broken_for = max(self._broken_for, self._chance.randrange(5))
            return [self._refusal(each) for each in parked]

    def _refusal(self, parked: Parked) -> BaseException | None:
        if self._broken_for or self._chance.random() < 0.1:
            self._broken_for = max(0, self._broken_for - 1)
            self.refusals += 1
            return ConnectionError()
        image = parked.record["dynamodb"]["NewImage"]
        self._effects[image["pk"]["S"]].append(int(image["total"]["N"]))
        return None


class OneByOne:
    """The same place, which takes one record a call."""

    def __init__(self, place: Fickle) -> None:
        self._place = place

    def park(self, parked: Parked) -> None:
        (refusal,) = self._place.park_bulk([parked], Deadline())
        if refusal is not None:
            raise refusal


def run(seed: int, concurrency: int, *, bulk: bool = True, changes: int = 500) -> tuple[dict[str, list[int]], Fickle]:
    """The effects of changes of 60 items, a fifth of which is parked, and the place where they are."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable run, no secret
    effects: dict[str, list[int]] = defaultdict(list)
    place = Fickle(chance, effects)

    def handler(change: Change[Order]) -> None:
        drawn = chance.random()
        if change.image.status == "POISON":
            raise Reject
        if drawn < 0.01:
            raise TimeoutError
        effects[change.image.pk].append(change.image.total)

    app = dispatcher(handler, parking=place if bulk else OneByOne(place), concurrency=concurrency)
    stream = Stream(app, batch_size=200, function_response_types=["ReportBatchItemFailures"])
    numbers: dict[str, int] = defaultdict(int)
    for _ in range(changes):
        key = f"item-{chance.randrange(60)}"
        item: Json = {"EntityType": "Order", "pk": key, "total": numbers[key]}
        numbers[key] += 1
        stream.put({**item, "status": "POISON" if chance.random() < 0.2 else "NEW"})
    stream.run()
    assert {key: len(done) for key, done in effects.items()} == numbers
    return effects, place


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_out_of_order(seed: int, concurrency: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the place fails, each change is handled or parked once, after the earlier changes of its item."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    effects, place = run(seed, concurrency)
    assert place.refusals >= 10
    assert all(done == [*range(len(done))] for done in effects.values())


def test_calls_are_fewer_than_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that takes several records is called much less often than one that takes one."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    many, one = run(1, 1, changes=200)[1], run(1, 1, bulk=False, changes=200)[1]
    assert many.calls < one.calls / 2
