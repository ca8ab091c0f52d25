"""The user's app as tests get it: found by its name, and each time as in a container that has just started."""

from __future__ import annotations

import difflib
import importlib
import sys
from pathlib import Path
from types import ModuleType

from router.app import Dispatcher
from router.errors import RouterError

__all__ = ["AppNotFoundError", "discriminating_attribute", "load_app"]


class AppNotFoundError(RouterError):
    """What `router_app` names is not there, or is no dispatcher."""


def load_app(name: str, folder: Path) -> Dispatcher:
    """Import an app.

    Args:
        name: ``module:attribute``.
        folder: Where the module is looked for first.

    Raises:
        AppNotFoundError: There is no such module or attribute, or it is no dispatcher.
        Exception: What importing the module raised.
    """
    __tracebackhide__ = True  # an app that cannot be imported is shown from its own first line on
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module_name, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), attribute)):
        msg = f"found router_app = {name!r}, expected module:name such as handlers:app"
        raise AppNotFoundError(msg)
    return _dispatcher(_module(module_name, name, folder), attribute, name)


def discriminating_attribute(app: Dispatcher) -> str | None:
    """The attribute that says what entity an item is; ``None`` where something else does, such as the key.

    Args:
        app: The app.
    """
    attributes = app.discriminator.attributes
    return attributes[0] if attributes else None


def _module(module_name: str, name: str, folder: Path) -> ModuleType:
    __tracebackhide__ = True
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # Anything else that is missing is missing in the app, and its traceback says where.
        if not error.name or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        msg = (
            f"found no module {error.name!r} from {folder}, expected one for router_app = {name!r}; name your app in "
            "the pytest section of pyproject.toml: router_app = 'module:name'"
        )
        raise AppNotFoundError(msg) from None


def _dispatcher(module: ModuleType, attribute: str, name: str) -> Dispatcher:
    __tracebackhide__ = True
    found = getattr(module, attribute, None)
    if isinstance(found, Dispatcher):
        return found
    names = vars(module)
    apps = [other for other, value in names.items() if isinstance(value, Dispatcher)]
    near = apps or difflib.get_close_matches(attribute, names, n=1)
    what = f"no {attribute!r} in {module.__name__}" if attribute not in names else f"a {type(found).__name__}"
    hint = f"; did you mean {module.__name__}:{near[0]}?" if near else ""
    msg = f"found {what} for router_app = {name!r}, expected a Dispatcher{hint}"
    raise AppNotFoundError(msg)
