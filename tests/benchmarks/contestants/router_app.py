"""The application: a ``Dispatcher`` with a route for each handler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from router import Change, Depends, Dispatcher, Drop, Insert, Metrics, Modify, Remove, Retry, Routes, changed
from router.completed import MemoryCompleted, Pair
from tests.benchmarks.contestants.entry import CLIENT, Client, Entry, Seen, handler_of
from tests.benchmarks.workloads import Workload

__all__ = ["router_app"]


CHANGES: dict[str, Any] = {"INSERT": Insert[Any], "MODIFY": Modify[Any], "REMOVE": Remove[Any]}
ATTRIBUTES = {"NewImage": "new", "OldImage": "old"}


def get_client() -> Client:
    return CLIENT


def router_app(workload: Workload, seen: Seen | None) -> Entry:
    """``app(event, context)``."""
    routes = Routes()
    decorators = {"INSERT": routes.on_insert, "MODIFY": routes.on_modify, "REMOVE": routes.on_remove}
    register: Any = routes.on_batch if workload.handlers == "batch" else decorators[workload.event_name]
    for model in workload.models.values():
        for label in workload.labels:
            conditions = (changed("status", to=label),) if workload.conditions else ()
            register(model, *conditions)(handler(workload, seen, label))
    completed = MemoryCompleted()
    app = Dispatcher(
        routes,
        # By default the first failure ends a batch, because Lambda delivers the rest again. Here all failures count.
        on_error=Retry() if workload.valid else Drop(),
        metrics=Metrics("Shop", service="shop") if workload.metrics else None,
        completed=completed,
    )

    def remember(event: Any) -> Any:
        done = [record for record in event["Records"] if record["eventID"] in workload.done]
        completed.remember(pair(app, workload, record) for record in done)
        return event

    return Entry(
        app,
        lambda event, context: sum(outcome.stage == "validate" for outcome in app.dispatch(event, context)),
        remember,
    )


def handler(workload: Workload, seen: Seen | None, label: str) -> Any:
    """A handler of changes, which registration reads the annotations of."""
    attributes = [ATTRIBUTES[image] for image in workload.images]

    def keep(change: Any, *clients: Client) -> None:
        assert seen is not None
        if workload.handlers == "batch":
            seen.append((label, [each.image for each in change]))
        else:
            seen.append((label, *(getattr(change, name) for name in attributes), *clients))

    parameters = ["change", "client"] if workload.dependency else ["change"]
    made = handler_of(parameters, workload.handlers == "async", None if seen is None else keep)
    change = Sequence[Change[Any]] if workload.handlers == "batch" else CHANGES[workload.event_name]
    client = Annotated[Client, Depends(get_client, scope="cold_start")]
    made.__annotations__ = dict(zip(parameters, (change, client), strict=False)) | {"return": None}
    return made


def pair(app: Dispatcher, workload: Workload, record: dict[str, Any]) -> Pair:
    """What a store of completed routes keeps of a record."""
    body = record["dynamodb"]
    model = workload.models[body[workload.images[0]]["EntityType"]["S"]]
    route = next(route for route in app.routes if route.model is model)
    return str(route), f"{record['eventID']}:{body['SequenceNumber']}"
