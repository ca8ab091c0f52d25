from router import Change, Dispatcher, Routes, changed

routes = Routes()


@routes.on(None, changed("status"), entity="Order")
def audit(change: Change[None]) -> None:
    print(change.keys)


app = Dispatcher(routes, view="KEYS_ONLY")
