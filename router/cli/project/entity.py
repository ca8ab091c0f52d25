"""The first entity of a project, or one that is added: its fields, a sample item and a recorded event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from router.cli.errors import CommandLineError
from router.cli.project.names import EntityNames, Field, call_lines, field_of, quoted
from router.discriminators import Discriminator
from router.testing.builders import event
from router.testing.items import key_attributes
from router.testing.recorded_events import story_stream

__all__ = ["Entity"]

_SAMPLES = ("status", "state", "phase", "title")  # one of them is no key and no discriminator


@dataclass(frozen=True)
class Entity:
    """An entity and the table that it is in.

    Args:
        names: Its names.
        keys: The table's key attributes.
        rule: The app's discriminator.
    """

    names: EntityNames
    keys: tuple[str, ...]
    rule: Discriminator

    @cached_property
    def attribute(self) -> Field | None:
        """The field that names the entity; ``None`` if the discriminator reads it from a key."""
        first = self.rule.attributes[:1]
        return None if not first or first[0] in self.keys else field_of(first[0])

    @cached_property
    def fields(self) -> list[Field]:
        """The fields of the keys."""
        return [field_of(key) for key in self.keys]

    @cached_property
    def sample(self) -> str:
        """The field whose change a handler waits for."""
        taken = {*self.keys, *(field.name for field in self.fields), *self.rule.attributes}
        return next(name for name in _SAMPLES if name not in taken)

    @cached_property
    def item(self) -> dict[str, Any]:
        """An item, as Python values."""
        named = {} if self.attribute is None else {self.attribute.attribute: self.names.entity}
        return {**named, **dict.fromkeys(self.keys, f"{self.names.entity}#1"), self.sample: "NEW"}

    @property
    def is_readable(self) -> bool:
        """Whether the discriminator reads the entity from the item."""
        found = self.rule.read({name: {"S": value} for name, value in self.item.items()})
        same = found == self.names.entity
        return same or (self.rule.folds and found is not None and found.casefold() == self.names.entity.casefold())

    def check(self) -> None:
        """Refuse names that do not go together.

        Raises:
            CommandLineError: Two attributes would be one field, or the discriminator does not read the entity.
        """
        fields = [field.name for field in (self.attribute, *self.fields) if field is not None]
        if len(set(fields)) < len(fields):
            msg = f"found the attributes {', '.join(self.item)}, of which two would be one field of the model"
            raise CommandLineError(msg)
        if not self.is_readable:
            msg = (
                f"found the discriminator {self.rule!r}, which does not read {self.names.entity!r} from an item of "
                f"{', '.join(self.item)}; expected an attribute that is no key, or a preset"
            )
            raise CommandLineError(msg)

    def event(self) -> dict[str, Any]:
        """The event of an item that is put, changed and deleted, as the generated test records it."""
        stream = story_stream(discriminator=self.rule, key=self.keys)
        stream.put(self.item)
        stream.update(self.item, **{self.sample: "DONE"})
        stream.delete(self.item)
        return event(*stream.records)

    @property
    def needs_key(self) -> bool:
        """Whether streams of tests have to be given the key, because they would guess another one."""
        image = {name: {"S": value} for name, value in self.item.items()}
        return tuple(key_attributes({}, image, None, self.rule)) != self.keys

    def values(self) -> dict[str, str]:
        """The values of the placeholders in the files of an entity."""
        entity = quoted(self.names.entity)
        lines = [] if self.attribute is None else self.attribute.lines(f"Literal[{entity}]", entity)
        lines += [line for field in self.fields for line in field.lines("str")]
        renamed = any(field.is_renamed for field in (self.attribute, *self.fields) if field is not None)
        if renamed:
            lines = ["model_config = ConfigDict(populate_by_name=True)", "", *lines]
        lines.append(f'{self.sample}: str = "NEW"')
        arguments = [f"{field.name}={quoted(self.item[field.attribute])}" for field in self.fields]
        by_class = self.attribute is not None or self.names.class_name == self.names.entity
        return {
            "class_name": self.names.class_name,
            "module": self.names.module,
            "sample": self.sample,
            "pydantic_names": "BaseModel, ConfigDict, Field" if renamed else "BaseModel",
            "literal": "" if self.attribute is None else "from typing import Literal\n\n",
            "named": "" if by_class else f", entity={entity}",
            "fields": "\n".join(f"    {line}" if line else "" for line in lines),
            "item": "\n".join(call_lines(f"ITEM = {self.names.class_name}", arguments, 0)),
        }
