from pydantic import BaseModel, computed_field

from router import Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str

    @computed_field
    def EntityType(self) -> str:  # noqa: N802 - the attribute's name
        return "Purchase"


routes = Routes()


@routes.on_insert(Order)
def place(change: Insert[Order]) -> None:
    print(change.new.order_id)


app = Dispatcher(routes)
