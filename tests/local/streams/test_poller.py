"""``router.local.streams.poller``: a stream whose pages the test writes, and a real one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router.local.engines.embedded import Embedded
from router.local.event_source_mapping import (
    Action,
    Checkpoint,
    Discard,
    EventSourceMapping,
    FunctionError,
    Invoke,
    MappingSettings,
    Result,
    Returned,
)
from router.local.streams.client import StreamLostError
from router.local.streams.poller import Poller
from router.local.streams.reader import StreamsClient
from router.local.streams.stream_arn import event_source_arn
from tests.examples import examples
from tests.local.streams.faulty_stream import FAMILY, FaultyStream

NOW = 1_789_651_620.0
ARN = "arn:aws:dynamodb:ddblocal:000000000000:table/T/stream/2026"


def stream_record(number: int, key: str = "a") -> dict[str, Any]:
    """A record as boto3 returns it."""
    return {
        "eventID": f"e{number}",
        "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime.fromtimestamp(NOW, UTC),
            "Keys": {"pk": {"S": key}},
            "SequenceNumber": str(number),
        },
    }


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRecords")


class FakeStream:
    """Shards with their parents and pages; an exception among the pages is raised once."""

    def __init__(self, shards: dict[str, str | None], pages: dict[str, list[Any]]) -> None:
        self.shards = shards
        self.pages = pages
        self.gone_after: int | None = None  # lists of shards, after which the stream is deleted
        self.asked: list[tuple[str, Any]] = []

    def describe_stream(self, **names: Any) -> Any:
        if self.gone_after == len([each for each in self.asked if each[0] == "describe_stream"]):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeStream")
        self.asked.append(("describe_stream", names.get("ExclusiveStartShardId")))
        listed = [
            {"ShardId": name} | ({"ParentShardId": parent} if parent else {}) for name, parent in self.shards.items()
        ]
        start = names.get("ExclusiveStartShardId")
        if len(listed) > 1 and start is None:  # a page of one, then the rest
            return {"StreamDescription": {"Shards": listed[:1], "LastEvaluatedShardId": listed[0]["ShardId"]}}
        return {"StreamDescription": {"Shards": listed[1:] if start else listed}}

    def get_shard_iterator(self, **names: Any) -> Any:
        self.asked.append((names["ShardIteratorType"], names.get("SequenceNumber")))
        return {"ShardIterator": f"{names['ShardId']}/new"}

    def get_records(self, **names: Any) -> Any:
        shard = names["ShardIterator"].partition("/")[0]
        self.asked.append(("get_records", names["ShardIterator"]))
        left = self.pages[shard]
        page = left.pop(0) if left else []
        if isinstance(page, Exception):
            raise page
        ended = page == "end"
        return {"Records": [] if ended else page} | ({} if ended else {"NextShardIterator": f"{shard}/next"})


class Run:
    """A poller over a fake stream, and the invocations of its function."""

    def __init__(
        self,
        stream: StreamsClient,
        answer: Callable[[Invoke], Result] = lambda _: Returned({}),
        *,
        note: Callable[[str], object] = lambda _: None,
        **settings: Any,
    ) -> None:
        self.now = NOW
        self.invokes: list[Invoke] = []
        self.actions: list[Action] = []
        self.answer = answer
        mapping = EventSourceMapping(MappingSettings.of(settings))
        self.poller = Poller(
            mapping, stream, ARN, self.function, listener=self.actions.append, clock=lambda: self.now, note=note
        )

    def function(self, invoke: Invoke) -> Result:
        self.invokes.append(invoke)
        return self.answer(invoke)

    @property
    def batches(self) -> list[list[int]]:
        return [
            [int(each["dynamodb"]["SequenceNumber"]) for each in invoke.event["Records"]] for invoke in self.invokes
        ]


class TestReading:
    def test_records_are_delivered_as_lambda_does(self) -> None:
        """Records have a region, an account and the time in seconds."""
        run = Run(FakeStream({"s": None}, {"s": [[stream_record(1)]]}))
        assert run.poller.step()
        (record,) = run.invokes[0].event["Records"]
        assert record["awsRegion"] == "us-east-1"
        assert record["eventSourceARN"] == "arn:aws:dynamodb:us-east-1:123456789012:table/T/stream/2026"
        assert record["dynamodb"]["ApproximateCreationDateTime"] == NOW

    def test_a_step_without_records_returns_false(self) -> None:
        """The caller pauses then."""
        run = Run(FakeStream({"s": None}, {"s": []}))
        assert not run.poller.step()
        assert run.invokes == []

    def test_the_next_page_is_read_from_where_the_last_ended(self) -> None:
        """The iterator of a page reads the next one."""
        stream = FakeStream({"s": None}, {"s": [[stream_record(1)], [stream_record(2)]]})
        run = Run(stream)
        run.poller.step()
        run.poller.step()
        assert run.batches == [[1], [2]]
        assert [each for each in stream.asked if each[0] == "TRIM_HORIZON"] == [("TRIM_HORIZON", None)]

    def test_latest_reads_from_the_end(self) -> None:
        """The mapping's starting position applies."""
        stream = FakeStream({"s": None}, {"s": []})
        Run(stream, starting_position="LATEST").poller.step()
        assert ("LATEST", None) in stream.asked

    def test_an_expired_iterator_is_replaced(self) -> None:
        """Reading continues behind the last record."""
        stream = FakeStream(
            {"s": None}, {"s": [[stream_record(1)], refused("ExpiredIteratorException"), [stream_record(2)]]}
        )
        run = Run(stream)
        run.poller.step()
        run.poller.step()
        assert run.batches == [[1], [2]]
        assert ("AFTER_SEQUENCE_NUMBER", "1") in stream.asked

    def test_a_child_comes_after_its_parent(self) -> None:
        """The order of the list and its pages do not matter."""
        stream = FakeStream(
            {"child": "parent", "parent": "trimmed"},
            {"parent": [[stream_record(1)], "end"], "child": [[stream_record(2)]]},
        )
        run = Run(stream)
        run.poller.step()
        assert run.batches == [[1]]
        run.poller.step()
        run.poller.step()
        assert run.batches == [[1], [2]]

    def test_the_end_of_a_shard_lists_the_shards(self) -> None:
        """The list is read at the next step."""
        stream = FakeStream({"s": None}, {"s": ["end"], "t": [[stream_record(2)]]})
        run = Run(stream)
        run.poller.step()
        stream.shards["t"] = "s"
        run.poller.step()
        assert run.batches == [[2]]

    def test_the_shards_are_listed_from_time_to_time(self) -> None:
        """Not at each step, because it is a request of its own."""
        stream = FakeStream({"s": None}, {"s": []})
        run = Run(stream)
        for seconds in (0, 1, 1, 4):
            run.now += seconds
            run.poller.step()
        assert [each for each in stream.asked if each[0] == "describe_stream"] == [("describe_stream", None)] * 2


class TestLosing:
    def test_a_stream_that_is_gone_is_one_error(self) -> None:
        """Its shard is missing, and so is the stream."""
        stream = FakeStream({"s": None}, {"s": [refused("ResourceNotFoundException")]})
        run = Run(stream)
        stream.gone_after = 1
        with pytest.raises(StreamLostError, match="cannot be read any more"):
            run.poller.step()

    def test_an_engine_that_has_ended_is_one_error(self) -> None:
        """After five seconds without a connection on this machine."""
        silent = [EndpointConnectionError(endpoint_url="http://127.0.0.1:1") for _ in range(99)]
        run = Run(FakeStream({"s": None}, {"s": list(silent)}))
        run.poller.step()
        run.now += 4
        run.poller.step()
        run.now += 2
        with pytest.raises(StreamLostError, match="cannot be read any more"):
            run.poller.step()

    def test_another_refusal_is_one_error(self) -> None:
        """All of boto3's errors that do not pass are StreamLostError."""
        with pytest.raises(StreamLostError, match="AccessDeniedException"):
            Run(FakeStream({"s": None}, {"s": [refused("AccessDeniedException")]})).poller.step()


class TestFaults:
    @pytest.mark.parametrize("fields", [True, False], ids=["all fields", "few fields"])
    @pytest.mark.parametrize("seed", range(examples(25)))
    def test_every_record_is_delivered_once_and_in_order(self, seed: int, fields: bool) -> None:
        """With failures in between, and without the fields that an engine may leave out."""
        stream = FaultyStream(FAMILY, seed, fields=fields, created=datetime.fromtimestamp(NOW, UTC))
        run = Run(stream, batch_size=7)
        while sum(map(len, run.batches)) < 89:
            run.poller.step()
            run.now += max(0.05, run.poller.pause(0.05))
            assert run.now < NOW + 3600
        assert [number for batch in run.batches for number in batch] == list(range(1, 90))
        assert stream.faults > 10

    def test_a_throttled_stream_does_not_stop_retries(self) -> None:
        """A batch that has failed is invoked again while the shard is not read."""
        answers: Iterator[Result] = iter([FunctionError(), Returned({})])
        busy = [refused("ThrottlingException") for _ in range(9)]
        notes: list[str] = []
        run = Run(
            FakeStream({"s": None}, {"s": [[stream_record(1)], *busy]}), lambda _: next(answers), note=notes.append
        )
        while len(run.invokes) < 2:
            run.poller.step()
            run.now += 0.05
            assert run.now < NOW + 1
        assert notes == ["reading waits for the stream: ThrottlingException of GetRecords"]


class TestInvoking:
    def test_a_failed_batch_waits_and_comes_again(self) -> None:
        """The pause is the retry's delay; until then the function is not invoked."""
        answers: Iterator[Result] = iter([FunctionError(), Returned({})])
        run = Run(FakeStream({"s": None}, {"s": [[stream_record(1)]]}), lambda _: next(answers))
        run.poller.step()
        assert not run.poller.step()
        assert run.poller.pause(60) == pytest.approx(0.25, abs=0.001)
        run.now += 0.25
        assert run.poller.step()
        assert [invoke.attempt for invoke in run.invokes] == [1, 2]

    def test_it_never_waits_longer_than_asked(self) -> None:
        """The pause is at most the argument."""
        run = Run(FakeStream({"s": None}, {"s": []}))
        run.poller.step()
        assert run.poller.pause(0.05) == 0.05

    def test_a_batching_window_is_waited_for(self) -> None:
        """Records gather until the window ends."""
        run = Run(
            FakeStream({"s": None}, {"s": [[stream_record(1)], [stream_record(2)]]}),
            maximum_batching_window_in_seconds=2,
        )
        run.poller.step()
        run.now += 1
        run.poller.step()
        assert run.invokes == []
        assert run.poller.pause(math.inf) == pytest.approx(1, abs=0.001)
        run.now += 1
        run.poller.step()
        assert run.batches == [[1, 2]]

    def test_the_listener_receives_the_other_actions(self) -> None:
        """Checkpoints and discards come in their order."""
        answers: Iterator[Result] = iter([Returned({}), FunctionError()])
        stream = FakeStream({"s": None}, {"s": [[stream_record(1), stream_record(2)]]})
        run = Run(stream, lambda _: next(answers), batch_size=1, maximum_retry_attempts=0)
        while run.poller.step():
            pass
        assert [type(action) for action in run.actions] == [Checkpoint, Discard, Checkpoint]

    def test_filters_are_the_mappings(self) -> None:
        """Records that no filter matches are not delivered, and the checkpoint passes them."""
        criteria = {"Filters": [{"Pattern": '{"dynamodb": {"Keys": {"pk": {"S": ["b"]}}}}'}]}
        run = Run(FakeStream({"s": None}, {"s": [[stream_record(1), stream_record(2, "b")]]}), filter_criteria=criteria)
        run.poller.step()
        assert run.batches == [[2]]
        assert run.actions[-1] == Checkpoint("s", "2")


class TestOverAnEngine:
    @pytest.fixture
    def engine(self) -> Iterator[Embedded]:
        with Embedded() as engine:
            yield engine

    def test_a_thousand_records_come_once_and_in_order(self, engine: Embedded) -> None:
        """A real stream is read over several pages."""
        client = engine.client("dynamodb")
        client.create_table(
            TableName="Things",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        for number in range(0, 1200, 25):
            puts = [{"PutRequest": {"Item": {"pk": {"S": str(number + each)}}}} for each in range(25)]
            client.batch_write_item(RequestItems={"Things": puts})
        arn = client.describe_table(TableName="Things")["Table"]["LatestStreamArn"]
        seen: list[str] = []

        def function(invoke: Invoke) -> Result:
            seen.extend(each["dynamodb"]["NewImage"]["pk"]["S"] for each in invoke.event["Records"])
            return Returned({})

        mapping = EventSourceMapping(MappingSettings(batch_size=100), stream_arn=event_source_arn(arn))
        poller = Poller(mapping, engine.client("dynamodbstreams"), arn, function)
        while poller.step():
            pass
        assert seen == [str(number) for number in range(1200)]
