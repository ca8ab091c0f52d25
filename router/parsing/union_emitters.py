"""Emit the code that finds the type of a value that may have several, and converts it."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Any, Final

from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core.core_schema import no_info_plain_validator_function, tagged_union_schema

from router.parsing.core_schema import Schema, model_schema
from router.parsing.model_emitter import emit_model
from router.parsing.parser_source import Conversion, Emit, ParserSource, refuse_constraints
from router.parsing.source_writer import Unsupported
from router.parsing.text_emitter import is_plain_text

__all__ = ["UNION_EMITTERS"]

_ERROR_TEXTS: Final = ("custom_error_type", "custom_error_message", "custom_error_context")

# ------------------------------------------------------------------------------------------------- with a discriminator


def _emit_tagged_union(source: ParserSource, conversion: Conversion) -> None:
    image = source.body(conversion.wire, "M")
    source.line(f"if type({image}) is not dict: raise TypeError")
    _emit_choice(source, conversion._replace(wire=image))


def _emit_choice(source: ParserSource, conversion: Conversion) -> None:
    """Emit the code that finds a model by the discriminator and builds it; ``wire`` holds the attributes."""
    schema, _, image, _ = conversion
    refuse_constraints(schema, "choices", "discriminator", "from_attributes", *_ERROR_TEXTS)
    discriminator, tag = _discriminator(schema), source.variable("tag")
    choices = _tags_and_choices(schema)
    kinds = {type(value) for values, _ in choices for value in values}
    if kinds == {str}:
        source.line(f"{tag} = {image}[{discriminator!r}]['S']")
    elif kinds == {int}:
        source.line(f"{tag} = number_of({image}[{discriminator!r}]['N'])")
    else:
        raise Unsupported
    for values, choice in choices:
        test = f"== {values[0]!r}" if len(values) == 1 else f"in {tuple(values)!r}"
        with source.block(f"{'if' if choice is choices[0][1] else 'elif'} {tag} {test}:"):
            _emit_chosen(source, conversion._replace(schema=choice))
    source.line("else: raise TypeError")


def _discriminator(schema: Schema) -> str:
    """The attribute that holds the tag."""
    name = schema["discriminator"]
    if isinstance(name, list) and len(name) == 1:
        (name,) = name[0] if isinstance(name[0], list) else name
    if type(name) is not str:
        raise Unsupported  # a function, or a path into an attribute
    return name


def _tags_and_choices(schema: Schema) -> list[tuple[list[Any], Schema]]:
    """The schemas that may be chosen, each with the values of the discriminator that choose it."""
    choices = schema["choices"]
    named: dict[Any, CoreSchema] = {tag: no_info_plain_validator_function(partial(_same, tag)) for tag in choices}
    chosen = SchemaValidator(tagged_union_schema(named, "tag")).validate_python
    found: dict[Any, tuple[list[Any], Schema]] = {}
    for tag, choice in choices.items():
        value = tag.value if isinstance(tag, Enum) else tag
        if type(value) not in (str, int) or chosen({"tag": value}) is not tag:
            raise Unsupported
        found.setdefault(choice.get("schema_ref", id(choice)), ([], choice))[0].append(value)
    return list(found.values())


def _same(tag: Any, _: Any) -> Any:
    return tag


def _emit_chosen(source: ParserSource, conversion: Conversion) -> None:
    schema = source.resolved(conversion)
    emit = None if schema is None else partial(_emit_image, source, conversion._replace(schema=schema))
    if emit is None or not source.attempt(emit):
        source.line(f"{conversion.result} = {source.validator(conversion)}(map_of({conversion.wire}))")


def _emit_image(source: ParserSource, conversion: Conversion) -> None:
    if conversion.schema["type"] == "tagged-union":
        _emit_choice(source, conversion)
    else:
        instance = emit_model(source, conversion.schema, conversion.wire, nested=True)
        source.line(f"{conversion.result} = {instance}")


# ---------------------------------------------------------------------------------------------- without a discriminator

_OTHERS: Final = frozenset({"bool", "date", "datetime", "decimal", "float", "time", "timedelta", "uuid"})
"""Kinds of schema that take some texts and numbers, but rather leave them to ``str`` and ``int``."""
_OF_LISTS: Final = frozenset({"frozenset", "list", "set", "tuple"})
_OF_MAPS: Final = frozenset({"dict", "model"})


def _emit_union(source: ParserSource, conversion: Conversion) -> None:
    """Emit a test for each tag whose values only one of the types takes, or takes before any other.

    pydantic takes the first type that a value has exactly. All other values go to the validator of the union.
    """
    schema, _, wire, _ = conversion
    refuse_constraints(schema, "choices", "auto_collapse", *_ERROR_TEXTS)
    choices = _choices(source, conversion)
    if not choices.keys() <= _OTHERS | _OF_LISTS | _OF_MAPS | {"str", "int"}:
        raise Unsupported
    emits = _emits_by_tag(choices)
    if not emits:
        raise Unsupported
    keyword = "if"
    for tag, emit in emits.items():
        with source.block(f"{keyword} '{tag}' in {wire}:"):
            emit(source, conversion)
        keyword = "elif"
    with source.block("else:"):
        source.validated(conversion)


def _choices(source: ParserSource, conversion: Conversion) -> dict[str, Conversion]:
    """The conversion to each type, by the kind of its schema."""
    found: dict[str, Conversion] = {}
    for choice in conversion.schema["choices"]:
        each = choice[0] if isinstance(choice, tuple) else choice
        kind = _kind(source, each)
        if kind in found:
            raise Unsupported
        found[kind] = conversion._replace(schema=each)
    return found


def _kind(source: ParserSource, schema: Schema) -> str:
    while schema["type"] == "definition-ref":
        schema = source.definitions[schema["schema_ref"]]
    if schema["type"] in ("model", "function-after"):
        model = model_schema(schema, source.definitions)
        if model is None or model.config.get("from_attributes"):
            raise Unsupported  # it may take a value of any type
        return "model"
    kind: str = schema["type"]
    return kind


def _emits_by_tag(choices: dict[str, Conversion]) -> dict[str, Emit]:
    found: dict[str, Emit] = {}
    if "str" in choices and is_plain_text(choices["str"]):
        found["S"] = partial(_emit_taker, choices["str"])
    if "int" in choices and not _takes_numbers(choices.get("str")):
        found["N"] = partial(_emit_integer_or_other, choices["int"])
    for tag, kinds in (("L", _OF_LISTS), ("M", _OF_MAPS)):
        takers = [choices[kind] for kind in kinds & choices.keys()]
        if len(takers) == 1:
            found[tag] = partial(_emit_taker, takers[0])
    return found


def _emit_taker(taker: Conversion, source: ParserSource, _: Conversion) -> None:
    source.value(taker)


def _takes_numbers(text: Conversion | None) -> bool:
    name = "coerce_numbers_to_str"
    return text is not None and bool(text.schema.get(name, text.config.get(name)))


def _emit_integer_or_other(integer: Conversion, source: ParserSource, conversion: Conversion) -> None:
    refuse_constraints(integer.schema)
    number = source.body(conversion.wire, "N")
    source.line(f"{conversion.result} = number_of({number})")
    with source.block(f"if type({conversion.result}) is not int:"):
        source.line(f"{conversion.result} = {source.validator(conversion)}({conversion.result})")


UNION_EMITTERS: Final[dict[str, Emit]] = {"tagged-union": _emit_tagged_union, "union": _emit_union}
"""The emitter of each kind of schema."""
