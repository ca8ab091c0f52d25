"""A library: its books, its loans, and whoever joined since the filters were written."""

from typing import Any

from pydantic import BaseModel

from router import Change, Dispatcher, Insert, MemoryParking, Modify, Park, Reject, Remove, Routes, changed


class Book(BaseModel):
    pk: str
    title: str


class Loan(BaseModel):
    pk: str
    status: str


class Reader(BaseModel):
    pk: str


routes = Routes()


@routes.on_insert(Book)
def catalogue(change: Insert[Book]) -> None: ...


@routes.on_modify(Loan, changed("status", to="LATE"))
def remind(change: Modify[Loan]) -> None: ...


@routes.on_modify(Loan, changed("status", to="RETURNED"))
def thank(change: Modify[Loan]) -> None: ...


@routes.on_remove(Loan, cause="ttl")
def forget(change: Remove[Loan]) -> None: ...


@routes.on(Reader)
def show(change: Change[Reader]) -> None: ...


@routes.fallback
def report(change: Change[dict[str, Any]]) -> None: ...


app = Dispatcher(routes, parking=MemoryParking(), on_error={Reject: Park()})
