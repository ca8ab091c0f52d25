"""Rules about handlers whose writes invoke them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.event import Event
from router.local.cloudformation.resources import TABLES
from router.local.lint.deployment import Deployment
from router.local.lint.handler_names import mentions
from router.local.lint.rule import Violation, rule
from router.loops import images_needed
from router.routes import Route
from router.stream_view import carried

__all__ = ["guard_without_images", "writes_own_table"]

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
_STREAM = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html"
_WRITES = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")


@rule("warning", _PAGE)
def writes_own_table(deployment: Deployment) -> Iterator[Violation]:
    """A handler may write to its own table, and is then called again for its own write."""
    if deployment.app.skip_own_writes:
        return
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


@rule("error", _STREAM)
def guard_without_images(deployment: Deployment) -> Iterator[Violation]:
    """The table's stream lacks an image by which the app tells records to skip."""
    app = deployment.app
    if not (app.skip_own_writes or app.skip_replicated):
        return
    view = deployment.view
    options = {
        "skip_own_writes": images_needed(app.skip_own_writes, replicated=False),
        "skip_replicated": images_needed(own_writes=False, replicated=app.skip_replicated),
    }
    lacking = [name for name, needed in options.items() if view and not needed <= {*carried(view, Event.MODIFY)}]
    if lacking:
        yield Violation(
            deployment.place_of_table("StreamSpecification", "StreamViewType"),
            f"The stream of {deployment.table.name} is {view}, and {' and '.join(lacking)} of the app needs the images "
            "before and after a write: none of its records is skipped, and a handler that writes may call itself "
            "without end.",
            "StreamSpecification:\n  StreamViewType: NEW_AND_OLD_IMAGES",
        )


def _variables(deployment: Deployment, values: Sequence[object]) -> Iterator[str]:
    """The environment variables that hold the table's name or ARN."""
    if deployment.function is not None:
        for name, value in deployment.template.variables_of(deployment.function, *TABLES).items():
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
