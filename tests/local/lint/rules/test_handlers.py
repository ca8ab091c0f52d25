"""``router.local.lint.rules.handlers``: the template's Handler."""

from router.local.lint.handler_lookup import DeclaredHandler
from tests.local.lint.deployments import Check, ids, shop


def test_a_missing_handler_is_reported_with_a_near_name(check: Check) -> None:
    """The replacement is the Dispatcher of the same module."""
    there = DeclaredHandler("shop.ap", "template.yaml:13", problem="module shop has no ap", near="shop.app")
    (found,) = check(handler=there)
    assert (found.rule, found.place, found.instead) == (
        "handler-not-found",
        "template.yaml:13",
        "Handler: shop.app",
    )


def test_a_handler_that_is_another_dispatcher_is_reported(check: Check) -> None:
    """The function would run other routes than those of --app."""
    assert ids(check(handler=DeclaredHandler("shop.other", "template.yaml:13", found=shop()))) == ["handler-differs"]


def test_a_handler_that_is_a_function_is_accepted(check: Check) -> None:
    """It may call the Dispatcher."""
    assert check(handler=DeclaredHandler("shop.handle", "template.yaml:13", found=print)) == []


def test_a_handler_that_is_not_here_is_not_judged(check: Check) -> None:
    """Its code may be in a bucket or in a layer."""
    (note,) = check(handler=DeclaredHandler("shop.app", "template.yaml:13", unknown="CodeUri is in S3"))
    assert note.why == "Not judged, because CodeUri is in S3: handler-not-found."
