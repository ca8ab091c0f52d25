"""`app.overrides` replaces dependencies, with their own needs and clean-up."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from router import (
    Change,
    Depends,
    Dispatcher,
    Insert,
    Record,
    RegistrationError,
    Routes,
)
from tests.builders import (
    Handled,
    Order,
    dispatcher,
    inserts,
)
from tests.inject.cases import Counter, Trace, get_bus, opened


def bus_app(scope: Any = "record") -> tuple[Dispatcher, list[str]]:
    seen: list[str] = []

    def handler(change: Change[Order], bus: Annotated[str, Depends(get_bus, scope=scope)]) -> None:
        seen.append(bus)

    return dispatcher(handler), seen


@pytest.mark.parametrize("scope", ["record", "invocation", "cold_start"])
def test_an_override_replaces_a_dependency(scope: Any) -> None:
    """A factory in app.overrides is asked in place of the other."""
    app, seen = bus_app(scope)
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(1))
    assert seen == ["fake"]


@pytest.mark.parametrize("scope", ["record", "invocation", "cold_start"])
def test_an_override_can_be_changed_and_removed(scope: Any) -> None:
    """Overrides set, changed and removed between invocations count from the next one on."""
    app, seen = bus_app(scope)
    app(inserts(1))
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(2))
    app.overrides[get_bus] = lambda: "other"
    app(inserts(3))
    app.overrides.clear()
    app(inserts(4))
    assert seen == ["real", "fake", "other", "real"]


def test_an_override_reaches_what_needs_it() -> None:
    """An override of a sub-dependency of a cold_start value makes that value anew."""

    def client(bus: Annotated[str, Depends(get_bus, scope="cold_start")]) -> str:
        return f"client of {bus}"

    seen = []

    def handler(change: Change[Order], client: Annotated[str, Depends(client, scope="cold_start")]) -> None:
        seen.append(client)

    app = dispatcher(handler)
    app(inserts(1))
    app.overrides[get_bus] = lambda: "fake"
    app(inserts(2))
    del app.overrides[get_bus]
    app(inserts(3))
    assert seen == ["client of real", "client of fake", "client of real"]


def test_an_override_may_need_things_itself() -> None:
    """An override is a factory like any other: it gets what it declares, and is cleaned up."""
    closed = []

    def fake(record: Record) -> Iterator[str]:
        yield f"fake for {record.sequence_number}"
        closed.append(1)

    app, seen = bus_app()
    app.overrides[get_bus] = fake
    app(inserts(1))
    assert (seen, closed) == (["fake for 1"], [1])


def test_an_override_may_wrap_what_it_replaces() -> None:
    """A spy that needs the factory which it overrides gets the real value."""

    def spy(real: Annotated[str, Depends(get_bus)]) -> str:
        return f"spy on {real}"

    app, seen = bus_app()
    app.overrides[get_bus] = spy
    app(inserts(1))
    assert seen == ["spy on real"]


def test_an_override_cleans_up_what_the_other_had_made() -> None:
    """When overrides change, values of scope cold_start are cleaned up before new ones are made."""
    trace: Trace = []
    get = opened("bus", trace)

    def handler(change: Change[Order], bus: Annotated[str, Depends(get, scope="cold_start")]) -> None: ...

    app = dispatcher(handler)
    app(inserts(1))
    app.overrides[get] = lambda: "fake"
    app(inserts(2))
    assert trace == ["open bus", "close bus"]


def test_an_override_keeps_the_scope() -> None:
    """An override lives as long as what it replaces."""
    counter = Counter()
    app, _ = bus_app("invocation")
    app.overrides[get_bus] = counter
    app(inserts(1, 2, 3))
    assert counter.made == 1


def test_an_override_that_is_no_factory_is_refused() -> None:
    """An override has to be callable: the error says how to write one."""
    app, _ = bus_app()
    app.overrides[get_bus] = "fake"  # type: ignore[assignment]  # wrong on purpose
    with pytest.raises(RegistrationError, match="expected a factory"):
        app(inserts(1))


def test_an_override_that_needs_what_nothing_supplies_is_refused() -> None:
    """An override with a parameter that nothing supplies is refused like a handler with one."""

    def fake(region: str) -> str:
        return region

    app, _ = bus_app()
    app.overrides[get_bus] = fake
    with pytest.raises(RegistrationError, match=r"get_bus.*region"):
        app(inserts(1))


def test_an_override_that_failed_can_be_put_right() -> None:
    """After a refused override the next invocation works as soon as it is gone."""
    app, seen = bus_app()
    app.overrides[get_bus] = "fake"  # type: ignore[assignment]  # wrong on purpose
    with pytest.raises(RegistrationError):
        app(inserts(1))
    app.overrides.clear()
    app(inserts(2))
    assert seen == ["real"]


def test_a_handlers_own_default_survives_an_override_elsewhere() -> None:
    """Overriding one factory leaves the others alone."""
    seen: list[Any] = []
    routes = Routes()

    @routes.on_insert(Order)
    def handler(
        change: Insert[Order], bus: Annotated[str, Depends(get_bus)], counter: Annotated[Any, Depends(Counter)]
    ) -> None:
        seen.append((bus, counter))

    app = Dispatcher(routes)
    app.overrides[Counter] = lambda: "fake"
    app(inserts(1))
    assert seen == [("real", "fake")]


class TestNothingToReplace:
    """An override of a factory that no handler depends on is refused at the next event."""

    def refusal(self, factory: Any, app: Dispatcher | None = None) -> str:
        app = app or bus_app()[0]
        app.overrides[factory] = lambda: "fake"
        with pytest.raises(RegistrationError) as caught:
            app(inserts(1))
        return str(caught.value)

    def test_another_factory(self) -> None:
        """The message names the factories that there are."""
        assert self.refusal(Counter) == (
            "app.overrides found tests.inject.cases.Counter, on which no handler depends, expected one of "
            "tests.inject.cases.get_bus"
        )

    def test_a_near_name(self) -> None:
        """Of a factory with a similar name, the nearest one is proposed."""

        def get_buss() -> str:
            return "fake"

        assert self.refusal(get_buss).endswith("did you mean get_bus?")

    def test_a_text(self) -> None:
        """A name in place of the factory is refused without a look at its value."""
        assert "found a value of type str, on which no handler depends" in self.refusal("get_bus")

    def test_the_replacement_as_the_key(self) -> None:
        """The factory that replaces is no key, unless it is replaced itself."""

        def fake_bus() -> str:
            return "fake"

        assert "fake_bus, on which no handler depends" in self.refusal(fake_bus)

    def test_a_copy_of_the_factory(self) -> None:
        """A function with the name of the factory, as a module that was loaded twice has, is another function."""

        def copy() -> str:
            return "fake"

        copy.__module__, copy.__qualname__ = get_bus.__module__, get_bus.__qualname__
        assert self.refusal(copy).endswith("that the handlers name, not another of its name")

    def test_no_dependency_at_all(self) -> None:
        """Handlers without dependencies need no override."""
        assert self.refusal(get_bus, dispatcher(Handled())).endswith("because no handler has a Depends()")

    def test_a_factory_behind_another_override(self) -> None:
        """What an override itself depends on can be replaced."""

        def get_name() -> str:
            return "name"

        def fake_bus(name: Annotated[str, Depends(get_name)]) -> str:
            return name

        app, seen = bus_app()
        app.overrides.update({get_bus: fake_bus, get_name: lambda: "other"})
        app(inserts(1))
        assert seen == ["other"]
