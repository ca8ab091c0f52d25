"""The changes inside a document that another service carries: the body of a message, the detail of an event.

A document is a change, a document of a parking place, Lambda's failure document with its payload, an event with
``Records``, or one of these in the wrapping of SNS or EventBridge.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from router.errors import RouterError
from router.sources.change import is_change

__all__ = ["NotAChangeError", "changes_in", "is_failure_document", "json_of"]

_MOST_LAYERS = 16  # a text and its JSON are two


class NotAChangeError(RouterError):
    """A document carries no change of a table.

    Args:
        found: What it is.
    """

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def changes_in(document: Any, layers: int = _MOST_LAYERS) -> list[Any]:
    """The changes that a document carries, in order.

    Args:
        document: A JSON value, or the text of one.
        layers: How many wrappings may be around a change.

    Raises:
        NotAChangeError: It carries none, or something else beside them.
    """
    if layers == 0:
        raise NotAChangeError("a document in too many wrappings")
    if isinstance(document, str):
        return changes_in(json_of(document), layers - 1)
    if isinstance(document, list) and document:
        return [change for each in document for change in changes_in(each, layers - 1)]
    if not isinstance(document, dict):
        raise NotAChangeError(_named(document))
    if is_change(document):
        return [document]
    for inner in _inside(document):
        return changes_in(inner, layers - 1)
    raise NotAChangeError(_named(document))


def json_of(text: str) -> Any:
    """The JSON value of a text.

    Raises:
        NotAChangeError: It is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotAChangeError("a text that is no JSON") from None


def is_failure_document(value: Any) -> bool:
    """Whether a value is a document that Lambda writes to an on-failure destination of an event source mapping.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    return isinstance(value, dict) and ("DDBStreamBatchInfo" in value or "KinesisBatchInfo" in value)


def _inside(document: Mapping[str, Any]) -> Iterator[Any]:
    """What a wrapping contains."""
    if is_failure_document(document):
        if "payload" not in document:
            raise NotAChangeError("a failure document without payload")
        yield document["payload"]
    elif "parkedAt" in document and "record" in document:
        yield document["record"]
    elif "Records" in document:
        yield document["Records"]
    elif document.get("Type") == "Notification" and "Message" in document:
        yield document["Message"]
    elif "detail-type" in document and "detail" in document:
        yield document["detail"]
    elif isinstance(data := document.get("kinesis", document), dict) and "data" in data:
        yield _decoded(data["data"])
    elif document.get("eventSource") == "aws:sqs" and "body" in document:
        yield document["body"]
    elif document.get("EventSource") == "aws:sns" and isinstance(document.get("Sns"), dict):
        yield document["Sns"].get("Message")


def _decoded(data: Any) -> str:
    """The text of a Kinesis record's data."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (TypeError, ValueError, binascii.Error):
        raise NotAChangeError("data that is no base64 of a text") from None


def _named(value: Any) -> str:
    if isinstance(value, dict):
        return "an object that is no change of a table"  # without the names of its members, which may be data
    return "an empty list" if value == [] else f"a value of type {type(value).__name__}"
