"""Python's garbage collection in Lambda: what the initialisation makes is never searched for garbage.

Python searches all objects again and again: the 60,000 of the imports, and those of a large event while it is parsed
and handled, up to 70 ms at a time. In Lambda the import of this package raises the number of new objects after which a
search begins above those of an event of 6 MB; they are freed when the event is over, without any search. Where the
initialisation ends, its objects are frozen: no later search looks at them. A search before that would take 6 to 14 ms
of the cold start and free less than 100 kB. ``ROUTER_GC_TUNING=off`` leaves all as Python has it.
https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc
import os

from router.errors import RegistrationError
from router.lambda_process import in_lambda

__all__ = ["check_setting", "freeze", "freeze_less_garbage", "raise_thresholds"]

_SETTING = "ROUTER_GC_TUNING"
_VALUES = ("on", "off")

_MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
_PER_MEGABYTE, _FEWEST, _MOST = 600, 50_000, 400_000
"""New objects before a search, of which some 200 bytes each may be garbage in circles: a tenth of the memory."""


def _is_on() -> bool:
    return in_lambda() and os.environ.get(_SETTING, "on").lower() == "on"


def raise_thresholds() -> None:
    """Search for garbage less often, if that is on."""
    if _is_on():
        gc.set_threshold(_threshold(), *gc.get_threshold()[1:])


def _threshold() -> int:
    megabytes = os.environ.get(_MEMORY, "")
    return min(max(_PER_MEGABYTE * int(megabytes if megabytes.isdecimal() else 512), _FEWEST), _MOST)


def freeze() -> None:
    """Exempt all objects that exist now from later searches, if that is on. References still free them."""
    if _is_on():
        gc.freeze()


def freeze_less_garbage() -> None:
    """The same after one search, which makes the snapshot of a function smaller; nothing waits for it there."""
    if _is_on():
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def check_setting() -> None:
    """Refuse an unknown value.

    Raises:
        RegistrationError: The environment variable is neither ``on`` nor ``off``.
    """
    value = os.environ.get(_SETTING, "on")
    if value.lower() not in _VALUES:
        msg = f"found {_SETTING}={value!r} in the environment, expected {' or '.join(_VALUES)}"
        raise RegistrationError(msg)
