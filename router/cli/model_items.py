"""Items of the app's models for the command line: samples or random ones, with what ``--set`` gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from router.app import Dispatcher
from router.cli.assignments import assigned, parsed
from router.cli.errors import CommandLineError
from router.errors import RegistrationError, RouterError
from router.registration.model_fields import fields_of
from router.testing.items import entity_image, key_attributes, wire_image
from router.testing.sample_items import NoSampleError, fields_by_name, sample_item
from router.wire.encode import to_wire

__all__ = ["Entity", "MadeItem", "entity_named"]

_SEPARATORS = ("#", "|", "/", ":", "-", "_", ".")
_ADVICE = "give it with --set {name}=VALUE"


@dataclass(frozen=True)
class MadeItem:
    """An item of a model, and its key.

    Args:
        item: The model.
        image: The item in DynamoDB JSON.
        key: Its key in DynamoDB JSON.
    """

    item: BaseModel
    image: dict[str, Any]
    key: dict[str, Any]


@dataclass(frozen=True)
class Entity:
    """An entity of an app, and the key of its table.

    Args:
        app: The app.
        name: The entity's name.
        model: Its model.
        key_types: The types of the table's key attributes by their names; empty if they are unknown.
    """

    app: Dispatcher
    name: str
    model: type[BaseModel]
    key_types: Mapping[str, str]

    def given(self, written: Iterable[str], option: str, base: BaseModel | None = None) -> dict[str, Any]:
        """The values that assignments give; raises CommandLineError."""
        known = [*self.key_types, *self.app.discriminator.attributes]
        try:
            return assigned(self.model, written, known, option, {} if base is None else _values(base))
        except NoSampleError as error:
            raise CommandLineError(f"{error}; {_ADVICE.format(name=error.name)}") from None

    def sample(self, number: int, given: Mapping[str, Any]) -> BaseModel:
        """A sample item; raises CommandLineError."""
        fields = fields_of(self.model)
        values = {name: value for name, value in given.items() if name in fields}
        for name in self.app.discriminator.attributes[:1]:
            if name in fields and name not in values and self.model.model_fields[fields[name].name].is_required():
                values[name] = parsed(self.name, fields[name].annotation, name)
        try:
            return sample_item(self.model, number, {**self._extra(given), **values})
        except NoSampleError as error:
            raise CommandLineError(f"{error}, expected one; {_ADVICE.format(name=error.name)}") from None
        except ValidationError as error:
            raise CommandLineError(self._refused(error)) from None

    def with_values(self, item: BaseModel, given: Mapping[str, Any]) -> BaseModel:
        """The item with other values; raises CommandLineError."""
        fields = fields_of(self.model)
        values = {name: value for name, value in given.items() if name in fields}
        try:
            return self.model.model_validate({**_values(item), **self._extra(given), **values})
        except ValidationError as error:
            raise CommandLineError(self._refused(error)) from None

    def made(self, item: BaseModel, number: int, given: Mapping[str, Any], unset: Iterable[str] = ()) -> MadeItem:
        """The item as the table holds it: with its key and the entity's name.

        Args:
            item: The model.
            number: Which sample, for keys that the model does not have.
            given: Values of attributes that the model does not have.
            unset: Attributes to leave out.

        Raises:
            CommandLineError: It has no key, or the discriminator does not read the entity from it.
        """
        others = {name: value for name, value in given.items() if name not in fields_of(self.model)}
        try:
            image = {**wire_image(item), **wire_image(others)}
            image = self._named(next(self._keyed(image, number), image))
            names = tuple(self.key_types) or None
            key = key_attributes(item, image, names, self.app.discriminator)
        except RegistrationError as error:
            msg = (
                f"found no key of a sample {self.name} ({error}); name the table's key with --key, or --set its values"
            )
            raise CommandLineError(msg) from None
        except RouterError as error:
            raise CommandLineError(str(error)) from None
        return MadeItem(item, {name: value for name, value in image.items() if name not in set(unset) - set(key)}, key)

    def _extra(self, given: Mapping[str, Any]) -> dict[str, Any]:
        allows = self.model.model_config.get("extra") == "allow"
        return {name: value for name, value in given.items() if allows}

    def _keyed(self, image: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
        """The image with the key attributes that it lacks, so that the discriminator reads the entity from them."""
        rule = self.app.discriminator
        types = dict(self.key_types)
        by_name = getattr(rule, "name", None)
        if not types and isinstance(by_name, str) and by_name not in rule.attributes:
            types[by_name] = "S"
        missing = [name for name in types if name not in image]
        for separator in _SEPARATORS:
            keyed = {**image, **{name: _key_value(types[name], f"{self.name}{separator}", number) for name in missing}}
            if rule.attributes or rule.read(keyed) == self.name:
                yield keyed

    def _named(self, image: dict[str, Any]) -> dict[str, Any]:
        rule = self.app.discriminator
        try:
            return entity_image(image, self.name, rule)
        except RegistrationError:
            msg = (
                f"found a sample {self.name} from which {rule!r} reads no {self.name}; give the attributes that it "
                "reads with --set NAME=VALUE"
            )
            raise CommandLineError(msg) from None

    def _refused(self, error: ValidationError) -> str:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        places = ", ".join(
            f"{'.'.join(map(str, each['loc'])) or self.model.__name__}: {each['type']}" for each in faults
        )
        return (
            f"found values of {self.name} that its model refuses ({places}), expected valid ones; give them with --set"
        )


def entity_named(app: Dispatcher, name: str, key_types: Mapping[str, str]) -> Entity:
    """An entity of an app.

    Args:
        app: The app.
        name: The entity's name.
        key_types: The types of the table's key attributes by their names; empty if they are unknown.

    Raises:
        CommandLineError: The app has no such entity, or it has no pydantic model.
    """
    models = dict(_models(app))
    if name not in models:
        near = difflib.get_close_matches(name, models, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(models) or 'none'}"
        msg = f"found no entity {name!r} in the app; {hint}"
        raise CommandLineError(msg)
    model = models[name]
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        msg = (
            f"found {name} without a pydantic model of its own, expected one; write its items as JSON: router put ITEM"
        )
        raise CommandLineError(msg)
    return Entity(app, name, model, key_types)


def _models(app: Dispatcher) -> Iterator[tuple[str, Any]]:
    """The models of all entities; of several routes the last one with a pydantic model counts."""
    for route in sorted(
        app.routes, key=lambda each: isinstance(each.model, type) and issubclass(each.model, BaseModel)
    ):
        if not route.fallback:
            yield from ((name, route.model) for name in app.entities_of(route))


def _values(item: BaseModel) -> dict[str, Any]:
    """The values of an item by the attributes that they are read from."""
    reads = fields_by_name(type(item)).items()
    return {**(item.model_extra or {}), **{read: getattr(item, name) for name, (read, _) in reads}}


def _key_value(attribute_type: str, prefix: str, number: int) -> dict[str, Any]:
    plain: Sequence[Any] = (number, f"{prefix}{number}".encode(), f"{prefix}{number}")
    return to_wire(plain[("N", "B", "S").index(attribute_type)])
