"""Errors are described, and leave the framework, without item values."""

import gc
import traceback
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator
from pydantic import v1 as pydantic_v1

from router import Reject
from router.errors import DecodeError, RouterError
from router.observability.safe_errors import alone, safe_error, without_inputs
from router.parsing.parser import parser_for
from tests.strategies import SECRET


def test_a_fault_of_the_whole_model() -> None:
    """A fault of no field in particular has the place (model)."""

    class Model(BaseModel):
        total: int

    with pytest.raises(ValueError, match="model") as caught:
        Model.model_validate(5)
    assert safe_error(caught.value)["faults"] == ["(model): model_type"]


def test_safe_error_of_another_library() -> None:
    """An error of another library is described by its type and its lines of code."""
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        fields = safe_error(error)
    assert set(fields) == {"error", "at"}
    assert fields["error"] == "KeyError"


def test_safe_error_of_the_framework() -> None:
    """An error of the framework is described by its type and its text, without lines of code."""
    error = DecodeError("total", "a string", "a number", "NewImage")
    assert safe_error(error) == {
        "error": "DecodeError",
        "reason": "attribute 'total' of NewImage: found a string, expected a number",
    }


def test_safe_error_of_reject() -> None:
    """A Reject is described with its text, which the user writes for the log."""
    assert safe_error(Reject("order without lines")) == {"error": "Reject", "reason": "order without lines"}


def test_safe_error_without_a_traceback() -> None:
    """An exception without a traceback has no lines of code."""
    assert safe_error(KeyError()) == {"error": "KeyError", "at": []}


def test_validation_error_of_another_library() -> None:
    """A ValidationError whose errors() is not pydantic's is described by type and lines of code."""

    class ValidationError(Exception):
        def errors(self) -> list[str]:
            return [SECRET]

    fields = safe_error(ValidationError())
    assert fields["error"] == "ValidationError"
    assert SECRET not in str(fields)


class OldModel(pydantic_v1.BaseModel):
    number: int


def test_validation_error_of_pydantic_1() -> None:
    """A ValidationError of pydantic 1 is described without its inputs."""
    with pytest.raises(pydantic_v1.ValidationError) as caught:
        OldModel.parse_obj({"number": SECRET})
    fields = safe_error(caught.value)
    assert fields["error"] == "ValidationError"
    assert SECRET not in str(fields)


def test_recursion_error() -> None:
    """An infinite recursion is described by its last lines of code."""

    def endless(depth: int) -> int:
        return endless(depth + 1)

    # A finalizer that warns in the depth of the recursion would fail this test: X-Ray's recorder leaves a socket open.
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(RecursionError) as caught:
            endless(0)
    finally:
        gc.enable()
    assert len(safe_error(caught.value)["at"]) <= 100


def test_users_subclass_of_router_error() -> None:
    """A user's subclass of RouterError is described like an error of the framework."""

    class MineError(RouterError):
        pass

    assert safe_error(MineError("text"))["reason"] == "text"


class Failing(BaseModel):
    id: str

    @field_validator("id")
    @classmethod
    def fail(cls, value: str) -> str:
        raise LookupError


def test_frames_of_a_generated_parser_are_left_out() -> None:
    """An error of a user's validator is described by the user's lines of code, without those of the parser."""
    with pytest.raises(LookupError) as caught:
        parser_for(Failing).parse({"id": {"S": "a"}})
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert any(file.startswith("<parser of ") for file in files)
    *_, last = described = safe_error(caught.value)["at"]
    assert last.endswith(" in fail")
    assert "<parser of " not in str(described)


def test_long_texts() -> None:
    """A text, a name and a line of code are cut."""
    long = type("X" * 100_000, (RouterError,), {})
    assert len(str(safe_error(long("x" * 1_000_000)))) < 3_000


# ------------------------------------------------------------------------------------------------------------------ chains


class Model(BaseModel):
    total: int


def invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"total": SECRET})
    return caught.value


def text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def raised(error: Exception, **links: Any) -> Exception:
    for name, link in links.items():
        setattr(error, name, link)
    return error


@pytest.mark.parametrize(
    "make",
    [
        invalid,
        lambda: raised(TimeoutError(), __cause__=invalid()),
        lambda: raised(TimeoutError(), __context__=invalid()),
        lambda: raised(TimeoutError(), __cause__=raised(OSError(), __context__=invalid())),
        lambda: ExceptionGroup("several", [TimeoutError(), invalid()]),
        lambda: ExceptionGroup("several", [ExceptionGroup("inner", [raised(OSError(), __cause__=invalid())])]),
        lambda: raised(ExceptionGroup("several", [invalid()]), __cause__=invalid()),
    ],
)
def test_pydantic_errors_in_chains_and_groups(make: Any) -> None:
    """No pydantic error quotes a value, wherever in a chain or a group it is."""
    error = make()
    assert SECRET in text(error)
    cleaned = without_inputs(error)
    assert SECRET not in text(cleaned)
    assert type(cleaned) is type(error)


def test_a_chain_without_pydantic_errors_stays() -> None:
    """Other errors in a chain stay the same objects, and a suppressed context stays suppressed."""
    cause, context = KeyError(), OSError()
    error = raised(TimeoutError(), __context__=context, __cause__=cause, __suppress_context__=False)
    assert without_inputs(error) is error
    assert (error.__cause__, error.__context__, error.__suppress_context__) == (cause, context, False)


def test_a_chain_with_a_loop() -> None:
    """A chain that leads back to its beginning is followed once."""
    error, other = TimeoutError(), OSError()
    error.__cause__, other.__cause__ = other, error
    assert without_inputs(error) is error


def test_alone() -> None:
    """An error that leaves the framework is chained to no other."""
    error = raised(TimeoutError(), __cause__=KeyError(SECRET), __context__=OSError(SECRET))
    assert alone(error) is error
    assert (error.__cause__, error.__context__) == (None, None)
