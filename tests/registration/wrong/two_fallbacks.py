from typing import Any

from router import Change, Dispatcher, Routes

routes = Routes()


@routes.fallback
def unknown(change: Change[dict[str, Any]]) -> None:
    print(change.keys)


@routes.fallback
def others(change: Change[dict[str, Any]]) -> None:
    print(change.keys)


app = Dispatcher(routes)
