from router import Insert, Routes


class Order:
    order_id: str


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)
