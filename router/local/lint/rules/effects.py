"""Rules about the tables of effects."""

from __future__ import annotations

from collections.abc import Iterator

from router.local.lint.deployment import Deployment
from router.local.lint.effects import effects_of
from router.local.lint.expiry import never_expires
from router.local.lint.rule import Violation, rule

__all__ = ["effect_never_expires", "effect_not_allowed"]

_ROLE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-how-to.html"


@rule("error", _ROLE)
def effect_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow what an effect of a handler does."""
    seen: set[tuple[object, ...]] = set()
    for effect in effects_of(deployment):
        for access in effect.accesses:
            table = deployment.table_named(access.table)
            if table is None or (repr(effect), *access) in seen:
                continue
            seen.add((repr(effect), *access))
            index = f"/index/{access.of_index}" if access.of_index else ""
            if deployment.statement_allowing(access.actions, [f"{deployment.template.arn(table.name)}{index}"])[0]:
                continue
            resource = f'!Sub "${{{table.name}.Arn}}{index}"' if index else f"!GetAtt {table.name}.Arn"
            yield Violation(
                deployment.place_of_function("Role"),
                f"A handler has {effect!r}, and the function's role does not allow {' or '.join(access.actions)} on "
                f"{table.name}{index}: DynamoDB refuses its requests, and each record fails for good.",
                f"- Effect: Allow\n  Action: {access.actions[0]}\n  Resource: {resource}",
            )


@rule("warning", _TTL)
def effect_never_expires(deployment: Deployment) -> Iterator[Violation]:
    """The table of an effect's markers or tombstones has no time to live on the attribute of their expiry."""
    seen: set[tuple[str, str]] = set()
    for effect in effects_of(deployment):
        if effect.expiring is None or effect.expiring in seen:
            continue
        seen.add(effect.expiring)
        name, attribute = effect.expiring
        table = deployment.table_named(name)
        if table is not None:
            yield from never_expires(deployment, table, attribute, f"{effect!r} writes when its items expire")
