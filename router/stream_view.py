"""Stream view types: which images the records of a stream carry.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html
"""

from __future__ import annotations

from typing import Literal, get_args

from router.event import Event

__all__ = ["VIEWS", "View", "carried"]

View = Literal["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]
VIEWS: tuple[View, ...] = get_args(View)

_NEW_VIEWS = ("NEW_AND_OLD_IMAGES", "NEW_IMAGE")
_OLD_VIEWS = ("NEW_AND_OLD_IMAGES", "OLD_IMAGE")


def carried(view: View, event: Event) -> tuple[str, ...]:
    """Return the names of the images in a record of this event."""
    new = view in _NEW_VIEWS and event in Event.INSERT | Event.MODIFY
    old = view in _OLD_VIEWS and event in Event.MODIFY | Event.REMOVE
    return ("NewImage",) * new + ("OldImage",) * old
