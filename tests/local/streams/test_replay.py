"""``router.local.streams.replay``: recorded records under a simulated mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from router import Change, Dispatcher, Drop, Park, Reject, Retry, Routes
from router.local.event_source_mapping import MappingSettings
from router.local.streams.replay import Replay
from router.outcomes import Report
from router.parking import MemoryParking, Parked

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/{}/stream/2026-01-01T00:00:00.000"
CREATED = 1_767_323_045.0
REPORT = ["ReportBatchItemFailures"]

Json = dict[str, Any]


class Order(BaseModel):
    number: int


def record(number: int | None, *, created: float | None = CREATED, table: str | None = "Shop", **body: Any) -> Json:
    """A record with a sequence number, which is also its order's ID."""
    image = {"EntityType": {"S": "Order"}, "number": {"N": str(number or 0)}}
    body = {"Keys": {"pk": {"S": str(number)}}, "NewImage": image, **body}
    body |= {"ApproximateCreationDateTime": created} if created is not None else {}
    body |= {"SequenceNumber": str(number)} if number is not None else {}
    made = {"eventID": f"e{number}", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": body}
    return made | ({"eventSourceARN": ARN.format(table)} if table else {})


def records(*numbers: int, **more: Any) -> list[Json]:
    return [record(number, **more) for number in numbers]


def app_of(handle: Callable[[int], None], **options: Any) -> Dispatcher:
    """An app of two handlers; the first gets the order's number."""
    routes = Routes()

    @routes.on(Order)
    def first(change: Change[Order]) -> None:
        assert change.image is not None
        handle(change.image.number)

    @routes.on(Order)
    def second(change: Change[Order]) -> None:
        pass

    return Dispatcher(routes, **options)


def fail_on(*bad: int, error: type[Exception] = ValueError) -> Callable[[int], None]:
    def handle(number: int) -> None:
        if number in bad:
            raise error

    return handle


def succeed(number: int) -> None:
    pass


def replay(
    given: list[Json], handle: Callable[[int], None] = succeed, *, app: Dispatcher | None = None, **settings: Any
) -> Replay:
    dispatcher = app or app_of(handle)
    chosen = MappingSettings.of({"function_response_types": REPORT, **settings})
    return Replay(given, chosen, lambda event, request_id: dispatcher.dispatch(event)).run()


def batches(done: Replay) -> list[list[int]]:
    return [list(invocation.records) for invocation in done.invocations]


class TestInvocations:
    def test_records_are_cut_into_batches_anew(self) -> None:
        """The order is that of the records; their files do not matter."""
        done = replay(records(1, 2, 3, 4, 5), batch_size=2)
        assert batches(done) == [[0, 1], [2, 3], [4]]
        assert [invocation.attempt for invocation in done.invocations] == [1, 1, 1]

    def test_reported_records_are_delivered_again(self) -> None:
        """The virtual clock moves by the retry's delay."""
        done = replay(records(1, 2, 3), fail_on(2), maximum_retry_attempts=2)
        assert batches(done) == [[0, 1, 2], [1, 2], [1, 2], [1, 2]]
        assert [(each.attempt, each.time) for each in done.invocations] == [(1, 0), (1, 0), (2, 0.25), (3, 0.75)]
        assert done.invocations[0].response == {"batchItemFailures": [{"itemIdentifier": "2"}]}

    def test_bisecting_finds_the_bad_record(self) -> None:
        """The others of the batch are handled."""
        done = replay(
            records(1, 2, 3, 4),
            fail_on(1, 2, 3),
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=0,
        )
        assert batches(done) == [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [2], [3]]
        assert [list(each.records) for each in done.given_up] == [[0], [1], [2]]

    def test_retries_share_a_request_id_and_batches_do_not(self) -> None:
        """Batches of all streams have different request IDs."""
        done = replay([*records(1), *records(1, table="Other")], fail_on(1), maximum_retry_attempts=1)
        ids = [invocation.request_id for invocation in done.invocations]
        assert ids[0] == ids[1]
        assert ids[2] == ids[3]
        assert len(set(ids)) == 2

    def test_the_outcomes_are_those_of_the_dispatcher(self) -> None:
        """There is one for each record and route, with the record's position."""
        done = replay(records(1, 2), fail_on(2), maximum_retry_attempts=0)
        assert [(position, outcome.status) for position, outcome in done.invocations[0].outcomes] == [
            (0, "done"),
            (0, "done"),
            (1, "failed"),
            (1, "deferred"),
        ]

    def test_filters_leave_records_out(self) -> None:
        """The result has their positions."""
        done = replay(
            records(1, 2, 3),
            filter_criteria={"Filters": [{"Pattern": '{"dynamodb": {"NewImage": {"number": {"N": ["2"]}}}}'}]},
        )
        assert (batches(done), done.filtered_out) == ([[1]], [0, 2])

    def test_the_given_records_are_not_changed(self) -> None:
        """A handler gets a copy of the event."""

        def spoil(event: Json, request_id: str) -> Report:
            event["Records"][0].clear()
            raise ValueError

        given = records(1)
        Replay(given, MappingSettings(maximum_retry_attempts=1), spoil).run()
        assert given == records(1)

    def test_an_empty_recording_is_no_invocation(self) -> None:
        """An empty recording ends at once."""
        assert replay([]).invocations == []


class TestErrors:
    @pytest.mark.parametrize("error", [ValueError, SystemExit])
    def test_an_app_that_raises_fails_the_invocation(self, error: type[BaseException]) -> None:
        """SystemExit does too."""

        def dispatch(event: Json, request_id: str) -> Report:
            raise error

        done = Replay(records(1, 2), MappingSettings(maximum_retry_attempts=1), dispatch).run()
        assert [type(invocation.error) for invocation in done.invocations] == [error, error]
        assert [list(each.records) for each in done.given_up] == [[0, 1]]

    def test_an_interrupt_is_raised(self) -> None:
        """KeyboardInterrupt is not the app's failure."""

        def dispatch(event: Json, request_id: str) -> Report:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Replay(records(1), MappingSettings(), dispatch).run()

    def test_taking_too_long_fails_the_invocation(self) -> None:
        """Its outcomes are kept."""
        app = app_of(succeed)
        settings = MappingSettings(maximum_retry_attempts=1)
        done = Replay(records(1), settings, lambda event, request_id: app.dispatch(event), timeout=0.0).run()
        assert [type(invocation.error) for invocation in done.invocations] == [TimeoutError, TimeoutError]
        assert set(done.runs.values()) == {2}
        assert done.given_up[0].condition == "RetryAttemptsExhausted"


class TestWhatBecameOfRecords:
    def test_repeated_runs_of_a_handler_are_counted(self) -> None:
        """The failing handler runs at each attempt; the dispatcher remembers the others."""
        done = replay(records(1, 2, 3), fail_on(2), maximum_retry_attempts=2)
        ((position, name),) = done.reexecutions
        assert (position, name.rpartition(".")[2], done.reexecutions[position, name]) == (1, "first", 4)

    def test_a_batch_is_discarded_after_its_retries(self) -> None:
        """The document is AWS's and holds the rest of the batch."""
        done = replay(records(1, 2, 3), fail_on(2), maximum_retry_attempts=1)
        (given_up,) = done.given_up
        assert done.unfinished == []
        assert given_up.document is not None
        assert (given_up.condition, given_up.records) == ("RetryAttemptsExhausted", (1, 2))
        assert given_up.document["requestContext"]["approximateInvokeCount"] == 2
        assert given_up.document["DDBStreamBatchInfo"]["startSequenceNumber"] == "2"
        assert given_up.document["DDBStreamBatchInfo"]["streamArn"] == ARN.format("Shop")

    def test_without_a_limit_records_are_trimmed_after_a_day(self) -> None:
        """With AWS's defaults the shard is blocked for 24 hours, and no document is sent."""
        done = replay(records(1, 2), fail_on(1))
        assert [(each.condition, each.records, each.document) for each in done.given_up] == [("Trimmed", (0, 1), None)]
        assert 24 * 3600 - 60 <= done.invocations[-1].time <= 24 * 3600

    def test_a_record_that_always_fails_is_parked_after_an_hour(self) -> None:
        """Policies read the mapping's clock: the records are recorded long ago, and no hour passes in a test."""
        parking = MemoryParking()
        app = app_of(fail_on(2), on_error=Retry(park_after=3600), parking=parking)
        done = replay(records(1, 2, 3), app=app)
        assert (done.parked, done.given_up, done.unfinished) == ([1], [], [])
        assert len(done.invocations) > 50
        assert 3600 <= done.invocations[-1].time < 3720
        assert parking.parked[0].parked_at.timestamp() == CREATED + done.invocations[-1].time

    def test_old_records_are_discarded_by_their_age(self) -> None:
        """The mapping starts at the time of the last record."""
        given = [record(1, created=CREATED - 100), record(2)]
        done = replay(given, maximum_record_age_in_seconds=60)
        assert [(each.condition, each.records) for each in done.given_up] == [("RecordAgeExceeded", (0,))]
        assert batches(done) == [[1]]

    def test_parked_records_are_no_failure(self) -> None:
        """The next records follow."""
        shelf: list[Parked] = []

        class Shelf:
            def park(self, parked: Parked) -> None:
                shelf.append(parked)

        done = replay(records(1, 2), app=app_of(fail_on(1, error=Reject), on_error=Park(), parking=Shelf()))
        assert (done.parked, done.unfinished, done.given_up) == ([0], [], [])
        assert len(shelf) == 1

    def test_dropped_failures_are_no_failure(self) -> None:
        """Drop is the user's policy."""
        done = replay(records(1), app=app_of(fail_on(1), on_error=Drop()))
        assert (done.unfinished, done.given_up, len(done.invocations)) == ([], [], 1)

    def test_an_unreported_failure_is_unfinished(self) -> None:
        """Without ReportBatchItemFailures the response is ignored."""
        done = replay(records(1, 2, 3), fail_on(2), function_response_types=[])
        assert (batches(done), done.unfinished) == ([[0, 1, 2]], [1, 2])

    def test_a_failure_before_a_successful_retry_is_finished(self) -> None:
        """Only the last attempt counts."""
        failures = [1]

        def handle(number: int) -> None:
            if failures:
                raise ValueError(failures.pop())

        done = replay(records(1), handle)
        assert (len(done.invocations), done.unfinished, done.given_up) == (2, [], [])


class TestShards:
    def test_numbers_that_do_not_ascend_begin_another_shard(self) -> None:
        """The first shard is finished before the second one begins."""
        done = replay([*records(1, 2), *records(1, 2)], fail_on(2), maximum_retry_attempts=0)
        assert batches(done) == [[0, 1], [1], [2, 3], [3]]
        assert [list(each.records) for each in done.given_up] == [[1], [3]]

    def test_numbers_are_compared_as_numbers(self) -> None:
        """10 comes after 9."""
        assert batches(replay(records(9, 10))) == [[0, 1]]

    def test_each_stream_has_a_mapping_and_a_clock_of_its_own(self) -> None:
        """A stream that is blocked for a day does not move the clock of the next one."""
        given = [*records(1), *records(2, table="Other")]
        done = replay(given, fail_on(1))
        assert [each.records for each in done.given_up] == [(0,)]
        assert (done.invocations[-1].records, done.invocations[-1].time) == ((1,), 0)

    def test_a_parallelization_factor_makes_lanes(self) -> None:
        """A blocked lane does not block the others."""
        done = replay(records(*range(1, 9)), fail_on(1), parallelization_factor=4, maximum_record_age_in_seconds=60)
        handled = {
            position
            for invocation in done.invocations
            for position, outcome in invocation.outcomes
            if outcome.status == "done"
        }
        lost = {position for each in done.given_up for position in each.records}
        assert handled | lost == set(range(8))
        assert 0 in lost
        assert len(handled) > 3

    def test_records_without_identity_are_replayed(self) -> None:
        """Records written by hand may lack time, number and stream."""
        done = replay([record(None, created=None, table=None), record(None, created=None, table=None)])
        assert (batches(done), done.unfinished) == ([[0, 1]], [])
