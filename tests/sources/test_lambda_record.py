"""``router.sources.lambda_record``: records of GetRecords in the form that Lambda delivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from router.sources.lambda_record import lambda_record

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Shop/stream/2026-01-02T03:04:05.678"
TTL = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


def stream_record(name: str = "MODIFY", *, identity: dict[str, str] | None = None, **change: Any) -> dict[str, Any]:
    """A record as boto3 returns it from GetRecords."""
    record: dict[str, Any] = {
        "eventID": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "eventName": name,
        "eventVersion": "1.0",
        "eventSource": "aws:dynamodb",
        "awsRegion": "ddblocal",
        "dynamodb": {
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "SizeBytes": 14,
            "SequenceNumber": "000000000000000000007",
            "Keys": {"pk": {"S": "a"}},
            "ApproximateCreationDateTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        }
        | change,
    }
    return record | ({"userIdentity": identity} if identity is not None else {})


def delivered(name: str = "MODIFY", **more: Any) -> Any:
    return lambda_record(stream_record(name, **more), ARN, "eu-west-1")


class TestMissingFields:
    """Every field is optional in the API, and engines leave some out."""

    @pytest.mark.parametrize("name", ["eventID", "eventName", "eventVersion", "awsRegion", "eventSource", "dynamodb"])
    def test_no_field_of_a_record_is_needed(self, name: str) -> None:
        """The record is delivered with the rest."""
        record = stream_record()
        del record[name]
        assert lambda_record(record, ARN, "eu-west-1")["eventSource"] == "aws:dynamodb"

    @pytest.mark.parametrize(
        "name", ["ApproximateCreationDateTime", "Keys", "SequenceNumber", "SizeBytes", "StreamViewType"]
    )
    def test_a_field_that_is_missing_stays_missing(self, name: str) -> None:
        """No time or size is invented."""
        record = stream_record()
        del record["dynamodb"][name]
        assert name not in lambda_record(record, ARN, "eu-west-1")["dynamodb"]

    def test_an_event_id_is_made_of_the_stream_and_the_number(self) -> None:
        """So it is the same at every reading, and another one for each record."""
        made = [
            lambda_record({"dynamodb": {"SequenceNumber": number}}, arn, "x")["eventID"]
            for number, arn in (("1", ARN), ("1", ARN), ("2", ARN), ("1", f"{ARN}9"))
        ]
        assert made[0] == made[1]
        assert len(set(made)) == 3
        assert all(len(each) == 32 for each in made)

    def test_without_a_number_there_is_no_event_id(self) -> None:
        """Nothing identifies the record."""
        assert "eventID" not in lambda_record({"dynamodb": {}}, ARN, "x")

    @pytest.mark.parametrize(
        ("view", "images", "name"),
        [
            ("NEW_AND_OLD_IMAGES", ("NewImage",), "INSERT"),
            ("NEW_AND_OLD_IMAGES", ("NewImage", "OldImage"), "MODIFY"),
            ("NEW_AND_OLD_IMAGES", ("OldImage",), "REMOVE"),
            ("NEW_AND_OLD_IMAGES", (), None),
            ("NEW_IMAGE", ("NewImage",), None),
            ("NEW_IMAGE", (), "REMOVE"),
            ("OLD_IMAGE", ("OldImage",), None),
            ("OLD_IMAGE", (), "INSERT"),
            ("KEYS_ONLY", (), None),
            (None, ("NewImage", "OldImage"), "MODIFY"),
            (None, ("NewImage",), None),
        ],
    )
    def test_an_event_name_follows_from_the_images(self, view: str | None, images: tuple[str, ...], name: Any) -> None:
        """Only where they have one cause: the app refuses a record without a name."""
        change: dict[str, Any] = {image: {"pk": {"S": "a"}} for image in images}
        change |= {"StreamViewType": view} if view else {}
        assert lambda_record({"dynamodb": change}, ARN, "x").get("eventName") == name

    def test_a_record_with_an_identity_is_a_removal(self) -> None:
        """Only TTL deletes have one."""
        assert lambda_record({"dynamodb": {}, "userIdentity": TTL}, ARN, "x")["eventName"] == "REMOVE"

    def test_an_identity_may_be_incomplete(self) -> None:
        """Each of its fields is optional."""
        assert delivered("REMOVE", identity={"Type": "Service"})["userIdentity"] == {"type": "Service"}

    def test_a_value_of_an_unknown_form_is_for_the_app_to_refuse(self) -> None:
        """It is delivered as it is."""
        assert delivered(NewImage={"pk": {}})["dynamodb"]["NewImage"] == {"pk": {}}


class TestLambdaRecord:
    def test_the_keys_come_in_the_order_of_lambda(self) -> None:
        """The order does not depend on the engine."""
        image = {"pk": {"S": "a"}}
        record = delivered("REMOVE", identity=TTL, OldImage=image, NewImage=image)
        assert list(record) == [
            "eventID",
            "eventName",
            "eventVersion",
            "eventSource",
            "awsRegion",
            "dynamodb",
            "userIdentity",
            "eventSourceARN",
        ]
        assert list(record["dynamodb"]) == [
            "ApproximateCreationDateTime",
            "Keys",
            "NewImage",
            "OldImage",
            "SequenceNumber",
            "SizeBytes",
            "StreamViewType",
        ]

    def test_identity_is_kept_as_the_engine_gave_it(self) -> None:
        """Event ID, sequence number and size stay, leading zeros included."""
        record = delivered()
        assert record["eventID"] == "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
        assert record["dynamodb"]["SequenceNumber"] == "000000000000000000007"
        assert record["dynamodb"]["SizeBytes"] == 14

    def test_version_and_source_are_what_lambda_sends(self) -> None:
        """The version is Lambda's, not the engine's."""
        record = delivered()
        assert (record["eventVersion"], record["eventSource"]) == ("1.1", "aws:dynamodb")

    def test_the_arn_is_added_and_the_region_is_the_callers(self) -> None:
        """GetRecords names no stream, and a local engine has no region of AWS."""
        record = delivered()
        assert (record["eventSourceARN"], record["awsRegion"]) == (ARN, "eu-west-1")

    def test_a_time_becomes_seconds(self) -> None:
        """A time is a number, as Lambda sends it."""
        created = delivered()["dynamodb"]["ApproximateCreationDateTime"]
        assert (created, type(created)) == (1767323045.0, float)

    @pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
    def test_an_event_name_stays(self, name: str) -> None:
        """DynamoDB's three names stay."""
        assert delivered(name)["eventName"] == name

    def test_the_name_that_the_sdk_did_not_know_is_a_remove(self) -> None:
        """DynamoDB Local 3.x gives TTL deletes this name."""
        record = delivered("UNKNOWN_TO_SDK_VERSION", identity=TTL)
        assert record["eventName"] == "REMOVE"

    def test_that_name_stands_for_the_identity_too(self) -> None:
        """DynamoDB Local 3.x leaves it out; without it, the delete would be a user's."""
        identity = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
        assert delivered("UNKNOWN_TO_SDK_VERSION")["userIdentity"] == identity
        assert "userIdentity" not in delivered("REMOVE")

    def test_a_ttl_delete_has_its_identity_in_lambdas_spelling(self) -> None:
        """The identity's names begin with a small letter in an event, and with a capital in the API."""
        assert delivered("REMOVE", identity=TTL)["userIdentity"] == {
            "principalId": "dynamodb.amazonaws.com",
            "type": "Service",
        }

    @pytest.mark.parametrize("identity", [None, {}])
    def test_all_else_has_no_identity(self, identity: dict[str, str] | None) -> None:
        """A missing or empty identity is left out."""
        assert "userIdentity" not in delivered("REMOVE", identity=identity)

    @pytest.mark.parametrize(
        ("value", "wire"),
        [
            ({"B": b"foobar"}, {"B": "Zm9vYmFy"}),
            ({"B": b""}, {"B": ""}),
            ({"B": b"\xfb\xff"}, {"B": "+/8="}),
            ({"BS": [b"a", b"b"]}, {"BS": ["YQ==", "Yg=="]}),
            ({"S": ""}, {"S": ""}),
            ({"N": "-1.50"}, {"N": "-1.50"}),
            ({"SS": ["x", "y"]}, {"SS": ["x", "y"]}),
            ({"NS": ["1", "2"]}, {"NS": ["1", "2"]}),
            ({"BOOL": False}, {"BOOL": False}),
            ({"NULL": True}, {"NULL": True}),
            ({"L": []}, {"L": []}),
            ({"M": {}}, {"M": {}}),
            ({"L": [{"M": {"x": {"B": b"a"}}}, {"N": "1"}]}, {"L": [{"M": {"x": {"B": "YQ=="}}}, {"N": "1"}]}),
        ],
    )
    @pytest.mark.parametrize("image", ["Keys", "NewImage", "OldImage"])
    def test_binary_values_become_base64_wherever_they_stand(self, image: str, value: Any, wire: Any) -> None:
        """Binary values become text at every depth; other values stay."""
        images: dict[str, Any] = {image: {"it": value}}
        assert delivered("MODIFY", **images)["dynamodb"][image] == {"it": wire}

    def test_a_value_as_deep_as_dynamodb_allows_is_written(self) -> None:
        """32 levels of maps and lists are converted."""
        value: dict[str, Any] = {"B": b"a"}
        for _ in range(16):
            value = {"L": [{"M": {"x": value}}]}
        assert json.dumps(delivered(NewImage={"it": value})).count('"YQ=="') == 1

    def test_images_that_the_stream_does_not_carry_stay_away(self) -> None:
        """A missing image is a missing field, not null."""
        assert list(delivered(StreamViewType="KEYS_ONLY")["dynamodb"])[1:3] == ["Keys", "SequenceNumber"]

    def test_the_engines_record_is_left_alone(self) -> None:
        """The record of boto3 is not changed."""
        record = stream_record(NewImage={"it": {"L": [{"B": b"a"}]}})
        lambda_record(record, ARN, "eu-west-1")
        assert record["dynamodb"]["NewImage"] == {"it": {"L": [{"B": b"a"}]}}
        assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], datetime)
