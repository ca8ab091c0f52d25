"""``router.local.redrive.s3_place``: what S3 refuses, as a server on this machine never does."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from router.local.aws_clients import aws_client
from router.local.redrive.place import Document, PlaceError
from router.local.redrive.s3_place import S3Place

BUCKET = {"Bucket": "shop-failed"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """A client of S3 with recorded answers; all of them are asked for."""
    client = aws_client("s3", "http://127.0.0.1:1")
    with Stubber(client) as stub:
        yield stub
    stub.assert_no_pending_responses()
    client.close()


@pytest.fixture
def place(stub: Stubber) -> S3Place:
    """The bucket, which has two objects."""
    contents = [{"Key": f"aws/lambda/{name}.json", "ETag": f'"{name}"'} for name in "ab"]
    stub.add_response("list_objects_v2", {"Contents": contents}, {**BUCKET, "Prefix": "aws/lambda/"})
    return S3Place("s3://shop-failed/aws/lambda/", stub.client)


def documents(place: S3Place) -> list[Document]:
    return list(place.take())


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError"])
def test_one_object_that_cannot_be_deleted(stub: Stubber, place: S3Place, code: str) -> None:
    """The one before it is deleted; the error names the object, and that the journal has what is done."""
    first, second = documents(place)
    stub.add_response("delete_object", {}, {**BUCKET, "Key": "aws/lambda/a.json"})
    place.remove(first)
    stub.add_client_error("delete_object", code, expected_params={**BUCKET, "Key": "aws/lambda/b.json"})
    with pytest.raises(PlaceError) as raised:
        place.remove(second)
    expected = f"found {code} on deleting s3://shop-failed/aws/lambda/b.json; the journal has that it is done"
    assert str(raised.value) == expected


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_an_object_that_cannot_be_read(stub: Stubber, place: S3Place, code: str) -> None:
    """Such as one that a lifecycle rule has deleted since the bucket was listed; the others are read."""
    first, second = documents(place)
    stub.add_client_error("get_object", code)
    with pytest.raises(PlaceError, match=f"^found {code} on reading s3://shop-failed/aws/lambda/a.json$"):
        first.read()
    stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"{}"), 2)})
    assert second.read() == "{}"


def test_a_bucket_whose_second_page_is_throttled(stub: Stubber) -> None:
    """After boto3's own retries: what is listed so far has been given out."""
    contents = [{"Key": "a.json", "ETag": '"a"'}]
    page = {"Contents": contents, "IsTruncated": True, "NextContinuationToken": "more"}
    stub.add_response("list_objects_v2", page)
    stub.add_client_error("list_objects_v2", "SlowDown")
    taken = S3Place("s3://shop-failed", stub.client).take()
    assert next(taken).name == "s3://shop-failed/a.json"
    with pytest.raises(PlaceError, match="found SlowDown on reading s3://shop-failed, expected a bucket that you may"):
        next(taken)
