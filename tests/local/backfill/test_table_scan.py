"""``router.local.backfill.table_scan``: a parallel Scan of ministack and of DynamoDB Local."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.stub import Stubber

from router.local.backfill.capacity import CapacityRate
from router.local.backfill.existing_items import BackfillError
from router.local.backfill.table_scan import TableScan, key_names
from router.local.engines.dynamodb_local import DynamoDBLocal
from tests.local.backfill.deployments import make_table
from tests.ministack import Ministack


def scan(table: str, url: str, *, segments: int = 4, units: float | None = None, consistent: bool = False) -> TableScan:
    rate = CapacityRate(units, lambda _: True)
    return TableScan(table, segments, rate, consistent=consistent, endpoint_url=url)


def keys(items: Any) -> list[str]:
    return [item.position["pk"]["S"] for item in items]


def check_segments(table: str, url: str) -> None:
    """The segments have all items, each once, and go on behind the key of any item."""
    with closing(scan(table, url)) as items:
        by_part = {part: keys(items.read(part, None)) for part in items.parts}
        assert sorted(key for part in by_part.values() for key in part) == sorted(f"o{number}" for number in range(200))
        for part, found in by_part.items():
            positions = [item.position for item in items.read(part, None)]
            middle = len(positions) // 2
            assert keys(items.read(part, positions[middle])) == found[middle + 1 :]
            assert keys(items.read(part, positions[-1])) == []


def test_each_item_is_read_once_and_reading_goes_on_behind_any_key(ministack: Ministack, table: str) -> None:
    """On ministack."""
    check_segments(table, ministack.endpoint_url)


def test_dynamodb_local_does_the_same(dynamodb_local: DynamoDBLocal) -> None:
    """AWS's own engine."""
    with closing(dynamodb_local.client("dynamodb")) as client:
        check_segments(make_table(client, 200), dynamodb_local.endpoint_url)


def test_an_item_is_in_the_form_of_a_change(ministack: Ministack, table: str) -> None:
    """With base64 in place of bytes, as Lambda delivers it."""
    with closing(scan(table, ministack.endpoint_url, segments=1)) as items:
        item = next(item for item in items.read("0", None) if item.position["pk"]["S"] == "o7")
    assert item.wire["dynamodb"]["Keys"] == item.position == {"pk": {"S": "o7"}, "sk": {"B": "TUVUQQ=="}}
    assert item.wire["dynamodb"]["NewImage"]["total"] == {"N": "7"}
    assert (item.wire["eventName"], item.wire["tableName"]) == ("INSERT", table)


def test_items_are_read_again_by_their_keys(ministack: Ministack, table: str) -> None:
    """As they are now; one that is gone is left out."""
    with closing(scan(table, ministack.endpoint_url)) as items:
        positions = [{"pk": {"S": f"o{number}"}, "sk": {"B": "TUVUQQ=="}} for number in (*range(150), 1000)]
        assert sorted(keys(items.read_again("0", positions))) == sorted(f"o{number}" for number in range(150))


def test_a_rate_makes_pages_small(ministack: Ministack, table: str) -> None:
    """So that none consumes the units of many seconds at once."""
    limits: list[int | None] = []
    with closing(scan(table, ministack.endpoint_url, segments=1, units=10)) as items:
        items._client.meta.events.register(
            "provide-client-params.dynamodb.Scan", lambda params, **_: limits.append(params.get("Limit"))
        )
        assert len([*items.read("0", None)]) == 200
        assert items.identity["segments"] == 1
    assert limits[0] == 10
    assert all(limits)


@pytest.fixture
def answers(ministack: Ministack, table: str) -> Iterator[tuple[TableScan, Stubber]]:
    """A Scan whose service answers as a test says."""
    items = scan(table, ministack.endpoint_url, segments=2, consistent=True)
    with closing(items), Stubber(items._client) as stubber:  # ministack throttles nothing
        yield items, stubber


def test_what_the_service_leaves_unread_is_asked_for_again(answers: tuple[TableScan, Stubber]) -> None:
    """BatchGetItem answers in part when it is throttled."""
    items, stubber = answers
    both = [{"pk": {"S": each}, "sk": {"B": b"META"}} for each in ("a", "b")]
    first, second = ({items.table: [key]} for key in both)
    left = {items.table: {"Keys": [both[1]]}}
    stubber.add_response("batch_get_item", {"Responses": first, "UnprocessedKeys": left})
    stubber.add_response("batch_get_item", {"Responses": second})
    positions = [{"pk": {"S": each}, "sk": {"B": "TUVUQQ=="}} for each in ("a", "b")]
    assert keys(items.read_again("0", positions)) == ["a", "b"]
    stubber.assert_no_pending_responses()


def test_a_page_without_items_is_not_the_end(answers: tuple[TableScan, Stubber]) -> None:
    """Only a page without LastEvaluatedKey is."""
    items, stubber = answers
    key: Any = {"pk": {"S": "a"}, "sk": {"B": b"META"}}
    expected = {
        "TableName": items.table,
        "Segment": 1,
        "TotalSegments": 2,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    }
    stubber.add_response("scan", {"Items": [], "LastEvaluatedKey": key, "ScannedCount": 0}, expected)
    stubber.add_response("scan", {"Items": [key], "ScannedCount": 1}, {**expected, "ExclusiveStartKey": key})
    assert keys(items.read("1", None)) == ["a"]


def test_a_throttle_that_lasts_ends_the_backfill(answers: tuple[TableScan, Stubber]) -> None:
    """With one sentence; the checkpoint has what was read."""
    items, stubber = answers
    stubber.add_client_error("scan", "ProvisionedThroughputExceededException")
    with pytest.raises(BackfillError, match=r"found ProvisionedThroughputExceededException on scan of table shop\d+"):
        next(items.read("0", None))


def test_a_table_that_does_not_exist_is_refused(ministack: Ministack) -> None:
    """At once."""
    with pytest.raises(BackfillError, match="found ResourceNotFoundException on describe_table of table nowhere"):
        scan("nowhere", ministack.endpoint_url)


def test_the_keys_of_a_table(ministack: Ministack, table: str) -> None:
    """For an export, which does not say them."""
    assert key_names(table, ministack.endpoint_url) == ["pk", "sk"]
    with pytest.raises(BackfillError, match="name the key attributes with --key"):
        key_names("nowhere", ministack.endpoint_url)
