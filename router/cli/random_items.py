"""Random items of a model, from the hypothesis strategies of :mod:`router.testing.strategies`."""

from __future__ import annotations

from pydantic import BaseModel

from router.cli.errors import CommandLineError
from router.cli.model_items import Entity
from router.extras import needed_by

__all__ = ["random_items"]

_SIMPLEST = 5  # hypothesis begins with the simplest examples


def random_items(entity: Entity, seed: int, count: int) -> list[BaseModel]:
    """Random items, the same for the same seed.

    Args:
        entity: The entity.
        seed: The seed.
        count: Their number.

    Raises:
        CommandLineError: No items can be made.
    """
    with needed_by("--random"):
        import hypothesis
        from hypothesis.errors import HypothesisException

        from router.testing.strategies import items

    found: list[BaseModel] = []
    names = tuple(name for name in entity.key_types if name in entity.model.model_fields) or None
    check = hypothesis.HealthCheck
    quietly = hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=count + _SIMPLEST,
        phases=(hypothesis.Phase.generate,),
        suppress_health_check=[check.too_slow, check.filter_too_much, check.data_too_large],
    )

    def collect(item: BaseModel) -> None:
        found.append(item)

    try:
        strategy = items(entity.model, key=names, entity=entity.name, discriminator=entity.app.discriminator)
        hypothesis.seed(seed)(quietly(hypothesis.given(strategy)(collect)))()
    except HypothesisException as error:
        msg = f"found no random {entity.name}: {error}"
        raise CommandLineError(msg) from None
    if len(found) < count:
        msg = f"found {len(found)} random items of {entity.name}, expected {count}; take a smaller --count"
        raise CommandLineError(msg)
    return found[-count:]
