"""Describe errors without item values, at a bounded length."""

from __future__ import annotations

import traceback
from contextlib import suppress
from typing import Any, Final

from pydantic_core import ValidationError

from router.errors import PartialFailure, RouterError
from router.naming import shortened
from router.parsing.parser_filename import PARSER_FILENAME
from router.parsing.validation_errors import faults_of, shows_error_texts, without_values

__all__ = ["alone", "safe_error", "without_inputs"]

_MOST_FRAMES: Final = 20
_LONGEST_REASON: Final = 2_000
_LONGEST_FRAME: Final = 256
_OUR_CODE: Final = (__file__.removesuffix("observability/safe_errors.py"), PARSER_FILENAME)


def safe_error(error: BaseException) -> dict[str, Any]:
    """Describe an error in fields that contain no item values.

    The text of the framework's own errors names attributes and types only. The text of any other error may quote the
    item, so the fields are its type and the lines of code that raised it; ``LOG_ERROR_TEXT=1`` adds the text. A
    pydantic error is described by the place and the kind of each of its first ten faults.
    """
    fields: dict[str, Any] = {"error": shortened(type(error).__name__)}
    if isinstance(error, RouterError) or shows_error_texts():
        with suppress(Exception):  # str() of a user's error may raise, and logging must not
            fields["reason"] = shortened(str(error), _LONGEST_REASON)
    if isinstance(error, ValidationError):
        fields["faults"] = faults_of(error)
    elif not isinstance(error, RouterError):
        fields["at"] = _frames(error)
    return fields


def without_inputs(error: Exception) -> Exception:
    """Return an error without the item values that pydantic errors quote, also those inside and behind it.

    Args:
        error: The error. Pydantic's errors and groups that contain one are replaced; others are changed in place.
    """
    if isinstance(error, ValidationError):
        return without_values(error)
    cleaned: Exception = _without_inputs(error, set())
    return cleaned


def _without_inputs(error: Any, seen: set[int]) -> Any:
    if isinstance(error, ValidationError):
        return without_values(error)
    if id(error) in seen or not isinstance(error, BaseException):
        return error
    seen.add(id(error))
    if isinstance(error, BaseExceptionGroup):
        error = _without_inputs_of_group(error, seen)
    if isinstance(error, PartialFailure):
        error.failures = {change: _without_inputs(each, seen) for change, each in error.failures.items()}
        error.args = (error.failures,)
    suppressed = error.__suppress_context__
    error.__cause__ = _without_inputs(error.__cause__, seen)  # this sets __suppress_context__
    error.__context__ = _without_inputs(error.__context__, seen)
    error.__suppress_context__ = suppressed
    return error


def _without_inputs_of_group(group: BaseExceptionGroup[Any], seen: set[int]) -> BaseExceptionGroup[Any]:
    members = [_without_inputs(member, seen) for member in group.exceptions]
    if all(member is other for member, other in zip(members, group.exceptions, strict=True)):
        return group
    replaced = group.derive(members).with_traceback(group.__traceback__)
    replaced.__cause__, replaced.__context__ = group.__cause__, group.__context__
    replaced.__suppress_context__ = group.__suppress_context__
    return replaced


def alone(error: Exception) -> Exception:
    """Return an error that is chained to no other: the text of another may quote the item."""
    error = without_inputs(error)
    error.__cause__ = error.__context__ = None
    return error


def _frames(error: BaseException) -> list[str]:
    # Not extract_tb(), which asks the file system for each file: the lines' text is not shown.
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    # The framework's own frames are the same in every error, and the last frames of a recursion are enough.
    users = [each for each in frames if not each[0].co_filename.startswith(_OUR_CODE)] or frames
    shown = [f"{code.co_filename}:{line} in {code.co_name}" for code, line in users[-_MOST_FRAMES:]]
    return [shortened(frame, _LONGEST_FRAME) for frame in shown]
