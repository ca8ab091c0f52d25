from router import Insert, Routes

routes = Routes()


@routes.on_insert(None)
def place(change: Insert[None]) -> None:
    print(change.keys)
