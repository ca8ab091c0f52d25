"""Check the model in ``state=`` of ``on_window``."""

from __future__ import annotations

from typing import Any, NoReturn

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from router.naming import kind_of
from router.registration.options import refuse
from router.registration.source_text import describe

__all__ = ["check_state"]


def check_state(written: str, state: Any) -> None:
    """Require a pydantic model that exists without arguments, and whose JSON it can read again.

    Args:
        written: The decorator as source text, for messages.
        state: The value of ``state=``.

    Raises:
        RegistrationError: The message says what was found and what to write instead.
    """
    if not (isinstance(state, type) and issubclass(state, BaseModel)):
        found = "no state=" if state is None else f"{_shown(state)} as state="
        refuse(written, found, "a pydantic model whose fields have defaults: state=Totals")
    _check_defaults(written, state)
    for name, field in state.model_fields.items():
        if field.exclude:
            _refuse_field(written, state, name, "is excluded from its JSON", "a field without exclude=True")
        if not _reads_what_it_writes(state, name, field):
            expected = "one alias= for both"
            _refuse_field(written, state, name, "is written to JSON under a name that it is not read from", expected)


def _shown(state: Any) -> str:
    return f"the class {describe(state)}" if isinstance(state, type) else kind_of(state)


def _check_defaults(written: str, state: type[BaseModel]) -> None:
    """A window starts without a state, so the model makes the first one."""
    try:
        state()
    except ValidationError:
        lacking = [name for name, field in state.model_fields.items() if field.is_required()]
        found = f"state={describe(state)}, in which {', '.join(map(repr, lacking)) or 'a validator'} needs a value"
        refuse(written, found, f"fields with defaults, because a window starts with {describe(state)}()")
    except Exception as error:  # noqa: BLE001 - a validator is the user's code
        found = f"state={describe(state)}, whose {describe(state)}() raises {type(error).__name__}"
        refuse(written, found, f"a model that can be made without arguments: a window starts with {describe(state)}()")


def _reads_what_it_writes(state: type[BaseModel], name: str, field: FieldInfo) -> bool:
    config = state.model_config
    read: list[Any] = [field.validation_alias or name]
    if isinstance(field.validation_alias, AliasChoices):
        read = list(field.validation_alias.choices)
    if config.get("populate_by_name") or config.get("validate_by_name"):
        read.append(name)
    return (field.serialization_alias or name) in read


def _refuse_field(written: str, state: type[BaseModel], name: str, fault: str, expected: str) -> NoReturn:
    found = f"state={describe(state)}, whose field {name!r} {fault}"
    refuse(written, found, f"{expected}; invocations hand the state on as JSON")
