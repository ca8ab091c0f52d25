from typing import Annotated

from pydantic import BaseModel

from router import Depends, Dispatcher, Insert, Routes


class Order(BaseModel):
    order_id: str
    status: str


routes = Routes()


def get_mailer() -> str:
    return "mailer"


def get_mailbox() -> str:
    return "mailbox"


@routes.on_insert(Order)
def place(change: Insert[Order], mailer: Annotated[str, Depends(get_mailer)]) -> None:
    print(mailer, change.new.status)


app = Dispatcher(routes)
app.overrides[get_mailbox] = lambda: "fake"
app({"Records": []})
