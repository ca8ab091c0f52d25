"""``router.local.streams.reader``: the shards and the records of a stream whose pages the test lists."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from router.local.streams.reader import stream_records

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
