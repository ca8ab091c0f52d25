from typing import Any

from router import Dispatcher, Insert, Routes

routes = Routes()


@routes.on_insert(dict[str, Any])
def place(change: Insert[dict[str, Any]]) -> None:
    print(change.new["status"])


app = Dispatcher(routes)
