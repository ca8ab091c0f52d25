from router import Dispatcher, Insert, Routes, changed

routes = Routes()


@routes.on_insert(None, changed("status"), entity="Order")
def place(change: Insert[None]) -> None:
    print(change.keys)


app = Dispatcher(routes, view="KEYS_ONLY")
