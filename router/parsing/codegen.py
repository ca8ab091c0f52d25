"""Generate the parser of a model: one function that decodes, validates and builds an instance.

pydantic validates decoded values. For most fields a line of Python does both in a fraction of the time: a text stays as
it is, a number becomes an ``int``. A model with fields ``id: str`` and ``tags: dict[str, int]`` gives such lines::

    wire1 = image["id"]
    value1 = wire1["S"]
    if len(wire1) != 1: raise TypeError
    if type(value1) is not str: raise TypeError
    body3 = wire2["M"]
    value2 = {}
    for name4, wire5 in body3.items():
        ...
    draft6 = Draft()
    draft6.id = value1
    draft6.tags = value2
    draft6.__pydantic_fields_set__ = {"id", "tags"}
    draft6.__class__ = Order
    return draft6

A field that needs more, such as a date or a validator before the conversion, is decoded and given to its validator.

The instance equals that of decoding the image and validating the result. An image of any other form makes the function
raise, valid or not, and the exact parser takes over: so every error is the exact parser's.
"""

from __future__ import annotations

import linecache
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import FunctionType
from typing import Any, Final, Protocol, cast
from weakref import WeakValueDictionary, finalize

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from router.parsing.core_schema import Schema, builds_instances, definitions_of, mixes_configs, needs_other_fields
from router.parsing.emitters import EMITTERS
from router.parsing.model_emitter import emit_model
from router.parsing.parser_filename import PARSER_FILENAME
from router.parsing.parser_source import ParserSource
from router.parsing.source_writer import Unsupported
from router.wire.values import NUMBER_CONTEXT, map_of, number_of, value_of

__all__ = ["Parse", "generate_parser"]


class Parse(Protocol):
    """Makes an instance of an image on the wire."""

    def __call__(self, wire: Any, image: str | None = None, /) -> Any:
        """Parse an image; its name, such as ``"NewImage"``, is for errors."""
        ...


def generate_parser(model: type[BaseModel], parse_exactly: Parse) -> Parse | None:
    """Generate the function that parses a model's images.

    Args:
        model: A model that is complete.
        parse_exactly: Parses each image whose form the function does not handle, and every image after the model has
            been rebuilt.

    Returns:
        ``None`` if the function would not certainly give the result of the model's validator.
    """
    # A pydantic plugin replaces the validator by its own, and has to see each validation.
    if type(model.__pydantic_validator__) is not SchemaValidator or not builds_instances():
        return None
    try:
        return _generated(model, parse_exactly)
    except Exception:  # noqa: BLE001 - besides Unsupported: blocks nested deeper than Python allows, unknown core schemas
        return None


def _generated(model: type[BaseModel], parse_exactly: Parse) -> Parse:
    schema: Schema = model.__pydantic_core_schema__
    definitions = definitions_of(schema)
    if any(map(needs_other_fields, definitions.values())) or mixes_configs(schema):
        raise Unsupported
    source = ParserSource(definitions, EMITTERS)
    namespace = source.constant(vars(model))  # the attribute of the class goes through its metaclass, which is slow
    validator = source.constant(model.__pydantic_validator__)
    source.line(f"if {namespace}['__pydantic_validator__'] is not {validator}: raise TypeError")
    source.line("if type(image) is not dict: raise TypeError")
    instance = emit_model(source, schema, "image")
    constants = "".join(f", {name}" for name in source.constant_names)
    text = _TEXT.format(constants=constants, lines=source.text, instance=instance)
    return cast("Parse", _maker(text, model)(parse_exactly, *source.constants))


_TEXT: Final = """\
# Shared by all models whose fields have the same names and types; named after the first.
def make(parse_exactly{constants}):
    def parse(image, name=None):
        try:
{lines}
            return {instance}
        except Exception:
            pass
        return parse_exactly(image, name)
    return parse
"""


def _decode_rest(image: dict[Any, Any], known: frozenset[str]) -> None:
    """Raise if an attribute that no field reads is malformed."""
    for name in image.keys() - known:
        if not isinstance(name, str):
            raise TypeError
        value_of(image[name])


_GLOBALS: Final[dict[str, Any]] = {
    "Decimal": Decimal,
    "a2b_base64": a2b_base64,
    "decode_rest": _decode_rest,
    "exact_decimal": NUMBER_CONTEXT.create_decimal,
    "map_of": map_of,
    "number_of": number_of,
    "small_integers": {str(number): number for number in range(257)},
    "value_of": value_of,
}

# A parser keeps its maker alive, through its globals. So the text and its source lines go with the last parser.
_MAKERS: Final[WeakValueDictionary[str, FunctionType]] = WeakValueDictionary()


def _maker(text: str, model: type[BaseModel]) -> Callable[..., Any]:
    """Compile a text once. Models with the same fields have the same text, and so share their bytecode."""
    make = _MAKERS.get(text)
    if make is None:
        filename, release = _register_source(text, f"{model.__module__}.{model.__qualname__}")
        namespace = dict(_GLOBALS)
        try:
            exec(compile(text, filename, "exec"), namespace)  # noqa: S102 - names of a user's attributes are quoted in it
        except BaseException:
            release()
            raise
        make = _MAKERS[text] = namespace["make"]
        finalize(make, release).atexit = False
    return make


def _register_source(text: str, model: str) -> tuple[str, Callable[[], None]]:
    """Make tracebacks, debuggers and profilers show the lines of a generated parser.

    Args:
        text: The source.
        model: The full name of the model for which it was generated first.

    Returns:
        The file name, and a function that removes the lines.
    """
    lines = cast("list[str]", _Lines(text))
    filename, number = f"{PARSER_FILENAME}{model}>", 1
    # Without a modification time (None) linecache keeps an entry, and never looks for the file.
    while linecache.cache.setdefault(filename, entry := (len(text), None, lines, filename)) is not entry:
        number += 1  # a class of the same name: rebuilt, or defined within a function
        filename = f"{PARSER_FILENAME}{model} {number}>"

    def release() -> None:
        if linecache.cache.get(filename) is entry:
            del linecache.cache[filename]

    return filename, release


class _Lines(Sequence[str]):
    """The lines of a text, split on access: stored, they would take twice the memory of the text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __getitem__(self, position: Any) -> Any:
        return self._text.splitlines(keepends=True)[position]

    def __len__(self) -> int:
        return len(self._text.splitlines())
