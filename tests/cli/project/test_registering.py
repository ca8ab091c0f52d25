"""Routes are added to an app's code, and its other text stays as it is."""

from __future__ import annotations

import pytest

from router.cli.project.registering import NoPlaceError, registered

FORMS = {
    "arguments in one line": (
        "from handlers import a\napp = Dispatcher(a.routes)\n",
        "from handlers import a, new\napp = Dispatcher(a.routes, new.routes)\n",
    ),
    "a line for each argument": (
        "from handlers import a\napp = Dispatcher(\n    a.routes,\n    parking=p,\n)\n",
        "from handlers import a, new\napp = Dispatcher(\n    a.routes,\n    new.routes,\n    parking=p,\n)\n",
    ),
    "a comment behind the last argument": (
        "from handlers import z\napp = Dispatcher(\n    z.routes,  # the last, (really)\n)\n",
        "from handlers import new, z\napp = Dispatcher(\n    z.routes,  # the last, (really)\n    new.routes,\n)\n",
    ),
    "no comma behind the last argument": (
        "from handlers import a\napp = Dispatcher(\n    a.routes\n)\n",
        "from handlers import a, new\napp = Dispatcher(\n    a.routes,\n    new.routes\n)\n",
    ),
    "several arguments in a line of their own": (
        "from handlers import a\napp = Dispatcher(\n    a.routes, parking=p,\n)\n",
        "from handlers import a, new\napp = Dispatcher(\n    a.routes,\n    new.routes, parking=p,\n)\n",
    ),
    "no argument": (
        "from router import Dispatcher\napp = Dispatcher()\n",
        "from router import Dispatcher\nfrom handlers import new\napp = Dispatcher(new.routes)\n",
    ),
    "options only": (
        "from handlers import a\napp = Dispatcher(parking=p)\n",
        "from handlers import a, new\napp = Dispatcher(new.routes, parking=p)\n",
    ),
    "a line for each import": (
        "from handlers import (\n    a,\n    z,  # last\n)\napp = Dispatcher(a.routes, z.routes)\n",
        "from handlers import (\n    a,\n    new,\n    z,  # last\n)\napp = Dispatcher(a.routes, z.routes, new.routes)\n",
    ),
    "imports in another order": (
        "from handlers import z, a\napp = Dispatcher(z.routes, a.routes)\n",
        "from handlers import z, a, new\napp = Dispatcher(z.routes, a.routes, new.routes)\n",
    ),
    "a relative import": (
        "from . import a\napp = Dispatcher(a.routes)\n",
        "from . import a, new\napp = Dispatcher(a.routes, new.routes)\n",
    ),
    "imported routes": (
        "from handlers.a import routes\napp = Dispatcher(routes)\n",
        "from handlers.a import routes\nfrom handlers import new\napp = Dispatcher(routes, new.routes)\n",
    ),
    "a list of routes": (
        "from handlers import a\nall_routes = [a.routes]\napp = Dispatcher(*all_routes)\n",
        "from handlers import a, new\nall_routes = [a.routes]\napp = Dispatcher(*all_routes, new.routes)\n",
    ),
    "a decorator around the Dispatcher": (
        "from handlers import a\napp: Any = tracer.capture(router.Dispatcher(a.routes))\n",
        "from handlers import a, new\napp: Any = tracer.capture(router.Dispatcher(a.routes, new.routes))\n",
    ),
    "a second app": (
        "from handlers import a\nother = Dispatcher()\napp = Dispatcher(a.routes)\n",
        "from handlers import a, new\nother = Dispatcher()\napp = Dispatcher(a.routes, new.routes)\n",
    ),
    "line ends of Windows": (
        "from handlers import a\r\napp = Dispatcher(\r\n    a.routes,\r\n)\r\n",
        "from handlers import a, new\r\napp = Dispatcher(\r\n    a.routes,\r\n    new.routes,\r\n)\r\n",
    ),
    "letters of more than a byte": (
        "from handlers import größe\napp = Dispatcher(größe.routes, name='größe')\n",
        "from handlers import größe, new\napp = Dispatcher(größe.routes, new.routes, name='größe')\n",
    ),
    "a name that is taken": (
        "from handlers import a\nnew = 1\napp = Dispatcher(a.routes)\n",
        "from handlers import a, new as new_handlers\nnew = 1\napp = Dispatcher(a.routes, new_handlers.routes)\n",
    ),
    "routes that are there": (
        "from handlers import new\napp = Dispatcher(new.routes)\n",
        "from handlers import new\napp = Dispatcher(new.routes)\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), FORMS.values(), ids=list(FORMS))
def test_routes_are_added(before: str, after: str) -> None:
    """The module's import and its routes are added, in the form in which the code is written."""
    assert registered(before, "handlers", "new", "app") == after


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("app = make()\n", "0 calls of Dispatcher make 'app'"),
        ("app = Dispatcher() if x else Dispatcher()\n", "2 calls of Dispatcher make 'app'"),
        ("def make():\n    app = Dispatcher()\n", "0 calls of Dispatcher make 'app'"),
        ("app = (\n", "the code cannot be parsed"),
        ("app = Dispatcher()\n", "the code has no import"),
        (
            "from handlers import a\napp = Dispatcher((a.routes))\n",
            "the arguments of Dispatcher are written in an unusual form",
        ),
    ],
)
def test_without_a_place_nothing_is_changed(source: str, reason: str) -> None:
    """Where the routes belong is never guessed."""
    with pytest.raises(NoPlaceError, match=reason):
        registered(source, "handlers", "new", "app")
