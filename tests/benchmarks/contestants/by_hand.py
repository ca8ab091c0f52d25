"""What a team writes for itself: a dict of models by entity, and the calls of the handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from tests.benchmarks.contestants.entry import CLIENT, Seen, handler
from tests.benchmarks.workloads import Workload

__all__ = ["Batches", "ByHand"]

Image = dict[str, Any]


class Batches:
    """The models of an event by entity, for handlers that take all of them in one call."""

    def __init__(self, workload: Workload, seen: Seen | None) -> None:
        self._calls = {entity: handler(workload, seen, "0") for entity in workload.models}
        self._models: dict[str, list[BaseModel]] = {entity: [] for entity in workload.models}

    def add(self, entity: str, model: BaseModel) -> None:
        self._models[entity].append(model)

    def call(self) -> None:
        """Call the handlers, and forget the models."""
        for entity, models in self._models.items():
            if models:
                self._calls[entity](models)
        self._models = {entity: [] for entity in self._models}


class ByHand:
    """The handling of a decoded record.

    Args:
        workload: The workload.
        seen: Where handlers keep their arguments.
    """

    def __init__(self, workload: Workload, seen: Seen | None) -> None:
        self._models = workload.models
        self._handlers = [handler(workload, seen, label) for label in workload.labels]
        self._by_status = dict(zip(workload.labels, self._handlers, strict=True)) if workload.conditions else {}
        self._clients = (CLIENT,) if workload.dependency else ()
        self.batches = Batches(workload, seen) if workload.handlers == "batch" else None
        self.of_model = self._of_model(workload)

    def image(self, image: Image) -> None:
        """Handle the only image of a record."""
        model = self._models.get(image["EntityType"])
        if model is not None:
            self.of_model(model.model_validate(image))

    def both(self, new: Image, old: Image) -> None:
        """Handle both images of a record."""
        model = self._models.get(new["EntityType"])
        if model is not None and (handlers := self.wanted(new["status"], old["status"])):
            after, before = model.model_validate(new), model.model_validate(old)
            for handle in handlers:
                handle(after, before)

    async def wait(self, image: Image) -> None:
        """Handle the only image of a record with a coroutine function."""
        model = self._models.get(image["EntityType"])
        if model is not None:
            await self._handlers[0](model.model_validate(image), *self._clients)

    def wanted(self, new_status: Any, old_status: Any) -> list[Callable[..., Any]]:
        """The handlers that take such a modification."""
        if not self._by_status:
            return self._handlers
        # Each condition is asked, as in a chain of ifs.
        return [
            handle for status, handle in self._by_status.items() if new_status != old_status and new_status == status
        ]

    def _of_model(self, workload: Workload) -> Callable[[Any], None]:
        first, *others = self._handlers
        batches, clients = self.batches, self._clients

        def several(model: BaseModel) -> None:
            first(model)
            for handle in others:  # a handler that changes its model changes no other's
                handle(model.model_copy())

        if batches is not None:
            return lambda model: batches.add(model.EntityType, model)
        if clients:
            return lambda model: first(model, *clients)
        return several if others else first
