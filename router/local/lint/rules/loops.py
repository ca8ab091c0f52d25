"""The rule about handlers whose writes come back to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.event import Event
from router.local.lint.deployment import Deployment
from router.local.lint.handler_names import mentions
from router.local.lint.rule import Trouble, rule
from router.routes import Route

__all__ = ["writes_own_table"]

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")


@rule("warning", _PAGE)
def writes_own_table(deployment: Deployment) -> Iterator[Trouble]:
    """A handler may write to its own table, and is called again for what it wrote."""
    table = deployment.table
    arn = str(deployment.stack.arn(table.name))
    statement, allowed = deployment.statement_allowing(_WRITES, [arn])
    if statement is None:
        return
    names = [deployment.stack.reference(table.name), arn]
    words = {*names, *_variables(deployment, names)}
    routes = list(deployment.app.routes)
    reaching = [route for route in routes if mentions(route, words)]
    for route in filter(_comes_back, reaching):
        yield Trouble(
            route.place or deployment.place(),
            f"{route.written} of {route.name} names table {table.name}, whose stream calls it, and the role allows "
            f"{', '.join(allowed)} there. Without a condition it is called again for what it writes, without end: "
            "Lambda's loop detection does not see tables.",
            _condition(route),
        )
    circular = [route for route in routes if _comes_back(route)]
    if not reaching and circular:
        yield Trouble(
            statement.place,
            f"The role allows {', '.join(allowed)} on table {table.name}, whose stream calls the function. If one of "
            "these writes there, it is called again for what it writes, without end, since Lambda's loop detection "
            f"does not see tables: {', '.join(f'{route.written} of {route.name}' for route in circular)}.",
            f"{_condition(circular[0])}\n# or, if none writes there, a role that does not allow it",
        )


def _variables(deployment: Deployment, values: Sequence[object]) -> Iterator[str]:
    """The environment variables that hold the table's name or ARN."""
    if deployment.function is not None:
        for name, value in deployment.stack.variables_of_tables(deployment.function).items():
            if value in values:
                yield name


def _comes_back(route: Route) -> bool:
    return bool(route.events & Event.MODIFY) and route.condition is None


def _condition(route: Route) -> str:
    return (
        f'{route.written.removesuffix(")")}, changed("what_it_does_not_write"))'
        if not route.fallback
        else ('@routes.on(Model, changed("what_it_does_not_write")) # in place of fallback')
    )
