"""``router.local.streams.reader``: the shards and the records of a stream whose pages the test lists."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from router.local.event_source_mapping import Position
from router.local.streams.client import StreamLostError
from router.local.streams.reader import StreamReader, stream_records
from tests.local.streams.faulty_stream import refused

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"


class Stream:
    """A `dynamodbstreams` client on shards that a test lists: name, parent, closed, pages of sequence numbers."""

    def __init__(self, *shards: tuple[str, str | None, bool, list[list[int]]], page: int = 2) -> None:
        self.shards = {shard[0]: shard for shard in shards}
        self.page = page
        self.starts: list[tuple[str, str]] = []
        self.expired: set[tuple[str, int]] = set()  # each is refused once

    def describe_stream(self, *, StreamArn: str, ExclusiveStartShardId: str = "") -> Any:  # noqa: N803 - AWS's names
        names = list(self.shards)
        first = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        listed = names[first : first + self.page]
        more = {"LastEvaluatedShardId": listed[-1]} if first + self.page < len(names) else {}
        return {"StreamDescription": {"StreamArn": StreamArn, "Shards": [self.shard(name) for name in listed], **more}}

    def shard(self, name: str) -> dict[str, Any]:
        _, parent, closed, _ = self.shards[name]
        numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "9"} if closed else {})
        return {"ShardId": name, "SequenceNumberRange": numbers} | ({"ParentShardId": parent} if parent else {})

    def get_shard_iterator(
        self,
        *,
        StreamArn: str,  # noqa: N803 - as above
        ShardId: str,  # noqa: N803 - as above
        ShardIteratorType: str,  # noqa: N803 - as above
        SequenceNumber: str = "0",  # noqa: N803 - as above
    ) -> Any:
        self.starts.append((ShardId, ShardIteratorType))
        _, _, _, pages = self.shards[ShardId]
        after = next((at for at, page in enumerate(pages) if page and page[0] > int(SequenceNumber)), len(pages))
        return {"ShardIterator": (ShardId, after if int(SequenceNumber) else 0)}

    def get_records(self, *, ShardIterator: tuple[str, int]) -> Any:  # noqa: N803 - as above
        name, number = ShardIterator
        if ShardIterator in self.expired:
            self.expired.remove(ShardIterator)
            raise ClientError({"Error": {"Code": "ExpiredIteratorException", "Message": "late"}}, "GetRecords")
        _, _, closed, pages = self.shards[name]
        ended = closed and number + 1 >= len(pages)
        more = {} if ended else {"NextShardIterator": (name, number + 1)}
        numbers = pages[number] if number < len(pages) else []
        return {"Records": [{"dynamodb": {"SequenceNumber": str(each)}} for each in numbers], **more}


def number_of(record: dict[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def read(stream: Stream) -> list[int]:
    return [number_of(record) for record in stream_records(stream, ARN)]


class TestStreamRecords:
    def test_all_pages_of_all_shards_are_read(self) -> None:
        """Neither a page of shards nor a page of records is the end."""
        stream = Stream(
            ("a", None, True, [[1], [2, 3]]), ("b", "a", True, [[4]]), ("c", "b", False, [[5], [6]]), page=1
        )
        assert read(stream) == [1, 2, 3, 4, 5, 6]

    def test_a_parent_is_read_before_its_children(self) -> None:
        """The order of the list does not matter."""
        stream = Stream(
            ("grandchild", "child", False, [[3]]), ("child", "parent", True, [[2]]), ("parent", None, True, [[1]])
        )
        assert read(stream) == [1, 2, 3]

    def test_a_parent_that_was_trimmed_is_not_waited_for(self) -> None:
        """A child names its parent also after that was trimmed."""
        assert read(Stream(("child", "gone", False, [[1]]))) == [1]

    def test_every_shard_is_read_from_its_oldest_record(self) -> None:
        """Each shard starts at TRIM_HORIZON."""
        stream = Stream(("a", None, True, [[1]]), ("b", "a", False, []))
        read(stream)
        assert stream.starts == [("a", "TRIM_HORIZON"), ("b", "TRIM_HORIZON")]

    def test_an_empty_page_of_a_closed_shard_is_not_its_end(self) -> None:
        """DynamoDB may return empty pages before records."""
        assert read(Stream(("a", None, True, [[], [1], [], [2]]))) == [1, 2]

    def test_an_open_shard_ends_with_an_empty_page(self) -> None:
        """An open shard has iterators without end."""
        assert read(Stream(("a", None, False, [[1]]))) == [1]

    def test_records_come_as_they_are_read(self) -> None:
        """A caller that stops early reads no further shard."""
        stream = Stream(("a", None, True, [[1]]), ("b", "a", False, [[2]]))
        assert number_of(next(stream_records(stream, ARN))) == 1
        assert stream.starts == [("a", "TRIM_HORIZON")]

    def test_an_expired_iterator_is_replaced_behind_the_last_record(self) -> None:
        """No record is read twice, and none is missed."""
        stream = Stream(("a", None, True, [[1, 2], [3], [4]]))
        stream.expired = {("a", 1)}
        assert read(stream) == [1, 2, 3, 4]
        assert stream.starts == [("a", "TRIM_HORIZON"), ("a", "AFTER_SEQUENCE_NUMBER")]

    def test_errors_that_pass_are_waited_out(self) -> None:
        """Both of the list of shards and of a page."""
        stream = Failing(("a", None, True, [[1], [2]]))
        stream.faults = [refused("ThrottlingException"), refused("InternalServerError")]
        assert read(stream) == [1, 2]


class Failing(Stream):
    """A stream whose next requests fail; an exception stands for the next request of its operation."""

    def __init__(self, *shards: tuple[str, str | None, bool, list[list[int]]]) -> None:
        super().__init__(*shards)
        self.faults: list[Exception] = []
        self.status = "ENABLED"

    def describe_stream(self, **names: Any) -> Any:
        self._fail()
        found = super().describe_stream(**names)
        found["StreamDescription"]["StreamStatus"] = self.status
        return found

    def get_records(self, **names: Any) -> Any:
        self._fail()
        return super().get_records(**names)

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


class TestStreamReader:
    @staticmethod
    def reader(stream: Failing, notes: list[str] | None = None) -> StreamReader:
        said = list[str]() if notes is None else notes
        return StreamReader(stream, ARN, clock=lambda: 0.0, note=said.append)

    def test_a_page_that_fails_is_read_later(self) -> None:
        """It is neither the end of the shard nor an empty page."""
        stream = Failing(("a", None, False, [[1]]))
        reader = self.reader(stream)
        stream.faults = [refused("ThrottlingException")]
        page = reader.page("a", Position("TRIM_HORIZON"))
        assert (page.records, page.last, page.failed, reader.failing) == ([], False, True, True)

    def test_an_iterator_is_kept_while_its_page_fails(self) -> None:
        """A second one at LATEST would miss records."""
        stream = Failing(("a", None, False, [[1], [2]]))
        now = [0.0]
        reader = StreamReader(stream, ARN, clock=lambda: now[0])
        stream.faults = [refused("InternalServerError")]
        reader.page("a", Position("LATEST"))
        now[0] = 9.0
        reader.page("a", Position("LATEST"))
        assert stream.starts == [("a", "LATEST")]

    def test_trimmed_records_are_said_and_the_rest_is_read(self) -> None:
        """From the oldest record that is left."""
        stream, notes = Failing(("a", None, False, [[1], [2]])), list[str]()
        reader = self.reader(stream, notes)
        stream.faults = [refused("TrimmedDataAccessException")]
        assert [number_of(record) for record in reader.page("a", Position("TRIM_HORIZON")).records] == [1]
        assert notes == ["records of shard a were trimmed before they were read"]

    def test_a_shard_that_no_longer_exists_has_ended(self) -> None:
        """The list of shards does not have it."""
        stream, notes = Failing(("b", "a", False, [[2]])), list[str]()
        stream.faults = [refused("ResourceNotFoundException", "GetRecords")]
        stream.shards["a"] = ("a", None, True, [[1]])
        reader = self.reader(stream, notes)
        stream.get_shard_iterator = self.missing(stream)  # type: ignore[method-assign]  # the shard goes away meanwhile
        assert reader.page("a", Position("TRIM_HORIZON")).last
        assert notes == ["shard a no longer exists; reading goes on with the others"]

    @staticmethod
    def missing(stream: Failing) -> Any:
        def get_shard_iterator(**_: Any) -> Any:
            stream.faults = []
            stream.shards.pop("a", None)
            raise refused("ResourceNotFoundException", "GetShardIterator")

        return get_shard_iterator

    def test_a_shard_that_is_listed_is_waited_for(self) -> None:
        """The refusal passes."""
        stream = Failing(("a", None, False, [[1]]))
        stream.faults = [refused("ResourceNotFoundException")]
        assert self.reader(stream).page("a", Position("TRIM_HORIZON")).failed

    def test_a_shard_of_a_deleted_stream_is_lost(self) -> None:
        """The list of shards says so."""
        stream = Failing(("a", None, False, [[1]]))
        stream.faults = [refused("ResourceNotFoundException"), refused("ResourceNotFoundException", "DescribeStream")]
        with pytest.raises(StreamLostError, match="the stream or its table was deleted"):
            self.reader(stream).page("a", Position("TRIM_HORIZON"))

    def test_iterators_that_always_expire_are_waited_for(self) -> None:
        """A page takes a bounded number of requests."""
        stream = Failing(("a", None, False, [[1]]))
        stream.faults = [refused("ExpiredIteratorException") for _ in range(50)]
        assert self.reader(stream).page("a", Position("TRIM_HORIZON")).failed
        assert len(stream.faults) > 40

    def test_the_last_list_of_shards_stays_while_none_can_be_read(self) -> None:
        """And the next one replaces it."""
        stream = Failing(("a", None, False, [[1]]))
        reader = self.reader(stream)
        before = reader.shards()
        stream.faults = [refused("LimitExceededException", "DescribeStream")]
        assert reader.shards() == before != []

    def test_a_disabled_stream_is_said(self) -> None:
        """It gets no more records, and waiting is in vain."""
        stream, notes = Failing(("a", None, True, [[1]])), list[str]()
        stream.status = "DISABLED"
        reader = self.reader(stream, notes)
        reader.shards()
        reader.shards()
        assert notes == ["the stream is disabled and gets no more records"]
