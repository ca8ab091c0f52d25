"""``router.local.item_size``: sizes as DynamoDB counts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.local.item_size import size_bytes

EVENTS = sorted(Path(__file__).parents[1].joinpath("events").glob("*.json"))
RECORDED = [each for path in EVENTS for each in json.loads(path.read_text())["Records"]]


@pytest.mark.parametrize(
    "recorded", RECORDED, ids=lambda recorded: f"{recorded['eventName']}-{recorded['eventID'][:8]}"
)
def test_size_is_the_engines(recorded: dict[str, Any]) -> None:
    """Sizes equal those of a real engine, for all attribute types and extreme numbers."""
    body = recorded["dynamodb"]
    images = [body[name] for name in ("Keys", "NewImage", "OldImage") if name in body]
    assert size_bytes(*images) == body["SizeBytes"]


@pytest.mark.parametrize(
    ("images", "size"),
    [
        (({"id": {"S": "Fred"}}, {"id": {"S": "Fred"}}), 12),
        (({"id": {"S": "id_value_1"}}, {"id": {"S": "id_value_1"}}), 24),
        (({"id": {"S": "Fred"}}, {"id": {"S": "Fred"}, "name": {"S": "Fred"}}, {"id": {"S": "Fred"}}), 26),
        (({"n": {"N": "1"}},), 3),
        (({"n": {"N": "42"}},), 3),
        (({"n": {"N": "0"}},), 2),
        (({"n": {"N": "1.5"}},), 4),
        (({"n": {"N": "100"}},), 3),
        (({"n": {"N": "-1"}},), 4),
        (({"b": {"B": "Zm9vYmFy"}},), 7),
        (({"s": {"SS": ["ab", "é"]}},), 5),
    ],
)
def test_size(images: tuple[dict[str, Any], ...], size: int) -> None:
    """Sizes of names and values by type; the first three were recorded on AWS."""
    assert size_bytes(*images) == size


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "-1"}, 3),
        ({"N": "1200"}, 2),
        ({"N": "0.0012"}, 2),
        ({"B": "AQID"}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"M": {"a": {"S": "b"}}}, 3 + 1 + 2),
    ],
)
def test_sizes_of_values(value: dict[str, Any], size: int) -> None:
    """As DynamoDB documents them."""
    assert size_bytes({"x": value}) == 1 + size
