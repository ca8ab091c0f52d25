"""Writes, for a model, the function that reads its images: it decodes, validates and builds in one go.

pydantic validates values that something has decoded before. What most fields ask of a value is said in a line of
Python, and running that line takes a fraction of the time: a text stays as it is, a number becomes an ``int``. So the
schema of a model is written out as such lines. For a model with fields ``id: str`` and ``total: Decimal`` they are::

    wire1 = image["id"]
    value1 = wire1["S"]
    if len(wire1) != 1 or type(value1) is not str: raise TypeError
    wire2 = image["total"]
    value2 = number_of(wire2["N"])
    if len(wire2) != 1: raise TypeError
    if type(value2) is int: value2 = Decimal(value2)
    return build(({"id": value1, "total": value2}, None, found))

What is not said so easily - a constraint, a union, a date - is decoded, and left to the field's own validator.

The instance that comes out is the one that comes of decoding the image first and validating it then. Whatever is not as
most values are raises, whether it is in order or not, and the exact way is gone. So all errors come from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final, Protocol, cast

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from router.parsing.core_schema import Definitions, ModelSchema, Schema, attributes_of, definitions_of, model_schema
from router.parsing.validators import builds_instances, field_validator, instance_builder
from router.wire.values import number_of, string_set_of, value_of

__all__ = ["Parse", "generate_parser"]


class Parse(Protocol):
    """Makes an instance of an image on the wire."""

    def __call__(self, wire: Any, image: str | None = None, /) -> Any:
        """Parse an image; its name, such as ``"NewImage"``, is for errors."""
        ...


_LONGEST: Final = 1_000
"""Lines of a function, beyond which a nested model is left to its validator."""


def generate_parser(model: type[BaseModel], exactly: Parse) -> Parse | None:
    """Write the function that reads a model's images.

    Args:
        model: A model that is complete.
        exactly: Reads what is not as most images are, and all of them when the model has been rebuilt meanwhile.

    Returns:
        ``None`` where the function would not be certain to do what the model's validator does.
    """
    # A plugin of pydantic's puts its own in the validator's place, and wants to see what is validated.
    if type(model.__pydantic_validator__) is not SchemaValidator or not builds_instances():
        return None
    try:
        return _written(model, exactly)
    except Exception:  # noqa: BLE001 - besides _Unsure: deeper blocks than Python takes, and schemas of kinds unheard of
        return None


class _Unsure(Exception):  # noqa: N818 - an answer, and it stays in this module
    """What is written might not do the same."""


def _written(model: type[BaseModel], exactly: Parse) -> Parse:
    schema: Schema = model.__pydantic_core_schema__
    definitions = definitions_of(schema)
    if any(map(_asks_for_others, definitions.values())):
        raise _Unsure
    writer = _Writer(definitions)
    attributes = writer.given(vars(model))  # a class looks them up through its metaclass, which takes long
    validator = writer.given(model.__pydantic_validator__)
    writer.line(f"if {attributes}['__pydantic_validator__'] is not {validator}: raise TypeError")
    writer.line("if type(image) is not dict: raise TypeError")
    built = writer.model(schema, "image")
    make = _compiled(_TEXT.format(given="".join(f", {name}" for name in writer.names), lines=writer.text, built=built))
    return cast("Parse", make(exactly, *writer.values))


_TEXT: Final = """\
def make(exactly{given}):
    def parse(image, name=None):
        try:
{lines}
            return {built}
        except Exception:
            pass
        return exactly(image, name)
    return parse
"""


@cache
def _compiled(text: str) -> Callable[..., Any]:
    """What a text defines. Models of one build have one text, and so share their bytecode."""
    namespace: dict[str, Any] = {
        "Decimal": Decimal,
        "decode_rest": _decode_rest,
        "number_of": number_of,
        "string_set_of": string_set_of,
        "value_of": value_of,
    }
    exec(compile(text, "<reader written by router.parsing.codegen>", "exec"), namespace)  # noqa: S102 - the text is ours
    return cast("Callable[..., Any]", namespace["make"])


def _decode_rest(image: dict[Any, Any], read: frozenset[str]) -> None:
    """Raise if an attribute that no field reads is malformed: in a nested value that counts as well."""
    for name in image.keys() - read:
        if not isinstance(name, str):
            raise TypeError
        value_of(image[name])


class _Writer:
    """Writes the lines of one function.

    Objects that lines refer to, such as validators and classes, are given to the function as it is made; the text has
    only names for them.

    Args:
        definitions: What schemas may refer to.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._lines: list[str] = []
        self._indent = " " * 12
        self._count = 0
        self._open: list[str] = []  # references that are being followed
        self.values: list[Any] = []

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)

    @property
    def names(self) -> list[str]:
        """What the values are called."""
        return [f"given{position}" for position in range(len(self.values))]

    def given(self, value: Any) -> str:
        """A name for an object."""
        self.values.append(value)
        return f"given{len(self.values) - 1}"

    def line(self, line: str) -> None:
        """Write a line."""
        self._lines.append(self._indent + line)

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self.line(head)
        self._indent += " "
        yield
        self._indent = self._indent[:-1]

    def _new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    # ------------------------------------------------------------------------------------------------------- models

    def model(self, schema: Schema, image: str, *, nested: bool = False) -> str:
        """Write how a model is read.

        Args:
            schema: The schema of the model, and whatever is around it.
            image: The name of the object of attributes.
            nested: Whether the object is a value of an attribute.

        Returns:
            An expression of the instance.
        """
        found = model_schema(schema, self._definitions)
        if (
            found is None
            or found.model.get("strict")
            or found.config.get("strict")
            or found.config.get("validate_default")
        ):
            raise _Unsure
        names = self._new("names")
        self.line(f"{names} = {self.given(_kept_names(tuple(found.fields)))}.copy()")
        values = {name: self._field(name, found, image, names) for name in found.fields}
        if nested:
            attributes = attributes_of(found)
            rest = f"decode_rest({image}, {self.given(frozenset(attributes))})"
            # As many attributes as fields that were found are those of the fields.
            alone = len(attributes) == len(found.fields)
            self.line(f"if len({image}) != len({names}): {rest}" if alone else rest)
        build = self.given(instance_builder(schema, self._definitions))
        written = ", ".join(f"{name!r}: {value}" for name, value in values.items())
        return f"{build}(({{{written}}}, None, {names}))"

    def _field(self, name: str, model: ModelSchema, image: str, names: str) -> str:
        """Write how a field is read; returns the name of its value."""
        keys = [path[0] for path in model.keys(name) if len(path) == 1]
        if len(keys) < len(model.keys(name)):
            raise _Unsure  # a longer path goes on into the decoded value
        wire, value = self._new("wire"), self._new("value")
        looked_up = (
            "".join(f"{image}[{key!r}] if {key!r} in {image} else " for key in keys[:-1]) + f"{image}[{keys[-1]!r}]"
        )
        schema = model.fields[name]["schema"]
        if _asks_for_others(schema):
            raise _Unsure
        if schema["type"] != "default":
            self.line(f"{wire} = {looked_up}")
            self._value(schema, model.config, wire, value)
            return value
        if schema.get("validate_default") or schema.get("on_error", "raise") != "raise":
            raise _Unsure
        with self._block(f"if {' or '.join(f'{key!r} in {image}' for key in keys)}:"):
            self.line(f"{wire} = {looked_up}")
            self._value(schema["schema"], model.config, wire, value)
        with self._block("else:"):
            self.line(f"{value} = {self._default(schema)}")
            self.line(f"{names}.discard({name!r})")
        return value

    def _default(self, schema: Schema) -> str:
        if "default_factory" in schema:
            return f"{self.given(schema['default_factory'])}()"
        try:
            hash(schema["default"])
        except TypeError:  # what can be changed is copied for each instance, as pydantic does
            return f"{self.given(partial(deepcopy, schema['default']))}()"
        return self.given(schema["default"])

    # ------------------------------------------------------------------------------------------------------- values

    def _value(self, schema: Schema, config: Schema, wire: str, value: str) -> None:
        """Write how a value is made of an attribute value.

        Args:
            schema: What the value has to be.
            config: The config of the model that it belongs to.
            wire: The name of the attribute value.
            value: The name of what it becomes.
        """
        followed = len(self._open)
        resolved = schema
        while resolved["type"] == "definition-ref":
            if resolved["schema_ref"] in self._open:
                del self._open[followed:]
                self._validated(schema, config, wire, value)  # it holds itself, as often as it likes
                return
            self._open.append(resolved["schema_ref"])
            resolved = self._definitions[resolved["schema_ref"]]
        if not self._tried(lambda: self._written(resolved, config, wire, value)):
            self._validated(schema, config, wire, value)
        del self._open[followed:]

    def _tried(self, write: Callable[[], bool]) -> bool:
        """Whether something could be written; what was of it goes if it could not."""
        lines, values, indent = len(self._lines), len(self.values), self._indent
        try:
            if write() and len(self._lines) < _LONGEST:
                return True
        except _Unsure:
            pass
        del self._lines[lines:], self.values[values:]
        self._indent = indent
        return False

    def _written(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:
        """Write a value out, as far as its schema is one that can be; returns whether it is."""
        kind = schema["type"]
        if schema.get("strict"):
            return False
        if kind in _PLAIN:
            return _is_plain(schema, config) and self._plain(kind, wire, value)
        write = _WRITTEN.get(kind)
        return write is not None and write(self, schema, config, wire, value)

    def _plain(self, kind: str, wire: str, value: str) -> bool:
        """A scalar of which nothing is asked but that it is one."""
        only = f"if len({wire}) != 1: raise TypeError"
        if kind == "str":
            self.line(f"{value} = {wire}['S']")
            self.line(f"if len({wire}) != 1 or type({value}) is not str: raise TypeError")
        elif kind == "bool":
            self.line(f"{value} = {wire}['BOOL']")
            self.line(f"if len({wire}) != 1 or type({value}) is not bool: raise TypeError")
        elif kind == "int":
            text = self._new("text")
            self.line(f"{text} = {wire}['N']")
            # As DynamoDB writes most numbers. number_of() knows all others, and takes longer.
            with self._block(f"if {text}.isdecimal() and {text}.isascii() and len({text}) < 39:"):
                self.line(f"{value} = int({text})")
            self.line(f"elif type({value} := number_of({text})) is not int: raise TypeError")
            self.line(only)
        elif kind == "decimal":
            text = self._new("text")
            self.line(f"{text} = {wire}['N']")
            self.line(f"{value} = Decimal({text})")
            usual = f"str({value}) == {text} and {' and '.join(test.format(text) for test in _FRACTION)}"
            with self._block(f"if len({text}) > 38 or not ({usual} or {text}.isdecimal() and {text}.isascii()):"):
                self.line(f"{value} = Decimal(number_of({text}))")
            self.line(only)
        else:
            self.line(f"{value} = float(number_of({wire}['N']))")
            self.line(only)
        return True

    def _nullable(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:
        with self._block(f"if 'NULL' in {wire}:"):
            self.line(f"if len({wire}) != 1 or {wire}['NULL'] is not True: raise TypeError")
            self.line(f"{value} = None")
        with self._block("else:"):
            self._value(schema["schema"], config, wire, value)
        return True

    def _after(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:
        """A validator that sees what came out."""
        self._value(schema["schema"], config, wire, value)
        self.line(f"{value} = {self.given(schema['function']['function'])}({value})")
        return True

    def _literal(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:  # noqa: ARG002 - as the others
        return self._one_of([(text, text) for text in schema["expected"]], wire, value)

    def _enum(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:  # noqa: ARG002 - as the others
        return self._one_of([(member.value, member) for member in schema["members"]], wire, value)

    def _one_of(self, choices: list[tuple[Any, Any]], wire: str, value: str) -> bool:
        """A text that stands for something."""
        if not all(type(text) is str for text, _ in choices):
            return False
        self.line(f"{value} = {self.given(dict(choices))}[{wire}['S']]")
        self.line(f"if len({wire}) != 1: raise TypeError")
        return True

    def _list(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:
        if schema.keys() - _UNASKED - {"items_schema", "fail_fast"}:
            return False
        wires, item = self._new("wires"), self._new("item")
        self.line(f"{wires} = {wire}['L']")
        self.line(f"if len({wire}) != 1 or type({wires}) is not list: raise TypeError")
        self.line(f"{value} = []")
        with self._block(f"for {wire} in {wires}:"):
            self._value(schema.get("items_schema", _ANY), config, wire, item)
            self.line(f"{value}.append({item})")
        return True

    def _texts(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:
        items = schema.get("items_schema", _ANY)
        if schema.keys() - _UNASKED - {"items_schema", "fail_fast"} or items["type"] != "str":
            return False
        if items.get("strict") or not _is_plain(items, config):
            return False
        self.line(f"{value} = string_set_of({wire}['SS'])")
        self.line(f"if len({wire}) != 1: raise TypeError")
        if schema["type"] == "frozenset":
            self.line(f"{value} = frozenset({value})")
        return True

    def _nested(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:  # noqa: ARG002 - it has its own
        image = self._new("image")
        self.line(f"{image} = {wire}['M']")
        self.line(f"if len({wire}) != 1 or type({image}) is not dict: raise TypeError")
        self.line(f"{value} = {self.model(schema, image, nested=True)}")
        return True

    def _any(self, schema: Schema, config: Schema, wire: str, value: str) -> bool:  # noqa: ARG002 - as the others
        self.line(f"{value} = value_of({wire})")
        return True

    def _validated(self, schema: Schema, config: Schema, wire: str, value: str) -> None:
        """A value that is left to its validator, decoded."""
        # The two kinds that most values are, and those that need a call more.
        with self._block(f"if 'S' in {wire}:"):
            self.line(f"{value} = {wire}['S']")
            self.line(f"if len({wire}) != 1 or type({value}) is not str: raise TypeError")
        with self._block(f"elif 'N' in {wire}:"):
            self.line(f"{value} = number_of({wire}['N'])")
            self.line(f"if len({wire}) != 1: raise TypeError")
        with self._block("else:"):
            self.line(f"{value} = value_of({wire})")
        self.line(f"{value} = {self.given(field_validator(schema, config, self._definitions))}({value})")


_ANY: Final[Schema] = {"type": "any"}
_UNASKED: Final = frozenset({"type", "ref", "metadata", "serialization", "strict"})
"""What a schema says beside what it asks of a value."""

# Scalars, and what a schema of theirs may say that makes no difference to a decoded value with the usual tag.
_PLAIN: Final = {
    "str": ("coerce_numbers_to_str",),
    "bool": (),
    "int": (),
    "float": ("allow_inf_nan",),
    "decimal": ("allow_inf_nan",),
}
# What a fraction is if DynamoDB wrote it, and number_of() leaves as it is.
_FRACTION: Final = ("'.' in {}", "{}[-1] in '123456789'", "'E' not in {}", "'e' not in {}")

_WRITTEN: Final[dict[str, Callable[[_Writer, Schema, Schema, str, str], bool]]] = {
    "any": _Writer._any,  # noqa: SLF001 - the class's own table
    "enum": _Writer._enum,  # noqa: SLF001
    "frozenset": _Writer._texts,  # noqa: SLF001
    "function-after": _Writer._after,  # noqa: SLF001
    "list": _Writer._list,  # noqa: SLF001
    "literal": _Writer._literal,  # noqa: SLF001
    "model": _Writer._nested,  # noqa: SLF001
    "nullable": _Writer._nullable,  # noqa: SLF001
    "set": _Writer._texts,  # noqa: SLF001
}


def _is_plain(schema: Schema, config: Schema) -> bool:
    """Whether nothing is asked of a scalar but its type, and nothing is done to it."""
    asked = schema.keys() - _UNASKED - {*_PLAIN[schema["type"]]}
    return not asked and not (schema["type"] == "str" and any(key.startswith("str_") for key in config))


@cache
def _kept_names(names: tuple[str, ...]) -> set[str]:
    """A set of names, the same for all models that have these fields."""
    return set(names)


def _asks_for_others(schema: Any) -> bool:
    """Whether something in the schema of a field wants to know of the fields before it."""
    if isinstance(schema, dict):
        if schema.get("type") in ("model", "dataclass", "typed-dict"):
            return False  # within it are fields of its own
        if schema.get("type") == "with-info" or schema.get("default_factory_takes_data"):
            return True
        return any(map(_asks_for_others, schema.values()))
    return isinstance(schema, list) and any(map(_asks_for_others, schema))
