"""Names in generated files: of entities, of fields, and of the project."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from router import discriminators
from router.cli.errors import CommandLineError
from router.discriminators import Discriminator, discriminator_of

__all__ = [
    "EntityNames",
    "Field",
    "call_lines",
    "discriminator_code",
    "entity_names",
    "field_of",
    "keys_of_text",
    "project_name",
    "quoted",
]

LINE_LENGTH = 120
"""Of generated code, as its pyproject.toml says."""

_LONGEST = 64
_IMPORTED = {"AppStream", "BaseModel", "ConfigDict", "Dispatcher", "Field", "FilteringBoundLogger", "Insert", "Literal"}
_IMPORTED |= {"Modify", "RecordedEvents", "Remove", "Routes", "Stream"}
_HIDDEN = _IMPORTED | set(dir(builtins))
_BOUND = {"app", "discriminators", "os", "router"}
_OWN_PROJECTS = ("router", "entity-router")


@dataclass(frozen=True)
class EntityNames:
    """What an entity is called.

    Args:
        entity: Its name in the table's items.
        class_name: The class of its model.
        module: The modules of its model and its handlers.
    """

    entity: str
    class_name: str
    module: str


@dataclass(frozen=True)
class Field:
    """A field of a model.

    Args:
        attribute: The item's attribute.
        name: The field's name; another one where a field cannot have the attribute's.
    """

    attribute: str
    name: str

    @property
    def is_renamed(self) -> bool:
        """Whether the field has another name than the attribute."""
        return self.name != self.attribute

    def lines(self, annotation: str, default: str | None = None) -> list[str]:
        """The field's lines in the model.

        Args:
            annotation: Its type.
            default: The code of its default.
        """
        if not self.is_renamed:
            return [f"{self.name}: {annotation}" + ("" if default is None else f" = {default}")]
        alias = quoted(self.attribute)
        arguments = [] if default is None else [f"default={default}"]
        arguments += [f"validation_alias={alias}", f"serialization_alias={alias}"]
        return call_lines(f"{self.name}: {annotation} = Field", arguments, 4)


def call_lines(call: str, arguments: Sequence[str], indent: int) -> list[str]:
    """The lines of a call, as ruff formats them.

    Args:
        call: The code before the arguments.
        arguments: The code of each argument.
        indent: The column in which the call stands.
    """
    line = f"{call}({', '.join(arguments)})"
    if indent + len(line) <= LINE_LENGTH:
        return [line]
    inner = f"    {', '.join(arguments)}"
    return [
        f"{call}(",
        *([inner] if indent + len(inner) <= LINE_LENGTH else [f"    {each}," for each in arguments]),
        ")",
    ]


def quoted(text: str) -> str:
    """A text as a literal in double quotes, as formatters write it."""
    return '"' + repr('"' + text)[2:-1].replace('"', '\\"').replace("\\'", "'") + '"'


def entity_names(entity: str) -> EntityNames:
    """The names of an entity's class and modules.

    Args:
        entity: Its name in the table's items: ``Order``, ``order-line``, ``ORDER_LINE``.

    Raises:
        CommandLineError: No class can be named for it.

    Example:
        >>> entity_names("order-line")
        EntityNames(entity='order-line', class_name='OrderLine', module='order_line')
    """
    words = _words(entity)
    class_name = "".join(map(_capitalized, words))
    if class_name[:1].isdigit():
        words, class_name = ["item", *words], f"Item{class_name}"
    elif keyword.iskeyword(class_name) or class_name in _HIDDEN:
        class_name = f"{class_name}Item"
    good = entity.isprintable() and entity == entity.strip() and len(entity) <= _LONGEST
    if not good or not class_name.isidentifier():
        msg = f"found the entity {entity!r}, expected a name with letters such as Order or order-line"
        raise CommandLineError(msg)
    module = _ascii("_".join(words))
    taken = keyword.iskeyword(module) or module in _BOUND
    return EntityNames(entity, class_name, f"{module}_" if taken else module)


def field_of(attribute: str) -> Field:
    """The field of an attribute; its name is the attribute's where pydantic and Python allow that.

    Args:
        attribute: The attribute.

    Example:
        >>> field_of("__edb_e__").name
        'edb_e'
    """
    name = re.sub(r"\W", "_", unicodedata.normalize("NFKC", attribute)).strip("_")
    if not name.isidentifier():
        name = f"key_{name}".rstrip("_")
    if keyword.iskeyword(name) or hasattr(BaseModel, name) or name.startswith("model_"):
        name = f"{name}_" if not name.startswith("model_") else f"its_{name}"
    return Field(attribute, name)


def keys_of_text(text: str) -> tuple[str, ...]:
    """The names of the key attributes in the value of ``--key``.

    Args:
        text: One or two names, separated by a comma.

    Raises:
        CommandLineError: There are others, or a name is no attribute's.

    Example:
        >>> keys_of_text("pk,sk")
        ('pk', 'sk')
    """
    names = tuple(name.strip() for name in text.split(","))
    good = all(re.fullmatch(r"[^\"'\\{}%]{1,255}", name) and name.isprintable() for name in names)
    if not good or len(names) > 2 or len(set(names)) < len(names):
        msg = f"found --key {text!r}, expected one name or two, as in pk,sk"
        raise CommandLineError(msg)
    return names


def project_name(text: str) -> str:
    """The name of the project in pyproject.toml.

    Args:
        text: What the user calls it.

    Raises:
        CommandLineError: A distribution cannot have the name, or it is that of this package.

    Example:
        >>> project_name("shop")
        'shop'
    """
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", text):
        msg = (
            f"found the project name {text!r}, expected letters, digits and hyphens such as shop; give one with --name"
        )
        raise CommandLineError(msg)
    if re.sub(r"[-_.]+", "-", text).lower() in _OWN_PROJECTS:
        msg = f"found the project name {text!r}, which is that of the package it needs; give another with --name"
        raise CommandLineError(msg)
    return text


def discriminator_code(text: str) -> tuple[Discriminator, str]:
    """The discriminator that a user names, and the code that makes it.

    Args:
        text: An attribute, or a preset of router.discriminators in any case.

    Raises:
        RegistrationError: The text is neither.

    Example:
        >>> discriminator_code("electrodb")[1], discriminator_code("kind")[1]
        ('discriminators.ELECTRODB', '"kind"')
    """
    presets = {name.replace("_", ""): name for name in discriminators.__all__ if name.isupper()}
    preset = presets.get(re.sub(r"[\W_]", "", text.rpartition(".")[2]).upper())
    if preset is not None:
        return getattr(discriminators, preset), f"discriminators.{preset}"
    return discriminator_of(text), quoted(text)


def _ascii(text: str) -> str:
    """The text in lower case without accents, for the names of files; letters of other scripts stay."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(each for each in bare if not unicodedata.combining(each)))


def _capitalized(word: str) -> str:
    return word.capitalize() if word.isupper() or word.islower() else f"{word[:1].upper()}{word[1:]}"


def _words(text: str) -> list[str]:
    """The words of a name in any convention: order-line, ORDER_LINE, OrderLine, orderLine."""
    spaced = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", " ", unicodedata.normalize("NFKC", text))
    return re.findall(r"[^\W_]+", spaced)
