"""The errors are one tree, survive pickling, and name place and types without a value."""

import pickle
import re

import pytest

from router import errors
from router.errors import (
    DecodeError,
    MalformedRecordError,
    ParkingError,
    RegistrationError,
    Reject,
    RouterError,
    UnknownEventError,
    UnroutedError,
)

ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]


@pytest.mark.parametrize("error", ALL)
def test_one_root(error: type[Exception]) -> None:
    """Each error of the framework is a RouterError."""
    assert issubclass(error, RouterError)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (RegistrationError, TypeError),
        (UnknownEventError, ValueError),
        (MalformedRecordError, ValueError),
        (DecodeError, ValueError),
        (UnroutedError, LookupError),
    ],
)
def test_builtin_kind(error: type[Exception], builtin: type[Exception]) -> None:
    """An error is also of the built-in type that Python raises for its kind."""
    assert issubclass(error, builtin)


@pytest.mark.parametrize("error", [RouterError, ParkingError, Reject])
def test_no_builtin_kind(error: type[Exception]) -> None:
    """The root, ParkingError and Reject are of no built-in type, so that no handler of one catches them by accident."""
    assert error.__mro__[-3:] == (Exception, BaseException, object)
    assert all(base.__module__ == "router.errors" for base in error.__mro__[:-3])


def test_tree_is_drawn_whole() -> None:
    """The tree in the docstring lists exactly the errors of the module."""
    drawn = re.findall(r"^    (?:RouterError|[|`]-- (\w+))", errors.__doc__ or "", re.MULTILINE)
    assert {"RouterError", *filter(None, drawn)} == {error.__name__ for error in ALL}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            DecodeError("lines[0].total", "a boolean under N", "a number", "NewImage"),
            "attribute 'lines[0].total' of NewImage: found a boolean under N, expected a number",
        ),
        (
            DecodeError("total", "a boolean under N", "a number"),
            "attribute 'total' of the image: found a boolean under N, expected a number",
        ),
        (DecodeError("", "null", "an object", "OldImage"), "OldImage: found null, expected an object"),
        (DecodeError("", "null", "an object"), "the image: found null, expected an object"),
    ],
)
def test_decode_error(error: DecodeError, text: str) -> None:
    """A DecodeError states what was found, where, and what was expected."""
    assert str(error) == text


def test_decode_error_has_its_parts() -> None:
    """A DecodeError has each part of its message as an attribute."""
    error = DecodeError("total", "null", "a number", "Keys")
    assert (error.path, error.found, error.expected, error.image) == ("total", "null", "a number", "Keys")


@pytest.mark.parametrize("error", [DecodeError("a", "b", "c", "Keys"), Reject("no lines"), UnroutedError("no route")])
def test_pickle(error: Exception) -> None:
    """Pickling keeps an error's message and attributes."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in this line
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
