from typing import Annotated

from pydantic import BaseModel

from router import Change, Depends, Routes


class Order(BaseModel):
    total: int


def get_session() -> list[str]:
    return []


def get_rates(session: Annotated[list[str], Depends(get_session, scope="cold_start")]) -> dict[str, int]:
    return {}


routes = Routes()


@routes.on(Order)
def place(
    change: Change[Order],
    rates: Annotated[dict[str, int], Depends(get_rates, scope="cold_start", snapshot="keep")],
) -> None: ...
