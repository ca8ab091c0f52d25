"""``tests/events``: the recorded events have Lambda's shape and equal what the engine gives."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.local.engines.dynamodb_local import DynamoDBLocal
from tests.events import record as recorder
from tests.events.stories import STORIES

FOLDER = Path(recorder.__file__).parent
EVENTS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
IMAGES: dict[str, dict[str, set[str]]] = {
    "KEYS_ONLY": {"INSERT": set(), "MODIFY": set(), "REMOVE": set()},
    "NEW_IMAGE": {"INSERT": {"NewImage"}, "MODIFY": {"NewImage"}, "REMOVE": set()},
    "OLD_IMAGE": {"INSERT": set(), "MODIFY": {"OldImage"}, "REMOVE": {"OldImage"}},
    "NEW_AND_OLD_IMAGES": {"INSERT": {"NewImage"}, "MODIFY": {"NewImage", "OldImage"}, "REMOVE": {"OldImage"}},
}
TAGS = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}

Json = dict[str, Any]


def images(record: Json) -> list[Json]:
    return [record["dynamodb"][name] for name in ("Keys", "NewImage", "OldImage") if name in record["dynamodb"]]


def values(value: Any) -> Iterator[Json]:
    """An attribute value and all values inside of it."""
    yield value
    for inner in [*value.get("L", ()), *value.get("M", {}).values()]:
        yield from values(inner)


def depth(value: Any) -> int:
    inner = [*value.get("L", ()), *value.get("M", {}).values()]
    return 1 + max(map(depth, inner), default=0) if value.keys() & {"L", "M"} else 0


def is_valid(value: Json) -> bool:
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return isinstance(content, str)
        case "N":
            return isinstance(content, str) and Decimal(content).is_finite()
        case "B":
            return isinstance(b64decode(content, validate=True), bytes)
        case "BOOL":
            return isinstance(content, bool)
        case "NULL":
            return content is True
        case "M":
            return isinstance(content, dict) and "" not in content
        case "L":
            return isinstance(content, list)
        case _:
            unique = len(set(content)) == len(content) > 0
            return unique and all(is_valid({tag[0]: member}) for member in content)


def image_size(image: Json) -> int:
    return sum(len(name.encode()) + size(value) for name, value in image.items())


def size(value: Json) -> int:
    ((tag, content),) = value.items()
    match tag:
        case "S":
            return len(content.encode())
        case "N":
            return number_size(content)
        case "B":
            return len(b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + len(content) + image_size(content)
        case "L":
            return 3 + len(content) + sum(map(size, content))
        case _:
            return sum(size({tag[0]: member}) for member in content)


def number_size(text: str) -> int:
    """One byte, one for each significant pair of digits from the decimal point, one for a minus sign."""
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = whole.zfill(len(whole) + len(whole) % 2) + fraction.ljust(len(fraction) + len(fraction) % 2, "0")
    pairs = "".join(chr(int(digits[at : at + 2])) for at in range(0, len(digits), 2)).strip("\0")
    return 1 + len(pairs) + text.startswith("-")


def test_each_story_has_its_file() -> None:
    """Each story has its file, and each file its story."""
    assert EVENTS.keys() == STORIES.keys()


@pytest.mark.parametrize("name", EVENTS)
def test_a_file_is_written_for_people_to_read(name: str) -> None:
    """Files have an indent of two, unescaped letters and a final newline, so that changes are short."""
    text = FOLDER.joinpath(f"{name}.json").read_text("utf-8")
    assert text == json.dumps(EVENTS[name], indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_a_batch_of_one_stream(name: str) -> None:
    """All records of an event come from one stream, in the order of their sequence numbers."""
    event = EVENTS[name]
    assert list(event) == ["Records"]
    assert len({record["eventSourceARN"] for record in event["Records"]}) == 1
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
    assert numbers == sorted(set(numbers)) != []


def test_no_two_records_share_an_id() -> None:
    """No two records have the same event ID."""
    ids = Counter(record["eventID"] for event in EVENTS.values() for record in event["Records"])
    assert max(ids.values()) == 1


@pytest.mark.parametrize("records", [pytest.param(event["Records"], id=name) for name, event in EVENTS.items()])
class TestShape:
    def test_a_record_has_lambdas_names_in_lambdas_order(self, records: list[Json]) -> None:
        """A record has seven fields, and `userIdentity` after a TTL delete."""
        names = ["eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "eventSourceARN"]
        with_identity = [*names[:-1], "userIdentity", names[-1]]
        assert all(list(record) == (with_identity if "userIdentity" in record else names) for record in records)

    def test_its_section_has_dynamodbs_names_in_order(self, records: list[Json]) -> None:
        """The field `dynamodb` has the images of the view, and all other fields."""
        for record in records:
            assert list(record["dynamodb"]) == [
                "ApproximateCreationDateTime",
                "Keys",
                *sorted(IMAGES[record["dynamodb"]["StreamViewType"]][record["eventName"]]),
                "SequenceNumber",
                "SizeBytes",
                "StreamViewType",
            ]

    def test_its_constants_are_lambdas(self, records: list[Json]) -> None:
        """Version, source and region are those on AWS."""
        constants = {(record["eventVersion"], record["eventSource"], record["awsRegion"]) for record in records}
        assert constants == {("1.1", "aws:dynamodb", "us-east-1")}

    def test_its_arn_shows_no_local_engine(self, records: list[Json]) -> None:
        """The stream's ARN has a region of AWS and the account of AWS's documentation."""
        shape = r"arn:aws:dynamodb:us-east-1:123456789012:table/Shop/stream/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}"
        assert all(re.fullmatch(shape, record["eventSourceARN"]) for record in records)

    def test_its_identity_is_text(self, records: list[Json]) -> None:
        """An event ID is 32 hexadecimal digits, with the engine's dashes; a sequence number is digits."""
        for record in records:
            assert re.fullmatch(r"[0-9a-f]{32}", record["eventID"].replace("-", ""))
            assert re.fullmatch(r"\d{21}", record["dynamodb"]["SequenceNumber"])

    def test_its_time_is_in_whole_seconds(self, records: list[Json]) -> None:
        """A time is a float of whole seconds."""
        created = [record["dynamodb"]["ApproximateCreationDateTime"] for record in records]
        assert all(isinstance(seconds, float) and seconds.is_integer() for seconds in created)

    def test_its_values_are_attribute_values(self, records: list[Json]) -> None:
        """Each value has one of the ten type tags, with content of that type."""
        top = [value for record in records for image in images(record) for value in image.values()]
        found = [inner for value in top for inner in values(value)]
        assert {tag for value in found for tag in value} <= TAGS
        assert all(map(is_valid, found))

    def test_its_keys_are_in_its_images(self, records: list[Json]) -> None:
        """The keys are both key attributes, with the values in the images."""
        for record in records:
            keys = record["dynamodb"]["Keys"]
            assert keys.keys() == {"pk", "sk"}
            assert all(image | keys == image for image in images(record))

    def test_its_size_is_keys_and_images_together(self, records: list[Json]) -> None:
        """`SizeBytes` follows from the record's key and images."""
        sizes = [record["dynamodb"]["SizeBytes"] for record in records]
        assert sizes == [sum(map(image_size, images(record))) for record in records]

    def test_an_identity_is_that_of_ttl(self, records: list[Json]) -> None:
        """Only a TTL delete has an identity, which is DynamoDB's."""
        ttl = ("REMOVE", {"principalId": "dynamodb.amazonaws.com", "type": "Service"})
        found = [(record["eventName"], record["userIdentity"]) for record in records if "userIdentity" in record]
        assert all(identity == ttl for identity in found)


def entity(record: Json) -> str | None:
    image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
    name = image.get("EntityType")
    return None if name is None else str(name["S"])


def names(event: str) -> list[str]:
    return [record["eventName"] for record in EVENTS[event]["Records"]]


class TestStories:
    def test_only_what_ttl_swept_has_an_identity(self) -> None:
        """`cart-expired-ttl` has one delete by a user and one by TTL."""
        deletes = [r for r in EVENTS["cart-expired-ttl"]["Records"] if r["eventName"] == "REMOVE"]
        assert ["userIdentity" in record for record in deletes] == [False, True]

    def test_what_ttl_swept_had_expired(self) -> None:
        """The expired item's `expires_at` is in the past, within the minute to which the engine rounds."""
        swept = EVENTS["cart-expired-ttl"]["Records"][-1]["dynamodb"]
        assert int(swept["OldImage"]["expires_at"]["N"]) < swept["ApproximateCreationDateTime"] + 60

    def test_nothing_else_has_an_identity(self) -> None:
        """Only that story has a TTL delete."""
        found = {name for name, event in EVENTS.items() for r in event["Records"] if "userIdentity" in r}
        assert found == {"cart-expired-ttl"}

    def test_all_types_has_all_ten(self) -> None:
        """The image has an attribute of each type."""
        image = EVENTS["all-types"]["Records"][0]["dynamodb"]["NewImage"]
        assert {tag for value in image.values() for tag in value} == TAGS

    def test_all_types_goes_to_the_limits(self) -> None:
        """Ten levels, 38 digits on both sides of the point, the largest and smallest numbers, and empty values."""
        image = EVENTS["all-types"]["Records"][0]["dynamodb"]["NewImage"]
        assert depth(image["nested"]) == 10
        assert image["digits"] == {"N": "12345678901234567890123456789012345678"}
        assert image["digits_behind_the_point"] == {"N": "-0.12345678901234567890123456789012345678"}
        assert Decimal(image["largest"]["N"]) == Decimal("9.9999999999999999999999999999999999999E+125")
        assert Decimal(image["smallest"]["N"]) == Decimal("1E-130")
        assert (image["empty_text"], image["empty_binary"]) == ({"S": ""}, {"B": ""})
        assert b64decode(image["binary"]["B"]) == bytes(range(256))

    def test_mixed_batch_has_25_records_of_five_entities(self) -> None:
        """Four entities of the shop and an unknown one."""
        entities = Counter(map(entity, EVENTS["mixed-batch"]["Records"]))
        assert sum(entities.values()) == 25
        assert entities.keys() == {"Customer", "Order", "Product", "Message", "Coupon"}

    def test_mixed_batch_changes_some_items_several_times(self) -> None:
        """One item has several records."""
        items = Counter(json.dumps(r["dynamodb"]["Keys"], sort_keys=True) for r in EVENTS["mixed-batch"]["Records"])
        assert sum(count >= 3 for count in items.values()) >= 4

    def test_poison_stands_between_good_records(self) -> None:
        """The second of three totals is a text."""
        totals = [record["dynamodb"]["NewImage"]["total"] for record in EVENTS["poison"]["Records"]]
        assert totals == [{"N": "12.95"}, {"S": "twelve"}, {"N": "12.95"}]

    def test_messages_lack_one_thing_each(self) -> None:
        """The record has every field of the Rust sample."""
        images = [record["dynamodb"]["NewImage"] for record in EVENTS["messages"]["Records"][:7]]
        assert [image.get("Id") for image in images] == [
            {"N": "101"},
            None,
            {"S": "one"},
            {"N": "104"},
            {"N": "105"},
            None,
            {"N": "2147483648"},
        ]
        assert ["Message" in image for image in images] == [True, True, True, False, True, False, True]
        assert ["EntityType" in image for image in images] == [True, True, True, True, False, True, True]
        assert names("messages")[7:] == ["MODIFY", "REMOVE"]

    def test_an_order_is_placed_paid_shipped_and_deleted(self) -> None:
        """Four records of one item show its statuses in order."""
        records = EVENTS["order-lifecycle"]["Records"]
        assert names("order-lifecycle") == ["INSERT", "MODIFY", "MODIFY", "REMOVE"]
        assert [r["dynamodb"]["NewImage"]["status"]["S"] for r in records[:3]] == ["PLACED", "PAID", "SHIPPED"]
        assert records[3]["dynamodb"]["OldImage"]["status"] == {"S": "SHIPPED"}

    @pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
    def test_each_view_has_the_same_life(self, view: str) -> None:
        """The records differ only in their images."""
        name = f"view-{view.lower().replace('_', '-')}"
        assert names(name) == names("order-lifecycle")
        assert {record["dynamodb"]["StreamViewType"] for record in EVENTS[name]["Records"]} == {view}

    def test_a_transaction_gives_a_record_for_each_write(self) -> None:
        """A put, an update and a delete, after the items that they need."""
        assert names("transaction") == ["INSERT", "INSERT", "INSERT", "MODIFY", "REMOVE"]

    def test_a_batch_write_gives_a_record_for_each_write(self) -> None:
        """A put of an existing item is a modification."""
        assert names("batch-write") == ["INSERT", "INSERT", "MODIFY", "INSERT", "INSERT", "REMOVE"]


def timeless(event: Json) -> list[Json]:
    """The parts of an event that are equal in all recordings."""
    records = json.loads(re.sub(r'("expires_at": \{"N": )"\d+"', r'\1"0"', json.dumps(event)))["Records"]
    for record in records:
        record["eventSourceARN"] = record["eventSourceARN"].partition("/stream/")[0]
        del record["eventID"], record["dynamodb"]["SequenceNumber"], record["dynamodb"]["ApproximateCreationDateTime"]
        if "expires_at" in json.dumps(record):
            del record["dynamodb"]["SizeBytes"]  # zeros at the end of a time take no space
    return list(records)


@pytest.mark.parametrize("name", STORIES)
def test_the_engine_still_says_so(dynamodb_local: DynamoDBLocal, name: str) -> None:
    """A story that is recorded again gives the records of its file."""
    assert timeless(recorder.record(dynamodb_local, STORIES[name])) == timeless(EVENTS[name])


def test_the_recorder_writes_all_files(
    dynamodb_local: DynamoDBLocal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command writes each story's file and says how many records it has."""
    monkeypatch.setattr(recorder, "FOLDER", tmp_path)
    monkeypatch.setattr(recorder, "STORIES", {"customer": STORIES["customer"]})
    assert recorder.main() == 0
    assert capsys.readouterr().out == "customer.json: 3 records\n"
    assert timeless(json.loads((tmp_path / "customer.json").read_text("utf-8"))) == timeless(EVENTS["customer"])
