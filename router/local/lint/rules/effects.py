"""Rules about what effects write to: tables, buses, queues, topics and streams."""

from __future__ import annotations

from collections.abc import Iterator

from router.effects.requests import Access
from router.local.lint.deployment import Deployment
from router.local.lint.effect_targets import Target
from router.local.lint.effects import Effect, accesses_of, effects_of
from router.local.lint.expiry import never_expires
from router.local.lint.resource_policies import Request, policy_statements
from router.local.lint.rule import Violation, rule

__all__ = ["effect_never_expires", "effect_not_allowed"]

_ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
_TTL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-how-to.html"


@rule("error", _ACTIONS)
def effect_not_allowed(deployment: Deployment) -> Iterator[Violation]:
    """The role does not allow what an effect of a handler does."""
    for effect, access, target in accesses_of(deployment):
        yield from _refused(deployment, effect, access, target)


def _refused(deployment: Deployment, effect: Effect, access: Access, target: Target) -> Iterator[Violation]:
    """Find that the policy of the resource denies an access, or that neither it nor the role allows it."""
    requests = [Request(deployment.role, action, target.arn) for action in access.actions]
    of_resource = [*policy_statements(deployment.template, target.declaration)] if target.declaration else []
    denial = next((each for each in of_resource if not each.allows and all(map(each.applies, requests))), None)
    named = any(each.names_role(request) for each in of_resource for request in requests)
    actions = " or ".join(access.actions)
    if denial is not None:
        yield Violation(
            denial.place,
            f"A handler has {effect!r}, and the policy of {target.name} denies {actions} to the function's role: its "
            "requests are refused, and each record fails for good.",
            "a Deny whose Principal or Condition leaves out the function's role",
        )
    elif not named and not deployment.statement_allowing(access.actions, [target.arn])[0]:
        yield Violation(
            deployment.place_of_function("Role"),
            f"A handler has {effect!r}, and the function's role does not allow {actions} on {target.name}: its "
            "requests are refused, and each record fails for good.",
            f"- Effect: Allow\n  Action: {access.actions[0]}\n  Resource: {target.written}",
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
