"""Parameters that are annotated with classes of Powertools, which this package does not import to recognise them."""

from __future__ import annotations

import logging
from typing import Any, Literal

__all__ = ["powertools_kind", "powertools_remedy"]

_RECORD, _LOGGER = "DynamoDBRecord", "Logger"
_OF_A_STREAM = ("DynamoDBStreamEvent", "DynamoDBStreamModel", "DynamoDBStreamRecordModel", "StreamRecord")
_OF_OTHER_SOURCES = ("KinesisStreamEvent", "KinesisStreamRecord", "SQSEvent", "SQSRecord")


def powertools_kind(annotation: Any) -> Literal["record", "logger"] | None:
    """Return what supplies a parameter with this class; ``None`` if it is none of those of Powertools.

    Args:
        annotation: The class.
    """
    name = _name_of(annotation)
    return "record" if name == _RECORD else "logger" if name == _LOGGER else None


def powertools_remedy(parameter: str, annotation: Any) -> str | None:
    """What to write in place of a class that is close to a supplied one; ``None`` if it is not close.

    Args:
        parameter: The parameter's name.
        annotation: Its annotation.
    """
    name = _name_of(annotation)
    if name in _OF_A_STREAM:
        return f"write {parameter}: {_RECORD}, which is one record; its images are in {parameter}.dynamodb"
    if name in _OF_OTHER_SOURCES:
        return f"write {parameter}: {_RECORD} for the change, or {parameter}: Record; its .raw is what was delivered"
    if annotation is logging.Logger:
        return f"write {parameter}: Logger with Powertools' Logger, or call logging.getLogger() in the module"
    ancestor = next(filter(powertools_kind, getattr(annotation, "__mro__", ())), None)
    if ancestor is None:
        return None
    if _name_of(ancestor) == _RECORD:
        return f"write {parameter}: {_RECORD}, and make yours of it: {annotation.__name__}({parameter}.raw_event)"
    made = f"Annotated[{annotation.__name__}, Depends(factory)]"
    return f"write {parameter}: {_LOGGER}, or {parameter}: {made} with a factory that makes yours"


def _name_of(annotation: Any) -> str | None:
    """The name of a class of Powertools."""
    module = getattr(annotation, "__module__", None) or ""
    return getattr(annotation, "__name__", None) if module.partition(".")[0] == "aws_lambda_powertools" else None
