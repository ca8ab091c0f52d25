from typing import Any

from router import Insert, Routes

routes = Routes()


@routes.fallback
def unknown(change: Insert[dict[str, Any]]) -> None:
    print(change.keys)
