"""The floor: ``model_validate`` of values that are already decoded and routed, and the call of the handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from router.wire.decode import decode_image
from tests.benchmarks.contestants.by_hand import Batches
from tests.benchmarks.contestants.entry import CLIENT, Entry, Seen, event_loop, handler
from tests.benchmarks.workloads import Workload

__all__ = ["floor"]


def floor(workload: Workload, seen: Seen | None) -> Entry:
    """``model_validate`` and the handler's call, nothing else."""
    loops = Loops(workload, seen)
    if not workload.valid:
        return Entry(loops.refuse, loops.refuse, loops.prepare)
    return Entry(loops.chosen(), lambda *_: 0, loops.prepare)


class Loops:
    """A loop for each shape, over tuples of a function that validates, the handler where it varies, and values."""

    def __init__(self, workload: Workload, seen: Seen | None) -> None:
        self._workload, self._seen = workload, seen
        self._calls = {label: handler(workload, seen, label) for label in workload.labels}
        self._first, *self._others = self._calls.values()
        self._clients = (CLIENT,) if workload.dependency else ()

    def prepare(self, event: Any) -> list[tuple[Any, ...]]:
        bodies = [record["dynamodb"] for record in self._workload.handled(event)]
        images = [[decode_image(body[name]) for name in self._workload.images] for body in bodies]
        models = [self._workload.models[image["EntityType"]] for image, *_ in images]
        if len(self._workload.images) == 1:
            return [(model.model_validate, image) for model, (image,) in zip(models, images, strict=True)]
        return [
            (model.model_validate, self._calls.get(new["status"], self._first), new, old)
            for model, (new, old) in zip(models, images, strict=True)
        ]

    def chosen(self) -> Callable[[Any, Any], None]:
        """The loop of the workload."""
        if self._workload.handlers != "plain":
            return self.run_async if self._workload.handlers == "async" else self.run_batches
        if len(self._workload.images) > 1:
            return self.run_both
        if self._others:
            return self.run_several
        return self.run_with_client if self._workload.dependency else self.run

    def run(self, ready: Any, _: Any) -> None:
        call = self._first
        for validate, image in ready:
            call(validate(image))

    def run_both(self, ready: Any, _: Any) -> None:
        for validate, call, new, old in ready:
            call(validate(new), validate(old))

    def run_several(self, ready: Any, _: Any) -> None:
        first, others = self._first, self._others
        for validate, image in ready:
            model = validate(image)
            first(model)
            for call in others:
                call(model.model_copy())

    def run_with_client(self, ready: Any, _: Any) -> None:
        call = self._first
        for validate, image in ready:
            call(validate(image), CLIENT)

    def run_batches(self, ready: Any, _: Any) -> None:
        batches = Batches(self._workload, self._seen)
        for validate, image in ready:
            batches.add(image["EntityType"], validate(image))
        batches.call()

    def run_async(self, ready: Any, _: Any) -> None:
        event_loop().run_until_complete(self._wait(ready))

    async def _wait(self, ready: Any) -> None:
        call, clients = self._first, self._clients
        for validate, image in ready:
            await call(validate(image), *clients)

    def refuse(self, ready: Any, _: Any) -> int:
        failed = 0
        for validate, image in ready:
            try:
                validate(image)
            except ValidationError:
                failed += 1
        return failed
