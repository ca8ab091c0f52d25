from router import Insert, Routes

routes = Routes()


@routes.on_insert(str, entity="Order")
def place(change: Insert[str]) -> None:
    print(change.new)
