"""An image decodes whole, or raises DecodeError."""

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.errors import DecodeError
from router.wire.decode import decode_image, decode_value
from tests.strategies import SECRET, SECRET_NUMBER, images, junk


def test_an_image_keeps_the_order_of_its_attributes() -> None:
    """The decoded image lists attributes as the wire does."""
    assert list(decode_image({"b": {"N": "1"}, "a": {"S": ""}})) == ["b", "a"]


def test_the_error_has_no_cause() -> None:
    """The error is not chained to the errors that the decoders raise."""
    error = decode_fault(decode_value, {"N": "x"})
    assert error is not None
    assert (error.__cause__, error.__context__) == (None, None)


@given(images())
def test_decoding_leaves_its_input_alone(wire: Any) -> None:
    """Decoding does not change the image."""
    before = copy.deepcopy(wire)
    decode_image(wire)
    assert wire == before


@given(junk() | st.dictionaries(st.text(max_size=3), junk()))
def test_junk_decodes_or_is_refused_without_its_values(wire: Any) -> None:
    """Any input decodes or raises DecodeError, and no value is in the message."""
    for message in (str(decode_fault(decode_image, wire)), str(decode_fault(decode_value, wire))):
        assert SECRET not in message
        assert str(SECRET_NUMBER) not in message


@given(junk())
def test_an_image_fails_as_its_values_do(wire: Any) -> None:
    """An image is an error if and only if one of its values is, for the same reason and one path step deeper."""
    alone, inside = decode_fault(decode_value, wire), decode_fault(decode_image, {"a": {"S": ""}, "b": wire})
    assert (alone is None) == (inside is None)
    if alone is not None and inside is not None:
        assert (inside.found, inside.expected) == (alone.found, alone.expected)
        assert inside.path.startswith("b")


def decode_fault(decode: Callable[[Any], Any], wire: Any) -> DecodeError | None:
    try:
        decode(wire)
    except DecodeError as error:
        return error
    return None
