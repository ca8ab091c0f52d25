"""Rules about the table that remembers completed routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.completed import DynamoDBCompleted
from router.local.cloudformation.resources import Declaration
from router.local.lint.deployment import Deployment
from router.local.lint.expiry import never_expires
from router.local.lint.permissions import listed
from router.local.lint.rule import Violation, rule

__all__ = ["completed_key_differs", "completed_never_expires", "completed_not_allowed"]

_ROLE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-how-to.html"
_KEYS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html"
_ACTIONS = ("dynamodb:GetItem", "dynamodb:UpdateItem")


@rule("error", _ROLE)
def completed_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow the app to remember completed routes."""
    store = _store(deployment)
    if store is None:
        return
    table = deployment.table_named(store.table)
    arn = _arn(store.table) if table is None else str(deployment.template.arn(table.name))
    lacking = [action for action in _ACTIONS if deployment.statement_allowing([action], [arn])[0] is None]
    if lacking:
        resource = f'!Sub "arn:${{AWS::Partition}}:dynamodb:*:*:table/{store.table}"'
        resource = resource if table is None else f"!GetAtt {table.name}.Arn"
        yield Violation(
            deployment.place_of_function("Role"),
            f"The app has {store!r}, and the function's role does not allow {' and '.join(lacking)} there: what is "
            "completed is not known in another container, and runs again there.",
            f"- Effect: Allow\n  Action: [{', '.join(_ACTIONS)}]\n  Resource: {resource}",
        )


@rule("warning", _TTL)
def completed_never_expires(deployment: Deployment) -> Iterator[Violation]:
    """The table of completed routes has no time to live on the attribute of their expiry."""
    for store, table in _stores_in_template(deployment):
        yield from never_expires(deployment, table, store.expiry_attribute, f"{store!r} writes when its entries expire")


@rule("error", _KEYS)
def completed_key_differs(deployment: Deployment) -> Iterator[Violation]:
    """The table of completed routes has another key than the app uses."""
    for store, table in _stores_in_template(deployment):
        schema: Any = table.values.get("KeySchema")
        names = [each.get("AttributeName") if isinstance(each, Mapping) else None for each in listed(schema)]
        key = ", ".join(map(str, names))
        if all(isinstance(name, str) for name in names) and names != [store.key_attribute]:
            yield Violation(
                deployment.template.place(table.line_of("KeySchema")),
                f"The key of table {table.name} is {key}, and {store!r} uses {store.key_attribute} alone: "
                "DynamoDB refuses each of its requests, and what is completed runs again in another container.",
                f"KeySchema: [{{AttributeName: {store.key_attribute}, KeyType: HASH}}]",
            )


def _store(deployment: Deployment) -> DynamoDBCompleted | None:
    store = deployment.app.completed
    return store if isinstance(store, DynamoDBCompleted) else None


def _stores_in_template(deployment: Deployment) -> Iterator[tuple[DynamoDBCompleted, Declaration]]:
    """The app's store and its table, if it has one in the template."""
    store = _store(deployment)
    table = None if store is None else deployment.table_named(store.table)
    if store is not None and table is not None:
        yield store, table


def _arn(table: str) -> str:
    """The ARN of a table that is in no template: any region and account."""
    return table if table.startswith("arn:") else f"arn:aws:dynamodb:::table/{table}"
