"""``router.testing.stored``: failure documents in a bucket."""

import pytest

from router import Dispatcher, UnknownEventError
from router.errors import RouterError
from router.sources import bucket_object
from router.testing import failure_document, inserted, s3_event
from tests.builders import Order

DOCUMENT = failure_document(inserted(Order(pk="a")))


def test_equal_documents_are_two_objects() -> None:
    """Lambda writes each document to a key of its own."""
    with s3_event(DOCUMENT, DOCUMENT) as event:
        assert len({each["s3"]["object"]["key"] for each in event["Records"]}) == 2
        assert len(Dispatcher(unrouted="skip").dispatch(event).outcomes) == 2


def test_objects_are_there_inside_only() -> None:
    """Afterwards the app reads from where it read before."""
    before = [*bucket_object._clients]
    with s3_event(DOCUMENT):
        assert bucket_object._clients != before
    assert bucket_object._clients == before


def test_another_key_is_no_object() -> None:
    """As in a bucket, an event that names another key finds nothing."""
    with s3_event(DOCUMENT) as event:
        event["Records"][0]["s3"]["object"]["key"] += "x"
        with pytest.raises(RouterError, match="found 1 records that are not done in an event of S3"):
            Dispatcher()(event)


def test_event_bridge_delivers_one_object() -> None:
    """Each object is an event of its own."""
    with (
        pytest.raises(RouterError, match="found 2 documents, expected one"),
        s3_event(DOCUMENT, DOCUMENT, event_bridge=True),
    ):
        raise AssertionError


def test_other_objects_raise() -> None:
    """Bytes stand for an object that is no failure document."""
    with s3_event(b"id,total\n1,2\n") as event, pytest.raises(UnknownEventError, match="an object that is no JSON"):
        Dispatcher()(event)
