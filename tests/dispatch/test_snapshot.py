"""The hooks of SnapStart that a Dispatcher registers; in Lambda's client they are in tests/local/runtime."""

from __future__ import annotations

import random
import sys
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from router import Change, Depends, Dispatcher, Insert, Routes
from router.dispatch.snapshot import after_restore


class Order(BaseModel):
    order_id: str


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The hooks that are registered, where Lambda initialises a function for a snapshot."""
    hooks: list[tuple[Any, ...]] = []

    def register(*hook: Any) -> None:
        hooks.append(hook)

    module = SimpleNamespace(register_before_snapshot=register, register_after_restore=register)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", module)
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "none")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    monkeypatch.setenv("ROUTER_GC_TUNING", "off")  # this process goes on
    return hooks


def run(hook: tuple[Any, ...]) -> None:
    function, *arguments = hook
    function(*arguments)


def test_only_for_a_snapshot(registered: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    """In an ordinary container no hook is registered; for a snapshot each Dispatcher registers two."""
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    Dispatcher()
    assert registered == []
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    Dispatcher()
    Dispatcher()
    assert len(registered) == 4


def test_a_runtime_without_snapshots(registered: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package of the runtime nothing is registered."""
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", None)
    Dispatcher()
    assert registered == []


def test_kept_dependencies_of_dependencies(registered: list[tuple[Any, ...]]) -> None:
    """A kept value is made before the snapshot, once, also where only a value that is not kept needs it."""
    made: list[str] = []

    def get_rates() -> dict[str, int]:
        made.append("rates")
        return {}

    def get_client(
        rates: Annotated[dict[str, int], Depends(get_rates, scope="cold_start", snapshot="keep")],
    ) -> object:
        made.append("client")
        return object()

    routes = Routes()

    @routes.on(Order)
    def one(change: Change[Order], client: Annotated[object, Depends(get_client)]) -> None: ...

    @routes.on_insert(Order)
    def two(
        change: Insert[Order], rates: Annotated[dict[str, int], Depends(get_rates, scope="cold_start", snapshot="keep")]
    ) -> None: ...

    Dispatcher(routes)
    run(registered[0])
    assert made == ["rates"]


def test_parsers_are_generated(registered: list[tuple[Any, ...]]) -> None:
    """Before the snapshot the parser of each model is generated, which takes 100 images else."""
    from router.parsing.parser import parser_for

    class Line(BaseModel):
        sku: str

    routes = Routes()

    @routes.on(Line)
    def handle(change: Change[Line]) -> None: ...

    Dispatcher(routes)
    exact = parser_for(Line).parse
    run(registered[0])
    assert parser_for(Line).parse != exact
    assert parser_for(Line).parse({"sku": {"S": "a"}}) == Line(sku="a")


def test_random_numbers_are_seeded() -> None:
    """After the restore random numbers do not continue those of the snapshot."""
    state = random.getstate()
    try:
        random.seed(1)
        expected = random.Random(1).random()  # noqa: S311 - what would come next
        after_restore()
        assert random.random() != expected  # noqa: S311 - as above
    finally:
        random.setstate(state)


def test_a_depends_shows_what_is_kept() -> None:
    """The option is printed where it is not the default."""

    def get_rates() -> dict[str, int]:
        return {}

    kept = Depends(get_rates, scope="cold_start", snapshot="keep")
    assert repr(kept).endswith("get_rates, scope='cold_start', snapshot='keep')")
    assert repr(Depends(get_rates, scope="cold_start")).endswith("get_rates, scope='cold_start')")
