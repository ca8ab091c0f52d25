"""Checks of entity names: whether an image of the route's model can hold them where the discriminator reads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from router.discriminator_rules import Chain, Discriminator, Folded, Prefix, Template
from router.planning.entity_names import Constant, constant_of, literal_entities, name_of_class
from router.registration.annotations import members_of
from router.registration.misfit import Misfit, explained
from router.registration.model_fields import fields_of, has_validators, takes
from router.registration.source_text import describe
from router.routes import Route

__all__ = ["can_read", "check_names"]


def check_names(route: Route, names: Sequence[str], discriminator: Discriminator) -> None:
    """Refuse entity names that no image of a route's model can have.

    Args:
        route: The route.
        names: The names that lead to it.
        discriminator: What reads them.

    Raises:
        RegistrationError: The route could never take a record.
    """
    for name in names:
        if not can_read(discriminator, name):
            misfit = Misfit(
                f"the entity {name!r}, which {discriminator!r} can read from no image",
                "a name that it can read",
                "say the part of the key that it reads as entity='...', or correct the discriminator",
            )
            raise explained(f"{route.written} can take no record", route.handler, misfit)
    model, *others = members_of(route.model)
    if others:  # each image is of one of them
        return
    attributes = discriminator.attributes
    if not route.entities and not literal_entities(model, attributes):
        _check_constant(route, model, discriminator)
        _check_spelling(route, model, attributes)
    if len(attributes) == 1:
        _check_types(route, model, names, attributes[0])


def can_read(rule: Discriminator, name: str) -> bool:
    """Whether a rule may ever read a name; yes for rules that are the user's own."""
    match rule:
        case Prefix() | Template():
            return rule.can_read(name)
        case Chain():
            return any(can_read(part, name) for part in rule.rules)
        case Folded():
            return can_read(rule.rule, name)
    return True


def _check_constant(route: Route, model: Any, discriminator: Discriminator) -> None:
    """Refuse a class name as the entity where the model writes another text, which is no ``Literal``."""
    attributes, name = discriminator.attributes, name_of_class(model) or ""
    constant = next((found for each in attributes if (found := constant_of(model, each)) is not None), None)
    if constant is None or _same(constant.text, name, folds=discriminator.folds):
        return
    how = " by default" if constant.is_read else ", which no field reads"
    misfit = Misfit(
        f"{describe(model)}, whose {constant.name} is {constant.text!r}{how}, while the route stands for {name!r}",
        "one name of the entity: a Literal on the discriminator's attribute, or entity=",
        f"write {_as_literal(constant)}; or say at the route which it is: entity={constant.text!r}",
    )
    error = explained(f"{route.written} stands for an entity that its model does not write", route.handler, misfit)
    if len(attributes) == 1:
        raise error
    # Items may have another attribute of the chain, which the model need not know.
    warnings.warn(str(error), stacklevel=2)


def _same(one: str, other: str, *, folds: bool) -> bool:
    return one.casefold() == other.casefold() if folds else one == other


def _as_literal(constant: Constant) -> str:
    attribute, text = constant.attribute, constant.text
    if attribute.startswith("_") or not attribute.isidentifier():
        return f"entity_type: Literal[{text!r}] = Field({text!r}, alias={attribute!r})"
    return f"{attribute}: Literal[{text!r}] = {text!r}"


def _check_spelling(route: Route, model: Any, attributes: Sequence[str]) -> None:
    """Refuse a ``Literal`` on a field that differs from the discriminator's attribute in case or underscores only."""
    fields = fields_of(model)
    if any(attribute in fields for attribute in attributes):
        return
    for attribute in attributes:
        near = next((name for name in fields if _letters(name) == _letters(attribute)), None)
        if near is not None and literal_entities(model, (near,)):
            misfit = Misfit(
                f"{describe(model)}, whose Literal stands on {near!r}, while the discriminator reads {attribute!r}",
                f"a Literal on {attribute!r}",
                f"make it Dispatcher(discriminator={near!r}), or give the field alias={attribute!r}",
            )
            raise explained(f"{route.written} stands for its class name", route.handler, misfit)


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _check_types(route: Route, model: Any, names: Sequence[str], attribute: str) -> None:
    """Refuse a name that the model's own field for the attribute refuses."""
    field = fields_of(model).get(attribute)
    if field is None or has_validators(model):
        return
    for name in names:
        if takes(field.annotation, name):
            continue
        annotation = describe(field.annotation)
        misfit = Misfit(
            f"{describe(model)}, whose {attribute}: {annotation} takes no {name!r}",
            "a field that takes the text by which the route is found",
            f"write {attribute}: Literal['...'], or say an entity that the field takes: entity='...'",
        )
        raise explained(f"{route.written} stands for an entity that its model refuses", route.handler, misfit)
