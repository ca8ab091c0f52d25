from router import Insert, Routes

routes = Routes()


@routes.on_insert("Order")
def place(change: Insert[None]) -> None:
    print(change.keys)
