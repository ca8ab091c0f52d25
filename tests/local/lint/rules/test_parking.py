"""``router.local.lint.rules.parking``: the app's parking place."""

from typing import Any

import pytest

from router import (
    JsonLinesParking,
    MemoryParking,
)
from router.parking import S3Parking, SqsParking
from tests.local.lint.deployments import POLICY, Check, ids, shop


@pytest.mark.parametrize("place", [MemoryParking(), JsonLinesParking("parked.jsonl")])
def test_parking_in_memory_or_local_files_is_a_warning(check: Check, place: Any) -> None:
    """They are lost with the execution environment."""
    assert ids(check(app=shop(parking=place, unrouted="park"))) == ["parking-in-function"]


def test_parking_on_a_mounted_file_system_is_accepted(check: Check) -> None:
    """It outlives the execution environment."""
    assert check(app=shop(parking=JsonLinesParking("/mnt/parked.jsonl"))) == []


def test_parking_in_a_queue_needs_the_permission_to_send(check: Check) -> None:
    """A policy template of SAM gives it."""
    app = shop(parking=SqsParking("https://sqs.us-east-1.amazonaws.com/123456789012/Queue"))
    (found,) = check(app=app)
    assert (found.rule, found.instead.splitlines()[-1]) == ("parking-not-allowed", "  Resource: !GetAtt Queue.Arn")
    assert check((POLICY, "SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}"), app=app) == []


def test_the_overflow_of_a_queue_needs_the_permission_to_put_objects(check: Check) -> None:
    """Records that are too big for a message go there."""
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"
    app = shop(parking=SqsParking(url, overflow=S3Parking("Failed")))
    queue = "{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn}"
    bucket = "{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Failed.Arn}/parked/*'}"
    (found,) = check((POLICY, f"Statement: [{queue}]"), app=app)
    assert found.rule == "parking-not-allowed"
    assert "records that are too big for a message" in found.why
    assert found.instead.splitlines()[-1] == '  Resource: !Sub "${Failed.Arn}/parked/*"'
    assert check((POLICY, f"Statement: [{queue}, {bucket}]"), app=app) == []


def test_parking_in_a_bucket_needs_the_permission_to_put_objects(check: Check) -> None:
    """Below the parking's prefix."""
    app = shop(parking=S3Parking("Failed"))
    allowed = (
        POLICY,
        "Statement: [{Effect: Allow, Action: s3:PutObject, Resource: !Sub '${Failed.Arn}/parked/*'}]",
    )
    (found,) = check(app=app)
    assert found.instead.endswith('Resource: !Sub "${Failed.Arn}/parked/*"')
    assert check(allowed, app=app) == []
