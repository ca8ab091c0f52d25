"""The rule about handlers whose writes invoke them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.event import Event
from router.local.lint.deployment import Deployment
from router.local.lint.handler_names import mentions
from router.local.lint.rule import Violation, rule
from router.routes import Route

__all__ = ["writes_own_table"]

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")


@rule("warning", _PAGE)
def writes_own_table(deployment: Deployment) -> Iterator[Violation]:
    """A handler may write to its own table, and is then called again for its own write."""
    table = deployment.table
    arn = str(deployment.template.arn(table.name))
    statement, allowed = deployment.statement_allowing(_WRITES, [arn])
    if statement is None:
        return
    names = [deployment.template.reference(table.name), arn]
    words = {*names, *_variables(deployment, names)}
    routes = list(deployment.app.routes)
    naming = [route for route in routes if mentions(route, words)]
    for route in filter(_takes_every_modify, naming):
        yield Violation(
            route.place or deployment.place(),
            f"{route.written} of {route.name} names table {table.name}, whose stream invokes it, and the role allows "
            f"{', '.join(allowed)} there. Without a condition each of its writes invokes it again, without end: "
            "Lambda's loop detection does not cover tables.",
            _condition(route),
        )
    suspected = [route for route in routes if _takes_every_modify(route)]
    if not naming and suspected:
        yield Violation(
            statement.place,
            f"The role allows {', '.join(allowed)} on table {table.name}, whose stream invokes the function. If one of "
            "these writes there, each of its writes invokes it again, without end, since Lambda's loop detection does "
            f"not cover tables: {', '.join(f'{route.written} of {route.name}' for route in suspected)}.",
            f"{_condition(suspected[0])}\n# or, if none writes there, a role that does not allow it",
        )


def _variables(deployment: Deployment, values: Sequence[object]) -> Iterator[str]:
    """The environment variables that hold the table's name or ARN."""
    if deployment.function is not None:
        for name, value in deployment.template.variables_of_tables(deployment.function).items():
            if value in values:
                yield name


def _takes_every_modify(route: Route) -> bool:
    return bool(route.events & Event.MODIFY) and route.condition is None


def _condition(route: Route) -> str:
    return (
        f'{route.written.removesuffix(")")}, changed("what_it_does_not_write"))'
        if not route.fallback
        else ('@routes.on(Model, changed("what_it_does_not_write")) # in place of fallback')
    )
