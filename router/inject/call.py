"""The call of a handler: what it declares is supplied, and an asynchronous handler is waited for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from router.depends import Scope
from router.errors import RegistrationError
from router.inject.context_variables import ManagerInContext
from router.inject.scopes import Invocation, Request, Values, current_invocation
from router.naming import kind_of, name_of
from router.registration.dependencies import Dependency, Parameter, read_dependency
from router.registration.misfit import Misfit
from router.registration.signature import Signature
from router.routes import Route
from router.types import Call, Overrides

if TYPE_CHECKING:
    from router.inject.scopes import Container

__all__ = ["ends_in_a_task", "injected", "make_kept", "uses_invocation_scope"]

Supplier = Callable[[Request, Scope], Any]
"""Supplies one parameter of a handler, or of a factory of the given scope."""


def injected(route: Route, signature: Signature, overrides: Overrides) -> Call:
    """Make the call of a handler.

    Args:
        route: The route, for its handler and for the logger.
        signature: What the handler declares.
        overrides: Factories that replace others.

    Raises:
        RegistrationError: An override could never be called.
    """
    handler = route.handler
    shared: dict[str, Supplier] = {}
    own: dict[str, Supplier] = {}
    for parameter in signature.parameters:
        (own if _is_of_one_call(parameter) else shared)[parameter.name] = _supplier(parameter, overrides)
    if not shared and not own:
        return handler  # its caller waits for what it returns

    def shared_needs(invocation: Invocation) -> dict[str, Any]:
        """What every call of the invocation is supplied with, collected at the first one."""
        needs: dict[str, Any] | None = invocation.values.made.get(shared_needs)
        if needs is None:
            request = Request(invocation, None, route)
            needs = {name: supply(request, "record") for name, supply in shared.items()}
            invocation.values.made[shared_needs] = needs
        return needs

    def call_with_shared(change: Any) -> Any:
        invocation = current_invocation.get()
        needs = invocation.values.made.get(shared_needs)  # each call passes here
        return handler(change, **(shared_needs(invocation) if needs is None else needs))

    def call(change: Any) -> Any:
        invocation = current_invocation.get()
        request = Request(invocation, change, route)
        needs = {name: supply(request, "record") for name, supply in own.items()}
        return handler(change, **shared_needs(invocation), **needs)

    def call_and_close(change: Any) -> Any:
        invocation = current_invocation.get()
        needs = shared_needs(invocation)
        request = Request(invocation, change, route)
        try:
            own_needs = {name: supply(request, "record") for name, supply in own.items()}
            result = invocation.finish(handler(change, **needs, **own_needs))
        except BaseException as error:
            request.values.close(error)
            raise
        request.values.close()
        return result

    if not own:
        return call_with_shared
    return call_and_close if needs_closing(signature.parameters) else call


def ends_in_a_task(route: Route) -> bool:
    """Whether plain code calls the handler and waits for nothing: it is asynchronous, with no value to clean up."""
    return route.batch or (
        inspect.iscoroutinefunction(_called(route.handler)) and not needs_closing(route.signature.parameters)
    )


def needs_closing(parameters: tuple[Parameter, ...]) -> bool:
    """Whether a call makes values that end with it."""
    return any(parameter.dependency is not None and _is_of_one_call(parameter) for parameter in parameters)


def _is_of_one_call(parameter: Parameter) -> bool:
    """Whether the value of a parameter serves one call of the handler, not all of its invocation."""
    if parameter.dependency is not None:
        return parameter.dependency.scope == "record"
    return parameter.kind in ("record", "log")


def make_kept(route: Route, invocation: Invocation) -> None:
    """Make the values that a snapshot keeps, of the dependencies of a route.

    Args:
        route: The route.
        invocation: One without records.
    """
    request = Request(invocation, None, route)
    for parameter in _kept(route.signature.parameters):
        _supplier(parameter, {})(request, "cold_start")


def _kept(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    for parameter in parameters:
        if parameter.dependency is not None and parameter.dependency.kept:
            yield parameter
        elif parameter.dependency is not None:
            yield from _kept(parameter.dependency.parameters)


def uses_invocation_scope(parameters: tuple[Parameter, ...]) -> bool:
    """Whether a call needs a value that is cleaned up at the end of the invocation."""
    return any(
        parameter.dependency is not None
        and (parameter.dependency.scope == "invocation" or uses_invocation_scope(parameter.dependency.parameters))
        for parameter in parameters
    )


def _called(function: Any) -> Any:
    """The function that runs when an object is called: for an instance, its class's ``__call__``."""
    if inspect.isroutine(function) or isinstance(function, type | functools.partial):
        return function
    return function.__call__


def _supplier(parameter: Parameter, overrides: Overrides) -> Supplier:
    if parameter.dependency is not None:
        # An override may need the factory that it replaces, and is given the original.
        within = {factory: other for factory, other in overrides.items() if factory != parameter.dependency.factory}
        return _dependency_supplier(_overridden(parameter.dependency, overrides), within)
    if parameter.powertools is not None:
        return _powertools_supplier(parameter.powertools, parameter.kind)
    return _SUPPLIERS[parameter.kind]


def _powertools_supplier(made: Callable[..., Any], kind: str) -> Supplier:
    """Makes a data class of each record, or one logger of each container."""
    if kind == "record":
        return lambda request, _: None if request.record is None else made(request.record.wire)
    return lambda request, _: request.of_scope("cold_start").get_or_make(made, lambda _: made())


def _overridden(dependency: Dependency, overrides: Overrides) -> Dependency:
    factory = overrides.get(dependency.factory)
    if factory is None:
        return dependency
    if not callable(factory):
        msg = (
            f"the override of {name_of(dependency.factory)} is {kind_of(factory)}, expected a factory: "
            " app.overrides[factory] = lambda: value"
        )
        raise RegistrationError(msg)
    try:
        return read_dependency(factory, dependency.scope, {})
    except Misfit as misfit:
        msg = f"the override of {name_of(dependency.factory)}: found {misfit.found}, expected {misfit.expected}"
        raise RegistrationError(msg) from None


def _supply_log(request: Request, scope: Scope) -> Any:
    """A logger whose fields hold for as long as the scope does."""
    if scope == "record":
        return request.invocation.log(request.record, request.route)
    log = request.invocation.log(None, None)
    return log if scope == "invocation" else log.try_unbind("request_id")


_SUPPLIERS: dict[str, Supplier] = {
    "record": lambda request, _: request.record,
    "batch": lambda request, _: request.invocation.batch,
    "context": lambda request, _: request.invocation.context,
    "deadline": lambda request, _: request.invocation.deadline,
    "log": _supply_log,
}


def _dependency_supplier(dependency: Dependency, overrides: Overrides) -> Supplier:
    factory, own_scope = dependency.factory, dependency.scope
    suppliers = {parameter.name: _supplier(parameter, overrides) for parameter in dependency.parameters}
    apart = own_scope != "record"
    managed = _manager_of(factory, apart=apart)

    def make(request: Request, values: Values) -> Any:
        needs = {name: supply(request, own_scope) for name, supply in suppliers.items()}
        if managed is not None:
            return values.enter(name_of(factory), managed(request.invocation.container, needs))
        return request.invocation.finish(factory(**needs))

    def make_apart(request: Request, values: Values) -> Any:
        """Make it in a context of its own, because it serves more records than the one that asks for it first."""
        return request.invocation.variables.copy().run(make, request, values)

    make_for_scope = make_apart if apart else make

    def supply(request: Request, _scope: Scope) -> Any:
        values = request.invocation.container.kept if dependency.kept else request.of_scope(own_scope)
        return values.get_or_make(factory, functools.partial(make_for_scope, request))

    return supply


def _manager_of(factory: Callable[..., Any], *, apart: bool) -> Callable[[Container, dict[str, Any]], Any] | None:
    """The context manager that a generator is run as; ``None`` for a factory that returns its value."""
    called = _called(factory)
    if inspect.isgeneratorfunction(called):
        make = contextmanager(factory)
        return lambda _, needs: ManagerInContext(make(**needs)) if apart else make(**needs)
    if inspect.isasyncgenfunction(called):
        from router.inject.event_loop import AwaitedManager

        return lambda container, needs: AwaitedManager(container.loop, asynccontextmanager(factory)(**needs))
    return None
